# harness: what the shell tests share. A test is a POSIX sh script that begins with
#
#     . tests/cli/harness.sh
#
# speaks TAP by the functions below, and ends with done_testing. It has a fresh folder $T, removed at its end, and needs no other test.
# Commands under test leave standard output in $T/out, standard error in $T/err, and their exit code in $code.

NMT=${NMT:-./nmt}
case $NMT in
/*) ;;
*) NMT=$(pwd)/$NMT ;;
esac
LC_ALL=C
export LC_ALL
HERE=$(pwd)
T=$(mktemp -d "${TMPDIR:-/tmp}/nmt-test.XXXXXX") || exit 1
tests=0
failures=0

trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM

# A sanitizer's report is a failure, whatever code it ends with.
sane() {
    if [ "$code" -ge 128 ] || [ "$code" -eq 99 ] || grep -q -e 'Sanitizer' -e 'runtime error:' "$T/err"; then
        echo "# crashed, or stopped by a sanitizer, with code $code"
        return 1
    fi
}

show() {
    echo "# exit code $code, standard error:"
    sed 's/^/#   /' "$T/err" | head -n 20
}

# report STATUS DESCRIPTION
report() {
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests - $2"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $2"
    fi
    return 0
}

# ok DESCRIPTION COMMAND...: the command, a check, succeeds. Its output is shown as a comment.
ok() {
    what=$1
    shift
    if "$@" >"$T/check" 2>&1; then
        report 0 "$what"
    else
        report 1 "$what"
        sed 's/^/#   /' "$T/check" | head -n 20
    fi
}

# is GOT WANTED DESCRIPTION
is() {
    if [ "$1" = "$2" ]; then
        report 0 "$3"
    else
        report 1 "$3"
        printf '%s\n' "got:    $1" "wanted: $2" | sed 's/^/#   /'
    fi
}

# has FILE PATTERN DESCRIPTION: a line of the file matches the extended regular expression. lacks: none does.
has() {
    if grep -E -q -e "$2" "$1"; then
        report 0 "$3"
    else
        report 1 "$3"
        echo "#   no line like: $2"
        sed 's/^/#   /' "$1" | head -n 20
    fi
}

lacks() {
    if grep -E -q -e "$2" "$1"; then
        report 1 "$3"
        grep -E -e "$2" "$1" | sed 's/^/#   /' | head -n 5
    else
        report 0 "$3"
    fi
}

same() { # A B DESCRIPTION: two files are equal, byte for byte
    ok "$3" cmp "$1" "$2"
}

# run COMMAND...: no judgement; for what several checks look at. What does not end is ended: see LIMIT.
run() {
    code=0
    "$@" >"$T/out" 2>"$T/err" || code=$?
}

# works DESCRIPTION COMMAND...: exits with 0 and reports no error.
works() {
    what=$1
    shift
    run "$@"
    if sane && [ "$code" -eq 0 ] && ! grep -q '^nmt: error:' "$T/err"; then
        report 0 "$what"
    else
        report 1 "$what"
        show
    fi
}

# must_fail CODE DESCRIPTION COMMAND...: exits with just that code, which a crash does not, and says why in one line `nmt: error: …`.
must_fail() {
    wanted=$1
    what=$2
    shift 2
    run "$@"
    if sane && [ "$code" -eq "$wanted" ] && [ "$(grep -c '^nmt: error: ' "$T/err")" -eq 1 ]; then
        report 0 "$what"
    else
        report 1 "$what: code $wanted and one line of error"
        show
    fi
}

# skip NUMBER WHY: that many tests are left out, aloud.
skip() {
    left=$1
    while [ "$left" -gt 0 ]; do
        tests=$((tests + 1))
        left=$((left - 1))
        echo "ok $tests # SKIP $2"
    done
}

done_testing() {
    echo "1..$tests"
    exit $((failures > 0))
}

# to_file FILE COMMAND...: with standard output going to the file (/dev/full, say). from_file: standard input from it.
to_file() {
    to=$1
    shift
    "$@" >"$to"
}

from_file() {
    from=$1
    shift
    "$@" <"$from"
}

# await FILE PATTERN PROCESS: waits until a line of the file matches, or the process has ended, or 30 seconds are over.
await() {
    tries=0
    until grep -q -e "$2" "$1" || [ $tries -ge 1500 ] || ! kill -0 "$3" 2>/dev/null; do
        sleep 0.02
        tries=$((tries + 1))
    done
}

# corpus PAIRS: the first pairs of the demo corpus as $T/train.en and .fr, and 20 held-out ones as $T/valid.en and .fr.
corpus() {
    for side in en fr; do
        head -n "$1" "data/train.$side" >"$T/train.$side"
        head -n 20 "data/valid.$side" >"$T/valid.$side"
    done
}

# No command of these tests may take so long; not a crash, but a failure, is what it becomes.
LIMIT='timeout 60'
TINY='--embedding 16 --hidden 24 --alignment 16 --maxout 16'

# train ARGUMENT...: a tiny model from corpus(). What is given overrides what stands here; --source and --target, which otherwise would
# add a corpus, too.
train() {
    case " $* " in *" --target "*) ;; *) set -- --target "$T/train.fr" "$@" ;; esac
    case " $* " in *" --source "*) ;; *) set -- --source "$T/train.en" "$@" ;; esac
    $LIMIT "$NMT" train $TINY --threads 2 --vocabulary 400 "$@"
}

# learned FILE ARGUMENT...: a tiny model in FILE that has learned something, in two or three seconds.
learned() {
    file=$1
    shift
    train --quiet --model "$file" --max-updates 100 --learning-rate 0.01 --warmup 0 --dropout 0 --bpe-dropout 0 "$@" 2>"$T/learned"
}

translate() {
    $LIMIT "$NMT" translate --threads 2 "$@"
}

# tensors FILE: a checksum of all weights, whatever settings and history stand beside them.
tensors() {
    "$NMT" info --json "$1" >"$T/check" || return
    tail -c "$(sed -n 's/.*"type": "F32", "dims": \[\(.*\)\]}.*/\1/p' "$T/check" |
        awk -F', ' '{ n = 1; for (i = 1; i <= NF; i++) n *= $i; bytes += int((4 * n + 31) / 32) * 32 } END { print bytes }')" "$1" | cksum
}

# node_packages: whether node is there, with the packages of tests/cli/package.json, which this installs. $why says why not.
node_packages() {
    why='Node.js is not installed'
    command -v node >/dev/null || return
    why='npm cannot install the packages of tests/cli/package.json here'
    (
        cd tests/cli && exec 9<package.json && flock 9 || exit
        cmp -s package-lock.json node_modules/installed && exit
        command -v npm && timeout 120 npm ci --silent && cp package-lock.json node_modules/installed
    ) >"$T/npm" 2>&1
}
