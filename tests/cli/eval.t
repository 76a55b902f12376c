#!/bin/sh
# nmt eval from the command line; its numbers are tested in tests/unit.
. tests/cli/harness.sh
head -n 200 data/test.fr >"$T/reference"
sed 's/ est / était /; s/ le / la /' "$T/reference" >"$T/hypothesis"
sed 's/e/a/' "$T/reference" >"$T/worse"

score() {
    "$NMT" eval --reference "$T/reference" "$@"
}
for metric in bleu chrf ter; do
    works "$metric of a text with itself" score --hypothesis "$T/reference" --metric $metric --json
    [ $metric = ter ] && best=0 || best=100
    is "$(sed -n 's/.*"score": \([^,]*\),.*/\1/p' "$T/out")" $best 'is the best there is'
    works "$metric as text" score --hypothesis "$T/hypothesis" --metric $metric
    is "$(wc -l <"$T/out")" 1 'is one line'
done
works 'from standard input' from_file "$T/hypothesis" score --hypothesis -

# The significance test. By hand: a system against itself has p = 1; none of n samples as extreme has p = 1 / (n + 1).
p_value() {
    sed -n 's/.*p = \([0-9.]*\);.*/\1/p' "$T/out"
}
works 'two systems' score --hypothesis "$T/hypothesis" --compare "$T/worse" --samples 200
is "$(p_value)" 0.0050 'a much worse system: p = 1/201'
has "$T/out" 'difference -.*first higher in 100\.0 %, second in 0\.0 %' 'and never higher'
cp "$T/out" "$T/once"
works 'the same again' score --hypothesis "$T/hypothesis" --compare "$T/worse" --samples 200
same "$T/once" "$T/out" 'is the same to the byte'
works 'with another seed' score --hypothesis "$T/hypothesis" --compare "$T/worse" --samples 200 --seed 2
ok 'other samples are drawn' test "$(tail -n 1 "$T/out" | sed 's/.*: first//')" != "$(tail -n 1 "$T/once" | sed 's/.*: first//')"
works 'a system against itself' score --hypothesis "$T/hypothesis" --compare "$T/hypothesis" --samples 200
is "$(p_value)" 1.0000 'has p = 1'
has "$T/out" 'difference \+0\.00' 'and no difference'

works 'by length' score --hypothesis "$T/hypothesis" --by-length --source "$T/reference"
ok 'has several lines' test "$(wc -l <"$T/out")" -gt 1
sed 's/[0-9]*?[0-9]*//g; s/  */ /g; s/^ //; s/ $//' data/test.align >"$T/sure"
works 'alignment error rate of the sure links of the gold' "$NMT" eval --hypothesis "$T/sure" --alignment data/test.align
has "$T/out" 'AER = 0\.00' 'is 0'

# The numbers of sacreBLEU: expected.json has for each corpus and metric the score, the signature and the line that it prints.
cases() { # DIRECTORY: corpus, metric, score, and the line as `nmt eval` prints it
    awk -F'"' '
        /^ "/ { corpus = $2 }
        /^  "/ { metric = $2 }
        /"score"/ { split($0, part, /: |,/); score = part[2] }
        /"signature"/ { signature = $4 }
        /"text"/ { split($4, part, " = "); print corpus, metric, score, part[1] "|" signature substr($4, length(part[1]) + 1) }
    ' "$1/expected.json"
}
options() { # METRIC
    case $1 in
    bleu_13a) ;;
    bleu_13a_lc) echo --lowercase ;;
    bleu_*) echo "--tokenize ${1#bleu_}" ;;
    chrf2) echo '--metric chrf' ;;
    chrf2pp) echo '--metric chrf --word-order 2' ;;
    ter) echo '--metric ter' ;;
    *) echo "--metric $1" ;;
    esac
}
equals_sacrebleu() { # DIRECTORY
    cases "$1" >"$T/cases"
    while read -r corpus metric wanted line; do
        # shellcheck disable=SC2046
        set -- "$1" --hypothesis "$1/$corpus.hyp" --reference "$1/$corpus.ref" $(options "$metric")
        directory=$1
        shift
        is "$("$NMT" eval "$@" 2>&1)" "$line" "$corpus, $metric: the line"
        got=$("$NMT" eval --json "$@" | sed -n 's/.*"score": \([^,]*\),.*/\1/p')
        ok "$corpus, $metric: the score" awk "BEGIN { d = $got - $wanted; exit !(\"$got\" != \"\" && d < 1e-9 && d > -1e-9) }"
        set -- "$directory"
    done <"$T/cases"
}
equals_sacrebleu tests/cli/scores
is "$(wc -l <"$T/cases")" 16 'of two corpora, eight metrics each'
if [ -f ../shared/data/scores/expected.json ]; then
    equals_sacrebleu ../shared/data/scores
    is "$(wc -l <"$T/cases")" 32 'of four corpora'
else
    skip 65 'there is no ../shared/data/scores'
fi

# Lines of 20,000 words, some left out, replaced or exchanged with the next. A table of all pairs of words has 1.6 GB and takes minutes.
awk 'BEGIN {
    for (i = x = 1; i <= 20000; i++) {
        x = (x * 16807) % 2147483647
        word = "w" x % 200
        reference = reference " " word
        if (i % 41 == 0)
            late = " " word
        else if (i % 37) {
            hypothesis = hypothesis " " (i % 53 ? word : "x") late
            late = ""
        }
    }
    print reference >ARGV[1]
    print hypothesis >ARGV[2]
}' "$T/long.ref" "$T/long.hyp"
works 'TER of 20,000 words ends' $LIMIT "$NMT" eval --metric ter --hypothesis "$T/long.hyp" --reference "$T/long.ref"
has "$T/out" ' = 9\.09$' 'with the score of the whole table'

head -n 190 "$T/reference" >"$T/short"
must_fail 1 'unequal line counts' score --hypothesis "$T/short"
has "$T/err" 'short has 190 lines, .*reference has 200: line 191 is missing from .*short$' 'both counts, and the first line that is missing'
must_fail 1 'a file that is not there' score --hypothesis "$T/nowhere"
must_fail 2 'no hypothesis' score
must_fail 2 'a metric that is not there' score --hypothesis "$T/worse" --metric meteor
must_fail 2 'an unknown option' score --hypothsis "$T/worse"
has "$T/err" 'did you mean --hypothesis' 'did you mean'
printf 'abc\377\n' >"$T/bad"
must_fail 1 'invalid UTF-8' score --hypothesis "$T/bad"
has "$T/err" 'bad:1: byte 4 ' 'file, line and byte'
if [ -w /dev/full ]; then
    must_fail 1 'a full disk' to_file /dev/full score --hypothesis "$T/worse"
else
    skip 1 'there is no /dev/full'
fi

done_testing
