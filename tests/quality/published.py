"""Our engines beside figures published for the methods they are made of: 20 clean clips in 14
noises at 16 kHz, mixed like ours. Those mixes cannot be had, and ours hold noises (rumble, hum)
that hardly touch STOI; so the comparison is on our wideband speech in the noises whose STOI, before
anything is cleaned, is nearest to what was published. No result of an engine has a part in that
choice."""
import itertools

import numpy as np

SNRS_DB = (0, 5, 10)
NOISES_LEAST = 4  # fewer say little about noise in general
# SI-SDR (dB) and STOI per ratio
NOISY = np.array([(-0.5, .795), (4.5, .875), (9.5, .932)])
CLEANED = {
    "speech_enhancement": ("DTLN", np.array([(10.2, .867), (13.2, .924), (16.4, .958)])),
    "noise_reduction": ("log-MMSE", np.array([(3.3, .803), (8.0, .880), (12.4, .933)])),
}
STOI_SLACK = 0.0005  # half of the last published digit


def means(scores, noises):
    """Rows of mean (SI-SDR, STOI) per ratio, over the files of a set in those noises."""
    return np.array([np.mean([score for (band, noise, snr, _), score in scores.items()
                              if band == "wide" and snr == wanted and noise in noises], axis=0)
                     for wanted in SNRS_DB])


def comparable(noisy, noises):
    """The noises in which our noisy speech is most like the published, by STOI."""
    by_noise = {noise: means(noisy, [noise])[:, 1] for noise in noises}

    def distance(chosen):
        return np.max(np.abs(np.mean([by_noise[n] for n in chosen], axis=0) - NOISY[:, 1]))

    return min((chosen for count in range(NOISES_LEAST, len(noises) + 1)
                for chosen in itertools.combinations(noises, count)), key=distance)


class Comparison:
    """`noisy`: {key: (si_sdr, stoi)} before cleaning, `gains`: {system: {key: rises}}."""

    def __init__(self, noisy, gains, noises):
        self.noises = comparable(noisy, noises)
        self.noisy = means(noisy, self.noises)
        self.rises = {name: means(gains[name], self.noises) for name in CLEANED}

    def report(self):
        print(f"\nbeside published figures: wideband in {', '.join(self.noises)}")
        print(" " * 30 + "".join(f"{snr:>12d} dB" for snr in SNRS_DB) + "   (SI-SDR STOI)")
        self.row("noisy", self.noisy)
        self.row("noisy, published", NOISY)
        for name, rises in self.rises.items():
            method, published = CLEANED[name]
            self.row(name, self.noisy + rises)
            self.row(f"{method}, published", published)

    @staticmethod
    def row(label, rows):
        print(f"{label:30s}" + "".join(f"{sdr:9.1f} {stoi:.3f}".rjust(15) for sdr, stoi in rows))

    def promises(self):
        """What is not kept, as sentences: SI-SDR and STOI rise by what was published or more."""
        for name, rises in self.rises.items():
            method, published = CLEANED[name]
            for snr, ours, theirs in zip(SNRS_DB, rises, published - NOISY):
                if ours[0] < theirs[0]:
                    yield f"{name} raises SI-SDR by less than {method} as published, at {snr} dB"
                if ours[1] < theirs[1] - STOI_SLACK:
                    yield f"{name} raises STOI by less than {method} as published, at {snr} dB"
