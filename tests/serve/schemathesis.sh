#!/usr/bin/env bash
# Sends what schemathesis (from PyPI) makes of the service's own description to a service with an empty store, and fails where
# anything is answered with a 5xx other than 503, with a status, content type, header or body that is not described, or without the
# token, or the service ends. Needs python3 and its package index: without them it says so and ends with exit code 77.
#
#     tests/serve/schemathesis.sh [EXAMPLES] [SEED] [PATH-OF-REHASH]
set -euo pipefail
cd "$(dirname "$0")/../.."
examples="${1:-300}" seed="${2:-1}" rehash="${3:-}"

checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks+=,response_schema_conformance,unsupported_method,ignored_auth

venv=target/schemathesis
if ! [ -x "$venv/bin/schemathesis" ] && ! { python3 -m venv "$venv" && "$venv/bin/pip" -q install 'schemathesis==4.32.5'; }; then
    echo "left out: schemathesis cannot be installed here" >&2
    exit 77
fi
if [ -z "$rehash" ]; then
    cargo build --release --bin rehash
    rehash=target/release/rehash
fi

work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
printf 'token-for-schemathesis-0123456789' >"$work/token"
"$rehash" serve --store "sqlite:$work/users.db" --listen 127.0.0.1:0 --admin-token-file "$work/token" \
    --no-floor --quiet --max-failures 0 --max-address-failures 0 --api-rate 0 --memory 64KiB --passes 1 \
    >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 100); do grep -q '^listening' "$work/out" && break; sleep 0.1; done
url=$(sed -n 's/^listening on //p' "$work/out")

"$venv/bin/schemathesis" run "$url/openapi.json" --header "Authorization: Bearer $(cat "$work/token")" \
    --checks "$checks" --max-examples "$examples" --seed "$seed" --continue-on-failure
kill -0 "$server" || { echo "the service ended" >&2; cat "$work/log" >&2; exit 1; }
if grep -q '"level":"error"' "$work/log"; then
    echo "the service logged a fault:" >&2
    grep '"level":"error"' "$work/log" >&2
    exit 1
fi
