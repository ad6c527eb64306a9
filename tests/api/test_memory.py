"""I7: resident memory does not depend on the size of a file, nor on the length of a ledger."""
import socket

from bodies import wav_header
from whazz import Case, raw, statuses

MEBIBYTE = 1 << 20
GROWTH_MAX = 16 * MEBIBYTE


def send_wav(client, size, boundary=b"whazz-big"):
    """Uploads a WAV of `size` bytes without holding it; the status and the body."""
    head = (b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; '
            b'filename="big.wav"\r\n\r\n' + wav_header(size - 44, 48000, 2))
    tail = b"\r\n--" + boundary + b"--\r\n"
    block = bytes(range(256)) * 4096
    identity = "".join(f"{k}: {v}\r\n" for k, v in client.identity().items()).encode()
    with socket.create_connection(("127.0.0.1", client.port), 120) as link:
        link.sendall(b"POST /audio/upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + identity +
                     b"Content-Type: multipart/form-data; boundary=" + boundary +
                     b"\r\nContent-Length: %d\r\n\r\n" % (len(head) + size - 44 + len(tail)))
        link.sendall(head)
        left = size - 44
        while left > 0:
            link.sendall(block[:min(left, len(block))])
            left -= len(block)
        link.sendall(tail)
        answer = b""
        while part := link.recv(65536):
            answer += part
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


class Refusals(Case):
    def test_what_is_refused_leaves_nothing_behind(self):
        refused = [(b"DELETE /health", 405), (b"PUT /usage/me", 405), (b"GET /nowhere", 404),
                   (b"GET /health/?x", 307), (b"GET /%zz", 400), (b"GET /usage/me", 401)]
        requests = b"".join(line + b" HTTP/1.1\r\nHost: x\r\n\r\n" for line, _ in refused) * 500
        last = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

        def ask(times):
            for _ in range(times):
                answer = raw(self.server.port, requests + last, timeout=60)
                self.assertEqual(statuses(answer), [s for _, s in refused] * 500 + [200])
        ask(10)  # what is kept for later is there by now
        before = self.server.memory()
        ask(60)  # 60,000 of the 405
        self.assertLess(self.server.memory() - before, MEBIBYTE)


class Memory(Case):
    OPTIONS = ("--upload-max", "2GB", "--user-storage", "20GB", "--user-processing", "1000h",
               "--workers", "1")

    def grows_little(self, do):
        """Runs it and holds the peak of the server's resident memory to a bound."""
        self.server.client().get("/health")
        before = self.server.memory()
        with open(f"/proc/{self.server.process.pid}/clear_refs", "w") as clear:
            clear.write("5")  # the peak starts over
        result = do()
        self.assertLess(self.server.memory("VmHWM") - before, GROWTH_MAX)
        return result

    def test_100_mb_and_a_gigabyte_up_and_down(self):
        user = self.server.user()
        small = user.uploaded()
        user.wait_for_job(small)
        for size in (100 * MEBIBYTE, 1024 * MEBIBYTE):
            with self.subTest(f"{size} bytes"):
                status, body = self.grows_little(lambda size=size: send_wav(user, size))
                self.assertEqual(status, 201, body)
                job = user.get("/audio/jobs?limit=1").json["jobs"][0]["job_id"]
                got = self.grows_little(lambda job=job: self.count(user, f"/audio/original/{job}"))
                self.assertEqual(got, size)
                self.answer(user.delete(f"/audio/jobs/{job}"), 200)
        self.assertEqual(self.server.verify().returncode, 0)

    def count(self, client, path):
        """Bytes of a reply's body, read and forgotten."""
        total = 0
        with socket.create_connection(("127.0.0.1", client.port), 120) as link:
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         f"Authorization: Bearer {client.token}\r\n\r\n".encode())
            first = link.recv(65536)
            while b"\r\n\r\n" not in first:
                first += link.recv(65536)
            total = len(first.partition(b"\r\n\r\n")[2])
            while part := link.recv(1 << 20):
                total += len(part)
        return total

    def test_a_child_works_in_constant_memory(self):
        user = self.server.user()
        status, body = send_wav(user, 60 * MEBIBYTE)
        self.assertEqual(status, 201, body)
        job = user.get("/audio/jobs?limit=1").json["jobs"][0]["job_id"]
        peak = 0
        while user.get(f"/audio/status/{job}").json["status"] in ("pending", "processing"):
            peak = max(peak, self.server.memory(whole_family=True))
        self.assertEqual(user.get(f"/audio/status/{job}").json["status"], "completed")
        self.assertLess(peak, 256 * MEBIBYTE)

    def test_too_large_leaves_nothing_and_is_told(self):
        user = self.server.user()
        before = self.server.files()
        answer = raw(self.server.port, b"POST /audio/upload HTTP/1.1\r\nHost: x\r\n"
                     b"Authorization: Bearer " + user.token.encode() + b"\r\n"
                     b"Content-Type: multipart/form-data; boundary=b\r\n"
                     b"Content-Length: 99999999999\r\n\r\n" + bytes(1 << 20), timeout=5)
        self.assertIn(b" 413 ", answer[:20])
        self.assertEqual(self.server.files(), before)
