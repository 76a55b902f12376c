#!/bin/sh
# The model file: what nmt info says is what is there, by another reader's word too; and a broken file is refused, never crashed upon.
. tests/cli/harness.sh
corpus 150
train --quiet --encoder-layers 1 --model "$T/m.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --validate-every 2 --max-updates 4
model=$T/m.gguf

# --- nmt info ---
works 'info' "$NMT" info "$model"
for what in general.architecture rnnsearch training.settings checksum 'numbers in [0-9]+ tensors' 'perplexity +BLEU'; do
    has "$T/out" "$what" "info shows $what"
done
cp "$T/out" "$T/info"
works 'info --json' "$NMT" info "$model" --json
cp "$T/out" "$T/json"
is "$(sed -n 's/.*"checksum": "\([0-9a-f]*\)".*/\1/p' "$T/json")" "$(sed -n 's/.*checksum \([0-9a-f]*\)$/\1/p' "$T/info")" 'the same checksum in both'
works 'info --build' "$NMT" info --build
has "$T/out" 'backends +openblas' 'names the backends'
must_fail 2 'info of nothing' "$NMT" info
must_fail 2 'info of two' "$NMT" info "$model" "$model"
must_fail 2 'info --build of a model' "$NMT" info --build "$model"
must_fail 2 'info --build --json' "$NMT" info --build --json
odd=$T/$(printf 'a\033[31m\302\233\342\200\256"b').gguf
cp "$model" "$odd"
works 'info --json of a file whose name has control characters' "$NMT" info "$odd" --json
has "$T/out" 'a\\u001b\[31m\\u009b\\u202e\\"b\.gguf' 'they are escaped'
is "$(tr -d '\n\t -~' <"$T/out" | LC_ALL=C tr -d '\200-\377' | wc -c)" 0 'and none is printed'
rm "$odd"

# --- an independent reader ---
if node_packages; then
    for file in m m.checkpoint; do
        works "$file: the other reader reads it" node tests/cli/read-gguf.mjs "$T/$file.gguf"
        cp "$T/out" "$T/theirs"
        "$NMT" info "$T/$file.gguf" --json | sed -n \
            -e 's/^  "\([^"]*\)": {"type": "\([^"]*\)", "value": \(.*\)}},$/key \1 \2 \3/p' -e t \
            -e 's/^  "\([^"]*\)": {"type": "\([^"]*\)", "value": \(.*\)},$/key \1 \2 \3/p' \
            -e 's/^  {"name": "\([^"]*\)", "type": "\([^"]*\)", "dims": \[\([0-9, ]*\)\]}.*$/tensor \1 \2 \3/p' |
            sed '/^tensor/s/, /x/g' >"$T/ours"
        ok "$file: and finds every key and every tensor" diff "$T/theirs" "$T/ours"
        ok "$file: of which there are many" test "$(wc -l <"$T/ours")" -gt 60
    done
    ok 'the JSON is JSON' node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$T/json"
else
    skip 7 "$why"
fi

# --- files that are no models ---
refused() { # FILE DESCRIPTION
    must_fail 1 "info: $2" "$NMT" info "$1"
    is "$(wc -l <"$T/err")" 1 "info: $2: one line"
    must_fail 1 "translate: $2" from_file "$T/valid.en" translate --model "$1"
    must_fail 1 "align: $2" "$NMT" align --model "$1" --source "$T/valid.en" --target "$T/valid.fr"
}
bad=$T/bad.gguf
size=$(wc -c <"$model")
for length in 0 1 4 20 24 100 5000 $((size / 2)) $((size - 1000)) $((size - 1)); do
    head -c "$length" "$model" >"$bad"
    refused "$bad" "cut to $length bytes"
done
refused data/valid.en 'a text'
gzip -c "$model" >"$bad"
refused "$bad" 'a packed model'
refused "$T" 'a folder'
refused "$T/nowhere.gguf" 'nothing'
printf '\177ELF\002\001\001' >"$bad"
refused "$bad" 'a program'
{ printf 'GGUF\003\0\0\0'; head -c 100000 /dev/zero; } >"$bad"
refused "$bad" 'an empty table'

