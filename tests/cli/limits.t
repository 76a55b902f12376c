#!/bin/sh
# Little address space (ulimit -v): every command ends soon, with 0 or 1 and at most one line of error; it neither hangs nor crashes.
. tests/cli/harness.sh

# A sanitizer reserves terabytes.
if ! (ulimit -v 1000000 && "$NMT" --version) >/dev/null 2>&1; then
    skip 1 'this build does not start in 1 GB of address space, or there is no ulimit -v'
    done_testing
fi

corpus 200
learned "$T/m.gguf"
head -n 1 "$T/valid.en" >"$T/one"
LIMIT='timeout 20'

# limited KILOBYTES COMMAND...
limited() {
    (
        ulimit -v "$1"
        shift
        "$@"
    )
}

# survives DESCRIPTION COMMAND...: at every limit; with much memory it works, with little it says so.
survives() {
    what=$1
    shift
    bad=
    for kilobytes in 60000 80000 100000 120000 160000 200000 240000 300000 400000 600000; do
        run limited "$kilobytes" "$@"
        if [ "$code" -gt 1 ] || [ "$(wc -l <"$T/err")" -ne "$code" ]; then
            bad="$bad $kilobytes:$code"
            sed 's/^/#   /' "$T/err"
        fi
    done
    is "$bad" '' "$what: nothing but success and one line of error"
    is "$code" 0 "$what: works in 600 MB"
}

survives '--version' $LIMIT "$NMT" --version
survives 'a lone line' from_file "$T/one" $LIMIT "$NMT" translate --threads 1 --model "$T/m.gguf"
survives 'translate' from_file "$T/valid.en" $LIMIT "$NMT" translate --threads 1 --model "$T/m.gguf"
survives 'two threads' from_file "$T/valid.en" $LIMIT "$NMT" translate --threads 2 --model "$T/m.gguf"
survives 'by OpenBLAS' from_file "$T/valid.en" $LIMIT "$NMT" translate --threads 2 --model "$T/m.gguf" --backend openblas
survives 'align' $LIMIT "$NMT" align --threads 2 --model "$T/m.gguf" --source "$T/valid.en" --target "$T/valid.fr"
survives 'train, by OpenBLAS' train --threads 1 --backend openblas --quiet --model "$T/x.gguf" --max-updates 2
survives 'eval' $LIMIT "$NMT" eval --hypothesis "$T/valid.fr" --reference "$T/valid.fr"
survives 'info' $LIMIT "$NMT" info "$T/m.gguf"
must_fail 1 'more threads than there is room for' limited 600000 from_file "$T/valid.en" $LIMIT "$NMT" translate --threads 200 --model "$T/m.gguf"
has "$T/err" 'threads can be started.*--threads' 'says what to do'
must_fail 1 'less memory than is needed' limited 100000 from_file "$T/valid.en" $LIMIT "$NMT" translate --threads 2 --model "$T/m.gguf"
has "$T/err" 'out of memory.*MB' 'says how much'
done_testing
