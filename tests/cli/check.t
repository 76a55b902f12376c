#!/bin/sh
# nmt check: errors planted in the demo corpus are found, and little else is; what it prints and what it writes.
. tests/cli/harness.sh

check() {
    $LIMIT "$NMT" check --threads 2 "$@"
}

# found FLAW: how many pairs the JSON object in $T/out has for it.
found() {
    sed -n "s/^ *\"$1\": {\"pairs\": \\([0-9]*\\),.*/\\1/p" "$T/out"
}

# judge FLAW PRECISION RECALL DESCRIPTION: the lines of $T/planted against those removed for the flaw, in per cent.
judge() {
    awk -F'\t' -v flaw="$1" 'NR == FNR { planted[$1] = 1; n++; next }
        ("," $2 ",") ~ ("," flaw ",") { found++; right += $1 in planted }
        END { printf "%d %d %d %d\n", n, found, found ? int(100 * right / found) : 0, n ? int(100 * right / n) : 0 }' \
        "$T/planted" "$T/clean.removed.tsv" >"$T/judged"
    read -r planted count precision recall <"$T/judged"
    ok "$4: $planted planted, $count found, precision $precision % (at least $2), recall $recall % (at least $3)" \
        test "$precision" -ge "$2" -a "$recall" -ge "$3"
}

# plant PROGRAM: the first 4000 pairs as $T/s and $T/t, changed by an awk program over the columns 1 and 2, which prints the numbers of the
# lines that it spoils to the file `planted`.
head -n 4000 data/train.en >"$T/en"
head -n 4000 data/train.fr >"$T/fr"
plant() {
    : >"$T/planted"
    paste "$T/en" "$T/fr" | awk -F'\t' -v OFS='\t' -v planted="$T/planted" "$1" >"$T/both"
    cut -f 1 "$T/both" >"$T/s"
    cut -f 2 "$T/both" >"$T/t"
}
run_check() {
    check --source "$T/s" --target "$T/t" --output "$T/clean" --no-estimate --json "$@"
}

# --- a clean corpus ---
plant '{ print }'
works 'a clean corpus' run_check
ok "unrelated: hardly any ($(found unrelated))" test "$(found unrelated)" -le 2
is "$(($(wc -l <"$T/clean.source") + $(wc -l <"$T/clean.removed.tsv") - 1))" 4000 'every pair is kept or removed'
works 'the same, which may keep what the lexicon doubts' run_check --keep unrelated
for flaw in empty utf8 mojibake control duplicate held-out equal script language swapped shifted length numbers placeholders; do
    is "$(found $flaw)" 0 "$flaw: none"
done
same "$T/clean.source" "$T/s" 'all sources are kept, byte for byte'
same "$T/clean.target" "$T/t" 'and all targets'
is "$(cat "$T/clean.removed.tsv")" "$(printf 'line\treasons\tsource\ttarget')" 'nothing is removed'
ok 'the JSON is JSON' node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$T/out"
cp "$T/out" "$T/once"
works 'once more, with one thread' run_check --threads 1 --keep unrelated
same "$T/once" "$T/out" 'says the same'

# --- planted errors ---
plant 'NR > 2000 { print $1, before; print NR >planted; before = $2; next } { before = $2; print }'
works 'half of the corpus shifted by one line' run_check
judge shifted 99 99 'shifted half'
has "$T/out" '"shifts": \[\{"first_line": 200[0-9], "last_line": 4000, "offset": 1\}\]|"first_line": 200[0-9], "last_line": 4000, "offset": -1' 'and the place is named'
works 'the same as a table' check --source "$T/s" --target "$T/t" --no-estimate
has "$T/out" '^  lines 200[0-9] to 4000: a source line belongs to the target 1 line below it\. Near line 200[0-9], ' 'with a remedy'
works 'the quick check' check --source "$T/s" --target "$T/t" --quick --json
ok 'sees it, too' test "$(found shifted)" -ge 1950 -a "$(found shifted)" -le 2050

