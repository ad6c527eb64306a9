"""Engines that give several results: what becomes of each, and of engines that mean harm."""
import io
import os
import pathlib
import shutil
import signal
import struct
import tempfile
import time
import zipfile

import commands
from bodies import wav
from whazz import Case, PASSWORD, clock_moved

PYTHON = "/usr/bin/python3"
PROGRAM = '''
import os, struct, sys, time
mode, given, out, strength = sys.argv[1:5]
data = open(given, "rb").read()
at = data.index(b"data") + 8
count = (len(data) - at) // 4
samples = struct.unpack("<%df" % count, data[at:at + 4 * count])
def write(name, gain=0.5):
    with open(os.path.join(out, name) if isinstance(name, str) else out.encode() + b"/" + name, "wb") as to:
        to.write(data[:at] + struct.pack("<%df" % count, *(gain * s for s in samples)))
def attempt(what):
    try:
        what()
    except OSError:
        pass
if mode == "two":
    write("vocals.wav", 0.5)
    write("rest.wav", 0.25)
    open(os.path.join(out, "notes.txt"), "w").write("no result")
elif mode == "one":
    write("only.wav")
elif mode == "sixteen":
    for i in range(16):
        write("part %02d.wav" % i)
elif mode == "seventeen":
    for i in range(17):
        write("part %02d.wav" % i)
elif mode == "thousand":
    for i in range(1000):
        open(os.path.join(out, "%d.wav" % i), "w").close()
elif mode == "empty":
    pass
elif mode == "linking":
    for name, of in (("a.wav", "/etc/passwd"), ("b.wav", given)):
        attempt(lambda: os.symlink(of, os.path.join(out, name)))
        attempt(lambda: os.link(of, os.path.join(out, name)))
    attempt(lambda: os.mkdir(os.path.join(out, "c.wav")))
    attempt(lambda: os.mkfifo(os.path.join(out, "d.wav")))
    attempt(lambda: os.rename(out, out + "2"))
elif mode == "names":
    write(b"new\\nline.wav")
    write("..\\u202e evil \\\\ name?.wav")
    write("\\u97f3\\u697d \\u00e9.wav")
    write(b"\\xff\\xfe.wav")
    write("a:b.wav")
    write("A*B.wav")
    write("n" * 240 + ".wav")
elif mode == "garbage":
    write("a.wav")
    open(os.path.join(out, "b.wav"), "wb").write(b"no audio " * 1000)
elif mode == "flooding":
    for i in range(1000):
        with open(os.path.join(out, "%d.wav" % i), "wb") as to:
            to.write(b"x" * (4 << 20))
elif mode == "littering":
    for i in range(100000):
        open(os.path.join(out, "%d" % i), "w").close()
elif mode == "longer":
    with open(os.path.join(out, "a.wav"), "wb") as to:
        body = data[at:] * 3
        to.write(data[:at - 4] + struct.pack("<I", len(body)) + body)
elif mode == "forking":
    while True:
        attempt(os.fork)
elif mode == "waiting":
    write("a.wav")
    print("progress 50", flush=True)
    time.sleep(600)
elif mode == "strength":
    write(strength + ".wav")
    write(os.environ["WHAZZ_STRENGTH"] + " too.wav")
'''
MODES = {"two": 2, "one": "", "sixteen": 16, "seventeen": "", "thousand": "", "empty": 4,
         "linking": 4, "names": "", "garbage": 4, "flooding": 2, "littering": 2, "longer": 2,
         "forking": 2, "waiting": 2, "strength": 2}


class Engines(Case):
    EXPIRY = "24h"

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="whazz-engine-"))
        program = cls.folder / "engine.py"
        program.write_text(PROGRAM)
        spec = "; ".join(f"{m}={PYTHON} {program} {m} {{in}} {{outdir{f':{n}' if n else ''}}} "
                         "{strength}" for m, n in MODES.items())
        cls.OPTIONS = ("--engines", spec, "--engine-timeout", "120s", "--engine-memory", "1GB",
                       "--engine-processes", "40", "--engine-paths", str(cls.folder),
                       "--user-files-per-day", "1000", "--guest-files-per-day", "1000",
                       "--file-expiry", cls.EXPIRY)
        super().setUpClass()
        cls.user = cls.server.user()

    @classmethod
    def tearDownClass(cls):
        verified = cls.server.verify()
        super().tearDownClass()
        shutil.rmtree(cls.folder)
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def done(self, kind, sound=None, client=None, name="speech.wav", **fields):
        client = client or self.user
        job = client.uploaded(sound or wav(1.0), name,
                              fields=[("processing_type", kind), *fields.items()])
        return client.wait_for_job(job)

    def completed(self, *args, **kwargs):
        done = self.done(*args, **kwargs)
        self.assertEqual(done["status"], "completed", f"{done}\n{self.server.log(5)}")
        return done

    def blobs(self):
        """Stored files: nothing else is in the data folder once no job runs."""
        return set(self.server.files())


