#!/bin/sh
# Runs one libFuzzer target on its seeds.
#   tests/fuzz/run.sh PROGRAM SEEDS KEPT
# For FUZZ_SECONDS when that is set: new inputs are kept in the folder KEPT, and used the next
# time. Without it, a short run that is the same each time and keeps nothing.
set -eu
program=$1
seeds=$2
kept=$3
mkdir -p "$kept" "$seeds"
if [ -n "${FUZZ_SECONDS:-}" ]; then
    exec "$program" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$kept-" "$kept" "$seeds"
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" -seed=1 -runs=20000 -max_total_time=5 -timeout=10 -artifact_prefix="$kept-" \
    "$scratch" "$seeds"
