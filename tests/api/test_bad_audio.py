"""I6: input that is broken, huge in disguise, or no audio at all fails alone and clearly."""
import random
import subprocess
import tempfile

from bodies import wav, wav_header
from whazz import Case

FORMATS = ("wav", "mp3", "flac", "m4a", "ogg")
CODECS = {"m4a": ("-c:a", "aac"), "ogg": ("-c:a", "libvorbis")}


def encoded(form, seconds=2.0, rate=16000, channels=1):
    """The made recording in a format, by ffmpeg."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/in.wav", f"{folder}/out.{form}"
        with open(source, "wb") as file:
            file.write(wav(seconds, rate, channels))
        subprocess.run(["ffmpeg", "-loglevel", "error", "-i", source, *CODECS.get(form, ()),
                        target], check=True)
        with open(target, "rb") as file:
            return file.read()


class BadAudio(Case):
    OPTIONS = ("--user-files-per-day", "100000", "--user-storage", "10GB",
               "--user-processing", "100h", "--workers", "2")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.server.user()
        cls.good = {form: encoded(form) for form in FORMATS}

    def tearDown(self):
        """Whatever was sent, the next good upload works."""
        job = self.user.uploaded(wav(0.3))
        self.assertEqual(self.user.wait_for_job(job)["status"], "completed")

    def refused_or_failed(self, content, filename):
        """Refused with a sentence at once, or failed alone with one; the outcome."""
        reply = self.user.upload(content, filename)
        self.assertIn(reply.status, (201, 400, 413), str(reply))
        if reply.status != 201:
            self.assertRegex(reply.detail, r"^[A-Z].*\.?$")
            self.assertNotRegex(reply.detail, r"/|0x|errno|libav|ERR_")
            return "refused"
        state = self.user.wait_for_job(reply.json["job_id"])
        if state["status"] == "failed":
            self.assertRegex(state["error_message"], r"^[A-Z].+")
            self.assertNotRegex(state["error_message"], r"/tmp|0x|errno|libav|ERR_")
        return state["status"]

    def test_good_ones_work_in_every_format(self):
        for form, content in self.good.items():
            with self.subTest(form):
                state = self.user.wait_for_job(self.user.uploaded(content, f"good.{form}"))
                self.assertEqual(state["status"], "completed", state)

    def test_truncated_anywhere(self):
        for form, content in self.good.items():
            for share in (0.01, 0.1, 0.5, 0.9, 0.999):
                with self.subTest(f"{form} {share}"):
                    self.refused_or_failed(content[:int(len(content) * share)], f"cut.{form}")

    def test_bytes_changed_at_random(self):
        dice = random.Random(7)
        for form, content in self.good.items():
            for n in range(6):
                broken = bytearray(content)
                for _ in range(1 + len(broken) // 200 * n):
                    broken[dice.randrange(len(broken))] = dice.randrange(256)
                with self.subTest(f"{form} {n}"):
                    self.refused_or_failed(bytes(broken), f"broken.{form}")

    def test_no_audio_behind_each_name(self):
        dice = random.Random(3)
        for form in FORMATS:
            for name, content in (("random", dice.randbytes(50000)), ("zeroes", bytes(50000)),
                                  ("text", b"not audio at all, just words. " * 500),
                                  ("one byte", b"x"), ("html", b"<html>" + b"a" * 9000)):
                with self.subTest(f"{form} {name}"):
                    self.assertEqual(self.refused_or_failed(content, f"x.{form}"), "refused")

    def test_empty(self):
        for form in FORMATS:
            self.problem(self.user.upload(b"", f"empty.{form}"), 400, "The file is empty.")

    def test_no_samples(self):
        self.assertEqual(self.refused_or_failed(wav_header(0), "none.wav"), "refused")
        self.assertEqual(self.refused_or_failed(wav_header(2000), "promised.wav"), "refused")

    def test_absurd_headers(self):
        pcm = wav(0.2)[44:]
        absurd = {
            "rate 0": wav_header(len(pcm), rate=0) + pcm,
            "rate 4 GHz": wav_header(len(pcm), rate=0xFFFFFFFF >> 2) + pcm,
            "no channels": wav_header(len(pcm), channels=0) + pcm,
            "255 channels": wav_header(len(pcm), channels=255) + pcm,
            "no bits": wav_header(len(pcm), bits=0) + pcm,
            "7 bits": wav_header(len(pcm), bits=7) + pcm,
            "4 GB promised": wav_header(0xFFFFFFF0) + pcm,
            "format 0xdead": (wav_header(len(pcm))[:20] + b"\xad\xde" +
                              wav_header(len(pcm))[22:] + pcm),
            "chunk to nowhere": b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + pcm,
            "flac of nothing": b"fLaC\x80\x00\x00\x22" + b"\xff" * 34,
            "ogg of nothing": b"OggS" + b"\xff" * 4000,
        }
        for name, content in absurd.items():
            with self.subTest(name):
                form = "flac" if "flac" in name else "ogg" if "ogg" in name else "wav"
                self.refused_or_failed(content, f"absurd.{form}")

    def test_a_playlist_or_an_archive_opens_nothing(self):
        secret = tempfile.NamedTemporaryFile(suffix=".wav")
        secret.write(wav(0.5))
        secret.flush()
        for form in FORMATS:
            for content in (f"#EXTM3U\n#EXTINF:1,\nfile://{secret.name}\n",
                            f"ffconcat version 1.0\nfile '{secret.name}'\n"):
                with self.subTest(form):
                    padded = content.encode().ljust(5000, b"\n")
                    self.assertEqual(self.refused_or_failed(padded, f"list.{form}"), "refused")

    def test_names_that_lie(self):
        for form in FORMATS:
            for other in FORMATS:
                if form != other:
                    with self.subTest(f"{form} as {other}"):
                        reply = self.user.upload(self.good[form], f"lie.{other}")
                        self.problem(reply, 400)

    def test_every_upload_is_charged_once_whatever_it_was(self):
        self.assertEqual(self.server.verify().returncode, 0)
        me = self.user.get("/usage/me").json
        states = {}
        cursor = ""
        while cursor is not None:
            page = self.user.get(f"/audio/jobs?limit=100{cursor and '&cursor=' + cursor}").json
            states.update({j["job_id"]: j["status"] for j in page["jobs"]})
            cursor = page["next_cursor"]
        self.assertEqual(me["total_files_uploaded"], len(states))
        self.assertEqual(me["total_files_processed"],
                         sum(s == "completed" for s in states.values()))
        self.assertEqual(me["total_files_failed"], sum(s == "failed" for s in states.values()))


class TooLong(Case):
    OPTIONS = ("--duration-max", "5s")

    def test_longer_than_allowed(self):
        guest = self.server.guest()
        self.problem(guest.upload(wav(6.0, 8000)), 413)
        self.answer(guest.upload(wav(4.5, 8000)), 201)


class Bomb(Case):
    OPTIONS = ("--duration-max", "10m")

    def test_a_bomb_is_held_to_the_longest_recording(self):
        """Silence in FLAC: more than an hour of it in a few kB."""
        with tempfile.NamedTemporaryFile(suffix=".flac") as file:
            subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
                            "anullsrc=r=8000:cl=mono", "-t", "5000", file.name], check=True)
            bomb = file.read()
        self.assertLess(len(bomb), 1 << 20)
        reply = self.server.guest().upload(bomb, "bomb.flac")
        self.problem(reply, 413)
