#!/bin/sh
# How fast recordings are cleaned on one core: a recording of ten minutes, 48 kHz, mono, through
# the whole chain (decode, engine, encode, in the sandbox), and the network's share of what the
# core could do. Prints one JSON object.
#   bench/audio.sh BUILD_DIR
set -eu
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
seconds=600

ffmpeg -v error -f lavfi -i "anoisesrc=r=48000:a=0.02:seed=1,aformat=channel_layouts=mono" \
    -f lavfi -i "aevalsrc=0.2*sin(2*PI*150*t)*max(0\,sin(6*PI*t)):s=48000" \
    -filter_complex amix=2 -t "$seconds" -c:a pcm_s16le "$folder/in.wav"
ninja --quiet -C "$build" src/audio/child/dsp/audio_roofline >/dev/null

# Wall and processor seconds of one run, the children's included.
chain() { # type
    python3 - "$build/src/cli/whazz" "$1" "$folder" <<'PYTHON'
import os, subprocess, sys, time
program, kind, folder = sys.argv[1:]
started = time.monotonic()
subprocess.run([program, "enhance", "--force", "--type", kind, folder + "/in.wav",
                folder + "/out.wav"], check=True, stdout=subprocess.DEVNULL)
t = os.times()
print(f"{time.monotonic() - started:.3f} {t.children_user + t.children_system:.3f}")
PYTHON
}

ratio() { awk -v a="$seconds" -v b="$1" 'BEGIN { printf "%.0f", a / b }'; }

printf '{"audio_seconds": %s' "$seconds"
for type in speech_enhancement noise_reduction; do
    # shellcheck disable=SC2046 # two numbers
    set -- $(chain "$type")
    printf ', "%s_x_real_time": {"wall": %s, "processor": %s}' "$type" "$(ratio "$1")" "$(ratio "$2")"
done
printf ', "network": %s}\n' "$("$build/src/audio/child/dsp/audio_roofline")"
