"""What the tests from outside share: a server of their own, a client, and audio made here.

The binary is named by the environment variable WHAZZ. Every server runs in an empty
temporary folder on a free port of 127.0.0.1, and is killed when its test class ends.
"""
import atexit
import functools
import gzip
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid

import contract
from bodies import multipart, wav
from stored import stored_in

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRET = "a key for tests only, of more than 32 bytes"  # also bodies.sign's
PASSWORD = "correct horse 1"
FORMATS = "Invalid audio format. Allowed formats: .wav, .mp3, .flac, .m4a, .ogg"
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
SANITIZER = re.compile(r"(WARNING|ERROR): \w+Sanitizer|runtime error:")
# Throttles that would hinder a test; the tests of throttles set their own.
PLENTY = ("--grace", "2s", "--signups-per-hour", "1000000", "--guests-per-hour", "1000000",
          "--logins-per-minute", "1000000", "--network-factor", "1000")


def binary():
    path = os.environ.get("WHAZZ", "")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"set WHAZZ to the program to test (now {path!r})")
    return os.path.abspath(path)


def port_holder():
    """Bound and never listening: a server can take its port, and nobody else gets it while
    that server is down."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


@functools.cache
def moved_clock():
    """The library of moved_clock.c, compiled once per run."""
    folder = tempfile.TemporaryDirectory(prefix="whazz-clock-")
    atexit.register(folder.cleanup)
    library = pathlib.Path(folder.name) / "moved_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library,
                    pathlib.Path(__file__).with_name("moved_clock.c")], check=True)
    return str(library)


def clock_moved(hours):
    """The environment of a process whose wall clock is off by so many hours."""
    return {"LD_PRELOAD": moved_clock(), "MOVED_CLOCK_S": str(hours * 3600)}


def run(*args, input=None, timeout=60, env=None):
    """Runs the program to its end."""
    return subprocess.run([binary(), *map(str, args)], input=input, text=True, timeout=timeout,
                          capture_output=True, env=env)


class Server:
    """One `whazz serve`. Options are given as flags: Server("--grace", "1s")."""
    running = []

    def __init__(self, *options, data_dir=None, start=True, plenty=True, secret=SECRET, env=None):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="whazz-test-"))
        self.data_dir = pathlib.Path(data_dir or self.home / "data")
        self.log_path = self.home / "log"
        self.options = [*(PLENTY if plenty else ()), *map(str, options)]
        self.secret, self.env = secret, env
        self.holder, self.process = port_holder(), None
        self.port = self.holder.getsockname()[1]
        Server.running.append(self)
        if start:
            self.start()

    # ---- life ----
    def start(self, wait=True, timeout=20):
        assert self.process is None or self.process.poll() is not None, "it runs already"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        # Sanitizers take their settings from here; all else of ours stays out.
        environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        if self.secret:
            environment["WHAZZ_SECRET_KEY"] = self.secret
        environment.update(self.env or {})
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.home, env=environment)
        if wait:
            self.wait_ready(timeout)
        return self

    def command(self):
        return [binary(), "serve", "--listen", f"127.0.0.1:{self.port}",
                "--data-dir", str(self.data_dir), *self.options]

    def wait_ready(self, timeout=20):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}:\n{self.log()}")
            try:
                if self.client(timeout=2).get("/health").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError(f"no /health within {timeout} s:\n{self.log()}")

    def kill(self):
        """SIGKILL: nothing of it gets to run again."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, timeout=30):
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it does not end within {timeout} s:\n{self.log()}") from None

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        """Ends it as an operator would, so that leaks are told, and fails on what it says."""
        status = self.stop() if self.alive() else 0
        self.holder.close()
        said = self.log(10**6)
        report = SANITIZER.search(said)
        shutil.rmtree(self.home, ignore_errors=True)
        if self in Server.running:
            Server.running.remove(self)
        if report:
            raise AssertionError("a sanitizer's report:\n" + said[report.start():][:5000])
        if status != 0:
            raise AssertionError(f"it ended with {status}:\n" + said[-5000:])

    # ---- what it looks like from outside ----
    def log(self, lines=60):
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def processes(self):
        """Its process id and those of all its descendants."""
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as children:
                        queue.extend(map(int, children.read().split()))
            except OSError:
                pass
        return found

    def memory(self, field="VmRSS", whole_family=False):
        """Resident bytes now (or at most: VmHWM) of the server, or with its children."""
        total = 0
        for pid in self.processes() if whole_family else [self.process.pid]:
            try:
                with open(f"/proc/{pid}/status") as status:
                    found = re.search(rf"^{field}:\s+(\d+) kB", status.read(), re.M)
                total += int(found[1]) * 1024 if found else 0
            except OSError:
                pass
        return total

    def files(self):
        """What is stored (stored.py), with its size."""
        return stored_in(self.data_dir)

    # ---- who calls ----
    def client(self, token=None, guest=None, timeout=30):
        return Client(self.port, token, guest, timeout)

    def guest(self):
        return self.client(guest=str(uuid.uuid4()))

    def user(self, name=None, password=PASSWORD):
        """A new user who is logged in."""
        name = name or "u" + uuid.uuid4().hex[:12]
        reply = self.client().post("/auth/signup", {
            "email": f"{name}@example.com", "username": name, "password": password})
        assert reply.status == 201, f"signup: {reply}\n{self.log()}"
        client = self.login(name, password)
        client.user = reply.json
        return client

    def login(self, name, password=PASSWORD):
        reply = self.client().post("/auth/login",
                                   {"username_or_email": name, "password": password})
        assert reply.status == 200, f"login: {reply}\n{self.log()}"
        client = self.client(token=reply.json["access_token"])
        client.refresh_token, client.name = reply.json["refresh_token"], name
        return client

    def admin(self, name="root-admin"):
        """An admin made with `whazz user add`, logged in; made once per server."""
        if not getattr(self, "_admin", None):
            done = run("user", "add", "--admin", "--data-dir", self.data_dir, name,
                       f"{name}@example.com", input=PASSWORD + "\n")
            assert done.returncode == 0, f"user add: {done.stdout}{done.stderr}"
            self._admin = self.login(name)
            self._admin.user = self._admin.get("/auth/me").json
        return self._admin

    def verify(self, timeout=120):
        return run("verify", "--data-dir", self.data_dir, timeout=timeout)


