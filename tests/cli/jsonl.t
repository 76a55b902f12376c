#!/bin/sh
# nmt translate --format jsonl: a JSON object out for every line in; what is not asked about comes back as it was.
. tests/cli/harness.sh
corpus 200
learned "$T/m.gguf"
jsonl() {
    translate --model "$T/m.gguf" --format jsonl "$@"
}

printf '%s\n' 'They took a bag.' 'We know.' >"$T/plain"
translate --model "$T/m.gguf" <"$T/plain" >"$T/plain.out"
{ read -r first; read -r second; } <"$T/plain.out"
cat >"$T/in" <<'IN'
{"id": 7, "text": "They took a bag.", "x": [1.50, 12345678901234567, null, {"error": "a/b"}]}
"We know."
{"text": "They took\n a\tbag.", "error": 3}
IN
works 'objects, strings, white space' from_file "$T/in" translate --model "$T/m.gguf" --format jsonl
cat >"$T/wanted" <<OUT
{"id":7,"text":"They took a bag.","x":[1.50,12345678901234567,null,{"error":"a/b"}],"translation":"$first"}
{"text":"We know.","translation":"$second"}
{"text":"They took\\n a\\tbag.","error":3,"translation":"$first"}
OUT
same "$T/wanted" "$T/out" 'the answers are the requests with the translations of the same texts'

# --- scores, lists, alignments ---
score=$(translate --model "$T/m.gguf" --scores <"$T/plain" | head -n 1 | cut -f 1)
jsonl --scores <"$T/in" >"$T/out"
is "$(sed -n '1s/.*"score":\([^}]*\)}/\1/p' "$T/out" | xargs printf '%.4f')" "$(printf '%.4f' "$score")" '--scores: the score of the text'
jsonl --n-best 3 <"$T/in" >"$T/out"
is "$(grep -o '"score"' "$T/out" | wc -l | tr -d ' ')" 9 '--n-best 3: three texts and scores for each line'
translate --model "$T/m.gguf" --alignment "$T/a.csv" <"$T/plain" >"$T/discarded"
printf '"They took a bag."\n"We know."\n' >"$T/two"
jsonl --alignment - <"$T/two" >"$T/out"
is "$(grep -c '"alignment":{"source":\["' "$T/out")" 2 '--alignment -: inside the answers'
weights=$(sed -n '2s/^[^,]*,//p' "$T/a.csv" | tr -d ' ')
has "$T/out" "\"weights\":\[\[$(echo "$weights" | sed 's/\./\\./g')\]" 'with the weights of the CSV file'
jsonl --alignment "$T/b.csv" <"$T/in" >"$T/out"
is "$(grep -c alignment "$T/out")" 0 '--alignment FILE: not inside the answers'
ok 'but in the file' test -s "$T/b.csv"

# --- what is not a request ---
printf '%s\n' '{"id": 3}' 'not json' '[1]' '' '{"text": "a"' '{"text": "a"} b' '12' '{"text": 5}' '{"text": ""}' >"$T/in"
printf '{"text": "\377"}\n' >>"$T/in"
works 'what is not a request' from_file "$T/in" translate --model "$T/m.gguf" --format jsonl
cat >"$T/wanted" <<'OUT'
{"id":3,"error":"no text"}
{"error":"not JSON"}
{"error":"no text"}
{"error":"not JSON"}
{"error":"not JSON"}
{"error":"not JSON"}
{"error":"no text"}
{"text":5,"error":"no text"}
{"text":"","translation":""}
{"error":"invalid UTF-8"}
OUT
same "$T/wanted" "$T/out" 'is answered by the error, in its line'
is "$(grep -c '^nmt: warning: line [0-9]*: .*; give a JSON object with a "text" in each line$' "$T/err")" 9 'and named on standard error'
head -c 100000 /dev/zero | tr '\0' '[' >"$T/in"
works 'a hundred thousand brackets' from_file "$T/in" translate --model "$T/m.gguf" --format jsonl
has "$T/out" '^{"error":"JSON of too many levels"}$' 'are refused'
must_fail 2 '--show, which draws between the lines' translate --model "$T/m.gguf" --format jsonl --show

# --- another reader ---
if command -v node >/dev/null 2>&1; then
    printf '{"text": "They \\u201ctook\\u201d a \\ud83d\\ude00 \\"bag\\" \\\\ / \\u0001."}\n' | jsonl --n-best 2 --alignment - >"$T/out"
    ok 'Node.js reads the answers' node -e 'const a = JSON.parse(require("fs").readFileSync(0, "utf8"));
        if (typeof a.translation !== "string" || a.n_best.length !== 2 || a.alignment.weights.length !== a.alignment.target.length ||
            a.text !== "They “took” a 😀 \"bag\" \\ / \u0001.") process.exit(1)' <"$T/out"
else
    skip 1 'Node.js is not installed'
fi
done_testing
