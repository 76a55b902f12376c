# serve: what the tests of nmt serve share, after harness.sh: a server in the background, which is ended with the test.
servers=
trap 'for server in $servers; do kill "$server" 2>/dev/null; done; rm -rf "$T"' EXIT

# serve NAME ARGUMENT...: starts a server at a free port. $url is where, $server its process, its output is in $T/NAME.log, .err.
serve() {
    name=$1
    shift
    : >"$T/$name.err"
    "$NMT" serve --listen 127.0.0.1:0 --threads 2 "$@" >"$T/$name.log" 2>"$T/$name.err" &
    server=$!
    servers="$servers $server"
    await "$T/$name.err" '^serving at' $server
    url=$(sed -n 's/^serving at //p' "$T/$name.err")
}

# ends NAME DESCRIPTION: SIGTERM, and the server exits with 0, without a complaint.
ends() {
    kill -TERM "$server"
    code=0
    wait "$server" || code=$?
    cp "$T/$1.err" "$T/err"
    is "$code $(grep -c -v -e '^serving at' -e '^stopping$' "$T/err")" '0 0' "$2"
}
