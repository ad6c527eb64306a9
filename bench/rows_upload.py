"""POST /audio/upload: many small ones against the FastAPI peer, a large one against nginx."""
import json
import os
import statistics
import subprocess

import client
from context import MIB, alternate, median_of, median_ratio, wav
from report import Row, at_least, number, value_at_most

TARGET = "/audio/upload"
SMALL_BYTES, LARGE_BYTES = 100_000, 100 * MIB
USERS = 16
LOG_BYTES = 4 * 4096  # of the database's log for one upload, at the least


def prepare(make):
    """A stopped server's folder and the tokens of its users."""
    with make() as server:
        tokens = [server.user_token(f"bench{i}") for i in range(USERS)]
    return {"like": os.path.dirname(server.log), "tokens": tokens}


def upload_run(context, make, prepared, form, **how):
    """One run against a server of its own: what it leaves to do must not meet the next, nor
    what it left unsynced be written while the next waits for the disk."""
    os.sync()
    with make(like=prepared["like"]) as server:
        return context.load.run(server.port, TARGET, method="POST", body=form, status=201,
                                tokens=prepared["tokens"], headers=[client.UPLOAD_HEADER],
                                **how)


def small(context):
    form = f"{context.folder}/small.form"
    client.multipart_write(form, "talk.wav", wav(SMALL_BYTES))
    ours, theirs = prepare(context.whazz), prepare(context.fastapi)
    rows = []
    for connections in (16, 64):
        how = {"connections": connections, "seconds": context.seconds}
        got = alternate(context.rounds, {
            "whazz": lambda: upload_run(context, context.whazz, ours, form, **how),
            "fastapi": lambda: upload_run(context, context.fastapi, theirs, form, **how),
        })
        rates = [[r["per_second"] for r in got[name]] for name in ("whazz", "fastapi")]
        rows.append(at_least(f"POST /audio/upload, 100 kB, durable, {connections} connections: "
                             "against FastAPI, 2 workers, nothing synced",
                             statistics.median(rates[0]), statistics.median(rates[1]), "req/s",
                             median_ratio(*rates), 8))
        rows += fixed_rate(context, ours, form, connections, statistics.median(rates[0]) / 2)
    return rows


def fixed_rate(context, ours, form, connections, rate):
    """A closed loop's latency is its connections divided by its throughput, whatever the
    server does; only arrivals that do not wait for replies show what a client sees."""
    how = {"connections": connections, "seconds": context.seconds, "rate": rate}
    got = alternate(context.rounds, {
        "whazz": lambda: upload_run(context, context.whazz, ours, form, **how),
        "disk": lambda: disk_run(context, rate),
    })
    what = f"POST /audio/upload, 100 kB, durable, {rate:.0f} arrivals/s (half of the above) on " \
           f"{connections} connections"
    p99 = {name: median_of(runs, "p99_us") / context.fsync_us for name, runs in got.items()}
    return [
        value_at_most(f"{what}: p99 in synced appends", p99["whazz"], "fsyncs", 10, True),
        Row("the same bytes and syncs at the same rate in a bare loop on an idle machine, which "
            "is what the disk alone takes: p99", "", f"{number(p99['disk'])} fsyncs",
            f"{number(p99['whazz'] / p99['disk'])}x", "", None),
    ]


def disk_run(context, rate):
    os.sync()
    done = subprocess.run([context.program("disk_floor"), context.fresh_folder("disk"),
                           str(context.seconds), str(rate), str(SMALL_BYTES),
                           str(LOG_BYTES)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def large_run(context, server, form, target, method, status, **how):
    server.memory_peak_reset()
    before = server.memory_kib("VmRSS")
    report = context.load.run(server.port, target, method=method, body=form, status=status,
                              connections=1, requests=1, **how)
    return {"mb_per_second": LARGE_BYTES / 1e6 / report["seconds"],
            "growth_mib": (server.memory_kib("VmHWM") - before) / 1024}


def large(context):
    form, plain = f"{context.folder}/large.form", f"{context.folder}/large.wav"
    content = wav(LARGE_BYTES)
    client.multipart_write(form, "long.wav", content)
    with open(plain, "wb") as out:
        out.write(content)
    def ours():
        with context.whazz() as whazz:
            return large_run(context, whazz, form, TARGET, "POST", 201,
                             tokens=[whazz.user_token()], headers=[client.UPLOAD_HEADER])
    def theirs():
        with context.nginx() as nginx:
            return large_run(context, nginx, plain, "/put/long.wav", "PUT", 201)
    got = alternate(context.rounds, {"whazz": ours, "nginx": theirs})
    speeds = [[r["mb_per_second"] for r in got[name]] for name in ("whazz", "nginx")]
    return [
        at_least("POST /audio/upload, 100 MB, durable: against nginx DAV PUT, not synced",
                 statistics.median(speeds[0]), statistics.median(speeds[1]), "MB/s",
                 median_ratio(*speeds), 0.7),
        value_at_most("the same: growth of the server's resident memory",
                      median_of(got["whazz"], "growth_mib"), "MiB", 16),
    ]
