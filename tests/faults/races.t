#!/bin/sh
# The workers under the thread sanitizer: training in every way that they share work, translation, alignment. For a program built with
# clang (make check-tsan), whose OpenMP library has a tool that tells the sanitizer what synchronises: without it every barrier
# looks like a race.
. tests/cli/harness.sh
LIMIT='timeout -k 1 300'
archer=$(dirname "$("${CLANG:-clang}" -print-resource-dir)")/../libarcher.so
if [ ! -e "$archer" ]; then
    skip 1 'libarcher.so is missing (Debian: libomp-dev)'
    done_testing
fi
export OMP_TOOL_LIBRARIES="$archer" TSAN_OPTIONS='ignore_noninstrumented_modules=1:exitcode=99'
# The sanitizer sees a race where there is one, and none where OpenMP keeps order.
add_up() { # NAME DIRECTIVE
    printf 'int main(void) { static int x;\n#pragma omp parallel num_threads(2)\nfor (int i = 0; i < 1000; i++)\n{\n%s\nx++; }\nreturn 0; }\n' "$2" >"$T/$1.c"
    "${CLANG:-clang}" -fopenmp -fsanitize=thread -o "$T/$1" "$T/$1.c" && run "$T/$1"
}
add_up racing ''
has "$T/err" 'data race' 'a race is seen'
add_up orderly '#pragma omp critical'
lacks "$T/err" 'data race' 'where there is none, none is'

corpus 60
head -n 12 "$T/train.en" >"$T/in.en"
head -n 12 "$T/train.fr" >"$T/in.fr"
valid="--valid-source $T/valid.en --valid-target $T/valid.fr"

works 'training with three workers, validation, average' train --quiet --threads 3 --model "$T/a.gguf" --batch-sentences 10 --validate-every 4 \
    --max-updates 8 --average 0.9 $valid
works 'and on' "$NMT" train --resume --quiet --model "$T/a.gguf" --max-updates 10
works 'training with OpenBLAS, two layers, BPE dropout, two workers' train --quiet --threads 2 --model "$T/b.gguf" --backend openblas \
    --encoder-layers 2 --bpe-dropout 0.1 --dropout-state 0.1 --max-epochs 1
works 'training with more workers than sentences' train --quiet --threads 4 --model "$T/c.gguf" --batch-sentences 2 --max-updates 3
works 'training without attention' train --quiet --threads 2 --model "$T/d.gguf" --attention none --optimizer sgd --max-updates 3
for model in a b; do
    works "translation, $model" from_file "$T/in.en" translate --model "$T/$model.gguf" --threads 3 --batch 2
    works "n-best lists and alignments, $model" from_file "$T/in.en" translate --model "$T/$model.gguf" --threads 2 --batch 3 --n-best 3 \
        --alignment "$T/$model.csv"
done
run "${CLANG:-clang}" -std=c11 -g -fsanitize=thread -fopenmp -pthread -Isrc/serve -o "$T/threads" tests/library/threads.c build/tsan/libnmt.a \
    $(sed -n 's/.* \(-ldl .*\)/\1/p' build/tsan/flags)
is "$code" 0 'the threads of the library are built'
works 'eight threads with one model' from_file "$T/in.en" "$T/threads" "$T/a.gguf" no-limits
works 'an ensemble' from_file "$T/in.en" translate --model "$T/a.gguf" --model "$T/a.gguf" --threads 2 --batch 3
works 'alignment' "$NMT" align --model "$T/a.gguf" --source "$T/in.en" --target "$T/in.fr" --threads 2 --batch 3 --scores --alignment "$T/o.csv"
works 'a lexicon' "$NMT" lexicon --source "$T/train.en" --target "$T/train.fr" --threads 3 --output "$T/table" --alignment "$T/links"
works 'bench' "$NMT" bench --embedding 8 --hidden 8 --alignment 8 --maxout 8 --vocabulary 100 --batch 4 --updates 2 --sentences 6 \
    --peak-seconds 0.01 --threads 2
done_testing
