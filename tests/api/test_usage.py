"""/usage for the caller: figures, limits, history, export."""
import concurrent.futures
import csv
import datetime
import io
import json
import os
import socket
import time
import urllib.parse

from bodies import wav, wav_header
from whazz import Case, raw

ME = ["total_files_uploaded", "total_files_processed", "total_files_failed",
      "total_files_downloaded", "total_input_size_mb", "total_output_size_mb",
      "average_file_size_mb", "total_processing_time_minutes", "average_processing_time_seconds",
      "processing_types_breakdown", "success_rate_percent", "first_upload_at", "last_upload_at",
      "last_download_at", "api_calls_count", "last_api_call_at", "created_at", "user_type"]
MB = 1048576
COLUMNS = ["event_id", "occurred_at", "kind", "meter", "unit", "processing_type", "reference",
           "amount", "held"]


def iso(when):
    return urllib.parse.quote(when.strftime("%Y-%m-%dT%H:%M:%SZ"))


class Me(Case):
    def test_fresh(self):
        for client, kind in ((self.server.user(), "authenticated"), (self.server.guest(), "guest")):
            reply = client.get("/usage/me")
            me = self.answer(reply, 200)
            self.assertEqual(list(me), ME)
            self.assertEqual(me["user_type"], kind)
            for name in ("total_files_uploaded", "total_files_processed", "total_files_failed",
                         "total_files_downloaded", "api_calls_count"):
                self.assertIs(type(me[name]), int, name)
                self.assertEqual(me[name], 0, name)
            for name in ("total_input_size_mb", "total_output_size_mb", "average_file_size_mb",
                         "total_processing_time_minutes"):
                self.assertIn(f'"{name}":0.0,'.encode(), reply.body)
            for name in ("average_processing_time_seconds", "success_rate_percent"):
                self.assertIn(f'"{name}":0,'.encode(), reply.body)
            self.assertEqual(me["processing_types_breakdown"], {})
            for name in ("first_upload_at", "last_upload_at", "last_download_at",
                         "last_api_call_at"):
                self.assertIsNone(me[name], name)
            self.assertDate(me["created_at"])

    def test_downloads_without_a_pause(self):
        """Each counts, to the byte; the ledger has rows for them, but need not have one each."""
        user = self.server.user()
        jobs = [user.uploaded(wav(n)) for n in (0.1, 0.2)]
        sizes = {}
        for job in jobs:
            user.wait_for_job(job)
            sizes[job] = len(user.get(f"/audio/download/{job}").body)
        def fetch(number):
            client = self.server.client(token=user.token)
            for i in range(100):
                self.assertEqual(client.get(f"/audio/download/{jobs[(number + i) % 2]}").status, 200)
            client.close()
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(fetch, range(6)))
        self.assertEqual(user.get("/usage/me").json["total_files_downloaded"], 602)
        rows = [json.loads(line) for line in
                user.get("/usage/export?format=ndjson").body.splitlines()]
        for job, size in sizes.items():
            got = {meter: sum(r["amount"] for r in rows if r["reference"] == job and r["meter"] == meter)
                   for meter in ("files_downloaded", "downloaded_bytes")}
            self.assertEqual(got, {"files_downloaded": 301, "downloaded_bytes": 301 * size})
        self.assertEqual(self.server.verify().returncode, 0)

    def test_figures_after_work(self):
        user = self.server.user()
        sounds = [wav(n, 44100) for n in (1.0, 2.0, 3.0)]
        for sound in sounds:
            user.wait_for_job(user.uploaded(sound))
        job = user.uploaded(wav(0.5))
        user.wait_for_job(job)
        out = len(user.get(f"/audio/download/{job}").body)
        me = self.answer(user.get("/usage/me"), 200)
        total = sum(map(len, sounds)) + len(wav(0.5))
        self.assertEqual(me["total_files_uploaded"], 4)
        self.assertEqual(me["total_files_processed"], 4)
        self.assertEqual(me["total_files_failed"], 0)
        self.assertEqual(me["total_files_downloaded"], 1)
        self.assertEqual(me["total_input_size_mb"], round(total / MB, 2))
        self.assertEqual(me["average_file_size_mb"], round(total / 4 / MB, 2))
        self.assertGreaterEqual(me["total_output_size_mb"], round(out / MB, 2))
        self.assertEqual(me["processing_types_breakdown"], {"speech_enhancement": 4})
        self.assertEqual(me["success_rate_percent"], 100.0)
        self.assertGreater(me["average_processing_time_seconds"], 0)
        for name in ("first_upload_at", "last_upload_at", "last_download_at",
                     "last_api_call_at"):
            self.assertDate(me[name])
        self.assertLess(me["first_upload_at"], me["last_upload_at"])

    def test_api_calls(self):
        """Every identified request counts, refused ones too; reading usage does not."""
        for client in (self.server.user(), self.server.guest()):
            start = client.get("/usage/me").json["api_calls_count"]
            for n in range(1, 6):
                client.get("/audio/jobs")
                self.assertEqual(client.get("/usage/me").json["api_calls_count"], start + n)
            for path in ("/usage/me", "/usage/limits", "/usage/history", "/usage/export"):
                client.get(path)
            self.assertEqual(client.get("/usage/me").json["api_calls_count"], start + 5)
            self.assertEqual(client.get("/audio/status/nope").status, 404)
            client.upload(b"", "a.txt")
            self.assertEqual(client.get("/usage/me").json["api_calls_count"], start + 7)

    def test_calls_survive_a_clean_stop(self):
        user = self.server.user()
        start = user.get("/usage/me").json["api_calls_count"]
        for _ in range(50):
            user.get("/audio/jobs")
        self.server.restart()
        self.assertEqual(user.get("/usage/me").json["api_calls_count"], start + 50)

    def test_calls_are_written_within_a_second(self):
        user = self.server.user()
        start = user.get("/usage/me").json["api_calls_count"]
        for _ in range(50):
            user.get("/audio/jobs")
        time.sleep(1.5)
        self.server.kill()
        self.server.start()
        self.assertEqual(user.get("/usage/me").json["api_calls_count"], start + 50)

    def downloads(self, client):
        time.sleep(0.3)  # counted after the last byte left
        return client.get("/usage/me").json["total_files_downloaded"]

    def test_downloads_count_once_when_whole(self):
        user = self.server.user()
        job = user.uploaded(wav(2.0, 44100))
        user.wait_for_job(job)
        path = f"/audio/download/{job}"
        size = int(user.head(path).headers["Content-Length"])
        self.assertEqual(self.downloads(user), 0, "HEAD is no download")
        user.get(path)
        self.assertEqual(self.downloads(user), 1)
        for part in ("0-9", "10-19", f"0-{size - 2}"):
            user.get(path, Range=f"bytes={part}")
        self.assertEqual(self.downloads(user), 1, "parts without the last byte")
        user.get(path, Range="bytes=-10")
        self.assertEqual(self.downloads(user), 2, "a part with the last byte")
        user.get(path, If_None_Match="*")
        user.get(path, Range=f"bytes={size}-")
        user.get("/audio/download/nope")
        self.assertEqual(self.downloads(user), 2, "304, 416 and 404")

    def test_an_aborted_download_does_not_count(self):
        user = self.server.user()
        data = wav(2.0, 44100, 2)
        samples = data[44:] * 25
        job = user.uploaded(wav_header(len(samples), 44100, 2) + samples)
        user.wait_for_job(job)
        with socket.socket() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.connect(("127.0.0.1", self.server.port))
            link.sendall(f"GET /audio/download/{job} HTTP/1.1\r\nHost: x\r\nAuthorization: "
                         f"Bearer {user.token}\r\n\r\n".encode())
            link.recv(1000)
        self.assertEqual(self.downloads(user), 0)

    def test_failed_jobs(self):
        """A recording that breaks in the middle: whatever its outcome, it is told and counted."""
        user = self.server.user()
        self.answer(user.upload(wav()), 201)
        self.problem(user.upload(b"\xff\xfb\x90\x00" + os.urandom(40000), "noise.mp3"), 400)
        me = user.get("/usage/me").json
        self.assertEqual(me["total_files_uploaded"], 1, "a refused upload is none")

    def test_average_counts_failures_too(self):
        user = self.server.user()
        for _ in range(3):
            user.wait_for_job(user.uploaded(wav(1.0)))
        me = user.get("/usage/me").json
        each = me["average_processing_time_seconds"]
        rows = [json.loads(line) for line in
                user.get("/usage/export?format=ndjson").body.decode().splitlines()]
        spent = sum(r["amount"] for r in rows if r["unit"] == "us" and r["kind"] != "hold"
                    and r["meter"].startswith("processing"))
        self.assertEqual(each, round(spent / 3 / 1e6, 2))

    def test_unauthenticated(self):
        for path in ("me", "limits", "history", "export"):
            self.problem(self.server.client().get(f"/usage/{path}"), 401, "Not authenticated")