class Several(Engines):
    def test_each_is_told_of_and_fetched(self):
        sound = wav(1.0, 44100, 2)
        done = self.completed("two", sound, name="my talk.wav")
        job = done["job_id"]
        self.assertEqual([(o["index"], o["label"], o["name"]) for o in done["outputs"]],
                         [(0, "rest", "processed_my talk_rest.wav"),
                          (1, "vocals", "processed_my talk_vocals.wav")])
        self.assertEqual((done["peak_dbfs"], done["loudness_lufs"]),
                         (done["outputs"][0]["peak_dbfs"], done["outputs"][0]["loudness_lufs"]))
        self.assertIsNone(done["noise_removed_db"])
        self.assertAlmostEqual(
            done["outputs"][1]["peak_dbfs"] - done["outputs"][0]["peak_dbfs"], 6.02, delta=0.1)
        count = (len(sound) - 44) // 2
        given = struct.unpack(f"<{count}h", sound[44:])
        for output, part in zip(done["outputs"], (4, 2)):
            reply = self.user.get(f"/audio/download/{job}?output={output['index']}")
            self.assertEqual(reply.status, 200, str(reply))
            self.assertEqual((output["size_bytes"], output["duration"]), (len(reply.body), 1.0))
            self.assertIn(f'filename="{output["name"]}"', reply.headers["Content-Disposition"])
            for a, b in zip(given, struct.unpack(f"<{count}h", reply.body[44:])):
                self.assertLessEqual(abs(a / part - b), 3)
        first = self.user.get(f"/audio/download/{job}?output=0")
        plain = self.user.get(f"/audio/download/{job}")
        self.assertEqual((first.body, first.headers["ETag"]), (plain.body, plain.headers["ETag"]))
        part = self.user.get(f"/audio/download/{job}?output=1", Range="bytes=44-47")
        self.assertEqual((part.status, len(part.body)), (206, 4))
        listed = {j["job_id"]: j for j in self.user.get("/audio/jobs").json["jobs"]}
        self.assertEqual(listed[job], done)
        self.assertIn('"label":"vocals"', self.user.get(f"/audio/events/{job}").body.decode())
        self.assertIn(done, self.user.get("/auth/me/data").json["jobs"])

    def test_what_is_not_there(self):
        job = self.completed("two")["job_id"]
        self.problem(self.user.get(f"/audio/download/{job}?output=2"), 404,
                     "The job has no output 2")
        for bad in ("16", "-1", "x", "all"):
            self.assertEqual(self.user.get(f"/audio/download/{job}?output={bad}").status, 422)
        self.problem(self.user.get(f"/audio/peaks/{job}?output=9"), 404)
        stranger = self.server.guest()
        self.problem(stranger.get(f"/audio/archive/{job}"), 403)
        self.problem(self.server.client().get(f"/audio/archive/{job}"), 401)
        ours = self.completed("speech_enhancement")
        self.problem(self.user.get(f"/audio/download/{ours['job_id']}?output=1"), 404)
        self.assertEqual([(o["index"], o["label"], o["name"]) for o in ours["outputs"]],
                         [(0, None, "processed_speech.wav")])

    def test_all_in_one_archive(self):
        done = self.completed("sixteen", name="\u97f3\u697d/..\\x.wav", output_format="flac")
        job = done["job_id"]
        reply = self.user.get(f"/audio/archive/{job}")
        self.assertEqual(reply.status, 200, str(reply))
        self.assertEqual(reply.headers["Content-Type"], "application/zip")
        self.assertEqual(int(reply.headers["Content-Length"]), len(reply.body))
        archive = zipfile.ZipFile(io.BytesIO(reply.body))
        self.assertIsNone(archive.testzip())
        self.assertEqual(len(archive.namelist()), 16)
        for output, info in zip(done["outputs"], archive.infolist()):
            self.assertEqual(info.compress_type, zipfile.ZIP_STORED)
            self.assertEqual(info.filename, output["name"])
            self.assertNotRegex(info.filename, r"[/\\]")
            self.assertEqual(
                archive.read(info),
                self.user.get(f"/audio/download/{job}?output={output['index']}").body)
        head = self.user.head(f"/audio/archive/{job}")
        self.assertEqual(head.headers["Content-Length"], reply.headers["Content-Length"])

    def test_any_job_has_an_archive(self):
        done = self.completed("noise_reduction")
        archive = zipfile.ZipFile(io.BytesIO(
            self.user.get(f"/audio/archive/{done['job_id']}").body))
        self.assertEqual(archive.namelist(), ["processed_speech.wav"])
        self.assertEqual(archive.read("processed_speech.wav"),
                         self.user.get(f"/audio/download/{done['job_id']}").body)

    def test_usage_is_of_all(self):
        guest = self.server.guest()
        sound = wav(1.0)
        done = self.completed("two", sound, guest)
        size = sum(o["size_bytes"] for o in done["outputs"])
        used = guest.get("/usage/me").json
        self.assertEqual((used["total_files_processed"], used["total_files_downloaded"]), (1, 0))
        self.assertAlmostEqual(used["total_output_size_mb"], size / 2**20, delta=0.01)
        storage = guest.get("/usage/limits").json["storage_mb"]
        self.assertAlmostEqual(storage["used"], (size + len(sound)) / 2**20, delta=0.01)
        self.assertEqual(storage["reserved"], 0)
        out = 0
        for path in (f"download/{done['job_id']}", f"download/{done['job_id']}?output=1",
                     f"archive/{done['job_id']}"):
            out += len(guest.get(f"/audio/{path}").body)
        guest.head(f"/audio/archive/{done['job_id']}")
        guest.get(f"/audio/download/{done['job_id']}?output=1", Range="bytes=0-9")
        end = time.monotonic() + 10
        while guest.get("/usage/me").json["total_files_downloaded"] < 3:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        rows = guest.get("/auth/me/data").json["ledger"]
        for meter, amount in (("downloaded_bytes", out), ("output_bytes", size)):
            self.assertEqual(sum(r["amount"] for r in rows if r["meter"] == meter), amount)
        self.answer(guest.delete(f"/audio/jobs/{done['job_id']}"), 200)
        self.assertEqual(guest.get("/usage/limits").json["storage_mb"]["used"], 0)

    def test_one_file_in_a_folder_is_labelled_too(self):
        done = self.completed("one")
        self.assertEqual([o["label"] for o in done["outputs"]], ["only"])

    def test_formats_and_loudness_hold_for_each(self):
        done = self.completed("two", wav(2.0), output_format="mp3", loudness="true")
        for output in done["outputs"]:
            self.assertTrue(output["name"].endswith(".mp3"))
            self.assertAlmostEqual(output["loudness_lufs"], -16.0, delta=0.5)
            reply = self.user.get(f"/audio/download/{done['job_id']}?output={output['index']}")
            self.assertEqual(reply.headers["Content-Type"], "audio/mpeg")

    def test_waveforms_of_each(self):
        job = self.completed("two")["job_id"]
        rest, vocals = (self.answer(self.user.get(f"/audio/peaks/{job}?output={n}"), 200)
                        for n in (0, 1))
        self.assertEqual(rest["original"], vocals["original"])
        self.assertAlmostEqual(max(vocals["result"]["max"]) / max(rest["result"]["max"]), 2,
                               delta=0.2)
        self.user.uploaded()  # durable after it, so the waveforms are kept by now
        for path in self.server.data_dir.rglob("*.wav"):
            if path.stat().st_size == 32044:
                path.rename(path.with_suffix(".away"))
        try:
            self.assertEqual(self.user.get(f"/audio/peaks/{job}?output=1").json, vocals)
            self.assertEqual(self.user.get(f"/audio/peaks/{job}").json, rest)
        finally:
            for path in self.server.data_dir.rglob("*.away"):
                path.rename(path.with_suffix(".wav"))

    def test_strength_is_passed_on(self):
        done = self.completed("strength", strength="strong")
        self.assertEqual([o["label"] for o in done["outputs"]], ["strong too", "strong"])

    def test_deletion_takes_every_file(self):
        before = self.blobs()
        one, other = self.completed("two"), self.completed("sixteen")
        self.assertEqual(len(self.blobs() - before), 3 + 17)
        self.answer(self.user.delete(f"/audio/jobs/{one['job_id']}"), 200)
        self.answer(self.server.admin().delete(f"/admin/jobs/{other['job_id']}"), 200)
        self.assertEqual(self.blobs(), before)

    def test_an_account_takes_its_files_along(self):
        before = self.blobs()
        user = self.server.user()
        self.completed("two", client=user)
        self.assertEqual(len(self.blobs() - before), 3)
        reply = user.request("DELETE", "/auth/me", json_body={"password": PASSWORD})
        self.assertIn(reply.status, (200, 204), str(reply))
        self.assertEqual(self.blobs(), before)

    def test_a_guests_results_move_with_it(self):
        guest = self.server.guest()
        job = self.completed("two", client=guest)["job_id"]
        self.answer(guest.post("/auth/signup", {
            "email": "taken@example.com", "username": "taken", "password": PASSWORD}), 201)
        user = self.server.login("taken")
        told = self.answer(user.get(f"/audio/status/{job}"), 200)
        self.assertEqual([o["label"] for o in told["outputs"]], ["rest", "vocals"])
        self.assertEqual(user.get(f"/audio/download/{job}?output=1").status, 200)
        self.answer(user.delete(f"/audio/jobs/{job}"), 200)
        self.assertEqual(user.get("/usage/limits").json["storage_mb"]["used"], 0)


