#!/bin/sh
# Runs the whole suite: optimised build, then once more under ASan and UBSan. Ends with one
# line "N passed, M failed" over all runs and exits non-zero when anything failed.
#   tests/run.sh BUILD_PREFIX
set -eu
prefix=$1
passed=0
failed=0

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
    results=$dir/meson-logs/testlog.json
    ok=$(grep -c '"result": "OK"' "$results" || true)
    all=$(grep -c '"result": ' "$results" || true)
    passed=$((passed + ok))
    failed=$((failed + all - ok))
    [ "$all" -gt 0 ] || failed=$((failed + 1))
}

suite gcc gcc -Dbuildtype=debugoptimized
suite sanitized clang -Dbuildtype=debug -Db_sanitize=address,undefined -Dwebui=false

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
