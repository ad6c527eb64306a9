#!/bin/sh
# The example meters across runs, and refuses past its limit without a trace.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
[ "$("$1" "$dir/l.db" 60)" = "printed: 60 pages in all" ]
! "$1" "$dir/l.db" 41 >"$dir/refusal"
[ "$(cat "$dir/refusal")" = "refused: 60 of 100 pages used" ]
[ "$("$1" "$dir/l.db" 40)" = "printed: 100 pages in all" ]
