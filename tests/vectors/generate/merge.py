"""Join published.json and the generated parts into the vector files.

Usage: merge.py OUT_DIR PART.json...
"""

import json
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
FILES = ["md5", "sha1", "sha256", "bcrypt", "argon2i", "argon2d", "argon2id", "argon2_keyed"]
DIGEST = ("Plain, unsalted digests of the password bytes. The stored value is hex in either case, base64 or base64url, with or "
          "without padding, of exactly the digest's length; `encoding` null means that the reader must tell which.")
ARGON2 = ("PHC strings without secret or associated data. A missing version field means version 16. Salts have 8 bytes or more, "
          "outputs 4 to 1024 bytes; the limits are m 1048576 KiB, t 1024, p 64 and m*t 4194304. Base64 is the standard alphabet "
          "without padding. m, t and p may come in any order.")
NOTES = {
    "md5": DIGEST, "sha1": DIGEST, "sha256": DIGEST,
    "bcrypt": ("Modular-crypt bcrypt under the prefixes 2, 2a, 2b, 2x and 2y. Bytes after the 72nd do not count; a password "
               "with a NUL byte matches nothing; 2x has the sign-extension bug of old crypt_blowfish; 2a has its safety bit; 2 "
               "hashes the password without a NUL at the end. Costs above 15 are over the limit. A string of variant 2 has 59 "
               "characters, the others 60."),
    "argon2i": ARGON2, "argon2d": ARGON2, "argon2id": ARGON2,
    "argon2_keyed": "Raw Argon2 tags with a secret, associated data, or both; an empty hex string means that input is absent.",
}

out_dir, parts = sys.argv[1], [os.path.join(here, "published.json")] + sys.argv[2:]
groups = {name: [] for name in FILES}
for part in parts:
    with open(part, encoding="utf-8") as f:
        for name, tests in json.load(f).items():
            groups[name] += tests
for name, tests in groups.items():
    seen = {}
    lines = []
    for t in tests:
        key = json.dumps({k: v for k, v in t.items() if k in ("password", "password_hex", "encoding", "stored", "tag_hex")}, sort_keys=True)
        verdict = (t.get("result"), t.get("code"))
        if key in seen:
            assert seen[key] == verdict, "two verdicts for " + key
            continue  # already there, from an earlier source
        seen[key] = verdict
        lines.append("  " + json.dumps({"id": len(lines) + 1, **t}))
    head = json.dumps({"schema": 1, "method": name, "notes": NOTES[name]}, indent=1)
    with open(os.path.join(out_dir, name + ".json"), "w", encoding="ascii", newline="\n") as f:
        f.write(head[:-2] + ',\n "tests": [\n' + ",\n".join(lines) + "\n ]\n}\n")
