#!/usr/bin/env python3
r"""Prints a user table of N records for measuring `check` and `import`: mixed methods, two identifiers each, in an order
that is not the keys'. The hashes are well formed and nobody's.

    table.py 1000000 > users.ndjson
    table.py 1000000 --rows > users.csv     the same records as rows of the store's own schema, for the `.import` of sqlite3
    table.py 1000000 --copy > users.tsv     the same in PostgreSQL's text form, for `\copy` of psql
"""
import base64
import csv
import hashlib
import sys

BCRYPT = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def record(number):
    digest = hashlib.sha256(b"%d" % number).digest()
    unpadded = lambda data: base64.b64encode(data).decode().rstrip("=")
    kind = number % 5
    if kind == 0:
        return "md5", "", digest[:16].hex()
    if kind == 1:
        return "sha1", "", digest[:20].hex()
    if kind == 2:
        return "sha256", "", digest.hex()
    if kind == 3:
        salt = "".join(BCRYPT[byte & 63] for byte in digest[:21]) + "u"
        tail = "".join(BCRYPT[byte & 63] for byte in (digest + digest)[1:31]) + BCRYPT[(digest[31] & 15) * 4]
        return "bcrypt", "cost=10", f"$2y$10${salt}{tail}"
    output = hashlib.sha256(digest).digest()
    return "argon2id", "m=19456,t=2,p=1", f"$argon2id$v=19$m=19456,t=2,p=1${unpadded(digest[:16])}${unpadded(output)}"


copy = "--copy" in sys.argv
rows = csv.writer(sys.stdout) if "--rows" in sys.argv else None
for number in range(int(sys.argv[1])):
    method, parameters, text = record(number)
    username, email = f"user{number * 2654435761 % 2**32:08x}", f"u{number}@example.com"
    if copy:
        print(username, email, *["\\N"] * 6, text, method, parameters, method, 1764000000, "\\N", "\\N", sep="\t")
    elif rows:
        rows.writerow([number + 1, username, email, *[""] * 6, text, method, parameters, method, 1764000000, "", ""])
    else:
        print(
            f'{{"username":"{username}","primaryEmail":"{email}",'
            f'"passwordEncrypted":"{text}","passwordEncryptionMethod":"{method}"}}'
        )
