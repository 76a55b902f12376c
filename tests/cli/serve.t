#!/bin/sh
# nmt serve: its API, what is refused, keys, limits, streams, the end; many clients at once, and hostile ones. serve-api.mjs has the requests.
. tests/cli/harness.sh
. tests/cli/serve.sh

corpus 200
learned "$T/en-fr.gguf"
if [ "$("$NMT" serve --model /nowhere 2>&1 | grep -c 'built without libmicrohttpd')" = 1 ]; then
    must_fail 1 'without libmicrohttpd, says what to install' "$NMT" serve --model "$T/en-fr.gguf"
    skip 1 'the program was built without libmicrohttpd'
    done_testing
fi

# --- the command line ---
must_fail 2 'no model' "$NMT" serve
must_fail 1 'a model that is not there' "$NMT" serve --model /nowhere.gguf
must_fail 1 'a file that is no model' "$NMT" serve --model README.md
must_fail 2 'two models of one name' "$NMT" serve --model "$T/en-fr.gguf" --model "$T/en-fr.gguf"
must_fail 2 'languages without a target' "$NMT" serve --model "$T/en-fr.gguf" --languages en
must_fail 2 'fewer languages than models' "$NMT" serve --model "$T/en-fr.gguf" --model x --languages en:fr
must_fail 1 'an address that is none' "$NMT" serve --model "$T/en-fr.gguf" --listen nonsense
must_fail 1 'an address of another machine' "$NMT" serve --model "$T/en-fr.gguf" --listen 192.0.2.1:80
must_fail 1 'keys that are not there' "$NMT" serve --model "$T/en-fr.gguf" --api-keys /nowhere
: >"$T/empty"
must_fail 1 'no keys in the file of keys' "$NMT" serve --model "$T/en-fr.gguf" --api-keys "$T/empty"
must_fail 2 'a limit of nothing' "$NMT" serve --model "$T/en-fr.gguf" --max-waiting 0

if ! command -v node >/dev/null; then
    skip 1 'Node.js is not installed'
    done_testing
fi

# --- every path ---
head -n 60 data/test.en >"$T/in"
translate --model "$T/en-fr.gguf" --threads 1 <"$T/in" >"$T/wanted"
cp "$T/en-fr.gguf" "$T/second.gguf"
serve plain --model "$T/en-fr.gguf" --languages en:fr --model "$T/second.gguf" --languages en:de
works 'the API' node tests/cli/serve-api.mjs "$url" plain "$T/in" "$T/wanted"
sed 's/^/# /' "$T/out"
has "$T/plain.log" '"path": "/translate", "status": 200, "milliseconds": [0-9.e-]+, "bytes": [0-9]+, "texts": 1}$' 'the log has a JSON line for each request'
ok 'all of which are JSON' node -e 'require("fs").readFileSync(process.argv[1], "utf8").trimEnd().split("\n").forEach(JSON.parse)' "$T/plain.log"
lacks "$T/plain.log" 'cat|chat' 'and none of which has a text'
must_fail 1 'a second server at the same address' "$NMT" serve --model "$T/en-fr.gguf" --listen "$(echo "$url" | sed 's|http://||; s|/||')"
ends plain 'SIGTERM ends it'

# --- shortlists ---
learned "$T/without.gguf" --guided-alignment off
must_fail 1 'a model without a shortlist' "$NMT" serve --model "$T/en-fr.gguf" --model "$T/without.gguf" --shortlist
translate --model "$T/en-fr.gguf" --threads 1 --shortlist <"$T/in" >"$T/short"
ok 'a shortlist makes a difference here' [ "$(cat "$T/wanted")" != "$(cat "$T/short")" ]
serve short --model "$T/en-fr.gguf" --shortlist --log none
works 'shortlists' node tests/cli/serve-api.mjs "$url" shortlist "$T/in" "$T/wanted" "$T/short"
ends short 'which ends, too'
serve without --model "$T/without.gguf" --log none
works 'a request for a shortlist that is not there' node tests/cli/serve-api.mjs "$url" without
ends without 'and so does this one'

# --- who may use it ---
printf 'first\n\nsecond\r\n' >"$T/keys"
NMT_API_KEY=third
export NMT_API_KEY
serve keys --model "$T/en-fr.gguf" --api-keys "$T/keys" --cors https://example.org --log none
unset NMT_API_KEY
works 'keys, and another origin' node tests/cli/serve-api.mjs "$url" keys
is "$(cat "$T/keys.log")" '' '--log none'
ends keys 'which ends as well'

# --- limits ---
serve limits --model "$T/en-fr.gguf" --max-body 2000 --max-characters 300 --max-texts 3 --max-beam 6 --log "$T/limits.json"
works 'limits' node tests/cli/serve-api.mjs "$url" limits
ends limits 'with limits'
ok '--log FILE' test -s "$T/limits.json"
serve full --model "$T/en-fr.gguf" --threads 1 --max-waiting 1 --max-characters 10000000 --max-body 10000000
works 'more than may wait: 503' node tests/cli/serve-api.mjs "$url" full
ends full 'when it was full'
serve client --model "$T/en-fr.gguf" --threads 1 --max-per-client 1 --max-characters 10000000 --max-body 10000000
works 'more than one client may have: 429' node tests/cli/serve-api.mjs "$url" client
ends client 'after that'
serve slow --model "$T/en-fr.gguf" --threads 1 --timeout 1 --max-characters 10000000 --max-body 10000000 --max-texts 20000
works 'longer than a request may take: 503' node tests/cli/serve-api.mjs "$url" slow
ends slow 'then, too'

# --- the end ---
serve late --model "$T/en-fr.gguf" --max-characters 10000000 --max-body 10000000
works 'SIGTERM while a long text is translated: all of it is answered, and nothing new is begun' \
    node tests/cli/serve-api.mjs "$url" stop "$server"
code=0
wait "$server" || code=$?
is "$code" 0 'and then it ends'
serve grace --model "$T/en-fr.gguf" --max-characters 10000000 --max-body 10000000 --grace 0
works '--grace 0: what is in progress is given up, and told so' node tests/cli/serve-api.mjs "$url" grace "$server"
code=0
wait "$server" || code=$?
is "$code" 0 'and then it ends'

# --- little memory ---
case ${BUILD-} in
*asan | *tsan) skip 2 'sanitizers need all address space' ;;
*)
    if command -v prlimit >/dev/null; then
        serve memory --model "$T/en-fr.gguf" --max-characters 1000000
        works 'memory runs short, and the server goes on' node tests/cli/serve-api.mjs "$url" memory "$server"
        sed 's/^/# /' "$T/out"
        ends memory 'until its end'
    else
        skip 2 'prlimit is not installed'
    fi
    ;;
esac

# --- many ---
serve load --model "$T/en-fr.gguf" --log none
works '2,000 requests of 64 clients: none lost, each with its own answer' node tests/cli/serve-load.mjs "$url" 64 2000 "$T/in" "$T/wanted"
sed 's/^/# count: nmt serve: /' "$T/out"
works "${HOSTILE:-1000} hostile requests" node tests/cli/serve-hostile.mjs "$url" "${HOSTILE:-1000}" 1
sed 's/^/# count: nmt serve: hostile: /' "$T/out"
cp "$T/load.err" "$T/err"
ends load 'and it still ends as it should'
done_testing
