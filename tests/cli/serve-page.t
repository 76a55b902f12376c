#!/bin/sh
# The page of nmt serve in a real browser: Chromium without a window, through its driver. serve-page.mjs says what is tried.
# With $SCREENSHOTS, pictures of it are left in that directory.
. tests/cli/harness.sh
. tests/cli/serve.sh

for program in node chromedriver chromium; do
    command -v $program >/dev/null && continue
    skip 1 "$program is not installed"
    done_testing
done
if ! "$NMT" serve --model /nowhere 2>&1 | grep -q '^nmt: error: /nowhere'; then
    skip 1 'the program was built without libmicrohttpd'
    done_testing
fi
corpus 200
learned "$T/en-fr.gguf"
cp "$T/en-fr.gguf" "$T/second.gguf"
serve page --model "$T/en-fr.gguf" --languages en:fr --model "$T/second.gguf" --languages en:fr --log none
: >"$T/driver"
HOME=$T TMPDIR=$T chromedriver --port=0 >"$T/driver" 2>&1 &
driver=$!
servers="$servers $driver"
await "$T/driver" 'started successfully on port' $driver
port=$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "$T/driver")
run env TMPDIR="$T" timeout 300 node tests/cli/serve-page.mjs "$url" "http://127.0.0.1:$port" ${SCREENSHOTS-}
sed 's/^/# /' "$T/out"
if grep -q 'cannot start\|unable to\|not created' "$T/err"; then
    skip 1 "the browser does not start: $(head -n 1 "$T/err")"
else
    is "$code $(cat "$T/err")" '0 ' 'typing, hover, keyboard, stale answers, dark, right to left, a narrow screen'
fi
kill $driver
wait $driver
ends page 'and the server ends'
done_testing
