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
    is "$(sed -n 's/.*"score": \([0-9]*\).*/\1/p' "$T/out")" $best 'is the best there is'
    works "$metric as text" score --hypothesis "$T/hypothesis" --metric $metric
    is "$(wc -l <"$T/out")" 1 'is one line'
done
works 'from standard input' from_file "$T/hypothesis" score --hypothesis -
works 'two systems' score --hypothesis "$T/hypothesis" --compare "$T/worse" --samples 50
has "$T/out" 'p = [01]\.' 'with a p-value'
works 'by length' score --hypothesis "$T/hypothesis" --by-length --source "$T/reference"
ok 'has several lines' test "$(wc -l <"$T/out")" -gt 1
sed 's/[0-9]*?[0-9]*//g; s/  */ /g; s/^ //; s/ $//' data/test.align >"$T/sure"
works 'alignment error rate of the sure links of the gold' "$NMT" eval --hypothesis "$T/sure" --alignment data/test.align
has "$T/out" 'AER = 0\.00' 'is 0'

# The numbers of sacreBLEU, where they lie.
cases=../shared/data/scores
if [ -f $cases/expected.json ] && command -v node >/dev/null; then
    for name in noise10 noise40 edge nomatch; do
        "$NMT" eval --hypothesis $cases/$name.hyp --reference $cases/$name.ref --json >"$T/out"
        ok "$name: the BLEU of sacreBLEU" node -e '
            const fs = require("fs"), [cases, name, out] = process.argv.slice(1);
            const expected = JSON.parse(fs.readFileSync(cases + "/expected.json", "utf8")), got = JSON.parse(fs.readFileSync(out, "utf8"));
            const found = [];
            const search = (value, path) => {
                if (typeof value === "number") found.push([path, value]);
                else if (value && typeof value === "object") for (const key in value) search(value[key], path + "." + key);
            };
            search(expected[name] ?? expected, "");
            if (!found.some(([path, value]) => /bleu/i.test(path) && Math.abs(value - got.score) < 1e-6)) {
                console.log(got.score, found.slice(0, 20));
                process.exit(1);
            }' "$cases" $name "$T/out"
    done
else
    skip 4 'no ../shared/data/scores, or no node'
fi

head -n 190 "$T/reference" >"$T/short"
must_fail 1 'unequal line counts' score --hypothesis "$T/short"
has "$T/err" '190.*200.*191|200.*190.*191' 'both counts, and the first line that is missing'
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
