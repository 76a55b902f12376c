#!/bin/sh
# The library as a stranger uses it: installed, found by pkg-config, linked in both ways; many threads, and everything that can fail.
. tests/cli/harness.sh
corpus 200
learned "$T/m.gguf"
sed -n 1,20p "$T/valid.en" >"$T/in"
printf '\n  \nThey took\ta\302\240bag.\n\377bad\n' >>"$T/in"
translate --model "$T/m.gguf" --threads 1 <"$T/in" >"$T/wanted" 2>"$T/discarded"

case ${BUILD-} in
*/asan)
    run cc -std=c11 -fsanitize=address,undefined -fno-sanitize-recover=all -Isrc/serve -pthread -fopenmp -o "$T/threads" tests/library/threads.c \
        "$BUILD/libnmt.a" $(sed -n 's/.* \(-ldl .*\)/\1/p' "$BUILD/flags")
    is "$code" 0 'the threads are built with sanitizers'
    works 'eight threads, and what fails' from_file "$T/in" "$T/threads" "$T/m.gguf" no-limits
    same "$T/wanted" "$T/out" 'the translations are those of the program'
    done_testing
    ;;
'' | *release) ;;
*)
    skip 1 'the library is tested with the release build and the address sanitizer'
    done_testing
    ;;
esac
if ! command -v pkg-config >/dev/null; then
    skip 1 'pkg-config is not installed'
    done_testing
fi
if ! make -q MAKEFLAGS= build/release/nmt >/dev/null 2>&1; then # it would be replaced while other tests use it
    skip 1 'the program was built with other options than those of make alone'
    done_testing
fi
run make MAKEFLAGS= PREFIX="$T/usr" install
is "$code" 0 'make install'
has "$T/usr/lib/systemd/system/nmt.service" "^ExecStart=$T/usr/bin/nmt serve" 'the unit for systemd starts what was installed'
PKG_CONFIG_PATH=$T/usr/lib/pkgconfig
LD_LIBRARY_PATH=$T/usr/lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH
is "$(nm -D --defined-only "$T/usr/lib/libnmt.so" | sed 's/.* //; s/@.*//' | sort | xargs)" \
    'NMT_0 nmt_close nmt_free nmt_free_text nmt_open nmt_open_memory nmt_translate nmt_version' 'the shared library shows its functions only'
is "$(nm -g --defined-only "$T/usr/lib/libnmt.a" | sed -n 's/.* [A-Za-z] //p' | sort | xargs)" \
    'nmt_close nmt_free nmt_free_text nmt_open nmt_open_memory nmt_translate nmt_version' 'and so does the other one'
run cc -std=c11 -Wall -Wextra -Wpedantic -Werror -o "$T/example" tests/library/example.c $(pkg-config --cflags --libs nmt)
is "$code" 0 'the example is compiled, as its first line says'
works 'and runs' "$T/example" "$T/m.gguf" "$(sed -n 1p "$T/in")" ''
is "$(sed -n '1s/.*	//p' "$T/out")" "$(sed -n 1p "$T/wanted")" 'and translates'
wanted=$(translate --model "$T/m.gguf" --threads 1 --scores <"$T/in" 2>/dev/null | sed -n '1s/	.*//p')
ok 'with the score, which is printed with four digits' awk -v a="$(sed -n '1s/	.*//p' "$T/out")" -v b="$wanted" \
    'BEGIN { d = a - b; exit !(a < 0 && d < 1e-4 && d > -1e-4) }'
has "$T/out" '^    .+ <- ' 'and the alignment'
is "$(tail -n 1 "$T/out")" '0.0000	' 'a blank text remains one'
must_say() { # WHAT PATTERN ARGUMENT...
    what=$1 pattern=$2
    shift 2
    run "$T/example" "$@"
    is "$code $(grep -c "$pattern" "$T/err") $(wc -l <"$T/err")" '1 1 1' "$what: an error as text, and nothing else"
}
must_say 'no model' '^/nowhere: No such file' /nowhere x
must_say 'no model file' 'README.md: ' README.md x
run cc -o "$T/static" tests/library/example.c $(pkg-config --cflags nmt) "$T/usr/lib/libnmt.a" $(pkg-config --static --libs nmt | sed 's/-lnmt//')
is "$code" 0 'the example is linked statically'
works 'and runs' env -u LD_LIBRARY_PATH "$T/static" "$T/m.gguf" x
run cc -std=c11 -Wall -Wextra -Werror -pthread -o "$T/threads" tests/library/threads.c $(pkg-config --cflags --libs nmt)
is "$code" 0 'the threads are built'
works 'eight threads, what fails, and memory that is short' from_file "$T/in" "$T/threads" "$T/m.gguf"
same "$T/wanted" "$T/out" 'the translations are those of the program'
is "$(cat "$T/err")" '' 'nothing was written to standard error'
if command -v c++ >/dev/null; then
    echo '#include <nmt.h>
    int main() { return nmt_version() == nullptr; }' >"$T/x.cc"
    run c++ -o "$T/x" "$T/x.cc" $(pkg-config --cflags --libs nmt)
    is "$code" 0 'C++ reads the header'
else
    skip 1 'no C++ compiler'
fi
run make MAKEFLAGS= PREFIX="$T/usr" uninstall
is "$(find "$T/usr" -type f -o -type l)" '' 'make uninstall leaves nothing'
done_testing