@atexit.register
def _end_all():
    for server in list(Server.running):
        server.close()


class Reply:
    def __init__(self, status, headers, body, sent):
        self.status, self.headers, self.body, self.sent = status, headers, body, sent
        self.packed = body  # as it was sent
        if body and headers["Content-Encoding"] == "gzip":
            self.body = gzip.decompress(body)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def detail(self):
        return self.json["detail"]

    def __str__(self):
        return f"{self.sent} -> {self.status} {dict(self.headers)} {self.body[:600]!r}"


class Client:
    """Keep-alive HTTP/1.1 as one caller. Not for several threads at a time."""

    def __init__(self, port, token=None, guest=None, timeout=30):
        self.port, self.token, self.guest_id, self.timeout = port, token, guest, timeout
        self.connection = None

    def identity(self):
        headers = {}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.guest_id is not None:
            headers["X-Guest-ID"] = self.guest_id
        return headers

    def request(self, method, path, body=None, headers=None, json_body=None):
        """Sends once; tries again only if a kept connection had been closed meanwhile."""
        sent = {**self.identity(), **(headers or {})}
        sent = {k: v for k, v in sent.items() if v is not None}
        if json_body is not None:
            body = json.dumps(json_body, ensure_ascii=False).encode("utf-8", "surrogatepass")
            sent.setdefault("Content-Type", "application/json")
        for attempt in (1, 2):
            reused = self.connection is not None
            if not reused:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                             timeout=self.timeout)
            try:
                self.connection.request(method, path, body, sent)
                answer = self.connection.getresponse()
                reply = Reply(answer.status, answer.headers, answer.read(), f"{method} {path}")
                if answer.will_close:
                    self.close()
                wrong = contract.check(method, path, reply)
                assert not wrong, f"against the document: {wrong}: {reply}"
                return reply
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if not reused or attempt == 2:
                    raise
            except BaseException:
                self.close()
                raise

    def get(self, path, **headers):
        return self.request("GET", path, headers=named(headers))

    def head(self, path, **headers):
        return self.request("HEAD", path, headers=named(headers))

    def delete(self, path, **headers):
        return self.request("DELETE", path, headers=named(headers))

    def post(self, path, json_body=None, **headers):
        return self.request("POST", path, json_body=json_body, headers=named(headers))

    def patch(self, path, json_body=None, **headers):
        return self.request("PATCH", path, json_body=json_body, headers=named(headers))

    def upload(self, content=None, filename="speech.wav", fields=(), **headers):
        body, kind = multipart(
            [*fields, ("file", filename, wav() if content is None else content)])
        return self.request("POST", "/audio/upload", body,
                            {"Content-Type": kind, **named(headers)})

    def uploaded(self, *args, **kwargs):
        """The job's id of an upload that must be accepted."""
        reply = self.upload(*args, **kwargs)
        assert reply.status == 201, str(reply)
        return reply.json["job_id"]

    def wait_for_job(self, job_id, timeout=240):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            reply = self.get(f"/audio/status/{job_id}")
            assert reply.status == 200, str(reply)
            if reply.json["status"] not in ("pending", "processing"):
                return reply.json
            time.sleep(0.05)
        raise AssertionError(f"no outcome within {timeout} s: {reply}")

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def named(headers):
    """Keyword arguments as header names: x_guest_id -> x-guest-id."""
    return {k.rstrip("_").replace("_", "-"): v for k, v in headers.items()}


