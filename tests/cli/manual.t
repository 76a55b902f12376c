#!/bin/sh
# The manual page has every option of every command, as --help prints it, and formats without a complaint.
. tests/cli/harness.sh

works 'makes the manual page' scripts/make-man "$NMT"
mv "$T/out" "$T/nmt.1"
lacks "$T/nmt.1" '^\.\\" options' 'no list of options is left open'
for command in train translate align lexicon eval check info plot bench; do
    "$NMT" "$command" --help >"$T/help"
    sed -n "/^\.Ss $command\$/,/^\.S[sh] /p" "$T/nmt.1" | sed -e '1d' -e 's/^\.It Fl Fl \([a-z0-9-]*\).*/--\1/' >"$T/section"
    sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p' "$T/help" | grep -v -x -e --config >"$T/options"
    grep -x -e '--[a-z0-9-]*' "$T/section" >"$T/listed"
    same "$T/options" "$T/listed" "$command: all its options, in the order of --help"
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
    groff -mdoc -Tutf8 -P-cbou -ww "$T/nmt.1" >"$T/page" 2>"$T/complaints"
    is "$(cat "$T/complaints")" '' 'groff has nothing to complain of'
    has "$T/page" 'save-minutes' 'and prints it'
else
    skip 2 'groff is not installed'
fi

done_testing
