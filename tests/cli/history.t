#!/bin/sh
# scripts/history: every step from one fixed vector to the Transformer, on one page.
. tests/cli/harness.sh
if ! command -v perl >/dev/null 2>&1; then
    skip 1 'perl is missing'
    done_testing
fi
corpus 200
head -n 20 data/test.en >"$T/test.en"
head -n 20 data/test.fr >"$T/test.fr"
head -n 20 data/test.align >"$T/test.align"
history() {
    NMT="$NMT" timeout 300 scripts/history --minutes 0.01 --threads 1 --work "$T/work" --output "$T/page/HISTORY.md" "$@"
}
mkdir "$T/page"
works 'trains and measures every step' history "$T:en:fr"
ok 'writes the page' test -s "$T/page/HISTORY.md"
is "$(grep -c '^| [^|]* | [0-9]* | [0-9]* | [0-9.]* | [0-9.]* |' "$T/page/HISTORY.md")" 7 'with a row per step'
is "$(grep -c '^| [^|]* |.*| – |' "$T/page/HISTORY.md")" 1 'all but the first with an error rate of alignments'
is "$(ls "$T/page"/history-*.svg | wc -l)" 8 'six alignments, and the curves of time and length'
for picture in "$T/page"/history-*.svg; do
    ok "${picture##*/} ends" sh -c 'tail -n 1 "$1" | grep -qx "</svg>"' - "$picture"
done
ok 'parameters are equal within 5 %' awk -F '|' 'NF == 9 && $3 + 0 { n++; if (!first) first = $3; if ($3 < 0.95 * first || $3 > 1.05 * first) exit 1 } END { exit n != 7 }' \
    "$T/page/HISTORY.md"
works 'again, with its own time' history "$T:en:fr:0.01"
lacks "$T/out" 'parameters, ' 'nothing is trained again'
must_fail_script() { # CODE DESCRIPTION ARGUMENT...
    wanted=$1
    what=$2
    shift 2
    run scripts/history "$@"
    is "$code" "$wanted" "$what: code"
    has "$T/err" '^history: ' "$what: says why"
}
must_fail_script 2 'no corpus'
must_fail_script 2 'not three parts' data
must_fail_script 1 'files that are not there' --work "$T/none" "$T:en:xx"
must_fail_script 2 'an unknown option' --fast data:en:fr
done_testing
