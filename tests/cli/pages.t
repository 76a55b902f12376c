#!/bin/sh
# Alignments to look at: a page, a figure, JSON, the terminal.
. tests/cli/harness.sh
corpus 200
learned "$T/m.gguf"
{
    sed -n 1,5p "$T/valid.en"
    echo
    echo 'a </script><b onclick=x>&amp; "quoted" b'
    printf 'one\033[31m two\n'
    echo 'مرحبا 漢字'
} >"$T/in"
lines=$(wc -l <"$T/in")

# --- the page ---
works 'translate writes a page' from_file "$T/in" translate --model "$T/m.gguf" --alignment "$T/page.html"
mv "$T/out" "$T/target"
is "$(wc -l <"$T/target")" "$lines" 'and every line'
ok 'which is complete' grep -q '</html>' "$T/page.html"
lacks "$T/page.html" '(src|href)=' 'which needs no other file'
is "$(grep -o 'https\{0,1\}://[a-z0-9./]*' "$T/page.html" | sort -u)" 'http://www.w3.org/2000/svg' 'and no network'
is "$(grep -c '</script>' "$T/page.html")" 2 'no text of a sentence ends its script'
lacks "$T/page.html" 'onclick=x>' 'or is markup'
works 'align writes JSON' "$NMT" align --model "$T/m.gguf" --source "$T/in" --target "$T/target" --alignment "$T/all.json"
works 'and matrices' "$NMT" align --model "$T/m.gguf" --source "$T/in" --target "$T/target" --alignment "$T/all.csv"
if command -v node >/dev/null; then
    cat >"$T/compare.js" <<'END'
const fs = require('fs'), [, , page, json, csv] = process.argv;
const data = JSON.parse(/<script type="application\/json" id="data">([^]*?)<\/script>/.exec(fs.readFileSync(page, 'utf8'))[1]);
const all = JSON.parse(fs.readFileSync(json, 'utf8'));
const code = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const near = (a, b, most, what) => { if (!(Math.abs(a - b) <= most)) throw new Error(`${what}: ${a} and ${b}`); };
if (data.length !== all.length) throw new Error('number of sentences');
const rows = fs.readFileSync(csv, 'utf8').split('\n\n').map(m => m.trimEnd().split('\n').slice(1));
all.forEach((x, n) => {
  const y = data[n];
  if (y.n !== n + 1 || x.number !== n + 1) throw new Error('number');
  if (JSON.stringify([x.source, x.target]) !== JSON.stringify([y.s, y.t])) throw new Error('words of ' + n);
  if (x.weights.length !== x.target.length || rows[n].length !== x.target.length) throw new Error('rows of ' + n);
  const seen = x.weights.map(row => row.map(() => 0));
  for (const [first, count, from, width, text] of y.b)
    for (let i = 0, k = 0; i < count; i++) for (let j = 0; j < width; j++, k++) seen[first + i][from + j] = code.indexOf(text[k]) / 63;
  x.weights.forEach((row, i) => {
    near(row.reduce((a, b) => a + b, 0), 1, 1e-4, 'sum of a row');
    row.forEach((w, j) => near(w, seen[i][j], 0.51 / 63, 'a weight'));
  });
  x.word_log_probability.forEach((p, i) => near(p, y.p[i], 0.01 * Math.abs(p) + 1e-9, 'probability'));
  near(x.log_probability_per_token, y.l[0], 1e-3 * Math.abs(y.l[0]) + 1e-9, 'score');
  if (x.target.length && !(x.coverage <= 0 && x.absentmindedness_target <= 0 && x.absentmindedness_source <= 0)) throw new Error('confidence');
  if (x.word_log_probability.reduce((a, b) => a + b, 0) < x.log_probability - 1e-4 && x.word_log_probability.length) throw new Error('sum');
});
END
    ok 'page, JSON and matrices say the same' node "$T/compare.js" "$T/page.html" "$T/all.json" "$T/all.csv"
else
    skip 1 'Node.js is not installed'
fi
from_file "$T/in" translate --model "$T/m.gguf" --scores >"$T/scored"
"$NMT" align --model "$T/m.gguf" --source "$T/in" --target "$T/target" --alignment - --alignment-format json |
    sed -n 's/.*"log_probability": \(-*[0-9.]*\),.*/\1/p' >"$T/totals"
ok 'the score in JSON is that of --scores' sh -c 'cut -f 1 "$1" | paste - "$2" | awk "{ d = \$1 - \$2; if (d > 1e-3 || d < -1e-3) exit 1 } END { if (NR != $3) exit 1 }"' - \
    "$T/scored" "$T/totals" "$lines"

# --- the figure ---
head -n 1 "$T/in" >"$T/one"
works 'a figure of one sentence' from_file "$T/one" translate --model "$T/m.gguf" --alignment "$T/one.svg"
ok 'which is SVG' grep -q '^</svg>' "$T/one.svg"
must_fail 1 'two sentences do not fit into one' from_file "$T/in" translate --model "$T/m.gguf" --alignment "$T/two.svg"
has "$T/err" 'a figure shows one sentence; give one line, or a directory' 'which is said'
works 'but into a directory' from_file "$T/in" translate --model "$T/m.gguf" --alignment "$T/figures/" --alignment-format svg
is "$(ls "$T/figures" | wc -l)" "$lines" 'one per sentence'
works 'with markup in them' grep -q '&#60;' "$T/figures/000007.svg"

# --- the terminal ---
works '--show' from_file "$T/in" translate --model "$T/m.gguf" --show
is "$(head -n 1 "$T/out")" "$(head -n 1 "$T/target")" 'shows the text'
has "$T/out" '[░▒▓█]' 'and the weights'
lacks "$T/out" "$(printf '\033')" 'without colours, or anything of the text, that acts on a terminal'
works 'align --show' "$NMT" align --model "$T/m.gguf" --source "$T/in" --target "$T/target" --show
done_testing
