#!/bin/sh
# scripts/time-to-quality: the table, and what is refused. The figures are not judged.
. tests/cli/harness.sh
corpus 200
cp "$T/train.en" "$T/valid.en"
cp "$T/train.fr" "$T/valid.fr"
quality() {
    NMT="$NMT" timeout 300 scripts/time-to-quality --threads 1 --minutes 0.05 --work "$T/work" "$@"
}
works 'two settings' quality --marks 0,99 "$T:en:fr" ".=$TINY" ".=$TINY --learning-rate .002"
is "$(grep -c '^\.=' "$T/out")" 4 'a row per mark'
ok 'the first mark is reached at once by both' awk '$0 ~ / 0 +[0-9.]+ +([0-9.]+|-) +[0-9.]+ +1$/ { n++ } END { exit n != 2 }' "$T/out"
ok 'the last by none' awk '$0 ~ / 99 +- +- +- +0$/ { n++ } END { exit n != 2 }' "$T/out"
cp "$T/out" "$T/first"
works 'again' quality --marks 0,99 "$T:en:fr" ".=$TINY" ".=$TINY --learning-rate .002"
ok 'nothing is trained again' cmp "$T/first" "$T/out"
must_fail_script() { # CODE DESCRIPTION ARGUMENT...
    wanted=$1
    what=$2
    shift 2
    run scripts/time-to-quality "$@"
    is "$code" "$wanted" "$what: code"
    has "$T/err" '^time-to-quality: ' "$what: says why"
}
must_fail_script 2 'no revision' "$T:en:fr"
must_fail_script 2 'a corpus of one part' "$T" .
must_fail_script 2 'a mark that is no number' --marks good "$T:en:fr" .
must_fail_script 1 'no such files' "$T:en:xx" .
must_fail_script 1 'no such revision' --work "$T/work" "$T:en:fr" no-such-revision
done_testing
