"""What came out: rows, the table, docs/benchmarks.md."""
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from typing import Optional

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


@dataclass
class Row:
    what: str
    ours: str
    peer: str
    figure: str             # the ratio or value that the target is about
    target: str
    passed: Optional[bool]  # None: no target


@dataclass
class Skipped:
    what: str
    why: str


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def at_least(what, ours, peer, unit, ratio, least):
    return Row(what, f"{number(ours)} {unit}", f"{number(peer)} {unit}", f"{ratio:.2f}x",
               f">= {least:g}x", ratio >= least)


def at_most(what, ours, peer, unit, ratio, most):
    return Row(what, f"{number(ours)} {unit}", f"{number(peer)} {unit}", f"{ratio:.2f}x",
               f"<= {most:g}x", ratio <= most)


def value_at_most(what, value, unit, most, strictly=False):
    passed = value < most if strictly else value <= most
    return Row(what, f"{number(value)} {unit}", "", f"{number(value)} {unit}",
               f"{'<' if strictly else '<='} {number(most)} {unit}", passed)


def first_line(path, pattern):
    with open(path) as f:
        for line in f:
            found = re.match(pattern, line)
            if found:
                return found.group(1).strip()
    return "unknown"


def version_of(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                          capture_output=True, text=True)
    return done.stdout or "absent"


def machine(fsync_us):
    memory_kib = int(first_line("/proc/meminfo", r"MemTotal:\s+(\d+)"))
    peers = ", ".join(f"{name} {version_of(name)}" for name in (
        "nginx-light", "python3-fastapi", "uvicorn", "libsqlite3-0", "libmicrohttpd12"))
    model = first_line("/proc/cpuinfo", r"model name\s*:\s*(.*)")
    return (f"{os.cpu_count()} cores ({model}), "
            f"{memory_kib / 2**20:.0f} GiB, Linux {platform.release()}; one synced 4 KiB append "
            f"takes {fsync_us:.0f} us (median); load before the run "
            f"{os.getloadavg()[0]:.1f}. {peers}.")


VERDICT = {True: "yes", False: "**no**", None: ""}


def table(rows):
    lines = ["| what | Whazz | peer | result | target | met |", "|---|---|---|---|---|---|"]
    lines += [f"| {r.what} | {r.ours} | {r.peer} | {r.figure} | {r.target} | "
              f"{VERDICT[r.passed]} |" for r in rows]
    return "\n".join(lines)


def text(when, mode, where, rows, skipped):
    parts = [f"Measured {when}, {mode}. {where}", "", table(rows), ""]
    parts.append("Not measured: " + ("; ".join(f"{s.what} ({s.why})" for s in skipped)
                                     if skipped else "nothing was left out") + ".")
    return "\n".join(parts)


def document_update(path, block):
    """Replaces what stands between the two marks."""
    with open(path) as f:
        before, rest = f.read().split(BEGIN)
    after = rest.split(END)[1]
    with open(path, "w") as f:
        f.write(f"{before}{BEGIN}\n{block}\n{END}{after}")
