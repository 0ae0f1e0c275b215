#!/bin/sh
# Make the vectors of every format anew with the implementations they come from. Needs Python 3 with venv, Perl over libxcrypt,
# Node, PHP with sodium, Dovecot and a PostgreSQL server. Salts that an implementation draws at random differ from run to run; all still verify.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export PYTHONDONTWRITEBYTECODE=1
python3 -m venv "$work/passlib" && "$work/passlib/bin/pip" -q install passlib==1.7.4 bcrypt==4.0.1 scrypt
python3 -m venv "$work/django" && "$work/django/bin/pip" -q install 'Django==5.2.*' bcrypt==4.0.1 argon2-cffi==25.1.0 'werkzeug==3.1.*'
python3 -m venv "$work/werkzeug" && "$work/werkzeug/bin/pip" -q install werkzeug==2.0.3
"$work/passlib/bin/python" "$here/published.py" "$work/1.json"
"$work/passlib/bin/python" "$here/passlib_formats.py" "$work/2.json"
"$work/django/bin/python" "$here/django_formats.py" "$work/3.json"
"$work/werkzeug/bin/python" "$here/werkzeug2_formats.py" "$work/4.json"
perl "$here/crypt_formats.pl" "$work/5.json"
php "$here/php_formats.php" "$work/6.json"
node "$here/node_formats.js" "$work/7.json"
"$work/passlib/bin/python" "$here/forms_formats.py" "$work/8.json"
php "$here/layers_formats.php" "$work/91.json"
php "$here/programs_formats.php" "$work/96.json"
python3 "$here/dovecot_formats.py" "$work/92.json"
python3 "$here/postgres_formats.py" "$work/95.json"
(cd "$work" && npm install --silent --no-save better-auth@1 @adonisjs/hash@9 bcrypt@6 lucia@3 lucia2@npm:lucia@2 oslo@1 &&
    node "$here/systems_formats.mjs" "$work/93.json")
"$work/passlib/bin/python" "$here/layers_formats.py" "$work/94.json"
mkdir -p "$here/../../methods"
python3 "$here/merge.py" "$here/../../methods" "$work"/[1-9]*.json
