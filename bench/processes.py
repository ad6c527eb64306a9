"""Server processes under measurement: start, readiness, CPU and memory, stop."""
import os
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """A server that was to be measured is not there."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, seconds, step=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return False


def stat_fields(pid):
    """Fields of /proc/PID/stat from the state on; None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


class Process:
    """One server and all it forks, in a process group of its own."""

    def __init__(self, name, command, log, env=None, cwd=None):
        self.name = name
        self.log = log
        with open(log, "wb") as out:
            self.child = subprocess.Popen(command, stdout=out, stderr=out, cwd=cwd,
                                          env={**os.environ, **(env or {})},
                                          start_new_session=True)

    def require(self, condition, seconds=20):
        """Waits until `condition` holds; NotStarted, with the log's end, otherwise."""
        def dead_or_ready():
            return self.child.poll() is not None or condition()
        if not wait_for(dead_or_ready, seconds, 0.01) or self.child.poll() is not None:
            self.stop()
            with open(self.log, errors="replace") as f:
                raise NotStarted(f"{self.name} did not start:\n{f.read()[-2000:]}")

    def pids(self):
        """Every live process of the group."""
        group = self.child.pid
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                fields = stat_fields(name)
                if fields and int(fields[2]) == group:
                    found.append(int(name))
        return found

    def cpu_seconds(self):
        """User and system time of the group, of ended children too."""
        ticks = 0
        for pid in self.pids():
            fields = stat_fields(pid)
            if fields:
                ticks += sum(int(v) for v in fields[11:15])
        return ticks / TICKS

    def memory_kib(self, key):
        """VmRSS or VmHWM of the main process."""
        with open(f"/proc/{self.child.pid}/status") as f:
            for line in f:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
        raise KeyError(key)

    def memory_peak_reset(self):
        with open(f"/proc/{self.child.pid}/clear_refs", "w") as f:
            f.write("5")

    def stop(self):
        """Ends the whole group; at once: nothing that was measured is needed any more."""
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
