#!/bin/sh
# Every pair of encoder and decoder: trained, resumed, translated with and aligned by the same commands.
. tests/cli/harness.sh
corpus 200

# The options of each kind, tiny.
options() {
    case $1 in
    rnn-heads) echo --hidden 24 --alignment 16 --maxout 16 --heads 2 --attention scaled-dot --lexical on ;;
    transformer) echo --model-type transformer --feed-forward 24 --encoder-layers 2 --decoder-layers 2 --heads 2 ;;
    transformer-post) echo --model-type transformer --feed-forward 24 --encoder-layers 1 --decoder-layers 3 --heads 4 --norm post ;;
    mixed) echo --model-type mixed --feed-forward 24 --encoder-layers 2 --hidden 24 --alignment 16 --maxout 16 ;;
    mixed-reversed) echo --encoder gru --decoder transformer --feed-forward 24 --hidden 20 --decoder-layers 2 ;;
    esac
}
TINY='--embedding 16'
kinds='rnn-heads transformer transformer-post mixed mixed-reversed'

# Every row of an alignment file sums to 1.
sums() {
    "$NMT" align --model "$1" --source "$T/valid.en" --target "$T/valid.fr" --alignment "$T/alignment" --alignment-level token >"$T/scores" &&
        awk -F, 'NR > 1 && NF > 2 { s = 0; for (i = 2; i <= NF; i++) if ($i ~ /^[0-9.e-]+$/) s += $i; if (s && (s < 0.98 || s > 1.02)) bad++ } END { exit bad > 0 || NR < 100 }' \
            "$T/alignment"
}

for kind in $kinds; do
    set -- $(options $kind)
    mkdir "$T/$kind"
    works "$kind: trains" train --model "$T/$kind/m.gguf" "$@" --max-updates 150 --learning-rate 0.003 --warmup 20 --batch-sentences 20
    works "$kind: is described" "$NMT" info "$T/$kind/m.gguf"
    for beam in 1 4; do
        works "$kind, beam $beam: translates" from_file "$T/valid.en" translate --model "$T/$kind/m.gguf" --beam $beam --scores
        is "$(wc -l <"$T/out" | tr -d ' ')" 20 "$kind, beam $beam: line by line"
    done
    mv "$T/out" "$T/together"
    works "$kind: one sentence at a time" from_file "$T/valid.en" translate --model "$T/$kind/m.gguf" --beam 4 --batch 1 --scores
    # Rounding differs, so of two translations that are equally probable either may be found: their scores are the same.
    ok "$kind: in batches as one at a time" sh -c 'paste "$1" "$2" | awk -F "\t" "{ d = \$1 - \$3; if (d < -0.001 || d > 0.001) exit 1 }"' \
        - "$T/together" "$T/out"
    ok "$kind: alignment weights sum to 1" sums "$T/$kind/m.gguf"

    # A run in two halves is a run in one.
    cut="--model $T/$kind/half.gguf --quiet --batch-sentences 20 --validate-every 3 --average 0.9 --valid-source $T/valid.en --valid-target $T/valid.fr --guided-epochs 2"
    train $cut "$@" --max-updates 14 2>/dev/null
    mv "$T/$kind/half.gguf" "$T/$kind/whole.gguf"
    mv "$T/$kind/half.checkpoint.gguf" "$T/$kind/whole.checkpoint.gguf"
    train $cut "$@" --max-updates 7 2>/dev/null
    works "$kind: resumes" "$NMT" train --resume --quiet --model "$T/$kind/half.gguf" --max-updates 14
    same "$T/$kind/whole.gguf" "$T/$kind/half.gguf" "$kind: to the same model"
    same "$T/$kind/whole.checkpoint.gguf" "$T/$kind/half.checkpoint.gguf" "$kind: and the same checkpoint"
    works "$kind: with another number of threads" train $cut "$@" --max-updates 14 --threads 1
    works "$kind: goes on from a parent" train --quiet --from "$T/$kind/m.gguf" --model "$T/$kind/child.gguf" --embedding 16 \
        --max-updates 3
done

# --- every head ---
head -n 3 "$T/valid.en" >"$T/three.en"
head -n 3 "$T/valid.fr" >"$T/three.fr"
heads() { # KIND FILES
    works "$1: --all-heads" "$NMT" align --model "$T/$1/m.gguf" --source "$T/three.en" --target "$T/three.fr" --all-heads "$T/$1/heads"
    is "$(ls "$T/$1/heads" | wc -l)" "$2" "$1: a file for each head of each layer and pair"
    ok "$1: every row of every head sums to 1" awk -F, 'FNR > 1 { s = 0; for (i = NF - columns + 1; i <= NF; i++) s += $i; if (s < 0.999 || s > 1.001) exit 1 }
        FNR == 1 { columns = gsub(/,("[^"]*"|[^,"]*)/, "&") }' "$T/$1/heads"/*
}
heads transformer 36 # 3 pairs, 2 heads, 2 layers of encoder, decoder, and source
heads mixed 27 # 4 heads in 2 layers of the encoder, 1 in the decoder
heads rnn-heads 6
cat >"$T/page.js" <<'END'
const fs = require('fs'), [, , page, directory, count] = process.argv, places = ['source', 'encoder', 'decoder'];
const data = JSON.parse(/<script type="application\/json" id="data">([^]*?)<\/script>/.exec(fs.readFileSync(page, 'utf8'))[1]);
const code = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
let heads = 0;
for (const x of data) for (const [place, layer, head, text] of x.h) {
  const name = `${directory}/${String(x.n).padStart(6, '0')}.${places[place]}.${layer}.${head}.csv`;
  const columns = place === 2 ? x.t.length : x.s.length, rows = place === 1 ? x.s.length : x.t.length;
  const lines = fs.readFileSync(name, 'utf8').trimEnd().split('\n').slice(1);
  if (lines.length !== rows || text.length !== rows * columns) throw new Error('size of ' + name);
  lines.forEach((line, i) => line.split(',').slice(-columns).forEach((w, j) => {
    if (!(Math.abs(w - code.indexOf(text[i * columns + j]) / 63) < 0.51 / 63)) throw new Error('weight of ' + name);
  }));
  heads++;
}
if (heads !== +count) throw new Error(heads + ' heads');
END
for kind in transformer rnn-heads; do
    works "$kind: --all-heads as a page" "$NMT" align --model "$T/$kind/m.gguf" --source "$T/three.en" --target "$T/three.fr" --all-heads "$T/$kind/heads.html"
    if command -v node >/dev/null; then
        ok "$kind: with the weights of the files" node "$T/page.js" "$T/$kind/heads.html" "$T/$kind/heads" "$(ls "$T/$kind/heads" | wc -l)"
    else
        skip 1 'Node.js is not installed'
    fi