def raw(port, data, timeout=10, half_close=False):
    """Sends bytes as they are; everything that comes back until the server closes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout) as link:
        try:
            link.sendall(data)
            if half_close:
                link.shutdown(socket.SHUT_WR)
            while True:
                part = link.recv(65536)
                if not part:
                    return answer
                answer += part
        except (ConnectionError, socket.timeout):
            return answer


def statuses(answer):
    """The status numbers of the replies in what raw() returned."""
    return [int(s) for s in re.findall(rb"(?:^|\n|\})HTTP/1\.1 (\d{3}) ", answer)]


class Case(unittest.TestCase):
    """A test class with a server of its own, started with OPTIONS."""
    OPTIONS = ()
    PLENTY = True
    SECRET = SECRET
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.OPTIONS, plenty=cls.PLENTY, secret=cls.SECRET)

    @classmethod
    def tearDownClass(cls):
        died = not cls.server.alive()
        log = cls.server.log()
        cls.server.close()
        if died:
            raise AssertionError(f"the server died during {cls.__name__}:\n{log}")

    def answer(self, reply, status):
        """The JSON of a reply that must have this status."""
        self.assertEqual(reply.status, status, f"{reply}\n{self.server.log(15)}")
        return reply.json if reply.body else None

    def problem(self, reply, status, detail=None):
        """A reply that must be a problem (RFC 9457), with this detail."""
        body = self.answer(reply, status)
        self.assertEqual(reply.headers.get_content_type(), "application/problem+json",
                         str(reply))
        self.assertLessEqual({"type", "title", "status", "detail"}, set(body), str(reply))
        self.assertEqual(body["status"], status)
        self.assertIsInstance(body["title"], str)
        if status == 401:
            self.assertEqual(reply.headers["WWW-Authenticate"], "Bearer", str(reply))
        if detail is not None:
            self.assertEqual(body["detail"], detail, str(reply))
        self.assertTrue(reply.headers.get("X-Request-ID"), str(reply))
        return body

    def begun(self, body, kind, client, **headers):
        """A connection with an upload of the client's that the server has seen; its body is
        still to be sent, and the reply ends the connection."""
        link = socket.create_connection(("127.0.0.1", self.server.port), 10)
        self.addCleanup(link.close)
        sent = {"Host": "x", **client.identity(), **named(headers), "Content-Type": kind,
                "Content-Length": len(body), "Connection": "close", "Expect": "100-continue"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        link.sendall(f"POST /audio/upload HTTP/1.1\r\n{lines}\r\n".encode())
        self.assertEqual(link.recv(65536), b"HTTP/1.1 100 Continue\r\n\r\n")
        return link

    def invalid(self, reply, *expected):
        """A 422 that names exactly these (type, loc, msg)."""
        body = self.problem(reply, 422)
        self.assertIsInstance(body["detail"], list, str(reply))
        self.assertEqual([(e["type"], tuple(e["loc"]), e["msg"]) for e in body["detail"]],
                         list(expected), str(reply))
        return body["detail"]

    def assertDate(self, text):
        self.assertRegex(text, DATE)
