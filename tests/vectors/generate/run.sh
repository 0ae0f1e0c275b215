#!/bin/sh
# Rebuild the vector files from published.json and the generators, then have
# other implementations verify them.
#
#   run.sh            rewrite ../*.json and verify
#   run.sh --check    build elsewhere, compare with ../*.json, verify
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export PYTHONDONTWRITEBYTECODE=1

python3 -m venv "$work/main"
"$work/main/bin/pip" -q install bcrypt==5.0.0 argon2-cffi==25.1.0 argon2-cffi-bindings==25.1.0 argon2pure==1.3
python3 -m venv "$work/passlib"
"$work/passlib/bin/pip" -q install passlib==1.7.4 bcrypt==4.0.1
mkdir "$work/node" "$work/out"
(cd "$work/node" && npm init -y >/dev/null 2>&1 && npm install --no-audit --no-fund --silent \
    argon2@0.45.1 hash-wasm@4.13.0 bcryptjs@3.0.3)

py=$work/main/bin/python
cd "$here"
"$py" digests.py "$work/1.json"
"$py" bcrypt_pyca.py "$work/2.json"
"$py" bcrypt_crypt.py "$work/3.json"
"$work/passlib/bin/python" bcrypt_passlib.py "$work/4.json"
"$py" bcrypt_negative.py "$work/5.json"
"$py" argon2_cffi.py "$work/6.json"
"$py" argon2_negative.py "$work/7.json"
(cd "$work/node" && node "$here/argon2_node.js" "$work/8.json")

if [ "${1-}" = --check ]; then out=$work/out; else out=$here/..; fi
"$py" merge.py "$out" "$work/1.json" "$work/2.json" "$work/3.json" "$work/4.json" \
    "$work/5.json" "$work/6.json" "$work/7.json" "$work/8.json"
"$py" cross_check.py "$out" "$work/py.json"
(cd "$work/node" && node "$here/cross_check.js" "$(cd "$out" && pwd)" "$work/js.json")
"$py" summary.py "$out" "$work/py.json" "$work/js.json"
if [ "${1-}" = --check ]; then
    for f in "$out"/*.json; do cmp "$f" "$here/../$(basename "$f")"; done
    echo "the files are what the generators make"
fi
