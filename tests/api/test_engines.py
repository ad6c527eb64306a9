"""External engines: what they do for a job, and what they cannot do."""
import json
import pathlib
import struct
import tempfile
import time

import commands
from bodies import wav
from whazz import Case, run

PYTHON = "/usr/bin/python3"
PROGRAM = '''
import json, os, signal, socket, struct, sys, time
mode, given, out, rate = sys.argv[1:5]
def copy(gain=0.5):
    data = open(given, "rb").read()
    at = data.index(b"data") + 8
    count = (len(data) - at) // 4
    samples = struct.unpack("<%df" % count, data[at:at + 4 * count])
    with open(out, "wb") as to:
        to.write(data[:at] + struct.pack("<%df" % count, *(gain * s for s in samples)))
def tried(what):
    try:
        return str(what())
    except BaseException as e:
        return type(e).__name__ + ": " + str(e)
if mode == "half":
    copy()
elif mode == "slow":
    print("x" * 5000, "progress 42", "progress 200", "progress 50 %", sep="\\n", flush=True)
    time.sleep(3)
    copy()
elif mode == "failing":
    print("this goes to the log", file=sys.stderr)
    sys.exit(3)
elif mode == "hanging":
    os.fork()
    time.sleep(600)
elif mode == "greedy":
    kept = b"x" * (1 << 40)
elif mode == "flooding":
    with open(out, "wb") as to:
        while True:
            to.write(bytes(1 << 20))
elif mode == "silent":
    pass
elif mode == "garbage":
    open(out, "wb").write(b"no audio " * 1000)
elif mode == "linking":
    tried(lambda: os.symlink("/etc/passwd", out))
    tried(lambda: os.link("/etc/passwd", out))
elif mode == "staying":
    if os.fork() == 0:
        time.sleep(600)
    copy()
elif mode == "spying":
    data = open(given, "rb").read()
    work = os.getcwd()
    parent = os.getppid()
    report = {
        "rate": rate, "work": tried(lambda: sorted(os.listdir(work))), "home": os.environ["HOME"] == work,
        "environment": sorted(os.environ),
        "blobs": tried(lambda: os.listdir(os.path.dirname(work))),
        "database": tried(lambda: open(os.path.dirname(work) + "/whazz.db", "rb").read(1)),
        "passwd": tried(lambda: open("/etc/passwd").read(1)),
        "tmp": tried(lambda: open("/tmp/whazz-engine-was-here", "w")),
        "beside": tried(lambda: open(sys.argv[0] + ".more", "w")),
        "network": tried(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
        "signal": tried(lambda: os.kill(parent, 0)),
        "server": tried(lambda: open("/proc/%d/environ" % parent, "rb").read(1)),
        "files": tried(lambda: sorted(os.listdir("/proc/self/fd"))),
    }
    copy()
    print(json.dumps(report), file=sys.stderr)
'''
MODES = ("half", "slow", "failing", "hanging", "greedy", "flooding", "silent", "garbage",
         "linking", "staying", "spying")


