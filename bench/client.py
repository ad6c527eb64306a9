"""Requests to the servers: single ones from Python, many from the C load generator."""
import http.client
import json
import subprocess
import time

BOUNDARY = "whazz-bench-boundary"


class Failed(Exception):
    """A request was answered otherwise than a measurement needs."""


def request(port, method, target, body=None, headers=None, timeout=120):
    """(status, headers, body) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, target, body, headers or {})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def call(port, method, target, data=None, token=None, status=200):
    """The JSON answer of a call that must succeed."""
    headers = {"Content-Type": "application/json"} if data is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    got, _, body = request(port, method, target,
                           None if data is None else json.dumps(data), headers)
    if got != status:
        raise Failed(f"{method} {target}: {got} {body[:200]!r}")
    return json.loads(body)


def is_healthy(port):
    try:
        return request(port, "GET", "/health", timeout=2)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def multipart_write(path, filename, content):
    """Writes the body of an upload form with one file to `path`."""
    head = (f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; "
            f"filename=\"{filename}\"\r\nContent-Type: audio/wav\r\n\r\n")
    with open(path, "wb") as out:
        out.write(head.encode())
        out.write(content)
        out.write(f"\r\n--{BOUNDARY}--\r\n".encode())


UPLOAD_HEADER = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"


def upload(port, token, body_path):
    """One upload from a multipart file; the job's id."""
    with open(body_path, "rb") as f:
        status, _, body = request(port, "POST", "/audio/upload", f.read(), {
            "Authorization": f"Bearer {token}",
            "Content-Type": UPLOAD_HEADER.split(": ", 1)[1]})
    if status != 201:
        raise Failed(f"upload: {status} {body[:200]!r}")
    return json.loads(body)["job_id"]


def job_wait(port, token, job_id, seconds=300):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = call(port, "GET", f"/audio/status/{job_id}", token=token)["status"]
        if status == "completed":
            return
        if status not in ("pending", "processing"):
            break
        time.sleep(0.1)
    raise Failed(f"the job {job_id} did not complete: {status}")


class Load:
    """The C load generator."""

    def __init__(self, program):
        self.program = program

    def run(self, port, target, *, connections, seconds=None, requests=None, rate=None,
            method="GET", headers=(), tokens=(), body=None, status=200):
        """Its report as a dict; connections take turns with the tokens. Failed when one in a
        hundred requests or more went wrong."""
        command = [self.program, "--port", str(port), "--target", target, "--method", method,
                   "--connections", str(connections), "--status", str(status)]
        for header in headers:
            command += ["--header", header]
        for token in tokens:
            command += ["--token", token]
        for name, value in (("--seconds", seconds), ("--requests", requests),
                            ("--rate", rate), ("--body", body)):
            if value is not None:
                command += [name, str(value)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"load: {done.stderr.strip()} {done.stdout.strip()}")
        report = json.loads(done.stdout)
        if report["done"] == 0 or report["failed"] * 100 > report["done"]:
            raise Failed(f"{method} {target} on port {port}: {report}")
        return report
