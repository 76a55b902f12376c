#!/bin/sh
# Small files: what nmt quantize and --export write, that all commands use it as they use the model that it was made from, and that
# damage is found in it.
. tests/cli/harness.sh
corpus 150
WIDE='--embedding 32 --hidden 32 --alignment 32 --maxout 32'
learned "$T/m.gguf" $WIDE --encoder-layers 1 --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --export q8_0
model=$T/m.gguf

# --- the file ---
for type in q8_0 bf16; do
    works "$type" "$NMT" quantize "$model" --type $type --output "$T/$type.gguf"
    is "$(wc -l <"$T/out")" 0 "$type: nothing is printed"
done
same "$T/q8_0.gguf" "$T/m.q8_0.gguf" 'train --export writes the same file'
works 'q8_0 is the default' "$NMT" quantize "$model" --output "$T/default.gguf"
same "$T/q8_0.gguf" "$T/default.gguf" 'and the same file again'
numbers() { # FILE TYPE: bytes of the tensors of this type, had they 4 for each number
    "$NMT" info --json "$1" | sed -n "s/.*\"type\": \"$2\", \"dims\": \\[\\(.*\\)\\]}.*/\\1/p" |
        awk -F', ' '{ n = 4; for (i = 1; i <= NF; i++) n *= $i; bytes += n } END { print bytes + 0 }'
}
whole=$(wc -c <"$model")
for type in q8_0:Q8_0:26562 bf16:BF16:50000; do # of 100,000 bytes, so many remain
    file=$T/${type%%:*}.gguf
    name=${type#*:}
    small=$(numbers "$file" "${name%:*}")
    saved=$((whole - $(wc -c <"$file")))
    expected=$((small - small / 1000 * ${type##*:} / 100))
    ok "$name: matrices take what they should: $saved bytes saved, expected $expected" test $((saved - expected)) -lt 3000 -a $((expected - saved)) -lt 3000
    works "$name: info" "$NMT" info "$file"
    has "$T/out" "^output.W +${name%:*} \[[0-9]+, 64\]" "$name: a matrix has the type"
    has "$T/out" '^output.b +F32' "$name: a vector does not"
    has "$T/out" '^training.settings ' "$name: keys are taken over"
    has "$T/out" '^general.file_type ' "$name: and others say what it is"
    "$NMT" info --json "$file" >"$T/json"
    is "$(sed -n 's/.*"checksum": "\([0-9a-f]*\)".*/\1/p' "$T/json")" "$(sed -n 's/.*checksum \([0-9a-f]*\)$/\1/p' "$T/out")" "$name: with a checksum"
done
if node_packages; then
    for type in q8_0 bf16; do
        works "$type: another reader reads it" node tests/cli/read-gguf.mjs "$T/$type.gguf"
        "$NMT" info "$T/$type.gguf" --json | sed -n 's/^  {"name": "\([^"]*\)", "type": "\([^"]*\)", "dims": \[\([0-9, ]*\)\]}.*$/tensor \1 \2 \3/p' |
            sed 's/, /x/g' >"$T/ours"
        grep '^tensor' "$T/out" >"$T/theirs"
        ok "$type: and finds the same tensors" diff "$T/theirs" "$T/ours"
    done
    cat >"$T/numbers.mjs" <<'END'
// Prints the numbers of a tensor, read and converted without nmt: F32, BF16 or Q8_0.
import { readFileSync } from "fs";
import { gguf } from "./node_modules/@huggingface/gguf/dist/index.js";
const [path, wanted] = process.argv.slice(2), bytes = readFileSync(path), view = new DataView(bytes.buffer, bytes.byteOffset);
const { tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
const { dtype, shape, offset } = tensorInfos.find((tensor) => tensor.name === wanted);
const start = Number(tensorDataOffset) + Number(offset), count = shape.reduce((n, size) => n * Number(size), 1), word = new DataView(new ArrayBuffer(4));
const half = (h) => (h & 0x8000 ? -1 : 1) * ((h >> 10) & 31 ? (1 + (h & 1023) / 1024) * 2 ** (((h >> 10) & 31) - 15) : (h & 1023) * 2 ** -24);
const upper = (h) => (word.setUint32(0, h << 16), word.getFloat32(0));
for (let i = 0; i < count; i++) {
    const block = start + Math.floor(i / 32) * 34;
    console.log(dtype === 0 ? view.getFloat32(start + 4 * i, true)
        : dtype === 30 ? upper(view.getUint16(start + 2 * i, true)) : half(view.getUint16(block, true)) * view.getInt8(block + 2 + (i % 32)));
}
END
    cp "$T/numbers.mjs" "tests/cli/numbers.$$.mjs"
    for file in m q8_0 bf16; do
        node "tests/cli/numbers.$$.mjs" "$T/$file.gguf" source.embedding >"$T/$file.numbers" 2>"$T/err"
    done
    rm "tests/cli/numbers.$$.mjs"
    for limit in q8_0:0.004 bf16:0.004; do # half a step: 1/254 of the largest of a block, 1/256 of each number
        paste "$T/m.numbers" "$T/${limit%:*}.numbers" | awk -v limit="${limit#*:}" '
            { a[NR % 32] = $1; b[NR % 32] = $2 }
            NR % 32 == 0 { most = 0; for (i in a) { m = a[i] < 0 ? -a[i] : a[i]; if (m > most) most = m }
                for (i in a) { d = a[i] - b[i]; if (d < 0) d = -d; if (d > limit * most) bad++; if (d > 0) off++ } }
            END { exit !(NR > 1000 && off > NR / 2 && bad == 0) }' >"$T/check"
        is $? 0 "${limit%:*}: its numbers, read by another program, are off by ${limit#*:} of the largest of 32 at most"
    done
else
    skip 6 "$why"
fi

# --- use ---
sed -n 1,20p "$T/valid.en" >"$T/in"
close() { # A B LIMIT DESCRIPTION: scores per line, in the first column
    paste "$1" "$2" | awk -v limit="$3" '{ d = $1 - $2; if (d < 0) d = -d; if (d > limit * (1 + ($1 < 0 ? -$1 : $1))) bad++ } END { exit !(NR == 20 && !bad) }'
    is $? 0 "$4"
}
"$NMT" align --model "$model" --source "$T/in" --target "$T/valid.fr" --scores | cut -f 1 >"$T/m.scores"
for type in q8_0 bf16; do
    file=$T/$type.gguf
    works "$type: align" "$NMT" align --model "$file" --source "$T/in" --target "$T/valid.fr" --scores
    cut -f 1 "$T/out" >"$T/$type.scores"
    close "$T/m.scores" "$T/$type.scores" 0.02 "$type: scores are those of the model, nearly"
    ok "$type: but not exactly" test "$(cmp -s "$T/m.scores" "$T/$type.scores" && echo same)" != same
    works "$type: translate" from_file "$T/in" translate --model "$file" --scores --beam 3
    cp "$T/out" "$T/together"
    while IFS= read -r line; do
        printf '%s\n' "$line" | translate --model "$file" --scores --beam 3
    done <"$T/in" >"$T/alone"
    for column in 1 2; do
        for file_of in alone together; do
            cut -f $column "$T/$file_of" >"$T/$file_of.$column"
        done
    done
    same "$T/alone.2" "$T/together.2" "$type: a line alone is translated as among others"
    close "$T/alone.1" "$T/together.1" 0.0001 "$type: with the same score"
    works "$type: alignments" from_file "$T/in" translate --model "$file" --alignment "$T/a.csv"
    ok "$type: are written" test -s "$T/a.csv"
done
works 'an ensemble of three types' from_file "$T/in" translate --model "$model" --model "$T/q8_0.gguf" --model "$T/bf16.gguf"
works 'and its scores' "$NMT" align --model "$model" --model "$T/q8_0.gguf" --model "$T/bf16.gguf" --source "$T/in" --target "$T/valid.fr" --scores
cut -f 1 "$T/out" >"$T/ensemble"
close "$T/m.scores" "$T/ensemble" 0.02 'which are those of the model alone, nearly'
for precision in bf16 int8; do
    if "$NMT" info --build | grep -q "^precisions.* $precision"; then
        works "q8_0 in $precision" from_file "$T/in" translate --model "$T/q8_0.gguf" --precision $precision
    else
        skip 1 "this processor has no $precision products"
    fi
done
works 'without oneDNN' from_file "$T/in" translate --model "$T/bf16.gguf" --backend openblas --beam 3
same "$T/out" "$T/together.2" 'the same translations'

# --- kinds of models ---
for kind in '--model-type transformer --embedding 32 --heads 2 --feed-forward 64' "$WIDE --encoder transformer --encoder-heads 2 --feed-forward 64 --lexical on" \
    "$WIDE --tie all" '--embedding 96 --hidden 20 --alignment 20 --maxout 20'; do # the last: stacks with gaps between their tensors
    $LIMIT "$NMT" train --quiet --model "$T/k.gguf" --source "$T/train.en" --target "$T/train.fr" --threads 2 --vocabulary 400 \
        --max-updates 100 --learning-rate 0.01 --warmup 0 --dropout 0 $kind 2>"$T/learned"
    "$NMT" align --model "$T/k.gguf" --source "$T/in" --target "$T/valid.fr" --scores | cut -f 1 >"$T/k.scores"
    works "$kind: quantize" "$NMT" quantize "$T/k.gguf" --output "$T/k.q8_0.gguf"
    works "$kind: align" "$NMT" align --model "$T/k.q8_0.gguf" --source "$T/in" --target "$T/valid.fr" --scores
    cut -f 1 "$T/out" >"$T/k.small"
    close "$T/k.scores" "$T/k.small" 0.03 "$kind: scores are those of the model, nearly"
done
learned "$T/odd.gguf" --embedding 20
works 'rows that blocks do not fit' "$NMT" quantize "$T/odd.gguf" --output "$T/odd.q8_0.gguf"
"$NMT" info "$T/odd.q8_0.gguf" >"$T/info"
has "$T/info" '^source.embedding +F32' 'remain as they are'
works 'and translate' from_file "$T/in" translate --model "$T/odd.q8_0.gguf"

# --- training ---
works 'a small file as a parent' train --quiet $WIDE --encoder-layers 1 --model "$T/child.gguf" --from "$T/q8_0.gguf" --max-updates 2
"$NMT" info "$T/child.gguf" >"$T/info"
has "$T/info" '^output.W +F32' 'its child is a model of reals'
must_fail 1 'a small file is not resumed from' train --resume --model "$T/q8_0.gguf" --max-updates 200
cp "$T/q8_0.gguf" "$T/fake.checkpoint.gguf"
must_fail 1 'nor is it a checkpoint' train --resume --model "$T/fake.gguf" --max-updates 200
works 'the model it was made from is' train --quiet $WIDE --resume --model "$model" --max-updates 102 --export bf16
"$NMT" quantize "$model" --type bf16 --output "$T/bf16.again.gguf"
same "$T/bf16.again.gguf" "$T/m.bf16.gguf" 'and exported again'
works 'a checkpoint as a small file' "$NMT" quantize "$T/m.checkpoint.gguf" --output "$T/c.q8_0.gguf"
"$NMT" info "$T/c.q8_0.gguf" >"$T/info"
lacks "$T/info" '^(checkpoint|first)\.' 'has nothing of the training'
must_fail 2 'a small file over the corpus' train --model "$T/train.en" --export q8_0

# --- mistakes and damage ---
must_fail 2 'quantize of nothing' "$NMT" quantize --output "$T/x.gguf"
must_fail 2 'quantize to nowhere' "$NMT" quantize "$model"
must_fail 2 'another type' "$NMT" quantize "$model" --type q4_0 --output "$T/x.gguf"
must_fail 2 'over the model' "$NMT" quantize "$model" --output "$model"
must_fail 1 'quantize of a text' "$NMT" quantize "$T/in" --output "$T/x.gguf"
must_fail 1 'quantize of a small file' "$NMT" quantize "$T/q8_0.gguf" --type bf16 --output "$T/x.gguf"
has "$T/err" 'q8_0.gguf: is a small file already' 'says why'
ok 'nothing was written' test ! -e "$T/x.gguf"
bad=$T/bad.gguf
refused() { # DESCRIPTION
    must_fail 1 "$1: info" "$NMT" info "$bad"
    must_fail 1 "$1: translate" from_file "$T/in" translate --model "$bad"
}
for type in q8_0 bf16; do
    size=$(wc -c <"$T/$type.gguf")
    head -c $((size - 32)) "$T/$type.gguf" >"$bad"
    refused "$type, cut"
done
# The first matrix begins where the data begin: with its first block's scale.
start=$(($(wc -c <"$T/q8_0.gguf") - $("$NMT" info --json "$T/q8_0.gguf" | sed -n 's/.*"type": "\(F32\|Q8_0\)", "dims": \[\(.*\)\]}.*/\1, \2/p' |
    awk -F', ' '{ n = $1 == "F32" ? 4 : 34 / 32; for (i = 2; i <= NF; i++) n *= $i; bytes += int((n + 31) / 32) * 32 } END { print bytes }')))
spoil() { # FILE OFFSET BYTES
    cp "$T/$1.gguf" "$bad"
    printf "$3" | dd of="$bad" bs=1 seek="$2" conv=notrunc 2>"$T/check"
}
spoil q8_0 $start '\000\174'
refused 'an infinite scale'
has "$T/err" 'tensor source.embedding contains numbers that are not finite' 'names the tensor'
spoil q8_0 $((start + 340)) '\377\377'
refused 'a scale that is not a number'
spoil q8_0 $((start + 342)) '\200\200'
run from_file "$T/in" translate --model "$bad"
is "$code" 0 'a changed number is a number'
"$NMT" info "$bad" >"$T/info"
"$NMT" info "$T/q8_0.gguf" >"$T/check"
ok 'but another checksum' test "$(tail -n 1 "$T/info")" != "$(tail -n 1 "$T/check")"
name=$(grep -a -b -o source.embedding "$T/q8_0.gguf" | head -n 1 | cut -d : -f 1)
spoil q8_0 $((name + 16 + 4)) '\041' # 33 numbers in a row
refused 'rows that are not whole blocks'
has "$T/err" 'not a multiple of 32' 'says so'
spoil q8_0 $((name + 16 + 4 + 16)) '\002' # GGUF's type Q4_0
refused 'a type that is not known'
for step in 1 2 3 4 5 6 7 8 9 10 11 12; do
    offset=$((size * step / 13))
    spoil bf16 $offset '\377\377\377'
    run "$NMT" info "$bad"
    ok "three bytes in place $step of 13: no crash" sane
done

done_testing