class Held(Engines):
    def test_what_is_held_is_for_all(self):
        """A guest's room for one result and its upload is not enough for sixteen."""
        sound = wav(60.0)
        self.answer(self.server.guest().upload(sound, fields=[("processing_type", "two")]), 201)
        self.assertEqual(self.server.guest().upload(
            sound, fields=[("processing_type", "seventeen"), ("output_format", "wavf32")]).status,
            403)


class Hostile(Engines):
    def setUp(self):
        self.before = self.blobs()

    def fails(self, kind, text):
        done = self.done(kind)
        self.assertEqual((done["status"], done["error_message"]), ("failed", text))
        self.assertEqual(done["outputs"], [])
        self.answer(self.user.delete(f"/audio/jobs/{done['job_id']}"), 200)
        self.assertEqual(self.blobs(), self.before)

    def test_failures(self):
        for kind, text in (("empty", "The engine wrote no result."),
                           ("linking", "The engine wrote no result."),
                           ("seventeen", "The engine wrote more than 16 results."),
                           ("thousand", "The engine wrote more than 16 results."),
                           ("garbage", "What the engine wrote is no audio."),
                           ("flooding", "The engine's files are larger than they may be."),
                           ("littering", "The engine wrote too many files."),
                           ("longer", "The result is larger than it may be.")):
            with self.subTest(kind):
                self.fails(kind, text)

    def test_a_fork_bomb(self):
        started = time.monotonic()
        self.fails("forking", "The engine had more than 40 processes and threads.")
        self.assertLess(time.monotonic() - started, 15)
        self.assertEqual(commands.left((f"{self.folder}/engine.py", "forking")), [])
        self.completed("two")

    def test_names(self):
        done = self.completed("names")
        labels = [o["label"] for o in done["outputs"]]
        self.assertEqual(len(labels), 7)
        self.assertEqual(len({l.lower() for l in labels}), 7)
        for label in labels:
            self.assertNotRegex(label, r'[\x00-\x1f/\\:*?"<>|\u202e\ud800-\udfff]')
            self.assertFalse(label.startswith("."))
            self.assertLess(len(label.encode()), 96)
        self.assertIn("new_line", labels)
        self.assertIn("\u97f3\u697d \u00e9", labels)
        archive = zipfile.ZipFile(io.BytesIO(
            self.user.get(f"/audio/archive/{done['job_id']}").body))
        self.assertEqual(archive.namelist(), [o["name"] for o in done["outputs"]])
        self.user.delete(f"/audio/jobs/{done['job_id']}")

    def engine_pid(self):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            found = commands.running(("engine.py", "waiting"), self.server.processes())
            if found:
                return found[0]
            time.sleep(0.02)
        raise AssertionError("the engine does not run")

    def test_killed_in_the_middle(self):
        job = self.user.uploaded(wav(1.0), fields=[("processing_type", "waiting")])
        os.kill(self.engine_pid(), signal.SIGKILL)
        done = self.user.wait_for_job(job)
        self.assertEqual((done["status"], done["error_message"]),
                         ("failed", "The engine was ended by signal 9."))
        self.user.delete(f"/audio/jobs/{job}")
        self.assertEqual(self.blobs(), self.before)

    def test_cancelled_in_the_middle(self):
        job = self.user.uploaded(wav(1.0), fields=[("processing_type", "waiting")])
        pid = self.engine_pid()
        self.answer(self.user.delete(f"/audio/jobs/{job}"), 200)
        end = time.monotonic() + 60
        while os.path.exists(f"/proc/{pid}") or self.blobs() != self.before:
            self.assertLess(time.monotonic(), end, self.blobs() - self.before)
            time.sleep(0.1)