plant 'NR % 20 == 7 { print NR >planted; held[++n] = $2; if (n > 1) { print $1, held[n - 1]; next } } { print }'
works 'a twentieth of the targets in the wrong place' run_check
judge unrelated 95 85 'pairs that do not belong together'

plant 'NR % 4 == 1 { print NR >planted; print $2, $1; next } { print }'
works 'a quarter of the pairs exchanged' run_check
judge swapped 99 93 'exchanged pairs'
sed 's/$/ /' "$T/fr" | head -n 50 >"$T/held.fr"
head -n 50 "$T/en" >"$T/held.en"
works 'held-out files in the wrong order' run_check --test-source "$T/held.fr" --test-target "$T/held.en"
has "$T/out" '"name": "test", "pairs": 50,.*"exchanged": true' 'are noticed'
works 'and in the right one' run_check --test-source "$T/held.en" --test-target "$T/held.fr"
has "$T/out" '"name": "test", "pairs": 50, "common_pairs": 37,.*"exchanged": false' 'are not; common pairs are counted'

# A third language, of which nothing else is known: Spanish of a kind.
plant 'BEGIN { split("el gato|la señora|mi hermano|un profesor|nuestra vecina|este perro|tu amigo", who, "|")
        split("come|compra|busca siempre|ha visto|quiere|no encuentra", does, "|")
        split("una manzana|los zapatos|el periódico|muchas flores|aquella llave|su coche nuevo|queso", what, "|")
        split("en la calle|por la mañana|con mucho gusto|todos los días|cerca del puente|después de cenar", when, "|") }
    NR % 12 == 5 { print NR >planted; x = NR * 7919
        print $1, who[x % 7 + 1] " " does[int(x / 7) % 6 + 1] " " what[int(x / 42) % 7 + 1] " " when[int(x / 294) % 6 + 1] "."; next } { print }'
works 'a twelfth of the targets in a third language' run_check
judge language 98 95 'a third language'

plant 'NR % 15 == 3 { print NR >planted; print $1, $1; next } { print }'
works 'untranslated lines' run_check
judge '(equal|language)' 98 95 'untranslated lines'

# --- each small flaw by itself ---
plant 'NR == 10 { $1 = ""; print NR >planted }
    NR == 20 { $2 = "\377" $2; print NR >planted }
    NR == 30 { $2 = "CafÃ©, câ€™est Ã§a."; print NR >planted }
    NR == 40 { $1 = $1 "\001"; print NR >planted }
    NR == 50 { print; print NR + 1 >planted }
    NR == 60 { $2 = "Привет, как твои дела?"; print NR + 1 >planted }
    NR == 70 { $2 = $2 " " $2 " " $2 " " $2 " " $2 " " $2; print NR + 1 >planted }
    NR == 80 { $1 = $1 " 17" }
    NR == 90 { $1 = $1 " {0}" }
    { print }'
works 'one of each' run_check --keep unrelated
printf '%s\n' 10:empty 20:utf8 30:mojibake 40:control 51:duplicate 61:script 71:length >"$T/wanted"
sed 1d "$T/clean.removed.tsv" | awk -F'\t' '{ sub(/,.*/, "", $2); print $1 ":" $2 }' >"$T/got"
same "$T/wanted" "$T/got" 'each is removed for its reason'
is "$(found numbers) $(found placeholders)" '2 1' 'numbers and placeholders are counted, and kept'
is "$(wc -l <"$T/clean.source") $(wc -l <"$T/clean.target")" '3994 3994' 'both files have the same number of lines'
works 'with --keep and --remove' run_check --keep unrelated --keep control --keep duplicate --remove numbers
is "$(sed 1d "$T/clean.removed.tsv" | cut -f 2 | tr '\n' ' ')" 'empty utf8 mojibake script length numbers numbers ' 'the choice is followed'
paste "$T/s" "$T/t" >"$T/both"
works 'a file of pairs' check --pairs "$T/both" --output "$T/pairs" --quick
is "$(wc -l <"$T/pairs.tsv")" 3994 'becomes a file of pairs'
has "$T/out" '^  \* mojibake +1 +0\.0 %  .*; line 30$' 'the table names the lines'
works 'from standard input' from_file "$T/both" check --pairs - --quick
works 'a small corpus' from_file data/README.md check --source - --target data/README.md --quick

