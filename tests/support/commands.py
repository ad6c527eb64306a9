"""Which processes run, by what their command lines say."""
import contextlib
import os
import pathlib
import time


def running(words, pids=None):
    """The ids of those whose command line has these words one after the other."""
    wanted = b"\0".join(word.encode() for word in words)
    found = []
    for pid in pids or filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if wanted in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found


def left(words, timeout=10):
    """Those that run still: what was killed the kernel takes down one by one."""
    end = time.monotonic() + timeout
    while running(words) and time.monotonic() < end:
        time.sleep(0.05)
    return running(words)
