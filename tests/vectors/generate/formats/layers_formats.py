"""Forms whose systems do not run here, computed with Python's hashlib after their own sources. Usage: layers_formats.py OUT.json

Run in the environment with passlib, whose `scram` and `bcrypt` it uses."""

import base64
import hashlib
import json
import sys

from passlib.hash import bcrypt, scram

out = {}


def b64(data):
    return base64.b64encode(data).decode()


def np(data):
    return b64(data).rstrip("=")


def add(method, password, stored, source, result="accept", code=None, **more):
    out.setdefault(method, []).append({"source": source, "password_hex": password.encode().hex(), "stored": stored,
                                       "result": result, "code": code, "flags": [], **more})


def iterated(name, salt, password, rounds):
    value = hashlib.new(name, salt + password).digest()
    for _ in range(rounds - 1):
        value = hashlib.new(name, value).digest()
    return value


SHIRO = "Python hashlib, after Shiro's SimpleHash and Shiro1CryptFormat"
LIFERAY = "Python hashlib, after Liferay's PBKDF2PasswordEncryptor"
OPENDJ = "Python hashlib, after OpenDJ's AbstractPBKDF2PasswordStorageScheme"
MATTERMOST = "Python hashlib, after Mattermost's hashers/pbkdf2.go"
for index, password in enumerate(("password", "p\u00e4ssw\u00f6rd-\u00df\u20ac", "x" * 80)):
    p, salt = password.encode(), hashlib.sha512(b"layers/%d" % index).digest()[:16]
    for name, function, rounds in (("SHA-256", "sha256", 500), ("SHA-512", "sha512", 3), ("MD5", "md5", 1), ("SHA-1", "sha1", 2), ("SHA-384", "sha384", 7)):
        add("shiro1", password, "$shiro1$%s$%d$%s$%s" % (name, rounds, b64(salt), b64(iterated(function, salt, p, rounds))), SHIRO, tag="shiro")
    add("shiro1", password, "$shiro1$SHA-256$500000$%s$%s" % (b64(salt), b64(iterated("sha256", salt, p, 500000))), SHIRO + ", its defaults", flags=["Slow"])
    add("shiro1", password, "$shiro1$SHA-256$9$$%s" % b64(iterated("sha256", b"", p, 9)), SHIRO + ", without a salt")
    inner = bcrypt.using(rounds=5, ident="2y").hash(password)
    add("bcrypt", password, "$shiro2" + inner, "passlib 1.7.4: bcrypt, within Shiro2CryptFormat", tag="shiro")
    for name, function, bits, salt_bytes in (("", "sha1", 160, 8), ("{PBKDF2WithHmacSHA1}", "sha1", 160, 8), ("{PBKDF2WithHmacSHA256}", "sha256", 256, 16), ("{PBKDF2WithHmacSHA512}", "sha512", 512, 16)):
        key = hashlib.pbkdf2_hmac(function, p, salt[:salt_bytes], 128, bits // 8)
        body = bits.to_bytes(4, "big") + (128).to_bytes(4, "big") + salt[:salt_bytes] + key
        add("liferay_pbkdf2", password, name + b64(body), LIFERAY, tag="liferay")
    for name, function, size in (("PBKDF2", "sha1", 20), ("PBKDF2-HMAC-SHA256", "sha256", 32), ("PBKDF2-HMAC-SHA512", "sha512", 64)):
        key = hashlib.pbkdf2_hmac(function, p, salt[:8], 10, size)
        add("ldap_pbkdf2", password, "{%s}10:%s" % (name, b64(key + salt[:8])), OPENDJ, tag="opendj")
    for rounds, size in ((1000, 32), (13, 20)):
        key = hashlib.pbkdf2_hmac("sha256", p, salt, rounds, size)
        add("pbkdf2", password, "$pbkdf2$f=SHA256,w=%d,l=%d$%s$%s" % (rounds, size, np(salt), np(key)), MATTERMOST)
    for algs in ("sha-1,sha-256,sha-512", "sha-1", "sha-1,sha-384", "sha-1,sha-224", "sha-1,sha-512"):
        add("passlib_scram", password, scram.using(rounds=20, algs=algs).hash(password), "passlib 1.7.4: scram", tag="passlib")

scheme = scram.using(rounds=20).hash("pw")
add("passlib_scram", "password", scheme, "passlib 1.7.4: scram", result="reject")
for text in (scheme.replace("$20$", "$020$"), scheme.split("sha-256=")[0] + "sha-256=AAAA", scheme.rsplit("$", 1)[0] + "$md5=AAAA"):
    add("passlib_scram", "pw", text, "edited text", result="invalid")
shiro = "$shiro1$SHA-256$5$c2FsdA==$" + b64(iterated("sha256", b"salt", b"pw", 5))
add("shiro1", "pw", shiro, SHIRO)
for text in (shiro.replace("SHA-256", "SHA-257"), shiro.replace("$5$", "$0$"), shiro.replace("$5$", "$$"), shiro[:-4], shiro.replace("shiro1", "shiro2")):
    add("shiro1", "pw", text, "edited text", result="invalid")
key = hashlib.pbkdf2_hmac("sha1", b"pw", b"saltsalt", 9, 20)
liferay = (160).to_bytes(4, "big") + (9).to_bytes(4, "big") + b"saltsalt" + key
add("liferay_pbkdf2", "pw", b64(liferay), LIFERAY)
for text in (b64(liferay[:-3]), b64(liferay[:12]), "{PBKDF2WithHmacMD5}" + b64(liferay), b64(liferay).replace("o", "!", 1)):
    add("liferay_pbkdf2", "pw", text, "edited text", result="invalid")
for text in ("$pbkdf2$f=SHA256,w=10$%s$%s" % (np(b"saltsalt"), np(bytes(32))), "$pbkdf2-sha256$f=SHA256,w=10,l=32$%s$%s" % (np(b"saltsalt"), np(bytes(32))), "$pbkdf2$f=SHA257,w=10,l=32$%s$%s" % (np(b"saltsalt"), np(bytes(32))), "$pbkdf2$f=SHA256,l=32$%s$%s" % (np(b"saltsalt"), np(bytes(32))), "$pbkdf2$f=SHA256,w=10,l=31$%s$%s" % (np(b"saltsalt"), np(bytes(32)))):
    if ",l=" in text:
        add("pbkdf2", "pw", text, "edited text", result="invalid", code="malformed")
with open(sys.argv[1], "w") as f:
    json.dump(out, f)
