#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: tools/deps.sh installs exactly what is missing, or says exactly what to run. Method: its own copy with a list of
# two packages, and stand-ins for dpkg-query, apt-get, sudo and id that record what they are asked.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
failed=0

mkdir -p "$place/tools" "$place/bin"
cp tools/deps.sh "$place/tools/"
printf '# a comment\n\nlibone-dev   first reason\nlibtwo-dev   second reason\n' >"$place/tools/packages.txt"
cat >"$place/bin/dpkg-query" <<'END'
#!/bin/bash
[ "$HAVE" = one ] && printf 'installed libone-dev\nnot-installed libtwo-dev\n'
[ "$HAVE" = both ] && printf 'installed libone-dev\ninstalled libtwo-dev\n'
END
cat >"$place/bin/apt-get" <<'END'
#!/bin/bash
echo "$*" >>"$PLACE/asked"
case $APT in
good) exit 0 ;;
stale) [ "$1" = update ] && touch "$PLACE/updated"; [ -e "$PLACE/updated" ] ;;
broken) exit 100 ;;
esac
END
printf '#!/bin/bash\necho "${USER_ID}"\n' >"$place/bin/id"
printf '#!/bin/bash\nexit 1\n' >"$place/bin/sudo"
chmod +x "$place"/bin/*

try() { # what, status wanted, then VARIABLE=value...
    what=$1 wanted=$2
    shift 2
    rm -f "$place/asked" "$place/updated"
    output=$(env PATH="$place/bin:$PATH" PLACE="$place" "$@" "$place/tools/deps.sh" 2>&1 </dev/null)
    status=$?
    asked=$(cat "$place/asked" 2>/dev/null)
    [ $status -eq "$wanted" ] || { echo "$what: status $status, not $wanted: $output"; failed=1; }
}
says() {
    grep -qF -- "$1" <<<"$output" || { echo "$what: it does not say '$1' but: $output"; failed=1; }
}
asks() {
    [ "$asked" = "$1" ] || { echo "$what: it asks apt-get '$asked', not '$1'"; failed=1; }
}
install="install -y --no-install-recommends"

try "nothing missing" 0 HAVE=both APT=broken USER_ID=0
asks ""
[ -z "$output" ] || { echo "$what: it is not silent: $output"; failed=1; }

try "only checking" 3 HAVE=one APT=good USER_ID=0 LL_NO_INSTALL=1
says "apt-get update && apt-get $install libtwo-dev"
asks ""

try "not root, no password" 3 HAVE=one APT=good USER_ID=1000
says "apt-get update && apt-get $install libtwo-dev"
asks ""

# Where the machine has no package lists at all, it fetches them first and does not try without.
if ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
    try "root" 0 HAVE=one APT=good USER_ID=0
    asks "$install libtwo-dev"
    try "root, stale lists" 0 HAVE=none APT=stale USER_ID=0
    asks "$(printf '%s\n' "$install libone-dev libtwo-dev" update "$install libone-dev libtwo-dev")"
else
    try "root, no lists" 0 HAVE=none APT=stale USER_ID=0
    asks "$(printf '%s\n' update "$install libone-dev libtwo-dev")"
fi
try "apt-get fails" 1 HAVE=one APT=broken USER_ID=0
says "apt-get failed"

cd "$root" && exit $failed
