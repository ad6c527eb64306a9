"""Hostile and clumsy HTTP: smuggling, slow clients, broken framing, floods."""
import os
import socket
import subprocess
import threading
import time

from bodies import multipart, wav
from whazz import Case, Server, raw, statuses

GET = b"GET /health HTTP/1.1\r\nHost: x\r\n"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return sum(map(int, stat.read().rsplit(") ", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


class Framing(Case):
    def refused(self, data, status=400):
        answer = raw(self.server.port, data, timeout=5)
        self.assertEqual(statuses(answer)[:1], [status], answer[:300])
        self.assertEqual(len(statuses(answer)), 1, "what followed was answered: " + str(answer))

    def test_request_smuggling(self):
        second = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        for headers in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                        b"Content-Length: 4\r\nContent-Length: 5\r\n",
                        b"Content-Length: 4\r\nContent-Length: 4\r\n",
                        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"):
            with self.subTest(headers):
                answer = raw(self.server.port,
                             b"POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                             headers + b"\r\n0\r\n\r\n" + second, timeout=5)
                self.assertNotIn(200, statuses(answer), answer)

    def test_nothing_is_read_after_a_body_of_unclear_length(self):
        for status, headers in (
                (400, b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
                (400, b"Content-Length: 5\r\nContent-Length: 5\r\n"),
                (400, b"Transfer-Encoding : chunked\r\n"),
                (400, b"Content-Length : 5\r\n"),
                (400, b"Transfer-Encoding\x0b: chunked\r\n"),
                (501, b"Transfer-Encoding: xchunked\r\n"),
                (501, b"Transfer-Encoding: gzip, chunked\r\n"),
                (501, b"Transfer-Encoding: \x0bchunked\r\n")):
            with self.subTest(headers):
                self.refused(b"POST /auth/login HTTP/1.1\r\nHost: x\r\n" + headers +
                             b"\r\n0\r\n\r\n" + GET + b"\r\n", status)
        answer = raw(self.server.port, b"POST /auth/login HTTP/1.0\r\nConnection: keep-alive\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET + b"\r\n", timeout=5)
        self.assertEqual(statuses(answer), [400], answer)

    def test_lengths_that_are_none(self):
        for length in (b"-1", b"+4", b"4 4", b"0x4", b"99999999999999999999", b"abc"):
            with self.subTest(length):
                answer = raw(self.server.port, b"POST /auth/login HTTP/1.1\r\nHost: x\r\n"
                             b"Content-Length: " + length + b"\r\n\r\n", timeout=5,
                             half_close=True)
                self.assertTrue(not statuses(answer) or statuses(answer)[0] in (400, 413),
                                answer)

    def test_hosts(self):
        self.refused(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
        self.refused(GET + b"Host: y\r\nConnection: close\r\n\r\n")

    def test_targets(self):
        for target in (b"/audio/status/%00", b"/health%00x", b"/%zz", b"/%"):
            with self.subTest(target):
                answer = raw(self.server.port, b"GET " + target +
                             b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", timeout=5)
                self.assertIn(statuses(answer)[0], (400, 404), answer)
        long = b"/" + b"a" * 20000
        answer = raw(self.server.port, b"GET " + long + b" HTTP/1.1\r\nHost: x\r\n\r\n", 5)
        self.assertTrue(not statuses(answer) or statuses(answer)[0] in (400, 414, 431))

    def test_a_redirect_is_told_whole_or_not_at_all(self):
        for length in (10, 2047, 3000, 8000):
            with self.subTest(length):
                answer = raw(self.server.port, b"GET /health/?x=%s HTTP/1.1\r\nHost: x\r\n"
                             b"Connection: close\r\n\r\n" % (b"y" * length), timeout=5)
                self.assertEqual(statuses(answer), [307], answer[:300])
                self.assertIn(b"\r\nLocation: /health?x=%s\r\n" % (b"y" * length), answer)
                self.assertIn(b"\r\nX-Request-ID: ", answer)
        answer = raw(self.server.port, b"GET /health/?x=%s HTTP/1.1\r\nHost: x\r\n"
                     b"Connection: close\r\n\r\n" % (b"y" * 8192), timeout=5)
        self.assertEqual(statuses(answer), [414], answer[:300])

    def test_headers_that_are_asked_for_come_back_whole_or_not_at_all(self):
        for length, comes in ((3000, True), (8192, True), (9000, False)):
            with self.subTest(length):
                answer = raw(self.server.port, b"OPTIONS /health HTTP/1.1\r\nHost: x\r\n"
                             b"Origin: http://localhost:3000\r\nConnection: close\r\n"
                             b"Access-Control-Request-Method: GET\r\n"
                             b"Access-Control-Request-Headers: %s\r\n\r\n" % (b"y" * length), 5)
                self.assertEqual(statuses(answer), [200], answer[:300])
                whole = b"\r\nAccess-Control-Allow-Headers: %s\r\n" % (b"y" * length)
                self.assertEqual((whole in answer, b"Allow-Headers" in answer), (comes, comes))

    def test_headers_without_end(self):
        answer = raw(self.server.port, GET + b"X: " + b"y" * 100000 + b"\r\n\r\n", timeout=5)
        self.assertTrue(not statuses(answer) or statuses(answer)[0] in (400, 431), answer[:200])
        answer = raw(self.server.port,
                     GET + b"".join(b"X-%d: y\r\n" % i for i in range(5000)) + b"\r\n", 5)
        self.assertTrue(not statuses(answer) or statuses(answer)[0] in (400, 431), answer[:200])
        self.answer(self.server.client().get("/health"), 200)

    def test_pipelined_requests_are_answered_in_order(self):
        answer = raw(self.server.port, (GET + b"\r\n") * 5 + b"GET /nowhere HTTP/1.1\r\n"
                     b"Host: x\r\nConnection: close\r\n\r\n", timeout=5)
        self.assertEqual(statuses(answer), [200] * 5 + [404])

    def test_http_1_0_and_garbage(self):
        self.assertEqual(statuses(raw(self.server.port, b"GET /health HTTP/1.0\r\n\r\n", 5)) or
                         [200], [200])
        for data in (b"\x16\x03\x01\x02\x00\x01", b"\0" * 500, b"GET\r\n\r\n", b"\r\n" * 100,
                     b"GET /health HTTP/9.9\r\nHost: x\r\n\r\n"):
            raw(self.server.port, data, timeout=3, half_close=True)
        self.answer(self.server.client().get("/health"), 200)

    def test_chunked_upload(self):
        body, kind = multipart([("file", "chunked.wav", wav())])
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 1000]), body[i:i + 1000])
                          for i in range(0, len(body), 1000)) + b"0\r\n\r\n"
        answer = raw(self.server.port, b"POST /audio/upload HTTP/1.1\r\nHost: x\r\n"
                     b"X-Guest-ID: chunky\r\nTransfer-Encoding: chunked\r\n"
                     b"Connection: close\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" +
                     chunks, timeout=10)
        self.assertEqual(statuses(answer), [201], answer)

    def test_a_body_byte_by_byte(self):
        body, kind = multipart([("file", "slow.wav", wav(0.1, 8000))])
        with socket.create_connection(("127.0.0.1", self.server.port)) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.sendall(b"POST /audio/upload HTTP/1.1\r\nHost: x\r\nX-Guest-ID: bits\r\n"
                         b"Connection: close\r\nContent-Length: %d\r\nContent-Type: %s\r\n\r\n"
                         % (len(body), kind.encode()))
            for i in range(len(body)):
                link.sendall(body[i:i + 1])
            answer = b""
            while part := link.recv(65536):
                answer += part
        self.assertEqual(statuses(answer), [201], answer)

    def test_a_client_that_asks_first_is_told_before_it_sends(self):
        answer = raw(self.server.port, b"POST /audio/upload HTTP/1.1\r\nHost: x\r\n"
                     b"Expect: 100-continue\r\nContent-Length: 5000000\r\n"
                     b"Content-Type: multipart/form-data; boundary=b\r\n\r\n", timeout=5)
        self.assertEqual(statuses(answer), [401], answer)
        self.assertNotIn(b"100 Continue", answer)
        answer = raw(self.server.port, b"POST /audio/upload HTTP/1.1\r\nHost: x\r\n"
                     b"X-Guest-ID: asks\r\nExpect: 100-continue\r\nContent-Length: 200000000\r\n"
                     b"Content-Type: multipart/form-data; boundary=b\r\n\r\n", timeout=5)
        self.assertEqual(statuses(answer), [413], answer)


class BrokenOff(Case):
    def test_an_upload_that_breaks_off_leaves_nothing(self):
        body, kind = multipart([("file", "half.wav", wav(4.0))])
        before = set(self.server.files())
        guest = self.server.guest()
        head = (f"POST /audio/upload HTTP/1.1\r\nHost: x\r\nX-Guest-ID: {guest.guest_id}\r\n"
                f"Content-Length: {len(body)}\r\nContent-Type: {kind}\r\n\r\n").encode()
        for sent in (len(body) // 2, 10, 0):
            raw(self.server.port, head + body[:sent], timeout=0.3)
        time.sleep(0.5)
        self.assertEqual(guest.get("/usage/me").json["total_files_uploaded"], 0)
        self.assertEqual(guest.get("/usage/limits").json["storage_mb"]["used"], 0)
        self.assertEqual(set(self.server.files()), before)


    def test_one_that_ends_in_the_middle_is_over_at_once(self):
        user = self.server.user()
        body, kind = multipart([("file", "half.wav", wav())])
        for i in range(30):  # the end comes with the last bytes, or after them
            head = (f"POST /audio/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}"
                    f"\r\nIdempotency-Key: k{i}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n").encode()
            with socket.create_connection(("127.0.0.1", self.server.port), 5) as link:
                link.sendall(head + body[:i * 100])
                link.shutdown(socket.SHUT_WR)
                self.assertEqual(statuses(link.recv(1000)), [])  # not the idle time later

    def test_a_slow_sender_who_has_not_ended_goes_on(self):
        guest = self.server.guest()
        body, kind = multipart([("file", "slow.wav", wav())])
        with socket.create_connection(("127.0.0.1", self.server.port), 10) as link:
            link.sendall((f"POST /audio/upload HTTP/1.1\r\nHost: x\r\nX-Guest-ID: "
                          f"{guest.guest_id}\r\nContent-Type: {kind}\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n").encode() + body[:500])
            time.sleep(0.8)
            link.sendall(body[500:])
            link.shutdown(socket.SHUT_WR)  # all is sent: the answer still comes
            self.assertEqual(statuses(link.recv(100000)), [201])
        guest.wait_for_job(guest.get("/audio/jobs").json["jobs"][0]["job_id"])


class Slow(Case):
    OPTIONS = ("--request-timeout", "2s", "--idle-timeout", "2s")

    def closed_within(self, first, drip, seconds):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.server.port)) as link:
            link.settimeout(0.3)
            link.sendall(first)
            while time.monotonic() - begun < seconds:
                try:
                    link.sendall(drip)
                    if link.recv(4096) == b"":
                        return time.monotonic() - begun
                except socket.timeout:
                    pass
                except OSError:
                    return time.monotonic() - begun
        self.fail(f"still open after {seconds} s")

    def test_a_header_byte_now_and_then_does_not_hold_a_connection(self):
        self.closed_within(GET + b"X: ", b"y", 6)

    def test_a_small_body_byte_by_byte_does_not_either(self):
        self.closed_within(b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n"
                           b"Content-Type: application/json\r\n\r\n", b" ", 6)

    def test_silence_is_closed(self):
        self.closed_within(b"", b"", 6)


class Flood(Case):
    OPTIONS = ("--connections-max", "64")

    def test_more_connections_than_allowed_do_no_harm(self):
        links = []
        try:
            for _ in range(300):
                links.append(socket.create_connection(("127.0.0.1", self.server.port), 5))
        finally:
            for link in links:
                link.close()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                if self.server.client(timeout=2).get("/health").status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        self.fail("it does not come back")

    def test_clients_that_leave_in_the_middle(self):
        guest = self.server.guest()
        job = guest.uploaded(wav(3.0))
        guest.wait_for_job(job)

        def leave():
            for path in (f"/audio/download/{job}", f"/audio/events/{job}", "/usage/me"):
                with socket.create_connection(("127.0.0.1", self.server.port)) as link:
                    link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n"
                                 f"X-Guest-ID: {guest.guest_id}\r\n\r\n".encode())
                    link.recv(10)
        threads = [threading.Thread(target=leave) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.answer(guest.get("/usage/me"), 200)
        self.assertEqual(self.server.verify().returncode, 0)


def chunked(body):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 60000]), body[i:i + 60000])
                    for i in range(0, len(body), 60000)) + b"0\r\n\r\n"


