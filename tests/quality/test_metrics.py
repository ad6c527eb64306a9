"""The measures against values that are known beforehand."""
import unittest

import numpy as np

import metrics

RATE = 10000


def voice(seconds=4.0, rate=RATE):
    """Modulated noise: it has no frame that counts as silence for long."""
    rng = np.random.default_rng(1)
    t = np.arange(int(seconds * rate)) / rate
    return rng.standard_normal(len(t)) * (1.1 + np.sin(2 * np.pi * 4 * t)) * 0.1


def one_band(x, y):
    """STOI of one segment by its definition, in loops, for the bands of metrics."""
    scores = []
    for a, b in zip(x, y):
        scale = np.sqrt(np.sum(a ** 2) / np.sum(b ** 2))
        b = [min(scale * v, u * (1 + 10 ** 0.75)) for u, v in zip(a, b)]
        top = sum((u - np.mean(a)) * (v - np.mean(b)) for u, v in zip(a, b))
        scores.append(top / np.sqrt(sum((u - np.mean(a)) ** 2 for u in a) *
                                    sum((v - np.mean(b)) ** 2 for v in b)))
    return np.mean(scores)


class SiSdr(unittest.TestCase):
    def test_is_the_ratio_of_orthogonal_parts(self):
        t = np.arange(16000) / 16000
        clean, other = np.sin(2 * np.pi * 100 * t), np.sin(2 * np.pi * 300 * t)
        for db in (-10, 0, 25):
            heard = 0.3 * (clean + other * 10 ** (-db / 20)) + 0.2
            self.assertAlmostEqual(metrics.si_sdr(clean, heard), db, 6)

    def test_has_bounds(self):
        x = voice()
        self.assertEqual(metrics.si_sdr(x, 3 * x), 100)
        self.assertEqual(metrics.si_sdr(x, np.zeros_like(x)), -100)


class Stoi(unittest.TestCase):
    def test_of_the_same_is_one_at_any_scale(self):
        x = voice()
        for heard in (x, 0.01 * x, -x):
            self.assertAlmostEqual(metrics.stoi(x, heard, RATE), 1.0, 6)

    def test_of_unrelated_noise_is_low(self):
        x = voice()
        noise = np.random.default_rng(2).standard_normal(len(x))
        self.assertLess(abs(metrics.stoi(x, noise, RATE)), 0.3)

    def test_falls_with_noise(self):
        x = voice()
        noise = np.random.default_rng(3).standard_normal(len(x)) * np.std(x)
        scores = [metrics.stoi(x, x + noise * 10 ** (-db / 20), RATE)
                  for db in (20, 10, 0, -10)]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_bands_are_thirds_of_octaves_from_150_hz(self):
        matrix = metrics.band_matrix()
        self.assertEqual(matrix.shape, (15, 257))
        # 150 Hz lies in the bins 7 and 8 (133.6 to 168.4 Hz); each bin is in one band at most.
        self.assertEqual(list(np.nonzero(matrix[0])[0]), [7, 8])
        self.assertLessEqual(matrix.sum(axis=0).max(), 1)
        # The last band's middle is 150 * 2^(14/3) = 3810 Hz.
        middle = np.mean(np.nonzero(matrix[14])[0]) * RATE / 512
        self.assertLess(abs(middle - 3810), 60)

    def test_a_segment_scores_by_the_definition(self):
        x = voice(seconds=0.8)
        y = x + 0.05 * np.random.default_rng(4).standard_normal(len(x))
        kept = metrics.without_silence(x, y)
        bands = [np.sqrt(metrics.band_matrix() @
                         np.abs(np.fft.rfft(metrics.frames_of(s), 512)).T ** 2) for s in kept]
        segments = [one_band(*(b[:, end - 30:end] for b in bands))
                    for end in range(30, bands[0].shape[1] + 1)]
        self.assertGreaterEqual(len(segments), 1)
        self.assertAlmostEqual(metrics.stoi(x, y, RATE), np.mean(segments), 9)

    def test_resampling_keeps_a_tone(self):
        t = np.arange(48000) / 48000
        out = metrics.resample(np.sin(2 * np.pi * 440 * t), 48000, 10000)
        wanted = np.sin(2 * np.pi * 440 * np.arange(10000) / 10000)
        self.assertLess(np.max(np.abs(out - wanted)), 1e-9)


if __name__ == "__main__":
    unittest.main()
