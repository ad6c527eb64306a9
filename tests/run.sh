#!/bin/sh
# Runs the whole suite: optimised build, once more under ASan and UBSan, then a short run of
# each fuzz target. Ends with one line "N passed, M failed" over all runs and exits non-zero
# when anything failed.
#   tests/run.sh BUILD_PREFIX [fuzz]    the fuzz targets alone
set -eu
prefix=$1
passed=0
failed=0

# Adds up the tests that meson just ran in a folder.
add_up() { # folder
    results=$1/meson-logs/testlog.json
    ok=$(grep -c '"result": "OK"' "$results" || true)
    all=$(grep -c '"result": ' "$results" || true)
    passed=$((passed + ok))
    failed=$((failed + all - ok))
    [ "$all" -gt 0 ] || failed=$((failed + 1))
}

suite() { # name, environment's CC, meson options...
    name=$1
    compiler=$2
    shift 2
    dir=$prefix-$name
    [ -d "$dir" ] || CC=$compiler meson setup "$dir" "$@" >"$prefix-$name.log" 2>&1 ||
        { cat "$prefix-$name.log"; echo "0 passed, 1 failed"; exit 1; }
    ninja -C "$dir" --quiet || { echo "$passed passed, $((failed + 1)) failed"; exit 1; }
    echo "== $name"
    meson test -C "$dir" --no-rebuild --print-errorlogs || true
    add_up "$dir"
}

fuzz() { # a short run of each target; FUZZ_SECONDS makes it longer
    dir=$prefix-fuzz
    [ -d "$dir" ] || CC=clang meson setup "$dir" -Dfuzzing=true -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined >"$prefix-fuzz.log" 2>&1 ||
        { cat "$prefix-fuzz.log"; echo "0 passed, 1 failed"; exit 1; }
    ninja -C "$dir" --quiet fuzzers || { echo "$passed passed, $((failed + 1)) failed"; exit 1; }
    echo "== fuzz"
    meson test -C "$dir" --no-rebuild --print-errorlogs --suite fuzz -t 0 || true
    add_up "$dir"
}

if [ "${2:-}" = fuzz ]; then
    fuzz
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
fi

suite gcc gcc -Dbuildtype=debugoptimized
suite sanitized clang -Dbuildtype=debug -Db_sanitize=address,undefined
fuzz

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
