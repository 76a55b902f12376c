#!/bin/sh
# The manual pages have every option of every command, as --help prints it, and format without a complaint; completion knows them, too.
. tests/cli/harness.sh

works 'makes the manual page' scripts/make-man "$NMT"
mv "$T/out" "$T/nmt.1"
lacks "$T/nmt.1" '^\.\\" options' 'no list of options is left open'
commands=$("$NMT" --help | sed -n "s/^  \([a-z]*\)  .*/\1/p")
is "$(echo "$commands" | wc -l)" "$(ls src/cli/cmd_*.c | wc -l)" "the program lists its commands"
for command in $commands; do
    "$NMT" "$command" --help >"$T/help"
    sed -n "/^\.Ss $command\$/,/^\.S[sh] /p" "$T/nmt.1" | sed -e '1d' -e 's/^\.It Fl Fl \([a-z0-9-]*\).*/--\1/' >"$T/section"
    sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p' "$T/help" | grep -v -x -e --config >"$T/options"
    grep -x -e '--[a-z0-9-]*' "$T/section" >"$T/listed"
    same "$T/options" "$T/listed" "$command: all its options, in the order of --help"
    scripts/make-man "$NMT" "$command" >"$T/nmt-$command.1"
    sed -n 's/^\.It Fl Fl \([a-z0-9-]*\).*/--\1/p' "$T/nmt-$command.1" >"$T/listed"
    same "$T/options" "$T/listed" "$command: and in the page of the command"
    has "$T/nmt-$command.1" '^\.Nd [a-z]' "$command: which says what it does"
done
has "$T/nmt.1" '^clip the gradient norm to NORM \(default: 1\)$' 'defaults are those of the program'
"$NMT" train --help >"$T/help"
for group in 'The most important options' Data Model Training Regularisation Output; do
    has "$T/help" "^$group.*:\$" "train --help has the group $group"
done
is "$(sed -n '/^The most important options/,/^$/p' "$T/help" | grep -c '^  --')" 10 'of which the first has ten options'
lacks "$T/help" '(^| )-1' 'nobody meets -1'
is "$(awk 'length($0) > 100' "$T/help")" '' 'no line of the help is longer than 100 characters'
if command -v groff >/dev/null; then
    for page in "$T"/nmt*.1; do
        groff -mdoc -Tutf8 -P-cbou -ww "$page" 2>&1 >"$T/${page##*/}.page"
    done >"$T/complaints"
    mv "$T/nmt.1.page" "$T/page"
    is "$(cat "$T/complaints")" '' 'groff has nothing to complain of'
    has "$T/page" 'save-minutes' 'and prints it'
else
    skip 2 'groff is not installed'
fi

# --- completion ---
completes() { # WANTED DESCRIPTION WORD...: of the last word
    wanted=$1
    what=$2
    shift 2
    got=$(bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { echo files; }; _nmt; echo ${COMPREPLY[*]}' - "$T/bash" "$@")
    is "$(echo $got)" "$wanted" "completes $what"
}
if command -v bash >/dev/null; then
    works 'makes completion for bash' scripts/make-completion "$NMT" bash
    mv "$T/out" "$T/bash"
    completes 'train translate' 'commands' nmt tr
    completes '--max-minutes --max-length --maxout --max-updates --max-epochs' 'options' nmt train --ma
    completes 'rnn transformer mixed' 'choices' nmt train --model-type ''
    completes 'transformer' 'the beginning of a choice' nmt train --model-type t
    completes 'json' 'a choice whose help has no room beside it' nmt translate --alignment-format j
    completes 'files' 'the value of --model as a file' nmt train --model ''
    completes '' 'no number' nmt train --seed ''
    completes 'files' 'an argument as a file' nmt info ''
    for command in $commands; do
        "$NMT" "$command" --help | sed -n 's/^  \(-h, \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p' >"$T/options"
        completes "$(echo $(cat "$T/options"))" "all options of $command" nmt "$command" -
    done
else
    skip $((9 + $(echo "$commands" | wc -l))) 'bash is not installed'
fi
if command -v zsh >/dev/null; then
    works 'makes completion for zsh' scripts/make-completion "$NMT" zsh
    mv "$T/out" "$T/_nmt"
    ok 'which zsh can read' zsh -n "$T/_nmt"
    is "$(zsh -f -c '_arguments() { print -l -- "$@" | grep -c "^\*--"; }; words=(nmt info ""); CURRENT=3; . "$1"' - "$T/_nmt")" \
        "$("$NMT" info --help | grep -c '^  \(-h, \)\{0,1\}--')" 'with the options of a command'
else
    skip 3 'zsh is not installed'
fi

done_testing
