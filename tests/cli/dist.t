#!/bin/sh
# make dist: an archive that builds without git, knows its version, and has the same bytes each time.
. tests/cli/harness.sh
case ${BUILD-} in
'' | *release) ;;
*)
    skip 1 'the archive is tested with the release build'
    done_testing
    ;;
esac
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CONFIG BUILD CC CFLAGS CPPFLAGS LDFLAGS LDLIBS

if ! git rev-parse HEAD >/dev/null 2>&1; then
    skip 1 'not a clone of a git repository'
    done_testing
fi
version=$(git describe --tags --always)
run make DIST="$T/one" dist
is "$code $(tail -n 1 "$T/out")" "0 $T/one/nmt-$version.tar.gz" 'make dist'
sleep 1
(umask 077 && TZ=Asia/Tokyo make DIST="$T/two" dist) >"$T/out" 2>"$T/err"
same "$T/one/nmt-$version.tar.gz" "$T/two/nmt-$version.tar.gz" 'the same bytes a second later, elsewhere'
mkdir "$T/tree"
tar xzf "$T/one/nmt-$version.tar.gz" -C "$T/tree"
is "$(ls "$T/tree")" "nmt-$version" 'one directory'
cd "$T/tree/nmt-$version" || exit 1
is "$(git -C "$HERE" ls-tree -r --name-only HEAD | wc -l)" "$(($(find . -type f | wc -l) - 1))" 'with every file, and VERSION'
ok 'which others may read' test -z "$(find . ! -perm -044)"
works 'it builds' make -j2 CFLAGS=-O0
works 'and runs' ./nmt --version
has "$T/out" "^nmt $version( |$)" 'with its version'
must_say=$(make dist 2>&1 >"$T/discarded" | grep -c 'is no clone')
is "$must_say" 1 'an archive of an archive: refused'
cd "$HERE" || exit 1
done_testing
