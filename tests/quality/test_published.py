"""The comparison with published figures, on scores that are made up."""
import unittest

import numpy as np

import published

NOISES = ["a", "b", "c", "d", "e", "f"]
STOI = {"a": .1, "b": -.1, "c": .02, "d": -.02, "e": .2, "f": -.3}  # off the published row


def scores(offsets, sdr=0.0):
    """Two speakers each, and telephone speech that is to be left out."""
    found = {}
    for noise in NOISES:
        for row, snr in zip(published.NOISY, published.SNRS_DB):
            score = (snr + sdr, row[1] + offsets[noise])
            found |= {("wide", noise, snr, who): score for who in ("x", "y")}
            found["narrow", noise, snr, "z"] = (99, 0)
    return found


def risen(sdr, stoi):
    return {key: (sdr, stoi) for key in scores(STOI)}


class Published(unittest.TestCase):
    def compare(self, speech, noise):
        gains = {"speech_enhancement": risen(*speech), "noise_reduction": risen(*noise)}
        return published.Comparison(scores(STOI), gains, NOISES)

    def test_noises_are_chosen_by_what_went_in(self):
        self.assertEqual(published.comparable(scores(STOI), NOISES), ("a", "b", "c", "d"))

    def test_means_are_of_wideband_in_the_chosen_noises(self):
        found = published.means(scores(STOI), ("a", "c"))
        self.assertTrue(np.allclose(found[:, 0], published.SNRS_DB))
        self.assertTrue(np.allclose(found[:, 1], published.NOISY[:, 1] + .06))

    def test_keeps_a_promise_or_says_which_not(self):
        self.assertEqual(list(self.compare((11, .073), (4, .008)).promises()), [])
        broken = list(self.compare((11, .06), (3.6, .006)).promises())
        self.assertEqual(broken, [
            "speech_enhancement raises STOI by less than DTLN as published, at 0 dB",
            "noise_reduction raises SI-SDR by less than log-MMSE as published, at 0 dB",
            "noise_reduction raises STOI by less than log-MMSE as published, at 0 dB"])


if __name__ == "__main__":
    unittest.main()
