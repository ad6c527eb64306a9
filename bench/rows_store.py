"""The store: the admin's figures at a million accounts, ledger writes, start and memory."""
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import time

from context import alternate, median_of, median_ratio
from report import Row, at_least, number, value_at_most

ANALYTICS = "/usage/admin/analytics"
FEW, MANY, MANY_QUICK = 1_000, 1_000_000, 50_000


def accounts(context, count):
    """A database with that many accounts; kept for later runs of the same schema."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    mark = hashlib.sha256()
    for path in sorted(os.listdir(f"{root}/sql")):
        with open(f"{root}/sql/{path}", "rb") as f:
            mark.update(f.read())
    with open(f"{root}/bench/accounts.c", "rb") as f:
        mark.update(f.read())
    kept = f"{os.path.dirname(context.folder)}/accounts-{count}-{mark.hexdigest()[:12]}.db"
    if not os.path.exists(kept):
        part = f"{kept}.part"
        for path in (part, f"{part}-wal", f"{part}-shm"):
            if os.path.exists(path):
                os.unlink(path)
        subprocess.run([context.program("accounts"), part, str(count)], check=True)
        os.rename(part, kept)
    copy = f"{context.fresh_folder('accounts')}/accounts.db"
    shutil.copyfile(kept, copy)
    return copy


def analytics_run(context, server, token):
    return context.load.run(server.port, ANALYTICS, connections=1, seconds=context.seconds,
                            tokens=[token])


def analytics(context):
    many = MANY_QUICK if context.quick else MANY
    with context.whazz(database=accounts(context, FEW)) as small, \
            context.whazz(database=accounts(context, many)) as large:
        tokens = {s: s.user_token("benchadmin", admin=True) for s in (small, large)}
        got = alternate(context.rounds, {
            "few": lambda: analytics_run(context, small, tokens[small]),
            "many": lambda: analytics_run(context, large, tokens[large]),
        })
    rows = [value_at_most(f"GET {ANALYTICS}, {count:,} accounts: p99",
                          median_of(got[name], "p99_us") / 1000, "ms", 5, True)
            for name, count in (("few", FEW), ("many", many))]
    ratio = median_ratio([r["p50_us"] for r in got["many"]], [r["p50_us"] for r in got["few"]])
    rows.append(Row(f"the same: {many:,} accounts against {FEW:,}, medians",
                    f"{number(median_of(got['many'], 'p50_us'))} us",
                    f"{number(median_of(got['few'], 'p50_us'))} us (Whazz)", f"{ratio:.2f}x",
                    "<= 2x", ratio <= 2))
    return rows


def ledger_run(context, mode):
    folder = context.fresh_folder("ledger")
    done = subprocess.run([context.program("ledger"), folder, str(context.seconds), mode],
                          check=True, capture_output=True, text=True)
    shutil.rmtree(folder)
    return json.loads(done.stdout)


def ledger(context):
    """usage.h and the bare loop take turns within each run."""
    rows = []
    for mode, what in (("batches", "one writer, 64 charges to a write"),
                       ("threads", "64 threads, one charge to a write")):
        got = [ledger_run(context, mode) for _ in range(context.rounds)]
        row = at_least(f"durable ledger writes through usage.h, {what}: against a bare loop of "
                       f"the same statements in batches of {median_of(got, 'batch'):.0f}",
                       median_of(got, "usage_per_second"), median_of(got, "bare_per_second"),
                       "charges/s", median_ratio([r["usage_per_second"] for r in got],
                                                 [r["bare_per_second"] for r in got]), 0.6)
        rows.append(row)
    return rows


def start(context):
    """From the start of the program to its first answer, a million accounts in the file."""
    many = MANY_QUICK if context.quick else MANY
    database = accounts(context, many)
    times, memory = [], []
    for _ in range(context.rounds):
        before = time.monotonic()
        with context.whazz(database=database) as whazz:
            times.append((time.monotonic() - before) * 1000)
            time.sleep(1)
            memory.append(whazz.memory_kib("VmRSS") / 1024)
    return [value_at_most("resident memory, idle", statistics.median(memory), "MiB", 24),
            value_at_most(f"start to the first answer, {many:,} accounts",
                          statistics.median(times), "ms", 200)]
