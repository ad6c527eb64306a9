"""The engines on one core, and what a job costs beside its engine."""
import json
import os
import subprocess
import time
from datetime import datetime

import client
from context import wav
from report import Row, number, value_at_most

SECOND_BYTES = 44 + 2 * 48000
TARGETS = {"speech_enhancement": 60, "noise_reduction": 150}
JOBS = 24


def engines(context):
    """bench/audio.sh: ten minutes through the whole chain, and the roofline."""
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([f"{here}/audio.sh", context.build], check=True, capture_output=True,
                          text=True)
    got = json.loads(done.stdout)
    rows = []
    for name, target in TARGETS.items():
        times = got[f"{name}_x_real_time"]
        rows.append(Row(f"{name}, 10 minutes at 48 kHz mono, whole chain, one core",
                        f"{times['wall']}x real time ({times['processor']}x by processor time)",
                        "", f"{times['wall']}x", f">= {target}x", times["wall"] >= target))
    network = got["network"]
    share = network["share_of_roofline"]
    rows.append(Row("the network's arithmetic against this core's roofline",
                    f"{number(network['peak_gfma_s'])} GFMA/s peak", "", f"{share:.2f}x",
                    ">= 0.6x", share >= 0.6))
    return rows, got


def state_of(server, token, job):
    return client.call(server.port, "GET", f"/audio/status/{job}", token=token)


def finished(server, token, job):
    while True:
        state = state_of(server, token, job)
        if state["status"] == "completed":
            return state
        if state["status"] == "failed":
            raise client.Failed(f"a job failed: {state['error_message']}")
        time.sleep(0.002)


def seconds_between(state, first, last):
    begin, end = (datetime.fromisoformat(state[name].rstrip("Z")) for name in (first, last))
    return (end - begin).total_seconds()


def overhead(context, speed):
    """From acceptance to the outcome of a 1-second file; the engine works on two seconds, the
    warm-up included."""
    form = f"{context.folder}/second.form"
    client.multipart_write(form, "second.wav", wav(SECOND_BYTES))
    taken = []
    with context.whazz() as server:
        token = server.user_token()
        for _ in range(5 if context.quick else 25):
            state = finished(server, token, client.upload(server.port, token, form))
            taken.append(seconds_between(state, "created_at", "completed_at"))
    over_ms = (sorted(taken)[len(taken) // 2] - 2 / speed) * 1000
    return value_at_most("a job of a 1-second file: acceptance to outcome, less its engine's time",
                         over_ms, "ms", 50, True)


def jobs_time(context, workers):
    """Seconds that so many workers take for a queue of equal jobs."""
    form = f"{context.folder}/jobs.form"
    client.multipart_write(form, "jobs.wav", wav(30 * SECOND_BYTES))
    with context.whazz(workers=workers) as server:
        token = server.user_token()
        jobs = [client.upload(server.port, token, form) for _ in range(JOBS)]
        states = [finished(server, token, job) for job in jobs]
    begin = min(s["started_at"] for s in states)
    end = max(s["completed_at"] for s in states)
    return seconds_between({"begin": begin, "end": end}, "begin", "end")


def scaling(context):
    one, two = jobs_time(context, 1), jobs_time(context, 2)
    return Row(f"{JOBS} jobs of 30 s: jobs per minute of 2 workers against 1",
               f"{60 * JOBS / two:.0f} a minute", f"{60 * JOBS / one:.0f} a minute (Whazz)",
               f"{one / two:.2f}x", ">= 1.8x", one / two >= 1.8)


def measure(context):
    rows, got = engines(context)
    rows.append(overhead(context, got["speech_enhancement_x_real_time"]["processor"]))
    rows.append(scaling(context))
    return rows