class Died(Engines):
    """The server is killed while an engine runs, and while results are stored."""

    def test_what_it_left_goes(self):
        first = self.completed("two")
        job = self.user.uploaded(wav(1.0), fields=[("processing_type", "waiting")])
        end = time.monotonic() + 10
        while self.user.get(f"/audio/status/{job}").json["progress"] < 40:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        self.server.kill()
        self.assertTrue(list(self.server.data_dir.glob("engine-*")))
        self.server.start()
        self.user.close()
        self.answer(self.user.delete(f"/audio/jobs/{job}"), 200)
        again = self.user.get(f"/audio/status/{first['job_id']}").json
        self.assertEqual(again, first)
        self.assertEqual(self.user.get(
            f"/audio/download/{first['job_id']}?output=1").status, 200)
        self.server.restart()
        self.assertEqual(list(self.server.data_dir.glob("engine-*")), [])
        self.assertEqual(len(self.blobs()), 3)

    def test_moments_of_an_outcome(self):
        """Killed at any moment, a job is whole afterwards: all results and their charge, or
        none; files that nothing owns are swept."""
        guest, whole = self.server.guest(), []
        for pause in (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7):
            job = guest.uploaded(wav(1.0), fields=[("processing_type", "sixteen")])
            time.sleep(pause)
            self.server.kill()
            self.server.env = None
            self.server.start()
            guest.close()
            told = guest.get(f"/audio/status/{job}").json
            self.assertIn(told["status"], ("pending", "processing", "completed"))
            self.assertEqual(len(told["outputs"]), 16 if told["status"] == "completed" else 0)
            if told["status"] == "completed":
                whole.append(job)
            else:
                self.answer(guest.delete(f"/audio/jobs/{job}"), 200)
        verified = self.server.verify()
        self.assertEqual(verified.returncode, 0, verified.stdout)
        self.server.stop()
        self.server.env = clock_moved(2)
        self.server.start()
        end = time.monotonic() + 10
        while len(self.server.files()) != 17 * len(whole) and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(len(self.server.files()), 17 * len(whole))
        self.server.env = None
        self.server.restart()
        for job in whole:
            self.answer(guest.delete(f"/audio/jobs/{job}"), 200)
        self.assertEqual(self.server.files(), {})


class Expiry(Engines):
    EXPIRY = "5s"

    def test_every_file_goes(self):
        guest = self.server.guest()
        done = self.completed("two", client=guest)
        end = time.monotonic() + 40
        while self.server.files() or guest.get(
                f"/audio/status/{done['job_id']}").json["status"] != "expired":
            self.assertLess(time.monotonic(), end, self.server.files())
            time.sleep(0.2)
        told = guest.get(f"/audio/status/{done['job_id']}").json
        self.assertEqual((told["outputs"], told["output_available"]), ([], False))
        self.problem(guest.get(f"/audio/archive/{done['job_id']}"), 410, "The file has expired")
        self.assertEqual(guest.get("/usage/limits").json["storage_mb"]["used"], 0)
