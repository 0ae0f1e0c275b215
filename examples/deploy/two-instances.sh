#!/usr/bin/env bash
# Two instances on one store: users come in through one and sign in at both; one is killed without warning, and the other
# goes on; what was changed before stands. Usage: two-instances.sh PATH-OF-REHASH STORE-URL
set -euo pipefail
rehash=$1 store=$2
work=$(mktemp -d)
token=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
printf '%s\n' "$token" > "$work/token"
run=$$-$RANDOM
declare -A pids addresses

start() {
    "$rehash" serve --store "$store" --listen 127.0.0.1:0 --admin-token-file "$work/token" --floor 100ms \
        > "$work/$1.out" 2> "$work/$1.log" &
    pids[$1]=$!
    for _ in $(seq 100); do
        addresses[$1]=$(sed -n 's/^listening on //p' "$work/$1.out")
        [ -n "${addresses[$1]}" ] && return
        sleep 0.1
    done
    echo "instance $1 did not start:" >&2
    cat "$work/$1.log" >&2
    exit 1
}
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

# call INSTANCE EXPECTED-STATUS PATH BODY
call() {
    local status
    for _ in $(seq 30); do
        status=$(curl -s -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $token" \
            -H 'Content-Type: application/json' -d "$4" "${addresses[$1]}$3")
        # A busy machine has no room just now, and says so: ask again.
        [ "$status" = 503 ] || break
        sleep 1
    done
    if [ "$status" != "$2" ]; then
        echo "$3 at instance $1: $status instead of $2: $(cat "$work/answer")" >&2
        exit 1
    fi
}
sign_in() { call "$1" "$2" /v1/sign-in "{\"identifier\":\"$3\",\"password\":\"$4\"}"; }

start one
start two
for number in $(seq 10); do
    call one 200 /api/users "{\"username\":\"u$run-$number\",\"passwordEncrypted\":\"5f4dcc3b5aa765d61d8327deb882cf99\",\"passwordEncryptionMethod\":\"MD5\"}"
done
for number in $(seq 10); do
    sign_in two 200 "u$run-$number" password
    grep -q '"upgraded":true' "$work/answer"
    sign_in one 200 "u$run-$number" password
    grep -q '"upgraded":false' "$work/answer"
    call one 204 /v1/password "{\"identifier\":\"u$run-$number\",\"password\":\"password\",\"newPassword\":\"new $number\"}"
    sign_in two 401 "u$run-$number" password
done
kill -9 "${pids[one]}"
for number in $(seq 10); do
    sign_in two 200 "u$run-$number" "new $number"
done
start one
for number in $(seq 10); do
    sign_in one 200 "u$run-$number" "new $number"
done
kill -TERM "${pids[one]}" "${pids[two]}"
wait "${pids[two]}"
echo "two instances: 10 users, 50 sign-ins, one instance killed and started anew; every newest password stands"
