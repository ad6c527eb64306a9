#!/bin/sh
# The main job, end to end, as a guest: starts a server on a free port with a temporary data
# folder, uploads a noisy recording (made here, or FILE), waits for the result, downloads it,
# shows the guest's usage and limits, stops the server.
#   tools/demo.sh WHAZZ [FILE]
set -eu
whazz=$1
file=${2:-}
dir=$(mktemp -d /tmp/whazz-demo-XXXXXX)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir/data"' EXIT

if [ -z "$file" ]; then
    file=$dir/noisy.wav
    espeak-ng -w "$dir/speech.wav" "The quick brown fox jumps over the lazy dog. \
She sells sea shells by the sea shore. A journey of a thousand miles begins with a single step."
    sox "$dir/speech.wav" -r 48000 -b 16 "$dir/voice.wav" gain -n -3
    sox -D -n -r 48000 -b 16 "$dir/noise.wav" synth "$(soxi -D "$dir/voice.wav")" pinknoise vol 0.15
    sox -m -v 0.9 "$dir/voice.wav" -v 1 "$dir/noise.wav" "$file"
fi

"$whazz" serve --listen 127.0.0.1:0 --data-dir "$dir/data" 2>"$dir/server.log" &
server=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's/.*event=serving.* port=\([0-9]*\).*/\1/p' "$dir/server.log")
    [ -z "$port" ] || break
    kill -0 "$server" 2>/dev/null || { cat "$dir/server.log"; exit 1; }
    sleep 0.05
done
[ -n "$port" ] || { echo "The server did not start:"; cat "$dir/server.log"; exit 1; }
base=http://127.0.0.1:$port

field() { # name: its value in the JSON on standard input
    python3 -c 'import json, sys; v = json.load(sys.stdin)[sys.argv[1]]; print("" if v is None else v)' "$1"
}

token=$(curl -sS -X POST "$base/guest/session" | field guest_token)
guest="Authorization: Bearer $token"
echo "Uploading $file as a guest"
reply=$(curl -sS -H "$guest" -F "file=@$file" "$base/audio/upload")
job=$(echo "$reply" | field job_id 2>/dev/null) || { echo "Refused: $reply"; exit 1; }
while :; do
    reply=$(curl -sS -H "$guest" "$base/audio/status/$job")
    status=$(echo "$reply" | field status)
    printf '\r%-12s %5s %%' "$status" "$(echo "$reply" | field progress)"
    case $status in
    completed) break ;;
    pending | processing) sleep 0.2 ;;
    *)
        printf '\n'
        echo "$reply" | field error_message
        exit 1
        ;;
    esac
done
printf '\n'
curl -sS -H "$guest" -o "$dir/enhanced.wav" "$base/audio/download/$job"
echo "Original: $file"
echo "Enhanced: $dir/enhanced.wav"
{ curl -sS -H "$guest" "$base/usage/me"; echo; curl -sS -H "$guest" "$base/usage/limits"; } |
    python3 "$(dirname "$0")/demo_table.py"
kill "$server"
wait "$server" || { echo "The server did not stop cleanly:"; tail -5 "$dir/server.log"; exit 1; }
server=
