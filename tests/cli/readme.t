#!/bin/sh
# Every command of README.md runs, on small files under the names that it uses; and the demo, cut short.
. tests/cli/harness.sh

mkdir "$T/home"
ln -s "$NMT" "$T/home/nmt"
head -n 300 data/train.en >"$T/home/train.en"
head -n 300 data/train.fr >"$T/home/train.de"
head -n 80 data/valid.en >"$T/home/more.en"
head -n 80 data/valid.fr >"$T/home/more.de"
head -n 20 data/valid.en >"$T/home/valid.en"
head -n 20 data/valid.fr >"$T/home/valid.de"
head -n 10 data/test.en >"$T/home/new.en"
head -n 10 data/test.fr >"$T/home/ref.de"
sed 's/.*/{"text": "&"}/' "$T/home/new.en" >"$T/home/new.jsonl"
cp "$T/home/ref.de" "$T/home/a.de"
cut -c 1-3 "$T/home/ref.de" >"$T/home/begin.de"
tac "$T/home/ref.de" >"$T/home/b.de"
small='--embedding 16 --hidden 24 --alignment 16 --maxout 16 --vocabulary 400 --max-updates 20 --threads 2'

# Commands stand on lines of their own, indented by four spaces, or between back quotes.
sed -n 's/^    \(\.\/nmt .*\)/\1/p; s/.*`\(\.\/nmt [a-z][^`]*\)`.*/\1/p' README.md | grep -v COMMAND >"$T/commands"
ok 'the README has commands' test "$(wc -l <"$T/commands")" -ge 8
while read -r command; do
    line=$command
    case $command in
    *int8*) "$NMT" info --build | grep -q int8 || line=$(echo "$command" | sed 's/ --precision int8//') ;;
    *'--model-type transformer'*) line="$command $(echo "$small" | sed 's/--hidden [0-9]*//; s/--alignment [0-9]*//; s/--maxout [0-9]*//')" ;;
    *' train '*) line="$command $small" ;;
    *' serve '*)
        run "$NMT" serve --model /nowhere
        if grep -q 'built without' "$T/err"; then continue; fi
        line="{ $command --listen 127.0.0.1:0 2>serving & until grep -q -e '^serving' -e error serving; do sleep 0.05; done; kill \$!; wait \$!; }"
        ;;
    *bench*) line="$command --embedding 16 --hidden 16 --alignment 16 --maxout 16 --vocabulary 100 --batch 4 --updates 2 --sentences 10 --peak-seconds 0.01" ;;
    esac
    works "$command" sh -c "cd '$T/home' && $line"
    case $command in
    *' train '*) cp "$T/home/my.gguf" "$T/home/a.gguf"; cp "$T/home/my.gguf" "$T/home/b.gguf"; cp "$T/home/my.gguf" "$T/home/big.gguf" ;;
    esac
done <"$T/commands"
is "$(wc -l <"$T/home/new.de")" 10 'a line out for every line in'

# The demo: scripts/setup has nothing left to do here, and the program is the one under test.
works 'make help' make -s help
works 'the demo, in six seconds' env DEMO_MINUTES=0.1 DEMO_NAME="$T/demo" NMT="$NMT" scripts/demo
has "$T/out" '^BLEU' 'prints BLEU'
has "$T/out" '^AER' 'and the alignment error rate'
has "$T/out" ' doctors ' 'and a matrix'
ok 'leaves alignments as CSV' test -s "$T/demo.csv"
done_testing
