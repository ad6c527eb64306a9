"""Clean speech out of Debian packages, noises made here, and their mixes. Everything is the same
each time: seeds are fixed, files are named."""
import pathlib
import subprocess

import numpy as np

ASTERISK = pathlib.Path("/usr/share/asterisk/sounds")
CODEC2 = pathlib.Path("/usr/share/codec2")
ALSA = pathlib.Path("/usr/share/sounds/alsa")
SECONDS = 8.0

# name, rate in Hz, where it starts in seconds, files (joined), how ffmpeg is to read them
WIDEBAND = [
    ("allison", 16000, 2, [ASTERISK / "en_US_f_Allison/demo-instruct.g722"], ["-f", "g722"]),
    ("allison-2", 16000, 1, [ASTERISK / "en_US_f_Allison/demo-congrats.g722"], ["-f", "g722"]),
    ("spanish", 16000, 3, [ASTERISK / "es_MX_f_Allison/demo-instruct.g722"], ["-f", "g722"]),
    ("june", 16000, 2, [ASTERISK / "fr_CA_f_June/demo-instruct.g722"], ["-f", "g722"]),
    ("june-2", 16000, 1, [ASTERISK / "fr_CA_f_June/demo-congrats.g722"], ["-f", "g722"]),
    ("carlo", 16000, 2, [ASTERISK / "it_IT_m_Carlo/demo-instruct.g722"], ["-f", "g722"]),
    ("carlo-2", 16000, 1, [ASTERISK / "it_IT_m_Carlo/demo-congrats.g722"], ["-f", "g722"]),
    ("russian", 16000, 2, [ASTERISK / "ru_RU_f_IvrvoiceRU/demo-instruct.g722"], ["-f", "g722"]),
    ("codec2-16k", 16000, 0, [CODEC2 / "raw/speech_orig_16k.wav"], []),
    ("front", 48000, 0, [ALSA / f"{side}.wav" for side in (
        "Front_Center", "Front_Left", "Rear_Right", "Side_Left", "Rear_Center")], []),
]
RAW = ["-f", "s16le", "-ar", "8000", "-ac", "1"]
NARROWBAND = [
    ("hts1a", 8000, 0, [CODEC2 / "raw/hts1a.raw"], RAW),
    ("hts2a", 8000, 0, [CODEC2 / "raw/hts2a.raw"], RAW),
    ("forig", 8000, 0, [CODEC2 / "raw/forig.raw"], RAW),
    ("morig", 8000, 0, [CODEC2 / "raw/morig.raw"], RAW),
    ("cq", 8000, 0, [CODEC2 / "raw/cq_ref.raw"], RAW),
    ("carlo-8k", 8000, 5, [ASTERISK / "it_IT_m_Carlo/conf-adminmenu-18.g722"], ["-f", "g722"]),
]
# Others than the talkers above, for the babble behind them.
CROWD = [ASTERISK / name for name in (
    "en_US_f_Allison/priv-callee-options.g722", "es_MX_f_Allison/conf-adminmenu-18.g722",
    "fr_CA_f_June/priv-callee-options.g722", "it_IT_m_Carlo/conf-adminmenu.g722",
    "ru_RU_f_IvrvoiceRU/priv-callee-options.g722", "ru_RU_f_IvrvoiceRU/basic-pbx-ivr-main.g722")]
SNRS_DB = (0, 5, 10)