class Engines(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="whazz-engine-"))
        program = cls.folder / "engine.py"
        program.write_text(PROGRAM)
        spec = "; ".join(f"{'music_separation' if m == 'half' else m}="
                         f"{PYTHON} {program} {m} {{in}} {{out}} {{rate}}" for m in MODES)
        cls.OPTIONS = ("--engines", spec, "--engine-timeout", "6s", "--engine-memory", "1GB",
                       "--engine-paths", str(cls.folder), "--user-files-per-day", "1000")
        super().setUpClass()
        cls.user = cls.server.user()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        for path in cls.folder.iterdir():
            path.unlink()
        cls.folder.rmdir()

    def tearDown(self):
        left = [p.name for p in self.server.data_dir.iterdir() if p.name.startswith("engine-")]
        self.assertEqual(left, [])

    def done(self, kind, sound=None, **fields):
        job = self.user.uploaded(sound or wav(1.0), fields=[("processing_type", kind),
                                                            *fields.items()])
        return self.user.wait_for_job(job)

    def fails(self, kind, text):
        before = self.user.get("/usage/me").json["total_files_failed"]
        done = self.done(kind)
        self.assertEqual((done["status"], done["error_message"]), ("failed", text))
        self.assertEqual(self.user.get("/usage/me").json["total_files_failed"], before + 1)
        self.assertEqual(self.done("music_separation")["status"], "completed")

    def test_it_does_the_work(self):
        sound = wav(1.0, 44100, 2)
        done = self.done("music_separation", sound)
        self.assertEqual(done["status"], "completed", done)
        self.assertIsNone(done["noise_removed_db"])
        result = self.user.get(f"/audio/download/{done['job_id']}").body
        self.assertEqual(len(result), len(sound))
        count = (len(sound) - 44) // 2
        for a, b in zip(struct.unpack(f"<{count}h", sound[44:]),
                        struct.unpack(f"<{count}h", result[44:])):
            self.assertLessEqual(abs(a / 2 - b), 3)
        flac = self.done("music_separation", sound, output_format="flac", loudness="true")
        self.assertAlmostEqual(flac["loudness_lufs"], -16.0, delta=0.5)
        self.assertEqual(self.user.get(f"/audio/download/{flac['job_id']}").body[:4], b"fLaC")

    def test_it_is_told_of(self):
        kinds = {k["name"]: k for k in
                 self.server.client().get("/audio/types").json["processing_types"]}
        self.assertEqual(kinds["music_separation"],
                         {"name": "music_separation", "available": True, "engine": "external"})
        self.assertEqual(kinds["slow"]["engine"], "external")
        self.assertFalse(kinds["speaker_separation"]["available"])
        reply = self.user.upload(fields=[("processing_type", "speaker_separation")])
        detail = self.problem(reply, 400)["detail"]
        self.assertIn("noise_reduction, music_separation, slow,", detail)

    def test_progress(self):
        job = self.user.uploaded(fields=[("processing_type", "slow")])
        seen, end = set(), time.monotonic() + 20
        while time.monotonic() < end:
            told = self.user.get(f"/audio/status/{job}").json
            seen.add(told["progress"])
            if told["status"] == "completed":
                break
            time.sleep(0.05)
        self.assertIn(42.8, seen)  # the program has 5 % to 95 % of a job
        self.assertIn(100.0, seen)

    def test_failures_are_of_the_job_alone(self):
        for kind, text in (("failing", "The engine failed with status 3."),
                           ("greedy", "The engine failed with status 1."),
                           ("flooding", "The engine failed with status 1."),
                           ("silent", "The engine wrote no result."),
                           ("linking", "The engine wrote no result."),
                           ("garbage", "What the engine wrote is no audio."),
                           ("hanging", "The engine took too long.")):
            with self.subTest(kind):
                self.fails(kind, text)
        self.assertIn("this goes to the log", self.server.log(200))

    def test_nothing_of_it_stays(self):
        self.assertEqual(self.done("staying")["status"], "completed")
        self.assertEqual(commands.left((f"{self.folder}/engine.py", "staying")), [])

    def test_it_sees_nothing_but_its_own(self):
        self.user.uploaded()
        self.assertEqual(self.done("spying")["status"], "completed")
        line = next(t for t in self.server.log(200).splitlines() if t.startswith('{"rate"'))
        told = json.loads(line)
        self.assertEqual((told["rate"], told["home"]), ("16000", True))
        self.assertEqual(told["work"], "['in.wav']")
        self.assertNotIn("WHAZZ_SECRET_KEY", told["environment"])
        for what in ("blobs", "database", "passwd", "tmp", "beside", "server", "files"):
            self.assertIn("PermissionError", told[what], what)
        for what in ("network", "signal"):
            self.assertIn("Operation not permitted", told[what], what)


class Options(Case):
    def test_refusals(self):
        data = self.server.home / "other"
        for spec, paths, text in (
                ("music", "", "not TYPE=COMMAND"), ("Music=/bin/true {out}", "", "a-z, 0-9 and _"),
                ("a=true {out}", "", "a command begins with an absolute path"),
                ("a=/bin/true {in}", "", "the command has no {out}"),
                ("a=/bin/no-such-program {out}", "", "No such file or directory"),
                ("a=/bin/true {out}; a=/bin/true {out}", "", "named once"),
                ("a=/bin/true {out}", "/", "holds the data folder"),
                ("a=/bin/true {out}", str(self.server.home), "holds the data folder")):
            with self.subTest(spec):
                done = run("serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--engines",
                           spec, "--engine-paths", paths)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(text, done.stderr)
