#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages of tools/packages.txt that are missing. Does nothing, quickly, when none is.
# Exit status: 0 all there · 1 apt-get failed · 3 missing, and we may not install them (the line to run is printed).
# LL_NO_INSTALL=1 only checks.
set -u

list=$(dirname "$0")/packages.txt
mapfile -t packages < <(sed -e 's/#.*//' -e 's/[[:space:]].*//' -e '/^$/d' "$list")

if ! command -v dpkg-query >/dev/null; then
    echo "deps: this is not a Debian system; provide what tools/packages.txt names, then build" >&2
    exit 0
fi

missing=()
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/^installed //p')
for package in "${packages[@]}"; do
    grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
may_install=1
if [ "${LL_NO_INSTALL:-0}" = 1 ]; then
    may_install=0
elif [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    # Without a terminal nobody can type a password.
    if ! command -v sudo >/dev/null; then
        may_install=0
    elif [ ! -t 0 ] && ! sudo -n true 2>/dev/null; then
        may_install=0
    fi
fi
if [ $may_install -eq 0 ]; then
    {
        echo "deps: missing Debian packages: ${missing[*]}"
        echo "deps: run this as root, then try again:"
        echo "    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    } >&2
    exit 3
fi

install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

echo "deps: installing ${missing[*]}"
# Lists that are absent or out of date make the first attempt fail; then fetch them once.
if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || ! install; then
    "${as_root[@]}" apt-get update && install || {
        echo "deps: apt-get failed; its messages are above" >&2
        exit 1
    }
fi
