"""Secrets made by PostgreSQL, of passwords about which it and other readers of SASLprep differ: it prohibits by what was typed, and then
keeps that. Usage: postgres_formats.py OUT.json, with psql's own variables naming a server where roles may be created."""

import json
import subprocess
import sys

out = []
SQL = "SET password_encryption='scram-sha-256'; CREATE ROLE rehash_vector PASSWORD '%s'; SELECT rolpassword FROM pg_authid " \
    "WHERE rolname='rehash_vector'; DROP ROLE rehash_vector"


def ask(sql):
    made = subprocess.run(["psql", "-qAtc", sql], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


version = ask("SHOW server_version").split()[0]
for password in "\u1d62\u2090\u32ff\ua7f8\U0001f110\ufb1d\u0340":
    out.append({"source": "PostgreSQL %s: CREATE ROLE \u2026 PASSWORD" % version, "password_hex": password.encode().hex(), "stored": ask(SQL % password),
                "result": "accept", "code": None, "flags": [], "tag": "postgres"})
with open(sys.argv[1], "w") as f:
    json.dump({"scram_sha256": out}, f)
