"""What an uploader can choose, and what is told of the result."""
import json
import struct
import subprocess
import time

from bodies import wav
from whazz import Case

FORMATS = {"wav": ("wav", "audio/x-wav", b"RIFF"), "wav24": ("wav", "audio/x-wav", b"RIFF"),
           "wavf32": ("wav", "audio/x-wav", b"RIFF"), "flac": ("flac", "audio/x-flac", b"fLaC"),
           "mp3": ("mp3", "audio/mpeg", None), "m4a": ("m4a", "audio/mp4", None),
           "ogg": ("ogg", "audio/ogg", b"OggS")}
CODECS = {"wav": "pcm_s16le", "wav24": "pcm_s24le", "wavf32": "pcm_f32le", "flac": "flac",
          "mp3": "mp3", "m4a": "aac", "ogg": "opus"}
LEVELS = ("peak_dbfs", "loudness_lufs", "noise_removed_db")


class Outputs(Case):
    OPTIONS = ("--user-files-per-day", "1000")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.server.user()
        cls.sound = wav(2.0, 44100, 2)

    def result(self, sound=None, name="talk.flight.wav", client=None, **fields):
        """The status of a job with these fields, and its download."""
        client = client or self.user
        job = client.uploaded(sound or self.sound, name, fields=list(fields.items()))
        done = client.wait_for_job(job)
        self.assertEqual(done["status"], "completed", done)
        return done, client.get(f"/audio/download/{job}")

    def probed(self, content):
        """(codec, channels, seconds) by FFmpeg."""
        path = self.server.home / "result"
        path.write_bytes(content)
        told = subprocess.run(
            ["ffprobe", "-v", "error", "-of", "json", "-show_entries",
             "stream=codec_name,channels:format=duration", path],
            check=True, capture_output=True)
        found = json.loads(told.stdout)
        stream = found["streams"][0]
        return stream["codec_name"], stream["channels"], float(found["format"]["duration"])

    def test_every_format(self):
        for name, (extension, kind, magic) in FORMATS.items():
            with self.subTest(name):
                done, reply = self.result(output_format=name)
                self.assertEqual(done["output_format"], name)
                self.assertEqual(reply.headers["Content-Type"], kind)
                self.assertIn(f'filename="processed_talk.flight.{extension}"',
                              reply.headers["Content-Disposition"])
                if magic:
                    self.assertEqual(reply.body[:4], magic)
                codec, channels, seconds = self.probed(reply.body)
                self.assertEqual((codec, channels), (CODECS[name], 2))
                self.assertAlmostEqual(seconds, 2.0, delta=0.1)

    def test_old_clients_notice_nothing(self):
        done, reply = self.result()
        self.assertEqual((done["output_format"], done["strength"], done["loudness_normalised"]),
                         ("wav", "normal", False))
        self.assertEqual(struct.unpack("<H", reply.body[34:36]), (16,))
        self.assertIn("processed_talk.flight.wav", reply.headers["Content-Disposition"])
        same = self.result(output_format="", strength="", loudness="", processing_type="")[1]
        self.assertEqual(same.body, reply.body)

    def test_loudness(self):
        done, _ = self.result(loudness="true")
        self.assertIs(done["loudness_normalised"], True)
        self.assertAlmostEqual(done["loudness_lufs"], -16.0, delta=0.5)
        plain, _ = self.result(loudness="false")
        self.assertIs(plain["loudness_normalised"], False)
        self.assertLess(plain["loudness_lufs"], -18.0)

    def test_strength(self):
        """Stronger takes away more, of both engines."""
        for engine in ("speech_enhancement", "noise_reduction"):
            removed = []
            for strength in ("light", "normal", "strong"):
                done, _ = self.result(processing_type=engine, strength=strength)
                self.assertEqual(done["strength"], strength)
                removed.append(done["noise_removed_db"])
            with self.subTest(engine):
                self.assertLess(removed[0], removed[2], removed)
                self.assertLessEqual(removed[0], removed[1], removed)

    def test_levels(self):
        job = self.user.uploaded(self.sound)
        done = self.user.wait_for_job(job)
        for name in LEVELS:
            self.assertIsInstance(done[name], float, done)
        self.assertEqual(done["duration"], 2.0)
        self.assertLess(done["peak_dbfs"], 0.0)
        self.assertGreater(done["noise_removed_db"], 3.0)
        listed = {j["job_id"]: j for j in self.user.get("/audio/jobs").json["jobs"]}
        self.assertEqual(listed[job], done)
        events = self.user.get(f"/audio/events/{job}").body.decode()
        self.assertIn(f'"peak_dbfs":{done["peak_dbfs"]}', events)

    def test_silence_has_no_levels(self):
        silence = wav(1.0)[:44] + bytes(32000)
        done, _ = self.result(silence, "silence.wav")
        self.assertIsNone(done["peak_dbfs"])
        self.assertIsNone(done["loudness_lufs"])
        self.assertEqual(done["noise_removed_db"], 0.0)

    def test_refusals(self):
        cases = (("output_format", "aiff", "Unknown output format. Available: wav, wav24, wavf32,"
                                           " flac, mp3, m4a, ogg"),
                 ("output_format", "x" * 500, "Unknown output format. Available: wav, wav24,"
                                              " wavf32, flac, mp3, m4a, ogg"),
                 ("strength", "brutal", "Unknown strength. Available: normal, light, strong"),
                 ("loudness", "maybe", "loudness is true or false."),
                 ("processing_type", "magic", "Unknown processing type. Available: "
                                              "speech_enhancement, noise_reduction"))
        before = self.user.get("/usage/me").json["total_files_uploaded"]
        for field, value, detail in cases:
            with self.subTest(field):
                self.problem(self.user.upload(fields=[(field, value)]), 400, detail)
        self.assertEqual(self.user.get("/usage/me").json["total_files_uploaded"], before)

    def test_of_a_field_sent_twice_the_last_counts(self):
        job = self.user.uploaded(fields=[("output_format", "wavf32"), ("output_format", "mp3")])
        self.assertEqual(self.user.wait_for_job(job)["output_format"], "mp3")

    def test_idempotency_key_covers_the_options(self):
        for other in (("output_format", "flac"), ("strength", "light"), ("loudness", "true")):
            with self.subTest(other[0]):
                guest = self.server.guest()
                key = {"Idempotency-Key": "one-key"}
                first = self.answer(guest.upload(**key), 201)
                spelled_out = [("output_format", "wav"), ("strength", "normal"),
                               ("loudness", "false")]
                again = self.answer(guest.upload(fields=spelled_out, **key), 201)
                self.assertEqual(again["job_id"], first["job_id"])
                self.problem(guest.upload(fields=[other], **key), 422)
                self.assertEqual(guest.get("/usage/me").json["total_files_uploaded"], 1)

    def test_usage_follows_the_file(self):
        """Stored and output bytes are those of the file that there is, and hold it exactly."""
        guest = self.server.guest()
        sizes = 0
        for name in ("flac", "mp3", "wavf32"):
            _, reply = self.result(client=guest, output_format=name)
            sizes += len(reply.body)
        used = guest.get("/usage/me").json
        self.assertAlmostEqual(used["total_output_size_mb"], sizes / 2**20, delta=0.01)
        storage = guest.get("/usage/limits").json["storage_mb"]
        self.assertAlmostEqual(storage["used"], (sizes + 3 * len(self.sound)) / 2**20, delta=0.01)
        self.assertEqual(storage["reserved"], 0)


