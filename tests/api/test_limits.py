"""I3: limits are exact however many ask at the same time."""
import asyncio
import collections
import json
import re

from bodies import multipart, wav
from whazz import Case

AT_ONCE = 1000


async def _one(port, request, gate):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request[:-1])
    await writer.drain()
    await gate.wait()  # the last byte of all of them together
    writer.write(request[-1:])
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(re.match(rb"HTTP/1\.1 (\d+)", head)[1]), body


async def _rush(port, requests):
    gate = asyncio.Event()
    tasks = [asyncio.create_task(_one(port, r, gate)) for r in requests]
    await asyncio.sleep(1.5)
    gate.set()
    return await asyncio.gather(*tasks)


def rush(client, count, content, headers=()):
    """Sends `count` uploads whose last bytes arrive at the same moment; [(status, body)]."""
    body, kind = multipart([("file", "rush.wav", content)])
    identity = "".join(f"{k}: {v}\r\n" for k, v in client.identity().items())
    requests = [
        (f"POST /audio/upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{identity}"
         f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" +
         "".join(f"{k}: {v}\r\n" for k, v in headers) + "\r\n").encode() + body
        for _ in range(count)]
    return asyncio.run(_rush(client.port, requests))


class Rush(Case):
    OPTIONS = ("--user-files-per-day", "7", "--workers", "1")

    def exactly(self, client, limit, used=0):
        before = len(self.server.files())
        answers = rush(client, AT_ONCE, wav(0.1, 8000))
        counts = collections.Counter(status for status, _ in answers)
        self.assertEqual(counts, {201: limit - used, 429: AT_ONCE - limit + used})
        refused = json.loads(next(b for s, b in answers if s == 429))
        self.assertEqual(refused["detail"], f"Daily upload limit of {limit} files reached")
        self.assertEqual(client.get("/usage/me").json["total_files_uploaded"], limit)
        limits = client.get("/usage/limits").json["files_per_day"]
        self.assertEqual((limits["used"], limits["remaining"]), (limit, 0))
        self.assertEqual(len(client.get("/audio/jobs").json["jobs"]), limit)
        for job in client.get("/audio/jobs").json["jobs"]:
            client.wait_for_job(job["job_id"])
        self.assertEqual(len(self.server.files()) - before, 2 * (limit - used))

    def test_a_guest_that_nobody_has_seen_before(self):
        self.exactly(self.server.guest(), 5)
        self.assertEqual(self.server.verify().returncode, 0)

    def test_a_guest_who_has_used_two(self):
        guest = self.server.guest()
        for _ in range(2):
            guest.wait_for_job(guest.uploaded())
        self.exactly(guest, 5, used=2)

    def test_a_user(self):
        self.exactly(self.server.user(), 7)
        self.assertEqual(self.server.verify().returncode, 0)


class Bytes(Case):
    """A file of n bytes takes n and holds as much again for its result."""
    OPTIONS = ("--guest-storage", "1MB", "--guest-files-per-day", "100000",
               "--user-storage", "3MB", "--workers", "1")

    def test_exactly_as_many_bytes_as_fit(self):
        content = wav(1.0, 16000)
        for client, limit in ((self.server.guest(), 1 << 20), (self.server.user(), 3 << 20)):
            answers = rush(client, 300, content)
            counts = collections.Counter(status for status, _ in answers)
            fits = limit // (2 * len(content))
            self.assertEqual(counts, {201: fits, 403: 300 - fits})
            state = client.get("/usage/limits").json["storage_mb"]
            taken = round((state["used"] + state["reserved"]) * (1 << 20))
            self.assertLessEqual(taken, limit)
            self.assertAlmostEqual(taken, fits * 2 * len(content), delta=1.1 * (1 << 20) / 100)
            for job in client.get("/audio/jobs?limit=100").json["jobs"]:
                client.wait_for_job(job["job_id"])
            state = client.get("/usage/limits").json["storage_mb"]
            self.assertEqual(state["reserved"], 0)
        self.assertEqual(self.server.verify().returncode, 0)


class Kept(Case):
    OPTIONS = ("--user-files-per-day", "123")

    def test_an_admin_added_beside_a_server_changes_no_limit(self):
        user = self.server.user()
        self.server.admin()  # by the command, whose own options say 100
        self.assertEqual(user.get("/usage/limits").json["files_per_day"]["limit"], 123)


class Once(Case):
    OPTIONS = ("--user-files-per-day", "3")

    def test_one_key_a_hundred_times_is_one_job(self):
        user = self.server.user()
        answers = rush(user, 100, wav(), [("Idempotency-Key", '"the-same"')])
        accepted = [json.loads(body)["job_id"] for status, body in answers if status == 201]
        self.assertEqual(len(set(accepted)), 1)
        self.assertEqual({status for status, _ in answers}, {201, 409})
        self.assertEqual(user.get("/usage/me").json["total_files_uploaded"], 1)
        self.assertEqual(self.server.verify().returncode, 0)


    def test_what_was_accepted_is_answered_again_at_the_limit(self):
        user, key = self.server.user(), {"Idempotency-Key": '"the-last"'}
        for _ in range(2):
            user.uploaded()
        first = user.upload(**key)
        self.assertEqual((first.status, user.upload().status), (201, 429))
        again = user.upload(**key)
        self.assertEqual((again.status, again.headers["Idempotent-Replayed"]), (201, "true"), again)
        self.assertEqual(again.json["job_id"], first.json["job_id"])
        self.problem(user.upload(wav(0.7), **key), 422)
        self.assertEqual(user.get("/usage/me").json["total_files_uploaded"], 3)


class Network(Case):
    PLENTY = False
    OPTIONS = ("--network-factor", "2", "--guests-per-hour", "100000")

    def test_made_up_guests_share_what_their_network_has(self):
        accepted = sum(self.server.guest().upload(wav(0.1, 8000)).status == 201
                       for _ in range(20))
        self.assertEqual(accepted, 10)
