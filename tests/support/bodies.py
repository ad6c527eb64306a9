"""Things to send: multipart bodies, recordings made here, tokens to forge."""
import base64
import hashlib
import hmac
import json
import math
import random
import struct


def multipart(parts, boundary="whazz-test-boundary"):
    """(name, text) or (name, filename, bytes) each; the body and its content type."""
    out = []
    for part in parts:
        name, filename, content = part if len(part) == 3 else (part[0], None, part[1])
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if filename is not None:
            quoted = filename.replace("\\", "\\\\").replace('"', "%22")
            head += f'; filename="{quoted}"\r\nContent-Type: application/octet-stream'
        out += [head.encode() + b"\r\n\r\n",
                content if isinstance(content, bytes) else content.encode(), b"\r\n"]
    return b"".join(out) + f"--{boundary}--\r\n".encode(), \
        f"multipart/form-data; boundary={boundary}"


def wav_header(data_bytes, rate=16000, channels=1, bits=16):
    block = channels * bits // 8
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", min(36 + data_bytes, 0xFFFFFFFF), b"WAVE",
                       b"fmt ", 16, 1, channels, rate, rate * block, block, bits, b"data",
                       min(data_bytes, 0xFFFFFFFF))


_sounds = {}


def wav(seconds=0.5, rate=16000, channels=1, seed=1):
    """Something like speech: bursts of a buzzing voice in noise, 16 bits."""
    key = (seconds, rate, channels, seed)
    if key not in _sounds:
        noise, frames = random.Random(seed), []
        for n in range(int(seconds * rate)):
            t = n / rate
            burst = max(0.0, math.sin(2 * math.pi * 3 * t))
            voice = sum(math.sin(2 * math.pi * 120 * h * t) / h for h in range(1, 6))
            value = int(6000 * burst * voice + noise.gauss(0, 900))
            frames += [max(-32768, min(32767, value))] * channels
        pcm = struct.pack(f"<{len(frames)}h", *frames)
        _sounds[key] = wav_header(len(pcm), rate, channels) + pcm
    return _sounds[key]


# ---- tokens, to forge them ----
def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims(token):
    return json.loads(unb64(token.split(".")[1]))


def sign(payload, secret="a key for tests only, of more than 32 bytes", header=None, hash_name="sha256"):
    head = b64(json.dumps(header or {"alg": "HS256", "typ": "JWT"},
                          separators=(",", ":")).encode())
    body = b64(json.dumps(payload, separators=(",", ":")).encode())
    mac = hmac.new(secret.encode(), f"{head}.{body}".encode(), hash_name).digest()
    return f"{head}.{body}.{b64(mac)}"


def sha256(data):
    return hashlib.sha256(data).hexdigest()