put() { # OFFSET BYTES: the model with these bytes in the place of its own
    cp "$model" "$bad"
    printf "$2" | dd of="$bad" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
at() { # TEXT: where it stands in the model
    grep -a -b -o -e "$1" "$model" | head -n 1 | cut -d : -f 1
}
put 0 'GGML'
refused "$bad" 'another format'
put 4 '\002'
refused "$bad" 'version 2'
put 4 '\000\000\000\003'
refused "$bad" 'the other byte order'
put 8 '\377\377\377\377\377\377\377\377'
refused "$bad" '2^64 - 1 tensors'
put 8 '\000'
refused "$bad" 'no tensors'
put 16 '\377\377\377\377\377\377\377\177'
refused "$bad" '2^63 - 1 keys'
put "$(at rnnsearch)" 'rnnsearcj'
refused "$bad" 'another architecture'
has "$T/err" 'rnnsearcj' 'names it'
put 24 '\377\377\377\377\377\377\377\377'
refused "$bad" 'a key of 2^64 - 1 bytes'
put 24 '\000\000\000\100'
refused "$bad" 'a key of a gigabyte'
# The sizes of the network: each key's value, 4 bytes, stands behind its name and 4 bytes of type.
for name in $(sed -n 's/^  "\(rnnsearch\.[a-z_.]*\)": {"type": "uint32".*/\1/p' "$T/json"); do
    offset=$(($(at "$name") + ${#name} + 4))
    put "$offset" '\377\377\377\177'
    run "$NMT" info "$bad"
    ok "info: $name of 2^31 - 1: no crash" sane
    case $name in
    *embedding* | *hidden* | *alignment* | *maxout*) refused "$bad" "$name of 2^31 - 1" ;;
    esac
done

# The layers of the encoder: a key and tensors that a model of one layer does not have.
lacks "$T/info" '^(rnnsearch.encoder_layers|encoder.2)' 'a model of one encoder layer does not say so'
train --quiet --model "$T/deep.gguf" --encoder-layers 2 --max-updates 1
works 'info of two encoder layers' "$NMT" info "$T/deep.gguf"
has "$T/out" '^rnnsearch.encoder_layers +2$' 'shows the layers'
has "$T/out" '^encoder.2.backward.W +F32 .24, 48.$' 'and the tensors of the second'
model=$T/deep.gguf
offset=$(($(at rnnsearch.encoder_layers) + 28))
for layers in 0 1 3 5; do
    put $offset "\\00$layers"
    refused "$bad" "$layers layers for 2"
done
model=$T/m.gguf

# Numbers that are no weights: somewhere in the middle of the tensors.
middle=$((size / 2 / 32 * 32))
for number in '\000\000\300\177 NaN' '\000\000\200\377 -Inf' '\346\261\141\177 3e38'; do
    put $middle "${number% *}"
    refused "$bad" "a weight of ${number#* }"
    has "$T/err" 'bad.gguf: tensor [a-z].* contains numbers that are not finite' 'names the tensor'
done

# One byte after another of the header, each bit turned: nothing crashes, and what is refused is refused in one line.
crashed=0
offset=0
while [ $offset -lt $((size - 1000)) ]; do
    byte=$(dd if="$model" bs=1 skip=$offset count=1 2>/dev/null | od -An -tu1)
    put $offset "\\$(printf '%03o' $((255 - byte)))"
    run "$NMT" info "$bad"
    if ! sane || [ "$code" -gt 1 ] || [ "$(grep -c '^nmt: error: ' "$T/err")" -ne "$code" ]; then
        echo "# byte $offset turned:"
        show
        crashed=$((crashed + 1))
    fi
    [ $offset -lt 64 ] && step=1 || step=$((size / 200))
    offset=$((offset + step))
done
is $crashed 0 'a byte turned anywhere: no crash'
for offset in 0 1 2 3 4 5 6 7 8 9 15 16 17 23; do
    byte=$(dd if="$model" bs=1 skip=$offset count=1 2>/dev/null | od -An -tu1)
    put $offset "\\$(printf '%03o' $((255 - byte)))"
    must_fail 1 "byte $offset of the head turned" "$NMT" info "$bad"
done

done_testing