def decode(path, rate, options):
    done = subprocess.run(["ffmpeg", "-v", "error", *options, "-i", str(path), "-f", "f32le",
                           "-ac", "1", "-ar", str(rate), "-"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, "<f4").astype(float)


def speech(entry, seconds=SECONDS):
    _, rate, start, files, options = entry
    x = np.concatenate([decode(path, rate, options) for path in files])
    return x[int(start * rate):int((start + seconds) * rate)]


def shaped(rng, count, rate, curve):
    """Gaussian noise with the amplitude curve(frequency in Hz)."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    return np.fft.irfft(spectrum * curve(np.fft.rfftfreq(count, 1 / rate)), count)


def white(rng, count, rate):
    return rng.standard_normal(count)


def pink(rng, count, rate):
    return shaped(rng, count, rate, lambda f: 1 / np.sqrt(np.maximum(f, 20)))


def rumble(rng, count, rate):
    return shaped(rng, count, rate, lambda f: (f > 5) / np.maximum(f, 15) ** 1.5)


def hum(rng, count, rate):
    t = np.arange(count) / rate
    return sum(np.sin(2 * np.pi * 50 * k * t + rng.uniform(0, 6)) / k for k in (1, 2, 3, 5, 7)) \
        + 0.02 * rng.standard_normal(count)


def babble(rng, count, rate):
    out = np.zeros(count)
    for path in CROWD:
        voice = decode(path, rate, ["-f", "g722"])
        voice = np.roll(np.resize(voice, count), int(rng.integers(count)))
        out += voice / np.sqrt(np.mean(voice ** 2))
    return out


def music(rng, count, rate):
    """Chords of plucked notes with a bass under them."""
    out = np.zeros(count)
    length = int(0.9 * rate)
    t = np.arange(length) / rate
    for start in range(0, count, int(0.3 * rate)):
        root = 110 * 2 ** (rng.integers(0, 12) / 12)
        for interval in (0, 4, 7, 12):
            f = root * 2 ** (interval / 12)
            note = sum(np.sin(2 * np.pi * f * k * t) / k ** 1.3 for k in range(1, 9)
                       if f * k < rate / 2) * np.exp(-3 * t)
            part = out[start:start + length]
            part += note[:len(part)]
    return out


def clicks(rng, count, rate):
    """Keys and knocks: short resonances, some a second."""
    out = np.zeros(count)
    t = np.arange(int(0.03 * rate)) / rate
    for start in rng.integers(0, count - len(t), int(8 * count / rate)):
        f = rng.uniform(300, min(5000, rate * 0.45))
        knock = np.exp(-t * rng.uniform(150, 600)) * np.sin(2 * np.pi * f * t)
        out[start:start + len(t)] += rng.uniform(0.3, 1) * knock
    return out + 0.003 * rng.standard_normal(count)


def street(rng, count, rate):
    """Traffic: coloured noise that swells and fades, and a horn now and then."""
    t = np.arange(count) / rate
    near = shaped(rng, count, rate, lambda f: 1 / np.maximum(f, 100))
    near /= np.std(near)
    swell = 0.4 + np.sin(2 * np.pi * t / 5 + rng.uniform(0, 6)) ** 2
    horn = sum(np.sin(2 * np.pi * f * t) for f in (415, 520)) * (np.sin(2 * np.pi * t / 4) > 0.9)
    return near * swell + 0.1 * pink(rng, count, rate) + 0.5 * horn


NOISES = {"white": white, "pink": pink, "rumble": rumble, "hum": hum, "babble": babble,
          "music": music, "clicks": clicks, "street": street}


def mixed(clean, noise, snr_db):
    """Clean and noise at that ratio, both scaled so that the mix peaks at -3 dBFS."""
    noise = noise * np.sqrt(np.mean(clean ** 2) / np.mean(noise ** 2) / 10 ** (snr_db / 10))
    scale = 0.707 / np.max(np.abs(clean + noise))
    return clean * scale, (clean + noise) * scale


def mixes(number, entry, snrs=SNRS_DB, noises=NOISES, seconds=SECONDS):
    """(noise, SNR, clean, noisy) of everything asked for; SNR None: clean. `number` sets the
    noises' seeds."""
    clean = speech(entry, seconds)
    rate = entry[1]
    yield "none", None, clean, clean
    for kind, name in enumerate(noises):
        rng = np.random.default_rng(1000 * number + kind)
        noise = NOISES[name](rng, len(clean), rate)
        for snr in snrs:
            yield (name, snr, *mixed(clean, noise, snr))