class Limits(Case):
    def check(self, client, files, storage, minutes):
        limits = self.answer(client.get("/usage/limits"), 200)
        self.assertEqual(list(limits), ["files_per_day", "storage_mb", "processing_minutes"])
        for (name, limit), value, unit, window in zip(
                limits.items(), (files, storage, minutes), ("files", "MB", "minutes"),
                ("day", "stored", "month")):
            self.assertEqual(set(limit), {"within_limit", "limit", "message", "used", "reserved",
                                          "remaining", "unit", "window", "resets_at"}, name)
            self.assertEqual((limit["limit"], limit["unit"], limit["window"]),
                             (value, unit, window), name)
            self.assertIs(limit["within_limit"], True)
            self.assertEqual(limit["message"], "Within limits")
            if window == "stored":
                self.assertIsNone(limit["resets_at"])
            else:
                self.assertDate(limit["resets_at"])
        return limits

    def test_defaults(self):
        self.check(self.server.user(), 100, 1000, 60)
        self.check(self.server.guest(), 5, 50, 10)

    def test_limit_is_an_integer(self):
        self.assertIn(b'"limit":5,', self.server.guest().get("/usage/limits").body)

    def test_day_and_month_end(self):
        limits = self.server.guest().get("/usage/limits").json
        now = datetime.datetime.now(datetime.timezone.utc)
        midnight = (now + datetime.timedelta(days=1)).strftime("%Y-%m-%dT00:00:00.000000Z")
        self.assertEqual(limits["files_per_day"]["resets_at"], midnight)
        month = (now.replace(day=28) + datetime.timedelta(days=4)).strftime(
            "%Y-%m-01T00:00:00.000000Z")
        self.assertEqual(limits["processing_minutes"]["resets_at"], month)

    def test_used_and_remaining(self):
        guest = self.server.guest()
        job = guest.uploaded(wav(3.0, 44100))
        guest.wait_for_job(job)
        out = len(guest.get(f"/audio/download/{job}").body)
        limits = self.check(guest, 5, 50, 10)
        self.assertEqual(limits["files_per_day"]["used"], 1)
        self.assertEqual(limits["files_per_day"]["remaining"], 4)
        self.assertAlmostEqual(limits["storage_mb"]["used"],
                               (len(wav(3.0, 44100)) + out) / MB, delta=0.011)
        self.assertEqual(limits["storage_mb"]["reserved"], 0)

    def test_reached(self):
        guest = self.server.guest()
        for _ in range(5):
            guest.uploaded(wav(0.2))
        limit = guest.get("/usage/limits").json["files_per_day"]
        self.assertEqual((limit["within_limit"], limit["message"], limit["remaining"]),
                         (False, "Daily upload limit of 5 files reached", 0))
        reply = guest.upload()
        body = self.problem(reply, 429)
        self.assertEqual(body["type"],
                         "https://iana.org/assignments/http-problem-types#quota-exceeded")
        self.assertEqual(body["detail"], "Daily upload limit of 5 files reached")
        self.assertTrue(any("files" in p for p in body["violated-policies"]), body)
        wait = int(reply.headers["Retry-After"])
        now = datetime.datetime.now(datetime.timezone.utc)
        left = 86400 - (now.hour * 3600 + now.minute * 60 + now.second)
        self.assertLess(abs(wait - left), 5)

    def test_rate_limit_headers(self):
        reply = self.server.guest().upload()
        self.answer(reply, 201)
        self.assertRegex(reply.headers["RateLimit-Policy"], r'"files[^"]*";q=5;w=86400')
        self.assertRegex(reply.headers["RateLimit"], r'"files[^"]*";r=4;t=\d+')
        self.assertRegex(reply.headers["RateLimit-Policy"],
                         r'"storage[^"]*";q=52428800;qu="content-bytes"')


