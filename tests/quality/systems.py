"""What is compared: each takes samples at a rate and gives as many back."""
import ctypes
import subprocess

import numpy as np


def floats(data):
    return np.frombuffer(data, "<f4").astype(float)


def engine(program, kind, x, rate, strength="normal"):
    done = subprocess.run([program, kind, str(rate), "1", strength], check=True,
                          capture_output=True, input=x.astype("<f4").tobytes())
    return floats(done.stdout)


def afftdn(x, rate):
    """libavfilter's FFT denoiser as it comes, with its delay of two hops of rate / 80 undone."""
    delay = 2 * (rate // 80)
    pad = np.concatenate([x, np.zeros(2 * delay)])
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(rate), "-ac", "1", "-i", "-",
         "-af", "afftdn", "-f", "f32le", "-"],
        check=True, capture_output=True, input=pad.astype("<f4").tobytes())
    out = np.resize(np.append(floats(done.stdout), np.zeros(4 * delay)), len(pad) + delay)
    return out[delay:delay + len(x)]


def speexdsp(x, rate):
    """The preprocessor of speexdsp at its -15 dB, in frames of 20 ms, one of which it is late."""
    lib = ctypes.CDLL("libspeexdsp.so.1")
    lib.speex_preprocess_state_init.restype = ctypes.c_void_p
    frame = rate // 50
    state = ctypes.c_void_p(lib.speex_preprocess_state_init(frame, rate))
    count = -(-len(x) // frame) * frame
    samples = np.zeros(count + frame, np.int16)
    samples[:len(x)] = np.clip(np.round(x * 32767), -32768, 32767)
    for at in range(0, len(samples), frame):
        block = np.ascontiguousarray(samples[at:at + frame])
        lib.speex_preprocess_run(state, block.ctypes.data_as(ctypes.POINTER(ctypes.c_int16)))
        samples[at:at + frame] = block
    lib.speex_preprocess_state_destroy(state)
    return samples[frame:][:len(x)] / 32767


def untouched(x, rate):
    return x
