"""The engines on one core, and what a job costs beside its engine."""
import array
import json
import os
import statistics
import subprocess
import time
from datetime import datetime

import client
from context import alternate, median_of, median_ratio, wav
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
    return rows


def state_of(server, token, job):
    return client.call(server.port, "GET", f"/audio/status/{job}", token=token)


def finished(server, token, job, pause_s=0.002):
    while True:
        state = state_of(server, token, job)
        if state["status"] == "completed":
            return state
        if state["status"] == "failed":
            raise client.Failed(f"a job failed: {state['error_message']}")
        time.sleep(pause_s)


def seconds_between(state, first, last):
    begin, end = (datetime.fromisoformat(state[name].rstrip("Z")) for name in (first, last))
    return (end - begin).total_seconds()


def engine_ms(context, sound):
    """What the engine alone takes of a processor for this sound: no decoding, no sandbox."""
    program = "src/audio/child/dsp/run_engine"
    subprocess.run(["ninja", "--quiet", "-C", context.build, program], check=True,
                   stdout=subprocess.DEVNULL)
    samples = array.array("h", sound[44:])
    done = [subprocess.run([f"{context.build}/{program}", "speech_enhancement", "48000", "1",
                            "normal"],
                           input=array.array("f", (s / 32768 for s in samples)).tobytes(),
                           capture_output=True, check=True) for _ in range(5)]
    return statistics.median(float(run.stderr) for run in done) * 1000


def overhead(context):
    """From acceptance to the outcome of a 1-second file, less what its engine takes alone."""
    form, sound = f"{context.folder}/second.form", wav(SECOND_BYTES)
    client.multipart_write(form, "second.wav", sound)
    taken = []
    with context.whazz() as server:
        token = server.user_token()
        for _ in range(5 if context.quick else 25):
            state = finished(server, token, client.upload(server.port, token, form))
            taken.append(seconds_between(state, "created_at", "completed_at") * 1000)
    own_ms, all_ms = engine_ms(context, sound), statistics.median(taken)
    return value_at_most("a job of a 1-second file: acceptance to outcome "
                         f"({all_ms:.0f} ms), less its engine's time ({own_ms:.0f} ms)",
                         all_ms - own_ms, "ms", 50, True)


def jobs_run(context, workers):
    """A queue of equal jobs: seconds from the first start to the last end, and cores in use."""
    form = f"{context.folder}/jobs.form"
    client.multipart_write(form, "jobs.wav", wav(30 * SECOND_BYTES))
    with context.whazz(workers=workers) as server:
        token = server.user_token()
        began, busy = time.monotonic(), server.cpu_seconds()
        jobs = [client.upload(server.port, token, form) for _ in range(JOBS)]
        # Seldom asked: who waits must not take the cores that the workers are measured on.
        states = [finished(server, token, job, 0.1) for job in jobs]
        busy = (server.cpu_seconds() - busy) / (time.monotonic() - began)
    begin = min(s["started_at"] for s in states)
    end = max(s["completed_at"] for s in states)
    return {"seconds": seconds_between({"begin": begin, "end": end}, "begin", "end"),
            "cores": busy}


def scaling(context):
    runs = alternate(3 if context.quick else 5,
                     {workers: lambda workers=workers: jobs_run(context, workers)
                      for workers in (1, 2)})
    one, two = ([run["seconds"] for run in runs[workers]] for workers in (1, 2))
    ratio = median_ratio(one, two)
    cores = [median_of(runs[workers], "cores") for workers in (1, 2)]
    return Row(f"{JOBS} jobs of 30 s: jobs per minute of 2 workers ({cores[1]:.2f} cores busy) "
               f"against 1 ({cores[0]:.2f})",
               f"{60 * JOBS / statistics.median(two):.0f} a minute",
               f"{60 * JOBS / statistics.median(one):.0f} a minute (Whazz)",
               f"{ratio:.2f}x", ">= 1.8x", ratio >= 1.8)


def measure(context):
    rows = engines(context)
    rows.append(overhead(context))
    rows.append(scaling(context))
    return rows
