#!/bin/sh
# Training curves: what is in the log is in the picture.
. tests/cli/harness.sh
corpus 200
train --quiet --model "$T/m.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --validate-every 4 --max-updates 12 --log "$T/log"
works 'a picture' "$NMT" plot "$T/log" --output "$T/p.svg"
ok 'which is SVG' grep -q '^</svg>$' "$T/p.svg"
for title in 'loss (nats per target token)' 'validation BLEU' 'learning rate' 'target tokens per second'; do
    has "$T/p.svg" "^<text[^>]*>${title%% (*}" "has the panel: $title"
done
best=$(grep '"best": true' "$T/log" | tail -n 1 | sed 's/.*"bleu": \([0-9.]*\),.*/\1/')
ok "the best model is marked: $best" awk -v best="$best" '
    match($0, /<title>best: [0-9.e-]*/) { value = substr($0, RSTART + 13, RLENGTH - 13); d = value - best; if (d < 1e-5 && d > -1e-5) found = 1 }
    END { exit !found }' "$T/p.svg"
validations=$(grep -c '"validation"' "$T/log")
ok 'a thick curve has a point per validation' awk -v wanted="$validations" '/stroke-width="2.2"/ { n = gsub(/[ML]/, "&"); if (n == wanted) found++ }
    END { exit found != 2 }' "$T/p.svg"

# --- several, a resumed one, a page ---
"$NMT" train --quiet --resume --model "$T/m.gguf" --max-updates 20 --log "$T/log" 2>/dev/null
cp "$T/log" "$T/a <b> & c.json"
works 'two logs on one page' "$NMT" plot "$T/log" "$T/a <b> & c.json" --output "$T/p.html" --by minutes
ok 'which is HTML' grep -q '^</body></html>$' "$T/p.html"
has "$T/p.html" 'a &#60;b&#62; &#38; c.json' 'with the names of the logs, which are not markup'
lacks "$T/p.html" 'https?://[^w]|nan|inf' 'no network, no number that is none'
for axis in updates minutes tokens; do
    "$NMT" plot "$T/log" --output "$T/p.svg" --by $axis
    ok "by $axis: curves go from left to right" awk '
        /^<path fill="none"/ { text = $0; sub(/^.* d="M/, "", text); sub(/".*/, "", text); n = split(text, points, "L"); last = -1
            for (i = 1; i <= n; i++) { split(points[i], p, " "); if (p[1] + 0 < last) exit bad = 1; last = p[1] + 0 } }
        END { exit bad }' "$T/p.svg"
done

# --- a sentence that is watched ---
sentence=$(sed -n 3p "$T/valid.en")
works 'training with --watch' train --quiet --model "$T/w.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --validate-every 4 \
    --max-updates 12 --log "$T/w.log" --watch "$sentence"
is "$(grep -c '^{"watch"' "$T/w.log")" "$(grep -c '^{"validation"' "$T/w.log")" 'an alignment for each validation'
train --quiet --model "$T/v.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --validate-every 4 --max-updates 12 \
    --log "$T/v.log" --watch 3
is "$(grep '^{"watch"' "$T/v.log")" "$(grep '^{"watch"' "$T/w.log")" 'by its line number, too'
train --quiet --model "$T/u.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --validate-every 4 --max-updates 12
same "$T/u.gguf" "$T/w.gguf" 'watching changes nothing'
sed -n 3p "$T/valid.en" >"$T/w.en"
sed -n 3p "$T/valid.fr" >"$T/w.fr"
"$NMT" align --model "$T/w.gguf" --source "$T/w.en" --target "$T/w.fr" | sed 1d | awk -F, '{ for (i = 2; i <= NF; i++) print $i }' >"$T/weights"
grep '^{"watch"' "$T/w.log" | tail -n 1 | sed 's/.*"weights": //' | tr -cs '0-9.e-' '\n' | grep . | paste - "$T/weights" >"$T/both"
ok 'the last one is that of the model' awk 'NF != 2 || $1 - $2 > 0.001 || $2 - $1 > 0.001 { exit 1 } END { exit NR < 4 }' "$T/both"
works 'a page with the film' "$NMT" plot "$T/w.log" "$T/log" --output "$T/w.html"
has "$T/w.html" 'id="film-data">\[{"name": "[^"]*w.log", "frames": \[{"update": 4, "source": ' 'which has its frames'
is "$(grep -c '</script>' "$T/w.html")" 2 'and is whole'
lacks "$T/p.html" 'film' 'other pages have none'
must_fail 2 '--watch without a log' train --quiet --model "$T/u.gguf" --watch 1
must_fail 1 'a sentence that is not there' train --quiet --model "$T/u.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --log "$T/u.log" \
    --watch 'not there'
must_fail 1 'a line that is not there' train --quiet --model "$T/u.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --log "$T/u.log" \
    --watch 999
must_fail 1 'a model without attention' train --quiet --model "$T/u.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --log "$T/u.log" \
    --watch 1 --attention none
echo '{"watch": {"update": 3, "source": ["a"], "target": ["b"], "weights": [["</script>"]]}}' >"$T/bad.log"
must_fail 1 'a log with an alignment that is none' "$NMT" plot "$T/bad.log" --output "$T/x.html"

# --- the history in a model file ---
works 'nmt info --html' "$NMT" info "$T/w.gguf" --html
mv "$T/out" "$T/info.html"
ok 'is a whole page' grep -q '^</body></html>$' "$T/info.html"
has "$T/info.html" 'validation BLEU' 'with curves'
is "$(grep -c '<tr><td>' "$T/info.html")" "$("$NMT" info "$T/w.gguf" --json | grep -c '"type"')" 'with all keys and tensors'
lacks "$T/info.html" '<unk>|<0x00>' 'whose text is no markup'
train --quiet --model "$T/none.gguf" --max-updates 1 --valid-split 0
works 'without validations' "$NMT" info "$T/none.gguf" --html
lacks "$T/out" '<svg' 'there are no curves'
must_fail 2 'JSON and a page at once' "$NMT" info "$T/w.gguf" --html --json

# --- what is refused ---
must_fail 2 'no log' "$NMT" plot --output "$T/p.svg"
must_fail 2 'no output' "$NMT" plot "$T/log"
must_fail 2 'another kind of picture' "$NMT" plot "$T/log" --output "$T/p.png"
must_fail 2 'the log as output' "$NMT" plot "$T/p.svg" --output "$T/p.svg"
must_fail 1 'a file that is no log' "$NMT" plot "$T/train.en" --output "$T/x.svg"
has "$T/err" 'train.en:1: is not a line of a training log' 'is named, with the line'
for bad in '{"update": 1}' '{"validation": 3}' '{"validation": {"update": 1, "loss": 2}}' '[1]' '{"update": 1, "loss": 2'; do
    echo "$bad" >"$T/bad.log"
    must_fail 1 "a line that is none: $bad" "$NMT" plot "$T/bad.log" --output "$T/x.svg"
done
must_fail 1 'an empty file' "$NMT" plot /dev/null --output "$T/x.svg"
must_fail 1 'no file' "$NMT" plot "$T/none" --output "$T/x.svg"
ok 'no picture is left behind' test ! -e "$T/x.svg"
done_testing
