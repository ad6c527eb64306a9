"""Measures of cleaned speech against the clean original."""
import numpy as np

STOI_RATE_HZ = 10000
FRAME, HOP, FFT = 256, 128, 512
BANDS, BAND_MIN_HZ = 15, 150.0
SEGMENT = 30      # frames of one short-time segment, 384 ms
CLIP_DB = -15.0   # least signal-to-distortion ratio of a bin
DYNAMIC_DB = 40.0


def si_sdr(clean, heard):
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019), capped at 100."""
    clean = clean - np.mean(clean)
    heard = heard - np.mean(heard)
    target = clean * (np.dot(heard, clean) / max(np.dot(clean, clean), 1e-20))
    error = heard - target
    ratio = np.dot(target, target) / max(np.dot(error, error), 1e-20)
    return float(np.clip(10 * np.log10(max(ratio, 1e-10)), -100, 100))


def resample(x, rate, to):
    """By the spectrum of the whole signal: exact for a clip of some seconds."""
    if rate == to:
        return x
    count = int(round(len(x) * to / rate))
    return np.fft.irfft(np.fft.rfft(x)[:count // 2 + 1], count) * (count / len(x))


def frames_of(x):
    starts = np.arange(0, len(x) - FRAME, HOP)
    return x[starts[:, None] + np.arange(FRAME)] * np.hanning(FRAME + 2)[1:-1]


def overlap_added(frames):
    out = np.zeros((len(frames) - 1) * HOP + FRAME)
    for i, frame in enumerate(frames):
        out[i * HOP:i * HOP + FRAME] += frame
    return out


def without_silence(clean, heard):
    """Both without the frames whose clean energy is 40 dB below the loudest."""
    a, b = frames_of(clean), frames_of(heard)
    level = 20 * np.log10(np.linalg.norm(a, axis=1) + 1e-12)
    keep = level > level.max() - DYNAMIC_DB
    return overlap_added(a[keep]), overlap_added(b[keep])


def band_matrix():
    """Third-octave bands over the bins of the transform."""
    bins = np.linspace(0, STOI_RATE_HZ, FFT + 1)[:FFT // 2 + 1]
    k = np.arange(BANDS)
    edges = [BAND_MIN_HZ * 2.0 ** ((2 * k + side) / 6) for side in (-1, 1)]
    matrix = np.zeros((BANDS, len(bins)))
    for i in range(BANDS):
        low, high = (int(np.argmin((bins - e[i]) ** 2)) for e in edges)
        matrix[i, low:high] = 1
    return matrix


def stoi(clean, heard, rate):
    """Short-time objective intelligibility (Taal, Hendriks, Heusdens and Jensen 2011). NaN for
    less than a segment of speech."""
    x, y = without_silence(resample(clean, rate, STOI_RATE_HZ),
                           resample(heard, rate, STOI_RATE_HZ))
    bands = band_matrix()
    x, y = (np.sqrt(bands @ np.abs(np.fft.rfft(frames_of(s), FFT)).T ** 2) for s in (x, y))
    if x.shape[1] < SEGMENT:
        return float("nan")
    # bands x segments x frames
    a, b = (np.lib.stride_tricks.sliding_window_view(bands, SEGMENT, axis=1) for bands in (x, y))
    scale = np.linalg.norm(a, axis=2) / (np.linalg.norm(b, axis=2) + 1e-12)
    b = np.minimum(b * scale[..., None], a * (1 + 10 ** (-CLIP_DB / 20)))
    a = a - a.mean(axis=2, keepdims=True)
    b = b - b.mean(axis=2, keepdims=True)
    norms = np.linalg.norm(a, axis=2) * np.linalg.norm(b, axis=2) + 1e-12
    scores = np.sum(a * b, axis=2) / norms
    return float(np.mean(scores))