# --- held-out sets, the estimate ---
works 'the whole demo corpus' check --source data/train.en --target data/train.fr --valid-source data/valid.en --valid-target data/valid.fr \
    --test-source data/test.en --test-target data/test.fr --json
has "$T/out" '"name": "validation", "pairs": 500, "common_pairs": 0, "common_sources": 0, ' 'no held-out pair is in it'
has "$T/out" '"training": \{"memory_bytes": [1-9][0-9]*, "parameters": [1-9][0-9]*, "updates_per_epoch": [1-9][0-9]*, "seconds_per_epoch": [1-9]' \
    'memory and time of training are estimated'
for side in source target; do
    file=data/train.$(echo $side | sed 's/source/en/; s/target/fr/')
    is "$(sed -n "s/^ \"$side\": .*\"characters\": \\([0-9]*\\),.*/\\1/p" "$T/out")" \
        "$(($(LC_ALL=C.UTF-8 wc -m <"$file") - $(wc -l <"$file")))" "$side: its characters"
done

# --- training warns ---
plant 'NR > 2000 { print $1, before; before = $2; next } { before = $2; print }'
run train --quiet --model "$T/m.gguf" --source "$T/s" --target "$T/t" --max-updates 0
has "$T/err" '^nmt: warning: .*/s: from line 200[0-9] to line 4000, source and target seem to be shifted by 1 line against each other; see nmt check$' \
    'nmt train warns of shifted lines'
plant 'NR % 40 == 0 { print } NR % 50 == 0 { $2 = $2 " \357\277\275" } { print }'
run train --quiet --model "$T/m.gguf" --source "$T/s" --target "$T/t" --valid-source "$T/held.en" --valid-target "$T/held.fr" --max-updates 0
has "$T/err" '^nmt: warning: 160 of 4100 pairs look wrong \(80 mojibake, 80 duplicate\); nmt check explains and removes them$' \
    'nmt train warns of pairs'
has "$T/err" '^nmt: warning: .* of the 50 validation pairs are also in the corpus' 'and of validation pairs in the corpus'
run train --quiet --model "$T/m.gguf" --source data/train.en --target data/train.fr --max-updates 0
is "$(cat "$T/err")" '' 'and of nothing in a clean corpus'

# --- what cannot be done ---
head -n 3999 "$T/t" >"$T/short"
must_fail 1 'unequal files' check --source "$T/s" --target "$T/short"
must_fail 1 'no file' check --source "$T/nowhere" --target "$T/t"
must_fail 1 'an empty file' check --source /dev/null --target /dev/null
must_fail 2 'no corpus' check
must_fail 2 'half a held-out set' check --source "$T/s" --target "$T/t" --valid-source "$T/s"
must_fail 2 'an unknown finding' check --source "$T/s" --target "$T/t" --keep duplicates
has "$T/err" 'did you mean duplicate\?$' 'did you mean'
cp "$T/t" "$T/x.target"
must_fail 2 'an output that is an input' check --source "$T/s" --target "$T/x.target" --output "$T/x"
same "$T/t" "$T/x.target" 'which stays as it is'
must_fail 1 'a directory that is not there' check --source "$T/s" --target "$T/t" --quick --output "$T/nowhere/x"
if [ -w /dev/full ]; then
    must_fail 1 'a full disk' to_file /dev/full check --source "$T/s" --target "$T/t" --quick
else
    skip 1 'there is no /dev/full'
fi

done_testing