done
must_fail 2 'a page over an input' "$NMT" align --model "$T/transformer/m.gguf" --source "$T/three.en" --target "$T/three.html" --all-heads "$T/three.html"
works 'a layer and a head by name' "$NMT" align --model "$T/transformer/m.gguf" --source "$T/three.en" --target "$T/three.fr" \
    --alignment-layer 1 --alignment-head 0 --alignment-level token
"$NMT" align --model "$T/transformer/m.gguf" --source "$T/three.en" --target "$T/three.fr" --alignment-layer 1 --alignment-head 0 \
    --alignment-level token --batch 1 --alignment "$T/named/"
same "$T/named/000002.csv" "$T/transformer/heads/000002.source.1.0.csv" 'are that file of --all-heads'
must_fail 1 'a layer that is not there' "$NMT" align --model "$T/transformer/m.gguf" --source "$T/three.en" --target "$T/three.fr" --alignment-layer 2
must_fail 1 'a head that is not there' "$NMT" align --model "$T/transformer/m.gguf" --source "$T/three.en" --target "$T/three.fr" --alignment-head 2

# --- which head alignments are made of: with strong guidance, the one that is taught ---
train --quiet --model "$T/taught.gguf" --model-type transformer --feed-forward 24 --encoder-layers 1 --decoder-layers 3 --heads 2 \
    --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --max-updates 100 --validate-every 50 --learning-rate 0.003 --warmup 20 \
    --dropout 0 --guided-weight 3 --guided-epochs 0 2>"$T/err"
"$NMT" info "$T/taught.gguf" >"$T/out"
has "$T/out" '^transformer.alignment_layer +1$' 'head 0 of the last layer but one: the layer'
has "$T/out" '^transformer.alignment_head +0$' 'and the head'

# --- what fits what ---
works 'one fixed vector: trains' train --quiet --model "$T/none.gguf" --attention none --hidden 24 --maxout 16 --max-updates 3
works 'one fixed vector: translates' from_file "$T/valid.en" translate --model "$T/none.gguf"
must_fail 1 'one fixed vector: has no alignments' "$NMT" align --model "$T/none.gguf" --source "$T/valid.en" --target "$T/valid.fr"
works 'models of different kinds together' from_file "$T/valid.en" translate --model "$T/rnn-heads/m.gguf" --model "$T/transformer/m.gguf" \
    --model "$T/mixed/m.gguf" --beam 3
is "$(wc -l <"$T/out" | tr -d ' ')" 20 'translate every line'
for preset in vaswani tiny-transformer; do
    works "--preset $preset, made small" train --quiet --model "$T/p.gguf" --preset $preset --embedding 16 --encoder-layers 1 --decoder-layers 1 \
        --feed-forward 8 --batch-sentences 20 --max-updates 2
done
works '--schedule inverse-sqrt' train --quiet --model "$T/s.gguf" --schedule inverse-sqrt --warmup 5 --max-updates 20 --log "$T/log"
ok 'the rate rises to the fifth update and falls with the root' grep -q '"update": 20,.*"learning_rate": 0.00048795' "$T/log"
works '--schedule cosine' train --quiet --model "$T/s.gguf" --schedule cosine --max-updates 20
must_fail 2 '--schedule cosine without an end' train --model "$T/s.gguf" --schedule cosine
must_fail 2 '--hidden for two Transformers' train --model "$T/s.gguf" --model-type transformer --hidden 24
has "$T/err" '--hidden is for a GRU' 'says what it is for'
must_fail 2 '--feed-forward for two GRUs' train --model "$T/s.gguf" --model-type rnn --feed-forward 24
must_fail 2 '--decoder-layers for a GRU decoder' train --model "$T/s.gguf" --model-type mixed --decoder-layers 2
must_fail 2 '--norm for two GRUs' train --model "$T/s.gguf" --norm post
must_fail 2 '--query for a Transformer decoder' train --model "$T/s.gguf" --model-type transformer --query state
must_fail 2 '--adam-beta2 for another optimiser' train --model "$T/s.gguf" --adam-beta2 0.9 --optimizer sgd
must_fail 2 'heads that do not divide the embedding' train --model "$T/s.gguf" --model-type transformer --heads 3
has "$T/err" '3 heads do not divide the embedding of 16' 'says so'
must_fail 2 'heads that do not divide the alignment model' train --model "$T/s.gguf" --hidden 24 --alignment 15 --heads 2
done_testing
