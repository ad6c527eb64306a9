"""RNNoise beside the engines: the npm package of rnnoise.json, run under node by rnnoise.mjs."""
import pathlib
import shutil
import subprocess
import sys

import numpy as np

import corpus
import metrics

HERE = pathlib.Path(__file__).parent
FETCH = HERE.parent.parent / "tools/weights/fetch.py"
FILES = ("package.json", "rnnoise.js")
RATE_HZ = 48000
# How late it is, in samples at 48 kHz: two frames. Measured on clean speech by cross-correlation,
# which peaks at 960 for speech of the full band and at 959 for some telephone speech.
DELAY = 960
DELAY_SLACK = 2


class Missing(Exception):
    """Why RNNoise is not at hand, in one line."""


def run(script, x):
    done = subprocess.run(["node", HERE / "rnnoise.mjs", script], check=True, capture_output=True,
                          input=x.astype("<f4").tobytes())
    return np.frombuffer(done.stdout, "<f4").astype(float)


def clean(script, x, rate):
    """What RNNoise makes of the samples: resampled to 48 kHz for it and back, its delay undone."""
    full = metrics.resample(x, rate, RATE_HZ)
    out = run(script, np.append(full, np.zeros(DELAY)))[DELAY:DELAY + len(full)]
    return metrics.resample(out, RATE_HZ, rate)


def lateness(script):
    """Samples at 48 kHz by which clean speech comes out late."""
    x = corpus.speech(corpus.WIDEBAND[-1], 4.0)
    out = run(script, np.append(x, np.zeros(2 * DELAY)))
    count = 2 * len(out)
    found = np.fft.irfft(np.fft.rfft(out, count) * np.fft.rfft(x, count).conj(), count)
    return int(np.argmax(found[:len(x)]))


def fetch(folder):
    """Fetches the package's files into the folder. The script's path for run() and clean(); raises
    Missing where it cannot be had, does not run or is late by something else than DELAY."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise Missing(f"there is no {program}")
    outs = [pathlib.Path(folder) / name for name in FILES]
    done = subprocess.run([sys.executable, FETCH, "--lock", HERE / "rnnoise.json", *outs],
                          text=True, capture_output=True)
    if done.returncode:
        raise Missing((done.stderr.strip().splitlines() or ["no file came"])[-1])
    try:
        late = lateness(outs[1])
    except subprocess.CalledProcessError as e:
        lines = e.stderr.decode(errors="replace").splitlines()
        errors = [line for line in lines if "Error" in line] or ["no reason given"]
        raise Missing(f"node does not run it: {errors[0]}") from e
    if abs(late - DELAY) > DELAY_SLACK:
        raise Missing(f"it is late by {late} samples, not {DELAY}")
    return outs[1]
