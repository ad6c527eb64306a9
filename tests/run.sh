#!/bin/sh
# Runs the whole suite: a build by gcc, clang's under ASan and UBSan, its threads under TSan,
# then a short run of each fuzz target. The first build has the web app; the others test the C.
# Ends with one line "N passed, M failed" over all runs and exits non-zero when anything failed.
#   tests/run.sh BUILD_PREFIX [fuzz]    the fuzz targets alone
set -eu
here=$(dirname "$0")
prefix=$1
passed=0
failed=0

give_up() {
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
}

build() { # name, ninja's target, compiler, meson options...
    dir=$prefix-$1
    target=$2
    compiler=$3
    echo "== $1"
    shift 3
    [ -d "$dir" ] || CC=$compiler meson setup "$dir" "$@" >"$dir.log" 2>&1 ||
        { cat "$dir.log"; give_up; }
    ninja -C "$dir" --quiet "$target" || give_up
}

inside() { # name, further arguments of meson test...: the programs of the build
    dir=$prefix-$1
    shift
    meson test -C "$dir" --no-rebuild --print-errorlogs "$@" || true
    results=$dir/meson-logs/testlog.json
    ok=$(grep -c '"result": "OK"' "$results" || true)
    all=$(grep -c '"result": ' "$results" || true)
    passed=$((passed + ok))
    failed=$((failed + all - ok))
    [ "$all" -gt 0 ] || failed=$((failed + 1))
}

outside() { # name, further arguments of run_api.py...: the server, by its API
    dir=$prefix-$1
    shift
    WHAZZ=$dir/src/cli/whazz "$here/run_api.py" "$@" >"$dir-api.log" 2>&1 || true
    last=$(tail -n 1 "$dir-api.log")
    case $last in
    *" passed, "*" failed")
        ok=${last%% *}
        bad=${last##* passed, }
        bad=${bad%% *}
        ;;
    *) ok=0 bad=1 ;;
    esac
    [ "$bad" -eq 0 ] || cat "$dir-api.log"
    echo "$last"
    passed=$((passed + ok))
    failed=$((failed + bad))
}

sanitized_build() { # without the web app
    build sanitized all clang -Dbuildtype=debug -Dwebui=false \
        -Db_sanitize=address,undefined
}

threads_build() {
    build threads all clang -Dbuildtype=debugoptimized -Dwebui=false -Db_sanitize=thread
}

fuzz_build() {
    build fuzz fuzzers clang -Dfuzzing=true -Dwebui=false -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined
}

fuzz() { # FUZZ_SECONDS makes it longer
    fuzz_build
    inside fuzz --suite fuzz -t 0
}

# The later builds, while the first one's tests wait more than they work.
build_ahead() {
    renice -n 19 "$(exec sh -c 'echo "$PPID"')" >/dev/null
    sanitized_build
    threads_build
    fuzz_build
}

everything() {
    build gcc all gcc -Dbuildtype=debugoptimized
    build_ahead >"$prefix-ahead.log" 2>&1 &
    inside gcc
    outside gcc
    wait "$!" || true # what did not build says so below

    # Without what measures memory or time of the server as it is used.
    sanitized_build
    inside sanitized
    outside sanitized --except test_memory --except test_kill.Kill --except test_web

    threads_build
    inside threads --suite unit
    outside threads test_limits test_kill.Workers test_http.Flood test_audio.Jobs

    fuzz
}

if [ "${2:-}" = fuzz ]; then
    fuzz
else
    everything
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