class Types(Case):
    def test_types_are_public(self):
        told = self.answer(self.server.client().get("/audio/types"), 200)
        self.assertEqual([f["name"] for f in told["output_formats"]], list(FORMATS))
        self.assertEqual(told["strengths"], ["normal", "light", "strong"])
        self.assertEqual(told["max_file_size_bytes"], 100 * 2**20)
        for kind in told["processing_types"]:
            with self.subTest(kind["name"]):
                reply = self.server.guest().upload(fields=[("processing_type", kind["name"])])
                self.assertEqual(reply.status, 201 if kind["available"] else 400, str(reply))
                self.assertEqual(kind["engine"] is not None, kind["available"])
        self.assertIn("speaker_separation", [k["name"] for k in told["processing_types"]])


class Peaks(Case):
    OPTIONS = ("--file-expiry", "4s")

    def peaks(self, client, job, status=200):
        return self.answer(client.get(f"/audio/peaks/{job}"), status)

    def test_waveforms(self):
        guest, stranger = self.server.guest(), self.server.guest()
        samples = [0] * 8000 + [16384] * 4000 + [-16384] * 4000
        sound = wav(1.0)[:44] + struct.pack("<16000h", *samples)
        job = guest.uploaded(sound)
        guest.wait_for_job(job)
        told = self.peaks(guest, job)
        self.assertEqual((told["job_id"], told["duration"], told["full_scale"]), (job, 1.0, 127))
        original, result = told["original"], told["result"]
        for side in (*original.values(), *result.values()):
            self.assertEqual(len(side), 500)
        self.assertEqual(set(original["max"][:249]), {0})
        self.assertEqual(set(original["max"][251:374]), {64})
        self.assertEqual(set(original["min"][376:]), {-64})
        self.assertNotEqual(result, original)
        self.assertEqual(self.peaks(guest, job), told)
        self.assertEqual(self.peaks(self.server.admin(), job), told)
        self.problem(stranger.get(f"/audio/peaks/{job}"), 403)
        self.problem(self.server.client().get(f"/audio/peaks/{job}"), 401)
        self.problem(guest.get("/audio/peaks/0b6f4c1e-6f0a-4f3c-9b51-2f8f3b0f6f2a"), 404,
                     "Job not found")

    def test_they_are_made_once_and_go_with_the_files(self):
        guest = self.server.guest()
        job = guest.uploaded(wav(1.0))
        guest.wait_for_job(job)
        told = self.peaks(guest, job)
        self.server.guest().uploaded()  # what is durable after it, the waveforms are before
        for path in self.server.files():
            path.write_bytes(b"no audio any more")
        self.assertEqual(self.peaks(guest, job), told)
        end = time.monotonic() + 30
        while guest.get(f"/audio/status/{job}").json["status"] != "expired":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)
        self.problem(guest.get(f"/audio/peaks/{job}"), 410, "The file has expired")

    def test_not_before_the_outcome(self):
        guest = self.server.guest()
        broken = wav(2.0)[:44] + b"\0" * 64000
        broken = broken.replace(b"\x01\x00\x01\x00", b"\x03\x00\x01\x00", 1)
        broken = broken[:34] + struct.pack("<H", 32) + broken[36:44] + \
            struct.pack("<f", float("nan")) * 16000
        broken = broken[:28] + struct.pack("<IH", 64000, 4) + broken[34:]
        job = guest.uploaded(broken)
        self.assertEqual(guest.wait_for_job(job)["status"], "failed")
        self.problem(guest.get(f"/audio/peaks/{job}"), 400, "Job not completed: failed")


class Room(Case):
    OPTIONS = ("--guest-storage", "1MB")

    def test_what_is_held_follows_the_format(self):
        """Of 15 s at 16 kHz, a WAV of float does not fit beside its upload, 16 bit do."""
        sound = wav(15.0)
        refused = self.server.guest().upload(sound, fields=[("output_format", "wavf32")])
        self.assertEqual(refused.status, 403, str(refused))
        self.answer(self.server.guest().upload(sound, fields=[("output_format", "wav")]), 201)
        self.answer(self.server.guest().upload(sound, fields=[("output_format", "ogg")]), 201)
