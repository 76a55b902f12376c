#!/bin/sh
# nmt translate --sample and --noise-...: samples and noise are a function of seed and line, whatever the batches and threads, and scores
# are those of the printed text.
. tests/cli/harness.sh
corpus 200
learned "$T/bpe.gguf"
learned "$T/other.gguf" --seed 2
learned "$T/word.gguf" --units word --vocabulary 60
head -n 60 data/valid.en >"$T/in"

sample() {
    from_file "$T/in" translate --sample "$@"
}

# --- determinism ---
for model in bpe word; do
    works "$model: samples" sample --model "$T/$model.gguf" --threads 1 --batch 1
    cp "$T/out" "$T/one"
    is "$(wc -l <"$T/one")" 60 "$model: a line out for every line in"
    for settings in '--threads 1 --batch 7' '--threads 2 --batch 64' '--threads 2 --batch 3'; do
        sample --model "$T/$model.gguf" $settings >"$T/out"
        same "$T/one" "$T/out" "$model: the same with $settings"
    done
    sample --model "$T/$model.gguf" --seed 2 >"$T/out"
    ok "$model: another seed, other samples" sh -c '! cmp -s "$1" "$2"' - "$T/one" "$T/out"
done
sed -n 40p "$T/in" >"$T/line"
{ yes '' | head -n 39; cat "$T/line"; } | translate --sample --model "$T/bpe.gguf" | tail -n 1 >"$T/out"
sample --model "$T/bpe.gguf" | sed -n 40p >"$T/one"
same "$T/one" "$T/out" 'a line among blank ones gives what it gives among others'
yes "$(cat "$T/line")" | head -n 20 | translate --sample --model "$T/bpe.gguf" >"$T/out"
ok 'the same line twenty times gives several samples' test "$(sort -u "$T/out" | wc -l)" -ge 5
# Lines that were not read together: the numbers go on.
sample --model "$T/bpe.gguf" >"$T/one"
{ head -n 20 "$T/in"; sleep 0.5; tail -n +21 "$T/in"; } | translate --sample --model "$T/bpe.gguf" >"$T/out"
same "$T/one" "$T/out" 'lines that come late are sampled alike'

# --- without a choice ---
from_file "$T/in" translate --model "$T/bpe.gguf" --beam 1 >"$T/greedy"
sample --model "$T/bpe.gguf" --top-k 1 >"$T/out"
same "$T/greedy" "$T/out" '--top-k 1 is greedy search'
sample --model "$T/bpe.gguf" --temperature 0.000001 >"$T/out"
same "$T/greedy" "$T/out" 'and so is a temperature near 0'
from_file "$T/in" translate --model "$T/bpe.gguf" --model "$T/other.gguf" --beam 1 >"$T/greedy"
sample --model "$T/bpe.gguf" --model "$T/other.gguf" --top-k 1 >"$T/out"
same "$T/greedy" "$T/out" 'of an ensemble, too'
score() {
    awk -F'\t' '{ sum += $1 } END { printf "%d\n", sum }'
}
for temperature in 0.3 1 3; do
    sample --model "$T/bpe.gguf" --temperature $temperature --scores | score
done >"$T/out"
ok 'the higher the temperature, the less probable the samples' sort -n -r -c "$T/out"

# --- several samples ---
works 'five samples' sample --model "$T/bpe.gguf" --n-best 5
is "$(cut -f 1,2 "$T/out")" "$(for n in $(seq 60); do for k in 1 2 3 4 5; do printf '%d\t%d\n' $n $k; done; done)" \
    'five for each line, in order, none left out'
