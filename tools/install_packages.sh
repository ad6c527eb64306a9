#!/bin/sh
# Installs the packages of the named groups from tools/packages.txt, those that are
# missing only: with everything there it asks no one for anything.
#   tools/install_packages.sh build test
set -eu
list=$(dirname "$0")/packages.txt
missing=
for group in "$@"; do
    for package in $(awk -v g="$group" '$1 == g { print $2 }' "$list"); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "Installing:$missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of package names, split on purpose
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
