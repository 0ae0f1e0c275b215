"""Hashes made by Dovecot's `doveadm pw`. Usage: dovecot_formats.py OUT.json"""

import base64
import json
import subprocess
import sys

out = {}
version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True).stdout.split()[0]


def add(method, password, stored, source, result="accept", code=None, **more):
    out.setdefault(method, []).append({"source": source, "password_hex": password.encode().hex(), "stored": stored,
                                       "result": result, "code": code, "flags": [], **more})


def pw(scheme, password, *more):
    made = subprocess.run(["doveadm", "pw", "-s", scheme, "-p", password, *more], capture_output=True, text=True)
    assert made.returncode == 0, (scheme, made.stderr)
    return made.stdout.strip()


SCHEMES = [
    ("SHA1", "ldap_sha"), ("SHA", "ldap_sha"), ("SHA256", "ldap_sha256"), ("SHA512", "ldap_sha512"),
    ("SSHA", "ldap_ssha"), ("SSHA256", "ldap_ssha256"), ("SSHA512", "ldap_ssha512"), ("SMD5", "ldap_smd5"),
    ("LDAP-MD5", "ldap_md5"), ("PLAIN-MD5", "ldap_md5"), ("PLAIN-MD4", "md4"),
    ("SHA1.HEX", "ldap_sha"), ("SHA256.HEX", "ldap_sha256"), ("SHA512.b64", "ldap_sha512"), ("PLAIN-MD5.base64", "ldap_md5"),
    ("SSHA.HEX", "ldap_ssha"), ("SSHA256.hex", "ldap_ssha256"), ("SMD5.HEX", "ldap_smd5"), ("SSHA512.B64", "ldap_ssha512"),
    ("MD5", "md5crypt"), ("MD5-CRYPT", "md5crypt"), ("SHA256-CRYPT", "sha256crypt"), ("SHA512-CRYPT", "sha512crypt"),
    ("BLF-CRYPT", "bcrypt"), ("CRYPT", "bcrypt"), ("PBKDF2", "ldap_pbkdf2"),
    ("SCRAM-SHA-1", "scram_sha1"), ("SCRAM-SHA-256", "scram_sha256"),
    ("CRAM-MD5", "cram_md5"), ("HMAC-MD5", "cram_md5"),
    ("PLAIN-MD4.HEX", "md4"), ("PLAIN-MD4.B64", "md4"), ("CRAM-MD5.B64", "cram_md5"), ("HMAC-MD5.b64", "cram_md5"),
]
for password in ("password", "p\u00e4ssw\u00f6rd-\u00df\u20ac", "correct horse battery staple", "x" * 64, "x" * 65):
    for scheme, method in SCHEMES:
        rounds = ["-r", "5"] if method == "bcrypt" else ["-r", "1000"] if method in ("sha256crypt", "sha512crypt") else []
        stored = pw(scheme, password, *rounds)
        source = "Dovecot %s: doveadm pw -s %s" % (version, scheme)
        add(method, password, stored, source, tag="dovecot")
        # The name of a scheme has no case.
        name, rest = stored[1:].split("}", 1)
        add(method, password, "{%s}%s" % (name.lower(), rest), source + ", its name in lower case", tag="ldap")
# It prepares no password, whatever the RFC says: each of these is another in SASLprep's form.
for password in ("e\u0301", "a\u00a0b", "I\u00adX", "\ufb01", "\u2168", "\u212b"):
    for scheme in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
        source = "Dovecot %s: doveadm pw -s %s" % (version, scheme)
        add(scheme.lower().replace("-1", "1").replace("-", "_").replace("sha_256", "sha256"), password, pw(scheme, password), source,
            tag="dovecot")
stored = pw("DES-CRYPT", "eightchr")
add("descrypt", "eightchr", stored, "Dovecot %s: doveadm pw -s DES-CRYPT" % version, tag="dovecot")
add("descrypt", "another", stored, "Dovecot %s: doveadm pw -s DES-CRYPT" % version, result="reject", tag="dovecot")
for scheme in ("ARGON2I", "ARGON2ID"):
    add(scheme.lower(), "password", pw(scheme, "password", "-r", "4"), "Dovecot %s: doveadm pw -s %s" % (version, scheme), tag="dovecot", flags=["Slow"])

sha = pw("SHA1", "pw")
add("ldap_sha", "pw", sha.replace("SHA1", "SHA1.HEX"), "edited text", result="invalid", tag="dovecot")
add("ldap_sha", "pw", sha.replace("SHA1", "SHA1.OCT"), "edited text", result="invalid", tag="dovecot")
add("ldap_ssha", "pw", "{SSHA.HEX}" + base64.b64decode(sha[6:]).hex(), "edited text: no salt", result="invalid", tag="dovecot")
scram = pw("SCRAM-SHA-1", "pw")
for text in (scram.replace(",", ":"), scram.replace("-1}", "-256}"), scram.rsplit(",", 1)[0]):
    add("scram_sha1", "pw", text, "edited text", result="invalid")
cram = pw("CRAM-MD5", "pw")
add("cram_md5", "password", cram, "Dovecot %s: doveadm pw -s CRAM-MD5" % version, result="reject")
for text in (cram[:-1], cram[:-2], cram.replace("CRAM", "CREAM"), cram + "00", cram.replace("}", "")):
    add("cram_md5", "pw", text, "edited text", result="invalid")
pbkdf2 = pw("PBKDF2", "pw")
for text in (pbkdf2.replace("$1$", "$2$"), pbkdf2[:-2], pbkdf2.rsplit("$", 1)[0]):
    add("ldap_pbkdf2", "pw", text, "edited text", result="invalid", code="malformed")
with open(sys.argv[1], "w") as f:
    json.dump(out, f)
