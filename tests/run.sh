#!/bin/sh
# Runs the whole suite: a build by gcc, clang's under ASan and UBSan, its threads under TSan,
# and a short run of each fuzz target. The first build has the web app; the others test the C.
# Ends with one line "N passed, M failed" over all runs and exits non-zero when anything failed.
#   tests/run.sh BUILD_PREFIX [fuzz]    the fuzz targets alone
set -eu
here=$(dirname "$0")
prefix=$1
passed=0
failed=0
started= # LABEL:PID of each run that was started and not finished yet

build() { # name, ninja's target, compiler, meson options...
    dir=$prefix-$1
    target=$2
    compiler=$3
    shift 3
    [ -d "$dir" ] || CC=$compiler meson setup "$dir" "$@" >"$dir.log" 2>&1 ||
        { cat "$dir.log"; return 1; }
    ninja -C "$dir" --quiet "$target"
}

# ---- runs, which wait more than they work, beside each other ----

start() { # label, command...
    label=$1
    shift
    rm -f "$prefix-$label.count"
    "$@" >"$prefix-$label.log" 2>&1 &
    started="$started $label:$!"
}

finish() { # waits for all that was started, shows what each said, and counts
    for one in $started; do
        label=${one%:*}
        wait "${one#*:}" || true
        echo "== $label"
        cat "$prefix-$label.log"
        ok=0 bad=1 # of one that did not come to count
        [ ! -f "$prefix-$label.count" ] || read -r ok bad <"$prefix-$label.count"
        passed=$((passed + ok))
        failed=$((failed + bad))
    done
    started=
}

count() { # passed, failed: of the run that has this label
    echo "$1 $2" >"$prefix-$label.count"
}

inside() { # name, further arguments of meson test...: the programs of the build
    dir=$prefix-$1
    shift
    meson test -C "$dir" --no-rebuild --print-errorlogs "$@" || true
    results=$dir/meson-logs/testlog.json
    ok=$(grep -c '"result": "OK"' "$results" || true)
    all=$(grep -c '"result": ' "$results" || true)
    [ "$all" -gt 0 ] || all=$((ok + 1))
    count "$ok" $((all - ok))
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
    count "$ok" "$bad"
}

# ---- builds ----

gcc_build() {
    build gcc all gcc -Dbuildtype=debugoptimized && count 0 0
}

release_build() { # what make build makes: with -O3, gcc warns of more
    build release all gcc -Dbuildtype=release -Dtests=false -Dwebui=false
}

# -O1: what the sanitizers add costs far less than without any optimisation.
sanitized_build() { # without the web app
    build sanitized all clang -Dbuildtype=debug -Doptimization=1 -Dwebui=false \
        -Db_sanitize=address,undefined
}

threads_build() {
    build threads all clang -Dbuildtype=debugoptimized -Dwebui=false -Db_sanitize=thread
}

fuzz_build() {
    build fuzz fuzzers clang -Dfuzzing=true -Dwebui=false -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined
}

# The later builds, while the first one's tests wait.
build_ahead() {
    renice -n 19 "$(exec sh -c 'echo "$PPID"')" >/dev/null
    sanitized_build && threads_build && fuzz_build && release_build && count 0 0
}

# ---- the suite ----

fuzz() { # FUZZ_SECONDS makes it longer
    fuzz_build && inside fuzz --suite fuzz -t 0
}

everything() {
    start gcc-build gcc_build
    finish
    start builds build_ahead
    start gcc-inside inside gcc
    start gcc-outside outside gcc
    finish
    # Without what measures memory or time of the server as it is used.
    start sanitized-inside inside sanitized
    start sanitized-outside outside sanitized --except test_memory --except test_kill.Kill \
        --except test_web
    start fuzz fuzz
    finish
    start threads-inside inside threads --suite unit
    start threads-outside outside threads test_limits test_kill.Workers test_http.Flood \
        test_audio.Jobs test_usage.Me.test_downloads_without_a_pause
    finish
}

if [ "${2:-}" = fuzz ]; then
    start fuzz fuzz
    finish
else
    everything
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
