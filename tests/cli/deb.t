#!/bin/sh
# make deb: packages without a complaint from lintian; installed, used by a stranger, removed. They are installed into a directory; where
# this runs as root in CI, also on the system.
. tests/cli/harness.sh
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CONFIG CC CFLAGS CPPFLAGS LDFLAGS LDLIBS DEBEMAIL DEBFULLNAME
case ${BUILD-} in
'' | *release) ;;
*)
    skip 1 'the packages are tested with the release build'
    done_testing
    ;;
esac
unset BUILD
for tool in dh dpkg-buildpackage dpkg-deb pkg-config; do
    if ! command -v $tool >/dev/null; then
        skip 1 "$tool is not installed (scripts/setup --deb)"
        done_testing
    fi
done

# dpkg's own checks want its programs on the path.
PATH=$PATH:/usr/sbin:/sbin
version=$(cat VERSION 2>/dev/null || git describe --tags --always --dirty 2>/dev/null || echo unversioned)
run make DEB="$T/deb" DEB_BUILD_OPTIONS='noopt parallel=2' deb
is "$code $(ls "$T/deb" | sed -n 's/_.*\.deb$//p' | xargs)" '0 libnmt-dev libnmt0 nmt' 'make deb'
[ "$code" = 0 ] || show
if command -v lintian >/dev/null; then
    run lintian --allow-root --fail-on error "$T/deb/"*.deb
    is "$code $(grep -c '^E:' "$T/out")" '0 0' 'lintian finds no error'
    is "$(grep '^W:' "$T/out")" '' 'nor anything to warn of'
else
    skip 2 'lintian is not installed'
fi
is "$(dpkg-deb -f "$T/deb/"nmt_*.deb Depends | tr -d ' ' | tr , '\n' | sed 's/(.*//' | grep -c -x -E 'libc6|libjson-c[0-9]+|libopenblas0|libutf8proc[0-9]+|zlib1g')" 5 'nmt depends on its libraries'
dpkg-deb -e "$T/deb/"libnmt0_*.deb "$T/control"
has "$T/control/triggers" ldconfig 'ldconfig is triggered'
has "$T/control/symbols" '^ nmt_open@NMT_0 0~$' 'symbols have versions'
dpkg-deb -c "$T/deb/"nmt_*.deb >"$T/list"
is "$(grep -c '/man1/nmt.*\.1\.gz$' "$T/list")" "$(($("$NMT" --help | grep -c '^  [a-z][a-z]*  ') + 1))" 'manual pages of the program and of every command, compressed'
has "$T/list" '/systemd/system/nmt\.service$' 'the unit'

# used WHERE DESCRIPTION: as one who has installed the packages; $root is where, and pkg-config finds the library.
used() {
    works "$1: the program" "$root/usr/bin/nmt" --version
    is "$(cat "$T/out")" "nmt $version" "$1: has its version"
    run cc -o "$T/example" tests/library/example.c $(pkg-config --cflags --libs nmt)
    is "$code" 0 "$1: the example is compiled"
    is "$(objdump -p "$T/example" | awk '$1 == "NEEDED" && /nmt/ { print $2 }')" libnmt.so.0 "$1: with the shared library"
    works "$1: and translates" env LD_LIBRARY_PATH="$root/usr/lib/$triplet" "$T/example" "$T/m.gguf" 'They took a bag.'
    is "$(sed -n '1s/.*	//p' "$T/out")" "$wanted" "$1: as the program does"
}
corpus 200
learned "$T/m.gguf"
wanted=$(echo 'They took a bag.' | translate --model "$T/m.gguf" --threads 1)
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
root=$T/root
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
: >"$root/var/lib/dpkg/status"
into_root() {
    dpkg --root="$root" --log=/dev/null --force-not-root --force-depends --force-script-chrootless "$@"
}
run into_root --install "$T/deb/"*.deb
is "$code" 0 'dpkg installs them into a directory'
[ "$code" = 0 ] || show
export PKG_CONFIG_LIBDIR="$root/usr/lib/$triplet/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
used 'in a directory'
run into_root --purge nmt libnmt0 libnmt-dev
is "$code" 0 'and purges them'
is "$(find "$root/usr" "$root/etc" -type f -o -type l 2>/dev/null)" '' 'nothing is left'
unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS

if [ "$(id -u)" = 0 ] && [ -n "${CI-}" ] && ! dpkg -s nmt libnmt0 libnmt-dev >/dev/null 2>&1; then
    root=
    run dpkg --install "$T/deb/"*.deb
    is "$code" 0 'dpkg installs them on the system'
    used 'on the system'
    if command -v systemd-analyze >/dev/null; then
        unit=$(dpkg -L nmt | grep '/nmt\.service$')
        works 'systemd finds no fault with the unit' systemd-analyze verify --man=no "$unit"
        is "$(cat "$T/err")" '' 'nor anything to warn of'
    else
        skip 2 'systemd is not installed'
    fi
    run dpkg --purge nmt libnmt-dev libnmt0
    is "$code $(ls -d /usr/bin/nmt /usr/include/nmt.h /usr/lib/*/libnmt.* /usr/share/doc/*nmt* 2>/dev/null)" '0 ' 'and purges them without a trace'
else
    skip 10 'packages are installed on the system only by root in CI'
fi
done_testing
