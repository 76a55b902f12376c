#!/bin/sh
# nmt compare: the numbers of the page are those of nmt eval and of counting by hand; what is refused is refused.
. tests/cli/harness.sh
cat >"$T/ref" <<'END'
the cat sat on the mat
a dog barks
the end
<b>& "x"
END
cat >"$T/a" <<'END'
the cat sat on a mat
a cat barks
the the end
<b>& "x"
END
cat >"$T/b" <<'END'
the cat is on the mat
a dog barks loudly
end

END
printf 'the the the the the\ncat cat\ndog\na a a a a a a a a a\n' >"$T/train"
cat >"$T/src" <<'END'
die Katze saß auf der Matte
ein Hund bellt
das Ende
<b>& "x" eins zwei drei vier fünf sechs sieben acht neun zehn
END

# --- the data ---
compare() {
    "$NMT" compare --reference "$T/ref" --hypothesis "$T/a" --hypothesis "$T/b" --tokenize none "$@"
}
works 'as JSON' compare --source "$T/src" --train "$T/train" --output "$T/c.json"
has "$T/c.json" '"n": 1, "text": "dog", "reference": 1, "first": 0, "this": 1' 'a word that the second has'
has "$T/c.json" '"n": 2, "text": "the mat", "reference": 1, "first": 0, "this": 1' 'two words'
has "$T/c.json" '"n": 4, "text": "the cat sat on", "reference": 1, "first": 1, "this": 0' 'four words that the first has'
lacks "$T/c.json" '"text": "cat"|"text": "loudly"' 'nothing that both have, or that the reference lacks'
has "$T/c.json" '"text": "the", "reference": 3, "first": 2, "this": 2|"text": "sat", "reference": 1, "first": 1, "this": 0' 'counted sentence by sentence'
# the: 3 in the reference; a has 3 (2 in common), b has 2 (2 in common)
has "$T/c.json" '"seen": "5-9", "words": 3, "f1": \[0\.66666666666666[67], 0\.8\]' 'F1 of a word seen five times'
has "$T/c.json" '"seen": "2", "words": 1, "f1": \[0\.66666666666666[67], 1\]' 'and of one seen twice'
has "$T/c.json" '"seen": "10-99", "words": 1, "f1": \[0\.66666666666666[67], 1\]' 'and of one seen ten times'
has "$T/c.json" '"words": "1-10", "lines": 3' 'lengths of the source'
has "$T/c.json" '"words": "11-20", "lines": 1' 'of all of them'
for system in a b; do
    for metric in bleu chrf; do
        set -- --metric $metric
        [ $metric = chrf ] || set -- "$@" --tokenize none
        score=$("$NMT" eval --reference "$T/ref" --hypothesis "$T/$system" "$@" --json | sed 's/.*"score": \([0-9.]*\),.*/\1/')
        has "$T/c.json" "\"name\": \"[^\"]*/$system\",.* \"$metric\": $score[,}]" "$metric of $system is that of nmt eval"
    done
done
p=$("$NMT" eval --reference "$T/ref" --hypothesis "$T/a" --compare "$T/b" --tokenize none --json | sed 's/.*"p_value": \([0-9.]*\),.*/\1/')
has "$T/c.json" "\"p\": $p" 'and so is the test of significance'
compare --output "$T/d.json" --lowercase
has "$T/d.json" '"length_of": "reference"' 'without a source, lengths are those of the reference'
has "$T/d.json" '"frequencies": \[\]' 'without a training text, there are no frequencies'
cp "$T/a" "$T/c"
works 'three systems' "$NMT" compare --reference "$T/ref" --hypothesis "$T/a" --hypothesis "$T/b" --hypothesis "$T/c" --output "$T/e.json"
has "$T/e.json" '"against_first": \[{"difference": 0, ' 'one of them equal to the first'

# --- the page ---
cat >"$T/a.json" <<'END'
[{"number": 1, "source": ["die", "</script>"], "target": ["the"], "weights": [[0.25, 0.75]]},
{"source": [], "target": [], "weights": []}, {"source": ["x"], "target": ["y"], "weights": [[1]]}, {"source": ["x"], "target": ["y"], "weights": [[1]]}]
END
works 'as a page, with alignments' compare --source "$T/src" --alignment "$T/a.json" --alignment "$T/a.json" --output "$T/c.html"
is "$(grep -c '</script>' "$T/c.html")" 2 'no text ends its script'
lacks "$T/c.html" 'https?://' 'and no network'
if command -v node >/dev/null; then
    ok 'its data are JSON' node -e 'const d = JSON.parse(/<script type="application\/json" id="data">([^]*?)<\/script>/.exec(require("fs").readFileSync(0, "utf8"))[1]);
        if (d.sentences.length !== 4 || d.sentences[3].reference !== "<b>& \"x\"" || d.sentences[0].alignments[1].weights[0][1] !== 0.75 ||
            d.sentences[0].alignments[0].source[1] !== "</script>" || d.sentences[1].hypotheses[1] !== "a dog barks loudly") process.exit(1)' <"$T/c.html"
    ok 'and its script is one' node -e 'const s = [...require("fs").readFileSync(0, "utf8").matchAll(/<script>([^]*?)<\/script>/g)]; new Function(s[0][1])' <"$T/c.html"
else
    skip 2 'Node.js is not installed'
fi

# --- what is refused ---
must_fail 2 'one system' "$NMT" compare --reference "$T/ref" --hypothesis "$T/a" --output "$T/x.html"
must_fail 2 'no reference' "$NMT" compare --hypothesis "$T/a" --hypothesis "$T/b" --output "$T/x.html"
must_fail 2 'no output' compare
must_fail 2 'another kind of output' compare --output "$T/x.pdf"
must_fail 2 'an input as output' "$NMT" compare --reference "$T/ref" --hypothesis "$T/a" --hypothesis "$T/a.json" --output "$T/a.json"
must_fail 2 'alignments of one system only' compare --alignment "$T/a.json" --output "$T/x.html"
head -n 3 "$T/b" >"$T/short"
must_fail 1 'a line is missing' "$NMT" compare --reference "$T/ref" --hypothesis "$T/a" --hypothesis "$T/short" --output "$T/x.html"
has "$T/err" 'line 4 is missing from .*short' 'and named'
for bad in '' '[' '{}' '[1, 2, 3, 4]' '[{}, {}, {}, {}]' '[{"source": [], "target": ["a"], "weights": []}, {}, {}, {}]' \
    '[{"source": ["x"], "target": ["a"], "weights": [["y"]]}, {}, {}, {}]'; do
    echo "$bad" >"$T/bad.json"
    must_fail 1 "alignments that are none: '$bad'" compare --alignment "$T/bad.json" --alignment "$T/a.json" --output "$T/x.html"
done
ok 'nothing is left behind' test ! -e "$T/x.html"
done_testing
