#!/bin/sh
# Looks at the sources without running them; ends at the first tool that finds something.
#   tools/lint.sh BUILD_DIR
set -eu
dir=$1

tools/check_layers.py
tools/check_sizes.py
git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
# ctuuninitvar takes an out-parameter for a read, and looks only where one core runs it.
cppcheck --quiet -j"$(nproc)" --error-exitcode=1 --std=c11 --inline-suppr -Isrc -Iinclude \
    --enable=warning,portability,performance --suppress=missingIncludeSystem \
    --suppress=ctuuninitvar src
[ -d "$dir" ] || meson setup "$dir" -Dtests=false -Dwebui=false >/dev/null
ninja -C "$dir" --quiet src/store/statements.h
git ls-files 'src/*.c' | xargs -P"$(nproc)" -n4 clang-tidy --quiet -p "$dir" 2>/dev/null
echo "lint finds nothing"