class Storage(Case):
    OPTIONS = ("--guest-storage", "1MB", "--guest-files-per-day", "100")

    def test_storage_is_403_and_no_wait_cures_it(self):
        guest = self.server.guest()
        reply = guest.upload(wav(12.0, 44100))
        body = self.problem(reply, 403)
        self.assertEqual(body["detail"], "Storage limit of 1MB reached")
        self.assertNotIn("Retry-After", reply.headers)
        self.assertTrue(any("storage" in p for p in body["violated-policies"]), body)

    def test_deleting_makes_room(self):
        guest = self.server.guest()
        accepted = []
        while True:
            reply = guest.upload(wav(2.0, 44100))
            if reply.status != 201:
                break
            accepted.append(reply.json["job_id"])
            self.assertLess(len(accepted), 20, "the limit never came")
            guest.wait_for_job(accepted[-1])
        self.problem(reply, 403)
        for job in accepted:
            self.answer(guest.delete(f"/audio/jobs/{job}"), 200)
        self.answer(guest.upload(wav(2.0, 44100)), 201)


class Processing(Case):
    OPTIONS = ("--guest-processing", "0")

    def test_processing_time_is_429(self):
        guest = self.server.guest()
        reply = guest.upload()
        body = self.problem(reply, 429, "Processing time limit of 0 minutes reached")
        self.assertTrue(any("processing" in p for p in body["violated-policies"]), body)
        self.assertGreater(int(reply.headers["Retry-After"]), 0)


