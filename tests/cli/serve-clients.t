#!/bin/sh
# nmt serve asked by clients of LibreTranslate that others have published; serve-clients.mjs has the requests.
. tests/cli/harness.sh
. tests/cli/serve.sh

if ! "$NMT" serve --model /nowhere 2>&1 | grep -q '^nmt: error: /nowhere'; then
    skip 1 'the program was built without libmicrohttpd'
    done_testing
fi
if ! node_packages; then
    skip 1 "$why"
    done_testing
fi
corpus 200
learned "$T/en-fr.gguf"
head -n 20 data/test.en >"$T/in"
translate --model "$T/en-fr.gguf" <"$T/in" >"$T/wanted"
echo secret >"$T/keys"
serve open --model "$T/en-fr.gguf" --languages en:fr --log none
open=$url
serve keys --model "$T/en-fr.gguf" --languages en:fr --log none --api-keys "$T/keys"
works 'libretranslate-ts and translate' timeout 300 node tests/cli/serve-clients.mjs "$open" "$url" "$T/in" "$T/wanted"
sed 's/^/# /' "$T/out"
ends keys 'and the server ends'
done_testing
