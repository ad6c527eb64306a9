"""/audio: uploads, jobs, downloads."""
import email.utils
import json
import socket
import subprocess
import threading
import time
import urllib.parse

from bodies import multipart, sha256, wav, wav_header
from whazz import FORMATS, UUID, Case

NOBODY = "0b6f4c1e-6f0a-4f3c-9b51-2f8f3b0f6f2a"
UPLOAD_FIELDS = {
    "job_id", "status", "filename", "original_filename", "file_size", "file_format", "duration",
    "sample_rate", "channels", "user_id", "guest_id", "created_at", "expires_at", "message"}
STATUS_FIELDS = {"job_id", "status", "progress", "filename", "processing_type", "error_message",
                 "created_at", "started_at", "completed_at", "output_available"}


class Upload(Case):
    OPTIONS = ("--user-files-per-day", "1000")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.server.user()

    def test_answer_for_a_user(self):
        sound = wav(1.0)
        reply = self.user.upload(sound, "my song.wav")
        job = self.answer(reply, 201)
        self.assertEqual(set(job), UPLOAD_FIELDS)
        self.assertRegex(job["job_id"], UUID)
        self.assertIn(job["status"], ("pending", "processing", "completed"))
        self.assertRegex(job["filename"], r"^[0-9a-f-]{36}\.wav$")
        self.assertEqual(job["original_filename"], "my song.wav")
        self.assertEqual(job["file_format"], "wav")
        self.assertEqual((job["sample_rate"], job["channels"]), (16000, 1))
        self.assertEqual(job["duration"], 1.0)
        self.assertEqual((job["user_id"], job["guest_id"]), (self.user.user["id"], None))
        self.assertEqual(job["message"],
                         "File uploaded successfully. Processing will begin shortly.")
        self.assertDate(job["created_at"])
        self.assertDate(job["expires_at"])
        self.assertIn(b'"file_size":32044.0', reply.body)
        self.assertIn(b'"duration":1.0', reply.body)
        self.assertEqual(urllib.parse.urlparse(reply.headers["Location"]).path,
                         f"/audio/status/{job['job_id']}")

    def test_answer_for_a_guest(self):
        guest = self.server.guest()
        job = self.answer(guest.upload(wav(0.5, 44100, 2), "g.WAV"), 201)
        self.assertEqual((job["user_id"], job["guest_id"]), (None, guest.guest_id))
        self.assertEqual(job["original_filename"], "g.WAV")
        self.assertEqual(job["file_format"], "wav")
        self.assertEqual((job["sample_rate"], job["channels"]), (44100, 2))

    def test_nobody_may_upload(self):
        self.problem(self.server.client().upload(), 401, "Not authenticated")

    def test_names(self):
        for name in ("q\"x.wav", "../../etc/passwd.wav", "音楽.wav", "café.wav", "a;b=c.wav",
                     "a\\b.wav", " .wav", "%00.wav", "x" * 240 + ".wav", "a\tb.wav"):
            with self.subTest(name):
                guest = self.server.guest()
                job = self.answer(guest.upload(filename=name), 201)
                self.assertEqual(guest.wait_for_job(job["job_id"])["status"], "completed")
                shown = job["original_filename"]
                self.assertTrue(shown.endswith(".wav"), shown)
                if name.isprintable() and not set(name) & set('"\\%'):
                    self.assertEqual(shown, name)
                reply = guest.get(f"/audio/download/{job['job_id']}")
                self.assertEqual(reply.status, 200, str(reply))
                given = reply.headers["Content-Disposition"]
                self.assertTrue(given.startswith("attachment;"), given)
                self.assertNotRegex(given, r"[\x00-\x08\x0a-\x1f\x7f-\xff]")
                if not name.isascii():
                    encoded = urllib.parse.quote("processed_" + name)
                    self.assertIn("filename*=utf-8''" + encoded.lower(), given.lower())

    def test_extended_filename(self):
        body = (b"--b\r\nContent-Disposition: form-data; name=\"file\"; "
                b"filename*=UTF-8''%E9%9F%B3.wav\r\n\r\n" + wav() + b"\r\n--b--\r\n")
        reply = self.user.request("POST", "/audio/upload", body,
                                  {"Content-Type": "multipart/form-data; boundary=b"})
        self.assertEqual(self.answer(reply, 201)["original_filename"], "音.wav")

    def test_wrong_formats(self):
        for name in ("a.txt", "noext", "", ".wav", "a.wav.exe", "a.wav/", "wav") * 5:
            with self.subTest(name):
                self.problem(self.user.upload(filename=name), 400, FORMATS)

    def test_content_decides_too(self):
        for name, content in (("x.wav", b"<html><body>no</body></html>" * 40),
                              ("x.mp3", bytes(range(256)) * 20), ("x.flac", b"MZ" + b"\0" * 9000),
                              ("x.ogg", b"PK\3\4" + b"\0" * 5000), ("x.m4a", b"%PDF-1.7" * 900)):
            with self.subTest(name):
                self.problem(self.user.upload(content, name), 400)

    def test_empty(self):
        self.problem(self.user.upload(b""), 400)

    def test_fields(self):
        missing = ("missing", ("body", "file"), "Field required")
        body, kind = multipart([("other", "a.wav", wav())])
        send = self.user.request
        self.invalid(send("POST", "/audio/upload", body, {"Content-Type": kind}), missing)
        self.invalid(self.user.post("/audio/upload", {"file": "x"}), missing)
        self.invalid(send("POST", "/audio/upload"), missing)
        body, kind = multipart([("file", "hello")])
        self.problem(send("POST", "/audio/upload", body, {"Content-Type": kind}), 422)

    def test_broken_multipart(self):
        send = self.user.request
        self.problem(send("POST", "/audio/upload", b"no multipart at all",
                          {"Content-Type": "multipart/form-data; boundary=b"}), 400)
        self.problem(send("POST", "/audio/upload", b"--b--\r\n",
                          {"Content-Type": "multipart/form-data"}), 400,
                     "Missing boundary in multipart.")

    def test_processing_type(self):
        job = self.user.uploaded(fields=[("processing_type", "speech_enhancement")])
        self.assertEqual(self.user.wait_for_job(job)["processing_type"], "speech_enhancement")
        for bad in ("no such engine", "x" * 500, "'; DROP TABLE jobs; --"):
            reply = self.user.upload(fields=[("processing_type", bad)])
            self.assertIn(reply.status, (400, 422), str(reply))

    def test_processing_type_after_the_file(self):
        body, kind = multipart([("file", "a.wav", wav()),
                                ("processing_type", "speech_enhancement")])
        self.answer(self.user.request("POST", "/audio/upload", body, {"Content-Type": kind}), 201)

    def test_chunked(self):
        body, kind = multipart([("file", "a.wav", wav())])
        pieces = (body[i:i + 1000] for i in range(0, len(body), 1000))
        reply = self.user.request("POST", "/audio/upload", pieces, {"Content-Type": kind})
        self.assertEqual(self.answer(reply, 201)["file_size"], float(len(wav())))

    def test_ffmpeg_formats(self):
        """All five formats, as FFmpeg writes them."""
        source = self.server.home / "in.wav"
        source.write_bytes(wav(1.0, 44100))
        for kind in ("mp3", "flac", "m4a", "ogg"):
            with self.subTest(kind):
                made = self.server.home / f"out.{kind}"
                subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, made], check=True)
                guest = self.server.guest()
                job = self.answer(guest.upload(made.read_bytes(), f"a.{kind}"), 201)
                self.assertEqual(job["file_format"], kind)
                self.assertEqual(guest.wait_for_job(job["job_id"])["status"], "completed")
                reply = guest.get(f"/audio/download/{job['job_id']}")
                self.assertEqual(reply.body[:4], b"RIFF")
                self.assertIn(f"processed_a.{kind}"[:-len(kind)],
                              reply.headers["Content-Disposition"])

    def test_a_file_that_does_not_say_how_long_it_is(self):
        """A FLAC written to a pipe says nothing, and an MP3 of changing bitrate lets one only
        guess: the first is counted at once, the second is exact once it was decoded."""
        noise_then_silence = ["-f", "lavfi", "-i", "anoisesrc=r=44100:a=0.5:d=2", "-f", "lavfi",
                              "-i", "anullsrc=r=44100:cl=mono:d=20", "-filter_complex",
                              "[0][1]concat=n=2:v=0:a=1"]
        for kind, options, first in (
                ("flac", ["-f", "flac"], 22.0),
                ("mp3", ["-q:a", "0", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"], None)):
            with self.subTest(kind):
                made = subprocess.run(["ffmpeg", "-v", "error", *noise_then_silence, *options, "-"],
                                      check=True, capture_output=True).stdout
                guest = self.server.guest()
                job = self.answer(guest.upload(made, f"piped.{kind}"), 201)
                if first:
                    self.assertEqual(job["duration"], first)
                told = guest.wait_for_job(job["job_id"])
                self.assertEqual(told["status"], "completed")
                self.assertAlmostEqual(told["duration"], 22.0, delta=0.1)
                self.assertEqual(told["outputs"][0]["duration"], told["duration"])

    def test_idempotency_key(self):
        guest = self.server.guest()
        key = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
        first = guest.upload(**key)
        again = guest.upload(**key)
        self.assertEqual((first.status, again.status), (201, 201), str(again))
        self.assertEqual(again.json["job_id"], first.json["job_id"])
        self.assertEqual(guest.get("/usage/me").json["total_files_uploaded"], 1)
        other = guest.upload(wav(0.7), **key)
        self.assertIn(other.status, (409, 422), str(other))
        self.answer(self.server.guest().upload(**key), 201)  # another caller's own key

    def test_idempotency_key_of_a_request_that_still_runs(self):
        guest, key = self.server.guest(), {"Idempotency-Key": '"the-same"'}
        body, kind = multipart([("file", "slow.wav", wav())])
        link = self.begun(body, kind, guest, **key)
        link.sendall(body[:-1])
        refused = guest.upload(**key)
        self.problem(refused, 409, "A request with this Idempotency-Key is still running")
        self.assertEqual(refused.headers["Retry-After"], "1")
        self.answer(self.server.guest().upload(**key), 201)  # another caller's own key
        link.sendall(body[-1:])
        answer = b"".join(iter(lambda: link.recv(65536), b""))
        self.assertIn(b" 201 ", answer[:20])
        again = guest.upload(**key)  # at once: it ends before its answer
        self.assertEqual((again.status, again.headers["Idempotent-Replayed"]), (201, "true"))
        self.assertIn(again.json["job_id"].encode(), answer)

    def test_idempotency_key_of_a_request_that_ended_badly(self):
        guest, key = self.server.guest(), {"Idempotency-Key": "broken"}
        body, kind = multipart([("file", "half.wav", wav())])
        with self.begun(body, kind, guest, **key) as link:
            link.sendall(body[:500])
            self.problem(guest.upload(**key), 409)
        for _ in range(100):  # the server learns of the end of the connection
            reply = guest.upload(b"no sound", **key)
            if reply.status != 409:
                break
            time.sleep(0.05)
        self.problem(reply, 400)
        self.answer(guest.upload(**key), 201)

    def test_too_large_is_told_before_the_body(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 10) as link:
            link.sendall((f"POST /audio/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                          f"{self.user.token}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                          f"Content-Length: {300 << 20}\r\nExpect: 100-continue\r\n\r\n").encode())
            line = link.makefile("rb").readline()
        self.assertIn(b" 413 ", line)


class Jobs(Case):
    OPTIONS = ("--user-files-per-day", "1000")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.server.user()
        cls.sound = wav(1.0)
        cls.job = cls.user.uploaded(cls.sound, "done.wav")
        cls.done = cls.user.wait_for_job(cls.job)

    def test_status(self):
        self.assertEqual(self.done["status"], "completed", self.done)
        self.assertLessEqual(STATUS_FIELDS, set(self.done))
        self.assertEqual(self.done["progress"], 100.0)
        self.assertIs(self.done["output_available"], True)
        self.assertIsNone(self.done["error_message"])
        self.assertEqual(self.done["processing_type"], "speech_enhancement")
        for name in ("created_at", "started_at", "completed_at"):
            self.assertDate(self.done[name])
        self.assertLessEqual(self.done["created_at"], self.done["started_at"])
        self.assertLessEqual(self.done["started_at"], self.done["completed_at"])
        self.assertIn(b'"progress":100.0', self.user.get(f"/audio/status/{self.job}").body)

    def test_unknown(self):
        for job in ("nope", NOBODY, self.job + "x", self.job.upper() + "0"):
            for path in ("status", "download", "original", "events"):
                self.problem(self.user.get(f"/audio/{path}/{job}"), 404)
        self.problem(self.user.get("/audio/status/%00"), 400)
        self.problem(self.user.get("/audio/status/nope"), 404, "Job not found")
        self.problem(self.user.delete("/audio/jobs/nope"), 404, "Job not found")

    def test_download(self):
        reply = self.user.get(f"/audio/download/{self.job}")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers["Content-Type"], "audio/x-wav")
        self.assertEqual(reply.headers["Accept-Ranges"], "bytes")
        self.assertRegex(reply.headers["ETag"], r'^"[^"]+"$')
        self.assertIn('filename="processed_done.wav"', reply.headers["Content-Disposition"])
        self.assertEqual(reply.body[:4] + reply.body[8:12], b"RIFFWAVE")
        self.assertEqual(int(reply.headers["Content-Length"]), len(reply.body))
        self.assertGreater(len(reply.body), 16000)

    def test_head(self):
        got = self.user.get(f"/audio/download/{self.job}")
        head = self.user.head(f"/audio/download/{self.job}")
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("Content-Length", "ETag", "Content-Type", "Content-Disposition"):
            self.assertEqual(head.headers[name], got.headers[name], name)

    def test_original_comes_back_to_the_byte(self):
        reply = self.user.get(f"/audio/original/{self.job}")
        self.assertEqual(reply.status, 200, str(reply)[:300])
        self.assertEqual(sha256(reply.body), sha256(self.sound))
        self.assertIn("done.wav", reply.headers["Content-Disposition"])

    def test_ranges(self):
        path = f"/audio/original/{self.job}"
        size, all_ = len(self.sound), self.sound
        for asked, first, last in (("0-9", 0, 9), ("10-", 10, size - 1), ("-5", size - 5, size - 1),
                                   ("0-", 0, size - 1), (f"5-{size + 10}", 5, size - 1),
                                   (f"-{size * 2}", 0, size - 1)):
            with self.subTest(asked):
                reply = self.user.get(path, Range=f"bytes={asked}")
                self.assertEqual(reply.status, 206, str(reply)[:300])
                self.assertEqual(reply.headers["Content-Range"], f"bytes {first}-{last}/{size}")
                self.assertEqual(sha256(reply.body), sha256(all_[first:last + 1]))
        for asked in (f"{size}-", "-0", f"{size + 5}-{size + 9}"):
            with self.subTest(asked):
                reply = self.user.get(path, Range=f"bytes={asked}")
                self.assertEqual(reply.status, 416, str(reply)[:300])
                self.assertEqual(reply.headers["Content-Range"], f"bytes */{size}")
        for asked in ("bytes=x", "lines=1-2", "bytes=5-2", "bytes=", "bytes=--1"):
            with self.subTest(asked):  # a Range that cannot be read is not there
                self.assertEqual(self.user.get(path, Range=asked).status, 200)

    def test_when_a_file_was_made(self):
        status = self.user.get(f"/audio/status/{self.job}").json
        for path, made in ((f"/audio/download/{self.job}", "completed_at"),
                           (f"/audio/original/{self.job}", "created_at")):
            with self.subTest(path):
                told = self.user.head(path).headers["Last-Modified"]
                self.assertRegex(told, r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
                self.assertEqual(email.utils.parsedate_to_datetime(told).isoformat()[:19],
                                 status[made][:19])

    def test_no_range_no_file(self):
        reply = self.user.get(f"/audio/download/{self.job}", Range="bytes=999999999-")
        self.problem(reply, 416)
        self.assertRegex(reply.headers["Content-Range"], r"^bytes \*/\d+$")
        self.assertNotIn("Content-Disposition", reply.headers)

    def test_conditions(self):
        path = f"/audio/download/{self.job}"
        tag = self.user.head(path).headers["ETag"]
        same = self.user.get(path, If_None_Match=tag)
        self.assertEqual((same.status, same.body), (304, b""))
        self.assertEqual(self.user.get(path, If_None_Match="*").status, 304)
        self.assertEqual(self.user.get(path, If_None_Match='"other"').status, 200)
        self.assertEqual(self.user.get(path, Range="bytes=0-3", If_Range=tag).status, 206)
        self.assertEqual(self.user.get(path, Range="bytes=0-3", If_Range='"other"').status, 200)

    def test_list_newest_first_in_pages(self):
        user = self.server.user()
        jobs = [user.uploaded(wav(0.2)) for _ in range(5)]
        seen, cursor = [], None
        for _ in range(4):
            page = self.answer(user.get("/audio/jobs?limit=2" + (
                f"&cursor={urllib.parse.quote(cursor)}" if cursor else "")), 200)
            self.assertEqual(set(page), {"jobs", "next_cursor"})
            seen += [j["job_id"] for j in page["jobs"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        self.assertEqual(seen, jobs[::-1])
        self.assertEqual(self.server.guest().get("/audio/jobs").json["jobs"], [])
        for bad in ("limit=0", "limit=101", "limit=x", "cursor=nonsense"):
            self.problem(user.get(f"/audio/jobs?{bad}"), 422)

    def test_foreign_cursor_tells_nothing(self):
        reply = self.server.user().get(f"/audio/jobs?cursor={self.job}")
        self.assertEqual(reply.status, 422)
        made_up = self.server.user().get(f"/audio/jobs?cursor={NOBODY}")
        self.assertEqual(reply.body.replace(self.job.encode(), NOBODY.encode()), made_up.body)

    def test_delete(self):
        user = self.server.user()
        job = user.uploaded(wav(1.0))
        user.wait_for_job(job)
        before = user.get("/usage/me").json
        self.assertEqual(self.answer(user.delete(f"/audio/jobs/{job}"), 200),
                         {"message": f"Job {job} deleted successfully"})
        self.assertIn(user.get(f"/audio/download/{job}").status, (404, 410))
        self.assertIn(user.get(f"/audio/original/{job}").status, (404, 410))
        after = user.get("/usage/me").json
        for name in ("total_files_uploaded", "total_files_processed", "total_input_size_mb"):
            self.assertEqual(after[name], before[name])
        self.assertEqual(user.get("/usage/limits").json["storage_mb"]["used"], 0)

    def test_events(self):
        job = self.user.uploaded(wav(2.0))
        reply = self.user.get(f"/audio/events/{job}")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers.get_content_type(), "text/event-stream")
        events = []
        for block in reply.body.decode().strip().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n")
                         if ": " in line and not line.startswith(":"))
            if "data" in lines:
                events.append((lines.get("event"), json.loads(lines["data"])))
        self.assertEqual(events[-1][0], "completed")
        self.assertEqual(events[-1][1]["status"], "completed")
        self.assertEqual(events[-1][1]["job_id"], job)
        progress = [e[1]["progress"] for e in events]
        self.assertEqual(progress, sorted(progress))

    def test_events_of_a_finished_job_end_at_once(self):
        begun = time.monotonic()
        reply = self.user.get(f"/audio/events/{self.job}")
        self.assertIn(b"event: completed", reply.body)
        self.assertLess(time.monotonic() - begun, 5)

    def test_many_at_once_do_not_mix(self):
        """Each job's output belongs to its own input."""
        wrong = []

        def one(n):
            guest = self.server.guest()
            rate = 8000 + 1000 * n
            job = guest.uploaded(wav(0.5, rate, seed=n), f"{n}.wav")
            guest.wait_for_job(job)
            if guest.get(f"/audio/original/{job}").body != wav(0.5, rate, seed=n):
                wrong.append(n)
            if f"processed_{n}.wav" not in \
                    guest.get(f"/audio/download/{job}").headers["Content-Disposition"]:
                wrong.append(n)
        threads = [threading.Thread(target=one, args=(n,)) for n in range(16)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        self.assertEqual(wrong, [])


class Interrupted(Case):
    OPTIONS = ("--grace", "0", "--user-processing", "10h", "--duration-max", "1h")

    def test_a_stop_is_no_failure_of_the_job(self):
        user = self.server.user()
        data = wav(2.0)[44:] * 40
        job = user.uploaded(wav_header(len(data)) + data)
        for _ in range(4):  # more often than a job is tried
            while user.get(f"/audio/status/{job}").json["status"] == "pending":
                time.sleep(0.01)
            self.assertEqual(self.server.stop(), 0)
            self.server.start()
        self.assertEqual(user.wait_for_job(job)["status"], "completed")
        log = self.server.log(1000)
        self.assertIn("event=job_given_back job_id=" + job, log)
        self.assertNotIn("job_failed", log)
        self.assertEqual(self.server.verify().returncode, 0)


class Unfinished(Case):
    OPTIONS = ("--workers", "1", "--user-processing", "10h", "--duration-max", "1h")

    def test_too_long_without_saying_so(self):
        made = subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                               "anullsrc=r=8000:cl=mono:d=3601", "-f", "flac", "-"],
                              check=True, capture_output=True).stdout
        body = self.problem(self.server.guest().upload(made, "piped.flac"), 413)
        self.assertIn("longer than 60 minutes", body["detail"])

    def test_download_before_the_outcome(self):
        user = self.server.user()
        data = wav(2.0)[44:] * 300  # ten minutes, to hold the only worker
        first = user.uploaded(wav_header(len(data)) + data)
        second = user.uploaded()
        reply = user.get(f"/audio/download/{second}")
        status = user.get(f"/audio/status/{second}").json["status"]
        body = self.problem(reply, 400)
        self.assertIn(body["detail"], ("Job not completed: pending",
                                       "Job not completed: processing"), status)
        self.answer(user.delete(f"/audio/jobs/{second}"), 200)
        self.answer(user.delete(f"/audio/jobs/{first}"), 200)
        self.assertEqual(self.server.verify().returncode, 0)


class Expiry(Case):
    OPTIONS = ("--file-expiry", "3s")

    def test_files_go_and_figures_stay(self):
        user = self.server.user()
        job = user.uploaded()
        user.wait_for_job(job)
        end = time.monotonic() + 90
        while time.monotonic() < end:
            reply = user.get(f"/audio/download/{job}")
            if reply.status != 200:
                break
            time.sleep(0.5)
        self.problem(reply, 410)
        self.problem(user.get(f"/audio/original/{job}"), 410)
        self.assertEqual(user.get("/usage/me").json["total_files_uploaded"], 1)
        while time.monotonic() < end and self.server.files():
            time.sleep(0.5)
        self.assertEqual(self.server.files(), {})
        self.assertEqual(user.get("/usage/limits").json["storage_mb"]["used"], 0)


class LostFile(Case):
    def test_a_file_that_vanished_is_said_so_without_a_path(self):
        user = self.server.user()
        job = user.uploaded()
        user.wait_for_job(job)
        for path in self.server.files():
            path.unlink()
        body = self.problem(user.get(f"/audio/download/{job}"), 500, "Processed file not found")
        self.assertNotIn(str(self.server.data_dir), json.dumps(body))
        self.assertEqual(user.get("/usage/me").json["total_files_downloaded"], 0)