class Endless(Case):
    OPTIONS = ("--upload-max", "1MB")

    def test_a_body_of_unknown_length_is_bounded_as_a_whole(self):
        """What no file's bound counts: other parts, and files that a later one replaces."""
        head = (b"POST /audio/upload HTTP/1.1\r\nHost: x\r\nX-Guest-ID: endless\r\n"
                b"Connection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: ")
        for other in (("other", None, b"x" * 1200000), ("file", "a.wav", wav(20.0)[:700000]),
                      ("strength", None, b"normal")):
            body, kind = multipart([other, other, ("file", "last.wav", wav())])
            with self.subTest(other[0]):
                answer = raw(self.server.port,
                             head + kind.encode() + b"\r\n\r\n" + chunked(body), timeout=10)
                self.assertEqual(statuses(answer), [413 if len(body) > 2**20 + 2**16 else 201],
                                 answer[:300])


class FewFiles(Case):
    """The process may have few files open."""

    def limited(self, soft, hard):
        class Limited(Server):
            def command(self):
                return ["prlimit", f"--nofile={soft}:{hard}", *super().command()]
        server = Limited()
        self.addCleanup(server.close)
        return server

    def connected(self, server, count):
        links = []
        for _ in range(count):
            links.append(socket.create_connection(("127.0.0.1", server.port), 5))
            self.addCleanup(links[-1].close)
        return links

    def test_it_takes_as_many_as_it_may_have(self):
        server = self.limited(128, 20000)
        for link in self.connected(server, 300):
            link.sendall(GET + b"\r\n")
            self.assertEqual(statuses(link.recv(4096)), [200])

    def test_without_a_file_left_it_rests(self):
        """Who cannot be accepted waits in the kernel, and the server does not spin for them."""
        server = self.limited(2000, 2000)
        held = server.guest()
        self.answer(held.get("/usage/me"), 200)
        pid = server.process.pid
        files = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
        subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={max(files) + 1}:2000"],
                       check=True)
        links = self.connected(server, max(files) + 1 - len(files) + 4)  # 4 are too many
        for link in links:
            link.sendall(GET + b"\r\n")
        time.sleep(0.5)
        before = cpu_seconds(pid)
        time.sleep(1)
        self.assertLess(cpu_seconds(pid) - before, 0.25)
        self.answer(held.get("/usage/me"), 200)
        self.assertIn("event=accept_paused", server.log())
        subprocess.run(["prlimit", "--pid", str(pid), "--nofile=2000:2000"], check=True)
        for link in links:
            self.assertEqual(statuses(link.recv(4096)), [200])

    def test_connections_leave_files_for_what_they_ask_for(self):
        server = self.limited(128, 400)
        self.assertIn("few_files", server.log())
        guest = server.guest()
        self.answer(guest.get("/usage/me"), 200)
        self.connected(server, 500)
        job = guest.uploaded(wav(20.0))
        self.assertEqual(guest.wait_for_job(job)["status"], "completed")
