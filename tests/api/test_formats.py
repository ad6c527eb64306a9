#!/usr/bin/env python3
"""test_formats.py WHAZZ: files that other programs made through `whazz enhance`, and what it made
through another decoder. Needs ffmpeg and ffprobe."""
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

WHAZZ = sys.argv.pop(1)
QUIET = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y"]


def frames_of(path, stream="a:0"):
    """Samples per channel, as ffmpeg decodes them, and the rate."""
    raw = subprocess.run(QUIET + ["-i", path, "-map", "0:" + stream, "-ac", "1", "-f", "s16le", "-"],
                         check=True, capture_output=True).stdout
    rate = subprocess.run(["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries",
                           "stream=sample_rate", "-of", "csv=p=0", path],
                          check=True, capture_output=True, text=True).stdout
    return len(raw) // 2, int(rate.split()[0])


class Formats(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.random = random.Random(12)

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name):
        return str(pathlib.Path(self.folder.name) / name)

    def make(self, name, frames, rate, channels, options, extra=()):
        """A tone of an exact length, encoded by ffmpeg."""
        tone = "|".join(f"0.3*sin(2*PI*{200 + 50 * c}*t)" for c in range(channels))
        subprocess.run(QUIET + ["-f", "lavfi", "-i",
                                f"aevalsrc={tone}:s={rate},atrim=end_sample={frames}", *extra]
                       + options + [self.path(name)], check=True)
        return self.path(name)

    def enhance(self, source, result="result.wav", *options):
        return subprocess.run([WHAZZ, "enhance", "--type", "noise_reduction", "--force", *options,
                               source, self.path(result)], capture_output=True, text=True)

    def check_length(self, source, frames, more=0):
        done = self.enhance(source)
        self.assertEqual(done.returncode, 0, done.stderr)
        got, _ = frames_of(self.path("result.wav"))
        self.assertGreaterEqual(got, frames)
        self.assertLessEqual(got, frames + more)

    def test_lengths_of_other_encoders_are_exact(self):
        encoders = [
            ("u8.wav", ["-c:a", "pcm_u8"], (8000, 48000)),
            ("s24.wav", ["-c:a", "pcm_s24le"], (44100, 192000)),
            ("s32.wav", ["-c:a", "pcm_s32le"], (96000,)),
            ("f64.wav", ["-c:a", "pcm_f64le"], (44100,)),
            ("s16.w64", ["-c:a", "pcm_s16le"], (44100,)),
            ("16.flac", ["-c:a", "flac"], (8000, 44100)),
            ("24.flac", ["-c:a", "flac", "-sample_fmt", "s32"], (96000,)),
            ("cbr.mp3", ["-c:a", "libmp3lame", "-b:a", "64k"], (16000, 44100, 48000)),
            ("vbr.mp3", ["-c:a", "libmp3lame", "-q:a", "4"], (11025, 22050, 32000)),
            ("aac.m4a", ["-c:a", "aac"], (8000, 16000, 44100, 96000)),
            ("exact.m4a", ["-c:a", "aac", "-movie_timescale", "44100"], (44100,)),
            ("alac.m4a", ["-c:a", "alac"], (44100,)),
            ("vorbis.ogg", ["-c:a", "libvorbis"], (16000, 44100, 48000)),
            ("flac.ogg", ["-c:a", "flac"], (44100,)),
        ]
        for name, options, rates in encoders:
            # ffmpeg's muxers may forget a frame of mp3's padding, and count w64's as sound.
            forgotten = {"mp3": 1152, "w64": 3}.get(name[-3:], 0)
            for rate in rates:
                frames = self.random.randint(1, 120000)
                channels = self.random.randint(1, 2)
                with self.subTest(name=name, rate=rate, channels=channels, frames=frames):
                    source = self.make(name, frames, rate, channels, options)
                    self.check_length(source, frames, forgotten)

    def test_short_vorbis_has_all_its_samples(self):
        for rate in (16000, 44100):
            for frames in (300, 5000, 27450):
                with self.subTest(rate=rate, frames=frames):
                    source = self.make("v.ogg", frames, rate, 1, ["-c:a", "libvorbis"])
                    self.check_length(source, frames)

    def test_opus_is_as_long_as_its_granules_say(self):
        for frames in (1, 500, 48000, 12345):
            source = self.make("a.ogg", frames, 48000, 1, ["-c:a", "libopus"])
            self.check_length(source, frames)

    def test_up_to_eight_channels_stay_apart(self):
        for channels in range(3, 9):
            with self.subTest(channels=channels):
                source = self.make("m.wav", 9000, 48000, channels, [])
                for result in ("r.flac", "r.m4a", "r.ogg", "r.mp3"):
                    done = self.enhance(source, result)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    kept = 2 if result == "r.mp3" else channels
                    self.assertIn(f", {kept} channels: ", done.stdout)

    def test_nine_channels_are_refused(self):
        source = self.make("nine.wav", 9000, 48000, 9, [])
        done = self.enhance(source)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "channels")

    def test_an_edit_list_that_cuts_is_honoured(self):
        whole = self.make("whole.m4a", 96000, 48000, 1, ["-c:a", "aac"])
        subprocess.run(QUIET + ["-ss", "0.5", "-i", whole, "-t", "1", "-c", "copy",
                                self.path("cut.m4a")], check=True)
        self.assertEqual(self.enhance(self.path("cut.m4a")).returncode, 0)
        got, _ = frames_of(self.path("result.wav"))
        self.assertAlmostEqual(got, 48000, delta=1100)

    def test_a_fragmented_mp4_is_read_to_its_end(self):
        source = self.make("frag.m4a", 200000, 48000, 1,
                           ["-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov",
                            "-frag_duration", "500000", "-f", "mp4"])
        self.assertEqual(self.enhance(source).returncode, 0)
        got, _ = frames_of(self.path("result.wav"))
        self.assertGreaterEqual(got, 200000)
        self.assertLess(got, 200000 + 3 * 1024)

    def test_videos_are_refused_in_words(self):
        video = ["-f", "lavfi", "-i", "testsrc=s=64x64:d=1"]
        source = self.make("v.mp4", 48000, 48000, 1, ["-c:v", "mpeg4", "-c:a", "aac"], video)
        done = self.enhance(source)
        self.assertEqual(done.returncode, 1)
        self.assertIn("The file is a video: send its sound alone.", done.stderr)
        source = self.make("v.mkv", 48000, 48000, 1, ["-c:v", "mpeg4", "-c:a", "aac"], video)
        done = self.enhance(source)
        self.assertEqual(done.returncode, 1)
        self.assertIn("The file is not audio in a supported format.", done.stderr)

    def test_a_cover_is_no_video_and_titles_are_kept(self):
        subprocess.run(QUIET + ["-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-frames:v", "1",
                                self.path("cover.png")], check=True)
        source = self.make("cover.mp3", 48000, 44100, 2,
                           ["-map", "0:a", "-map", "1:v", "-c:v", "copy", "-c:a", "libmp3lame",
                            "-metadata", "title=Ein Lied", "-metadata", "artist=Ich & Du"],
                           ["-i", self.path("cover.png")])
        for result in ("r.flac", "r.mp3", "r.m4a", "r.ogg"):
            done = self.enhance(source, result)
            self.assertEqual(done.returncode, 0, done.stderr)
            tags = subprocess.run(["ffprobe", "-v", "error", "-show_entries",
                                   "format_tags:stream_tags", self.path(result)],
                                  check=True, capture_output=True, text=True).stdout.lower()
            self.assertIn("title=ein lied", tags, result)
            self.assertIn("artist=ich & du", tags, result)

    def test_other_decoders_find_the_exact_length_too(self):
        """But for m4a, whose padding ffmpeg decodes although the edit list ends before it."""
        source = self.make("s.wav", 23456, 44100, 2, [])
        for result, rate in (("r.wav", 44100), ("r.flac", 44100), ("r.mp3", 44100),
                             ("r.ogg", 48000)):
            self.assertEqual(self.enhance(source, result).returncode, 0)
            self.assertEqual(frames_of(self.path(result)), (-(-23456 * rate // 44100), rate))
        self.assertEqual(self.enhance(source, "r.m4a").returncode, 0)
        seconds = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=duration_ts",
                                  "-of", "csv=p=0", self.path("r.m4a")],
                                 check=True, capture_output=True, text=True).stdout
        self.assertEqual(int(seconds), 23456)

    def test_loudness_agrees_with_another_meter(self):
        source = self.make("quiet.wav", 4 * 48000, 48000, 2, ["-af", "volume=-20dB"])
        for result in ("r.wav", "r.flac", "r.ogg"):
            self.assertEqual(self.enhance(source, result, "--loudness").returncode, 0)
            meter = subprocess.run(["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-i",
                                    self.path(result), "-af",
                                    "ebur128=peak=true:framelog=verbose", "-f", "null", "-"],
                                   check=True, capture_output=True, text=True).stderr
            summary = meter[meter.rindex("Summary:"):]
            loudness = float(summary.split("I:")[1].split()[0])
            peak = float(summary.split("Peak:")[1].split()[0])
            self.assertAlmostEqual(loudness, -16, delta=0.3)
            self.assertLessEqual(peak, -1.0)

    def test_wrong_arguments_are_told(self):
        source = self.make("s.wav", 1000, 44100, 1, [])
        self.assertEqual(self.enhance(source, "r.wav", "--format", "aiff").returncode, 2)
        self.assertEqual(self.enhance(source, "r.wav", "--format").returncode, 2)
        done = self.enhance(source, "r.bin", "--format", "wavf32")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("WAV, 32-bit float", done.stdout)
        self.assertIn(", 1000 samples each", done.stdout)


if __name__ == "__main__":
    unittest.main()
