"""What the peer takes from its environment."""
import os

DATABASE_URL = os.environ["PEER_DATABASE_URL"]
DATA_DIR = os.environ["PEER_DATA_DIR"]
SECRET = os.environ.get("PEER_SECRET", "a key for benchmarks and nothing else")

ACCESS_TOKEN_MINUTES = 24 * 60
UPLOAD_MAX = 100 * 1024 * 1024
PIECE = 256 * 1024
FORMATS = (".wav", ".mp3", ".flac", ".m4a", ".ogg")
TYPES = ("speech_enhancement", "noise_reduction")
