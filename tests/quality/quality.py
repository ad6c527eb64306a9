#!/usr/bin/env python3
"""quality.py RUN_ENGINE [--short | --ours]: speech in noise through the engines and, beside them,
through speexdsp, libavfilter's afftdn and, where it can be had, RNNoise. Prints by how much SI-SDR
(dB) and STOI (hundredths) rise and what share of files got worse. Fails when an engine breaks its
promises (promises()) or its figures rise less than published ones (published.py)."""
import argparse
import concurrent.futures
import functools
import sys
import tempfile

import numpy as np

import corpus
import metrics
import published
import rnnoise
import systems

WORSE_DB = 0.5
FILES_ENOUGH = 10  # for a mean of a kind of noise to say something
CLEAN_DB = 30  # least SI-SDR of clean speech that comes out
SHORT_WIDE, SHORT_NARROW = ("carlo", "allison"), ("morig",)


class Results:
    """Gains per file: {system: {(band, noise, snr, speaker): (si_sdr, stoi)}}; of clean speech
    what comes out; of noisy speech what went in."""

    def __init__(self, names):
        self.gains = {name: {} for name in names}
        self.clean = {name: {} for name in names}
        self.noisy = {}

    def add(self, name, key, scores):
        if name is None:
            self.noisy[key] = scores
        else:
            (self.clean if key[2] is None else self.gains)[name][key] = scores

    def pick(self, name, **wanted):
        fields = ("band", "noise", "snr")
        return np.array([gain for key, gain in self.gains[name].items()
                         if all(key[fields.index(f)] == v for f, v in wanted.items())])


def scores_of(clean, heard, rate):
    return metrics.si_sdr(clean, heard), metrics.stoi(clean, heard, rate)


def speaker_measure(compared, band, number, entry, limits):
    """(system, key, (si_sdr, stoi)) of each file of a speaker; system None: before."""
    speaker, rate = entry[:2]
    found = []
    for noise, snr, clean, noisy in corpus.mixes(number, entry, **limits):
        before = (0, 0) if snr is None else scores_of(clean, noisy, rate)
        if snr is not None:
            found.append((None, (band, noise, snr, speaker), before))
        for name, system in compared.items():
            out = system(noisy, rate)
            assert len(out) == len(noisy)
            after = scores_of(clean, out, rate)
            found.append((name, (band, noise, snr, speaker),
                          (after[0] - before[0], after[1] - before[1])))
    return found


def measure(compared, bands, limits):
    results = Results(compared)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        speakers = [pool.submit(speaker_measure, compared, band, number, entry, limits)
                    for band, entries in bands.items() for number, entry in enumerate(entries)]
        for speaker in speakers:
            for name, key, scores in speaker.result():
                results.add(name, key, scores)
    return results


def cell(gains):
    worse = np.mean(gains[:, 0] < -WORSE_DB) * 100
    return f"{gains[:, 0].mean():+6.1f} {100 * gains[:, 1].mean():+5.1f} {worse:3.0f}%"


def table(results, title, rows):
    names = list(results.gains)
    print(f"\n{title:18s}" + "".join(f"{name:>20s}" for name in names))
    print(" " * 18 + "     SDR  STOI worse" * len(names))
    for label, wanted in rows:
        print(f"{label:18s}" + "".join(f"    {cell(results.pick(name, **wanted))}"
                                        for name in names))


def report(results, bands, snrs):
    noises = list(corpus.NOISES)
    table(results, "by ratio", [(f"{band} {snr} dB", {"band": band, "snr": snr})
                                for band in bands for snr in snrs])
    for band in bands:
        table(results, band, [(noise, {"band": band, "noise": noise}) for noise in noises])
    table(results, "all", [("", {})])
    print("\nclean in, SI-SDR of what comes out (dB): mean, least")
    for name, found in results.clean.items():
        values = [sdr for sdr, _ in found.values()]
        print(f"  {name:20s} {np.mean(values):5.1f} {min(values):5.1f}")


def promises(results, bands):
    """What is not kept, as sentences."""
    noise = "noise_reduction"
    for name, gains in results.gains.items():
        for key, gain in gains.items() if name in ("speech_enhancement", noise) else ():
            if gain[0] < -WORSE_DB:
                yield f"{name} made {key} worse by {-gain[0]:.1f} dB"
    if results.pick(noise)[:, 1].mean() < -0.001:
        yield f"{noise} lowers STOI"
    for band in bands:
        for kind in corpus.NOISES:
            lower = results.pick(noise, band=band, noise=kind)[:, 1]
            if len(lower) >= FILES_ENOUGH and lower.mean() < -0.01:
                yield f"{noise} lowers STOI in {band} {kind}"
            ours, other = (results.pick(name, band=band, noise=kind)[:, 0].mean()
                           for name in ("speech_enhancement", noise))
            if ours < other - 0.5:
                yield f"speech_enhancement is behind {noise} in {band} {kind}"
    for name, least_db in (("speech_enhancement", 5.0), (noise, 2.5)):
        mean = results.pick(name)[:, 0].mean()
        if mean < least_db:
            yield f"{name} raises SI-SDR by {mean:.1f} dB only"
    if results.pick("speech_enhancement")[:, 1].mean() < 0.015:
        yield "speech_enhancement hardly raises STOI"
    for key, (sdr, _) in results.clean["speech_enhancement"].items():
        if sdr < CLEAN_DB:
            yield f"clean {key} comes out at {sdr:.1f} dB"


def beside(folder):
    """The denoisers beside ours; what RNNoise needs is kept in the folder."""
    compared = {"speexdsp": systems.speexdsp, "afftdn": systems.afftdn}
    try:
        compared["rnnoise"] = functools.partial(rnnoise.clean, rnnoise.fetch(folder))
    except rnnoise.Missing as why:
        print(f"RNNoise is left out: {why}", flush=True)
    return compared


def compare(compared, bands, limits):
    """Measures and prints. 0, or 1 where a promise is broken."""
    results = measure(compared, bands, limits)
    report(results, bands, limits.get("snrs", corpus.SNRS_DB))
    broken = list(promises(results, bands))
    if not limits:
        comparison = published.Comparison(results.noisy, results.gains, list(corpus.NOISES))
        comparison.report()
        broken += comparison.promises()
    print("\n" + "\n".join(broken or ["All promises are kept."]))
    return 1 if broken else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--short", action="store_true", help="a few files, the engines alone")
    parser.add_argument("--ours", action="store_true", help="all files, the engines alone")
    options = parser.parse_args()
    compared = {kind: functools.partial(systems.engine, options.program, kind)
                for kind in ("speech_enhancement", "noise_reduction")}
    bands = {"wide": corpus.WIDEBAND, "narrow": corpus.NARROWBAND}
    limits = {}
    if options.short:
        bands = {"wide": [e for e in corpus.WIDEBAND if e[0] in SHORT_WIDE],
                 "narrow": [e for e in corpus.NARROWBAND if e[0] in SHORT_NARROW]}
        limits = {"snrs": (5,), "seconds": 5.0}
        return compare(compared, bands, limits)
    if options.ours:
        return compare(compared, bands, limits)
    with tempfile.TemporaryDirectory() as folder:
        return compare(compared | beside(folder), bands, limits)


if __name__ == "__main__":
    sys.exit(main())
