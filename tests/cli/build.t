#!/bin/sh
# The build: what depends on flags is built again when they change, and only then; scripts/setup asks for nothing that is there.
. tests/cli/harness.sh
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CONFIG BUILD CC CFLAGS CPPFLAGS LDFLAGS LDLIBS

# --- flags are a dependency: the Makefile over two small files ---
mkdir -p "$T/tree/src/base" "$T/tree/src/cli"
cp Makefile "$T/tree"
echo 'int twice(int x); int twice(int x) { return 2 * x; }' >"$T/tree/src/base/twice.c"
echo 'int main(void) { return sizeof NMT_VERSION == 0; }' >"$T/tree/src/cli/main.c"
built() { # WANTED DESCRIPTION ARGUMENT...: how many files were compiled
    wanted=$1
    what=$2
    shift 2
    run make -C "$T/tree" "$@"
    is "$code $(grep -c ' -c -o ' "$T/out")" "0 $wanted" "$what"
}
built 2 'make compiles'
built 0 'make again compiles nothing'
built 2 'another CPPFLAGS compiles all again' CPPFLAGS=-DNMT_ONE_CLONE
built 0 'the same CPPFLAGS nothing' CPPFLAGS=-DNMT_ONE_CLONE
built 2 'without it again' ONEDNN=0
built 2 'another compiler' CC='cc -pipe' ONEDNN=0
built 2 'more libraries' ONEDNN=0 LDLIBS="-lm -L'/a b'"
built 0 'the same, quotes and all' ONEDNN=0 LDLIBS="-lm -L'/a b'"
built 2 'another configuration has its own objects' ONEDNN=0 CONFIG=no-onednn
built 0 'and leaves the first as it was' ONEDNN=0 LDLIBS="-lm -L'/a b'"
if echo '#include <dnnl.h>' | cc -E -x c - >/dev/null 2>&1; then
    run make -C "$T/tree"
    built 2 'make ONEDNN=0 after make compiles again' ONEDNN=0
else
    skip 1 'oneDNN is not installed'
fi
run make -C "$T/tree" ONEDNN=0 VERSION=1
built 1 'another version compiles what names it' ONEDNN=0 VERSION=2

# --- scripts/setup, on a system whose programs are links in $T/bin, but for package managers; what is played stands in $T/played, where
# nothing is a link that a script could be written through ---
mkdir "$T/bin" "$T/played"
for directory in /usr/local/bin /usr/bin /bin; do
    for program in "$directory"/*; do
        case ${program##*/} in
        apt* | dpkg* | sudo) ;;
        *) [ -e "$T/bin/${program##*/}" ] || ln -s "$program" "$T/bin/${program##*/}" ;;
        esac
    done
done
cat >"$T/played/id" <<END
#!/bin/sh
echo 1000
END
chmod +x "$T/played/id"
setup() {
    run env PATH="$T/played:$T/bin" "$@" scripts/setup --test
}
setup
is "$code $(grep -v 'going on without' "$T/err" | cat "$T/out" -)" '0 ' 'without dpkg: nothing to say where everything is there'

# A compiler that has no zlib.h until it is installed.
cat >"$T/played/lacking" <<END
#!/bin/sh
for file; do
    case \$file in *.c) [ -e "$T/installed" ] || ! grep -q zlib.h "\$file" || exit 1 ;; esac
done
exec cc "\$@"
END
chmod +x "$T/played/lacking"
setup CC=lacking
is "$code $(cat "$T/out")" '1 ' 'what is missing fails where it cannot be installed'
has "$T/err" 'not found: zlib1g-dev ' 'and is named'
is "$(wc -l <"$T/err")" 1 'in one line'
cat >"$T/played/apt-get" <<END
#!/bin/sh
echo "\$*" >>"$T/asked"
END
chmod +x "$T/played/apt-get"
setup CC=lacking
is "$code" 1 'apt-get without root and sudo is not run'
ok 'indeed not' test ! -e "$T/asked"
cat >"$T/played/sudo" <<END
#!/bin/sh
echo sudo >>"$T/asked"
"\$@"
END
chmod +x "$T/played/sudo"
setup CC=lacking
is "$code" 1 'apt-get that does not help: fails'
has "$T/asked" '^sudo$' 'with sudo'
has "$T/asked" 'install .*zlib1g-dev' 'apt-get was asked'
echo ": >'$T/installed'" >>"$T/played/apt-get"
setup CC=lacking
is "$code" 0 'apt-get that helps: done'
has "$T/out" 'installing.* zlib1g-dev.*sudo apt-get' 'says what it installs'
done_testing