class Series(Case):
    def setUp(self):
        self.user = self.server.user()
        for _ in range(3):
            self.user.wait_for_job(self.user.uploaded(wav(1.0)))
        self.now = datetime.datetime.now(datetime.timezone.utc)

    def test_history_sums_to_the_totals(self):
        me = self.user.get("/usage/me").json
        for interval in ("hour", "day", "month"):
            start = self.now - datetime.timedelta(days=40 if interval == "month" else 2)
            got = self.answer(self.user.get(f"/usage/history?interval={interval}"
                                            f"&start={iso(start)}"), 200)
            self.assertEqual(got["interval"], interval)
            self.assertEqual(got["time_zone"], "UTC")
            buckets = got["buckets"]
            self.assertEqual(sum(b["files_uploaded"] for b in buckets), 3)
            self.assertEqual(sum(b["files_processed"] for b in buckets),
                             me["total_files_processed"])
            self.assertEqual(sum(b["input_bytes"] for b in buckets), 3 * len(wav(1.0)))
            for one, two in zip(buckets, buckets[1:]):
                self.assertEqual(one["end"], two["start"])

    def test_history_by_type(self):
        got = self.answer(self.user.get("/usage/history?group_by=processing_type"), 200)
        self.assertEqual({b["processing_type"] for b in got["buckets"]
                          if b["files_processed"]}, {"speech_enhancement"})

    def test_history_from_the_first_second_on(self):
        for path, client, key in (("/usage/history", self.user, "buckets"),
                                  ("/usage/admin/analytics", self.server.admin(), "series")):
            got = self.answer(client.get(f"{path}?interval=month&start=1970-01-01T00:00:00Z"
                                         "&end=1970-03-01T00:00:00Z"), 200)
            self.assertEqual([b["start"] for b in got[key]], ["1970-01-01T00:00:00.000000Z",
                                                              "1970-02-01T00:00:00.000000Z"])
            self.assertEqual(got.get("start", got[key][0]["start"]), got[key][0]["start"])

    def test_history_in_a_zone(self):
        got = self.answer(self.user.get("/usage/history?time_zone=Asia/Kolkata"), 200)
        self.assertEqual(got["time_zone"], "Asia/Kolkata")
        for bucket in got["buckets"]:
            self.assertTrue(bucket["start"].endswith("T18:30:00.000000Z"), bucket)

    def test_history_refusals(self):
        for query in ("interval=year", "start=yesterday", "time_zone=Mars/Base",
                      "time_zone=../../etc/passwd", "group_by=user", "interval=hour&"
                      "start=1970-01-01T00:00:00Z", "start=2026-02-30T00:00:00Z",
                      "start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z"):
            with self.subTest(query):
                self.problem(self.user.get(f"/usage/history?{query}"), 422)

    def test_export_in_three_forms(self):
        text = self.user.get("/usage/export?format=csv")
        self.assertEqual(text.headers.get_content_type(), "text/csv")
        rows = list(csv.reader(io.StringIO(text.body.decode(), newline="")))
        self.assertEqual(rows[0], COLUMNS)
        lines = self.user.get("/usage/export?format=ndjson")
        self.assertEqual(lines.headers.get_content_type(), "application/x-ndjson")
        objects = [json.loads(line) for line in lines.body.decode().splitlines()]
        array = self.answer(self.user.get("/usage/export?format=json"), 200)
        keep = {o["event_id"] for o in objects}  # a later row may be in the later reply
        self.assertEqual(objects, [o for o in array if o["event_id"] in keep])
        self.assertEqual([list(o) for o in objects], [COLUMNS] * len(objects))
        self.assertEqual([int(r[0]) for r in rows[1:]],
                         [o["event_id"] for o in objects][:len(rows) - 1])
        self.assertEqual(len({o["event_id"] for o in objects}), len(objects))
        for o in objects:
            self.assertDate(o["occurred_at"])

    def test_ledger_sums_to_the_totals(self):
        rows = self.user.get("/usage/export?format=json").json
        total = {}
        for r in rows:
            total[r["meter"]] = total.get(r["meter"], 0) + r["amount"]
        self.assertEqual(total["files_uploaded"], 3)
        self.assertEqual(total["input_bytes"], 3 * len(wav(1.0)))

    def test_export_refusals(self):
        self.problem(self.user.get("/usage/export?format=xml"), 422)
        self.problem(self.user.get("/usage/export?start=x"), 422)

    def test_default_format_is_csv(self):
        self.assertEqual(self.user.get("/usage/export").headers.get_content_type(), "text/csv")

    def test_export_ends_whole(self):
        answer = raw(self.server.port, (
            "GET /usage/export?format=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"Authorization: Bearer {self.user.token}\r\n\r\n").encode())
        self.assertTrue(answer.rstrip().endswith((b"]", b"]\r\n0", b"0")), answer[-60:])