cp "$T/out" "$T/five"
awk -F'\t' '$2 == 1 { print $4 }' "$T/five" >"$T/first"
sample --model "$T/bpe.gguf" >"$T/one"
same "$T/one" "$T/first" 'the first is that of one sample'
sample --model "$T/bpe.gguf" --top-k 1 --n-best 3 >"$T/out"
is "$(cut -f 1,4 "$T/out" | sort | uniq -c | awk '$1 != 3')" '' 'equal samples are not removed'
sed "s/.*/&/;h;p;p;p;p" "$T/in" >"$T/in5"
cut -f 4 "$T/five" >"$T/texts"
run $LIMIT "$NMT" align --model "$T/bpe.gguf" --scores --source "$T/in5" --target "$T/texts"
is "$(paste "$T/out" "$T/five" | awk -F'\t' '($1 - $4) ^ 2 > 1e-6' | head -n 3)" '' 'scores are those of nmt align'
paste -s -d ' ' "$T/in" | cut -c 1-600 >"$T/joined"
works 'a line in pieces' from_file "$T/joined" translate --sample --model "$T/bpe.gguf" --n-best 3 --max-length 12
is "$(cut -f 2 "$T/out" | paste -s -d ' ' -)" '1 2 3' 'has as many samples'
is "$(cut -f 4 "$T/out" | sort -u | wc -l)" 3 'that differ'

# --- nothing is repeated for ever ---
learned "$T/loops.gguf" --units char --max-updates 60 --learning-rate 0.02
again='(..+)\1\1\1\1' # a phrase five times in a row
sample --model "$T/loops.gguf" --temperature 0.1 --max-repeats 0 >"$T/out"
has "$T/out" "$again" 'without a limit, something is'
sample --model "$T/loops.gguf" --temperature 0.1 >"$T/out"
lacks "$T/out" "$again" 'with it, nothing is'

# --- noise ---
noise='--noise-drop 0.1 --noise-blank 0.1 --noise-shuffle 3'
works 'noise on the best translations' from_file "$T/in" translate --model "$T/bpe.gguf" --threads 1 --batch 5 $noise
cp "$T/out" "$T/one"
from_file "$T/in" translate --model "$T/bpe.gguf" --threads 2 $noise >"$T/out"
same "$T/one" "$T/out" 'is the same with other threads and batches'
from_file "$T/in" translate --model "$T/bpe.gguf" $noise --seed 2 >"$T/out"
ok 'another seed, other noise' sh -c '! cmp -s "$1" "$2"' - "$T/one" "$T/out"
has "$T/one" '(^| )_( |$)' 'there are blanks'
lacks "$T/one" '^$' 'and no empty line'
from_file "$T/in" translate --model "$T/bpe.gguf" >"$T/clean"
from_file "$T/in" translate --model "$T/bpe.gguf" --noise-shuffle 2 >"$T/out"
letters() {
    sed 's/ //g; s/./&\n/g' "$1" | sort | tr -d '\n'
}
is "$(letters "$T/out")" "$(letters "$T/clean")" 'shuffling loses nothing'
ok 'and changes something' sh -c '! cmp -s "$1" "$2"' - "$T/clean" "$T/out"
from_file "$T/in" translate --model "$T/bpe.gguf" $noise --scores >"$T/scored"
cut -f 2- "$T/scored" >"$T/out"
same "$T/one" "$T/out" '--scores does not change the noise'
run $LIMIT "$NMT" align --model "$T/bpe.gguf" --scores --source "$T/in" --target "$T/one"
is "$(paste "$T/out" "$T/scored" | awk -F'\t' '($1 - $2) ^ 2 > 1e-6' | head -n 3)" '' 'the score is that of the damaged text'
works 'noise on samples' sample --model "$T/bpe.gguf" $noise

# --- usage ---
for wrong in top-k=-1 temperature=0 temperature=-1 temperature=nan noise-drop=1 noise-drop=-0.1 noise-blank=1.1 noise-shuffle=-1 seed=-1; do
    must_fail 2 "--$wrong" from_file /dev/null translate --sample --model "$T/bpe.gguf" "--$wrong"
    has "$T/err" "--${wrong%%=*}" 'names the option'
done
for lonely in top-k=5 temperature=0.5 seed=2; do
    must_fail 2 "--$lonely without --sample" from_file /dev/null translate --model "$T/bpe.gguf" "--$lonely"
    has "$T/err" "--${lonely%%=*} .*--sample" 'names both options'
done
for contrary in beam=3 length-penalty=0; do
    must_fail 2 "--$contrary with --sample" from_file /dev/null translate --sample --model "$T/bpe.gguf" "--$contrary"
    has "$T/err" "--${contrary%%=*} has no effect with --sample" 'names both options'
done

done_testing
