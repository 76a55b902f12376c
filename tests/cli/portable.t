#!/bin/sh
# The program on other processors, under emulation: an x86-64 without AVX, and arm64, for which it is cross-compiled. A model that was
# trained here gives the same translations there; training there has nearly the same losses.
. tests/cli/harness.sh
case ${BUILD-} in
'' | *release) ;;
*)
    skip 1 'other processors are tested beside the release build'
    done_testing
    ;;
esac
if [ "$(uname -m)" != x86_64 ] || ! command -v qemu-x86_64-static >/dev/null; then
    skip 1 'emulation needs an x86-64 and qemu-user-static (scripts/setup --arm64)'
    done_testing
fi
corpus 100
learned "$T/m.gguf"
head -n 10 data/test.en >"$T/in"
head -n 3 data/test.en >"$T/few.en"
head -n 3 data/test.fr >"$T/few.fr"
losses() {
    sed -n 's/.*"training_loss": \([0-9.]*\), "loss": \([0-9.]*\).*/\1 \2/p' "$1"
}
near() { # A B: losses that differ by a thousandth at most
    losses "$1" >"$T/x"
    losses "$2" >"$T/y"
    paste -d ' ' "$T/x" "$T/y" | awk 'NF != 4 { bad = 1 }
        { for (i = 1; i <= 2; i++) { d = $i - $(i + 2); if (d < 0) d = -d; if (d > 1e-3 * $i) bad = 1 } }
        END { exit bad || NR < 2 }' || { paste "$T/x" "$T/y"; return 1; }
}

training() { # NAME COMMAND...
    name=$1
    shift
    timeout 600 "$@" train $TINY --threads 2 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/few.en" \
        --valid-target "$T/few.fr" --validate-every 2 --max-updates 4 --learning-rate 0.02 --warmup 0 --precision f32 --model "$T/$name.gguf" \
        --log "$T/$name.log"
}
on() { # NAME COMMAND...: the same training and translations there
    name=$1
    shift
    works "$name: training" training "$name" "$@"
    ok "$name: nearly the same losses" near "$T/here.log" "$T/$name.log"
    for type in f32 q8_0 bf16; do
        works "$name: translating, $type" from_file "$T/in" "$@" translate --model "$T/m.$type.gguf" --beam 3 --alignment "$T/$name.csv"
        same "$T/$type.out" "$T/out" "$name: $type, the same translations"
    done
    works "$name: what was trained there is read here" from_file "$T/in" "$NMT" translate --model "$T/$name.gguf" --beam 1
}
run training here "$NMT"
is "$code" 0 'training here'
cp "$T/m.gguf" "$T/m.f32.gguf"
for type in f32 q8_0 bf16; do
    [ $type = f32 ] || works "$type" "$NMT" quantize "$T/m.gguf" --output "$T/m.$type.gguf" --type $type
    works "translating here, $type" from_file "$T/in" "$NMT" translate --model "$T/m.$type.gguf" --beam 3
    cp "$T/out" "$T/$type.out"
done

on 'x86-64 without AVX' qemu-x86_64-static -cpu Nehalem "$NMT"

if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64-static >/dev/null ||
    [ ! -e /usr/lib/aarch64-linux-gnu/libgomp.so.1 ]; then
    skip 1 'what builds for arm64 is not installed (scripts/setup --arm64)'
    done_testing
fi
run make MAKEFLAGS= CONFIG=arm64 WERROR=-Werror build/arm64/nmt
is "$code" 0 'the program is built for arm64'
on arm64 qemu-aarch64-static "$HERE/build/arm64/nmt"
for test in vec stored oracle; do
    run make MAKEFLAGS= CONFIG=arm64 WERROR=-Werror "build/arm64/tests/test_$test"
    works "arm64: test_$test" qemu-aarch64-static "build/arm64/tests/test_$test"
done
done_testing
