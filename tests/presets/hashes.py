"""Prints the hashes that stand in the SQL files beside it, each made as the system makes it.

The password is `Tr0ub4dor&3-ünï` for all. Made with CPython 3.11, passlib 1.7.4 on bcrypt 4.0.1, argon2-cffi 25.1.0 and
Django 5.2. Costs are low, because the tests verify them without optimisation; salts are fixed, so that two runs agree.
"""

import base64
import hashlib

import argon2.low_level
import bcrypt
import django
from django.conf import settings
from passlib.hash import md5_crypt, pbkdf2_sha512, phpass, sha512_crypt, atlassian_pbkdf2_sha1

PASSWORD = "Tr0ub4dor&3-ünï"
P = PASSWORD.encode()


def digest(name, *parts):
    data = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.new(name, data).hexdigest()


def md5(*parts):
    return digest("md5", *parts)


def sha1(*parts):
    return digest("sha1", *parts)


def sha256(*parts):
    return digest("sha256", *parts)


def blowfish(password=P, prefix=b"$2y$"):
    """password_hash of PHP, or the bcrypt of Rails and Node with their `2a`; the same function."""
    made = bcrypt.hashpw(password, b"$2b$04$" + b"abcdefghijklmnopqrstuu")
    return (prefix + made[4:]).decode()


def argon2id(salt=b"0123456789abcdef", memory=64, passes=2, password=P):
    kind = argon2.low_level.Type.ID
    return argon2.low_level.hash_secret(password, salt, passes, memory, 1, 32, kind).decode()


def drupal7(password, setting="$S$5abcdefgh"):
    """_password_crypt of includes/password.inc, with sha512 and itoa64."""
    itoa64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    salt = setting[4:12].encode()
    made = hashlib.sha512(salt + password).digest()
    for _ in range(1 << itoa64.index(setting[3])):
        made = hashlib.sha512(made + password).digest()
    out, at = "", 0
    while at < len(made):
        value = int.from_bytes(made[at:at + 3], "little")
        for place in range(4 if at + 3 <= len(made) else len(made) - at + 1):
            out += itoa64[value >> (6 * place) & 63]
        at += 3
    return (setting + out)[:55]


def pbkdf2(name, salt, rounds, size):
    return hashlib.pbkdf2_hmac(name, P, salt, rounds, size)


def b64(data):
    return base64.b64encode(data).decode()


def django_hashes():
    settings.configure(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"])
    django.setup()
    from django.contrib.auth.hashers import BCryptSHA256PasswordHasher, PBKDF2PasswordHasher, make_password

    assert make_password(None).startswith("!")
    yield "pbkdf2", PBKDF2PasswordHasher().encode(PASSWORD, "seasalt", iterations=1000)
    yield "bcrypt_sha256", BCryptSHA256PasswordHasher().encode(PASSWORD, b"$2b$04$abcdefghijklmnopqrstuu")


def hashes():
    salt = "Kz;9'\\x\"q"  # what forums take from all printable characters
    yield "bcrypt_2y (PHP)", blowfish()
    yield "bcrypt_2a (Rails, Node, Go, Synapse)", blowfish(prefix=b"$2a$")
    yield "bcrypt_2b (Ghost, bcrypt of Python)", blowfish(prefix=b"$2b$")
    yield "devise with the pepper `pepper-of-the-test`, ownCloud 7 with that passwordsalt", blowfish(P + b"pepper-of-the-test", b"$2a$")
    yield "argon2id (PHP)", argon2id()
    yield "md5", md5(P)
    yield "sha1 (FluxBB, PunBB 1.2, ownCloud 1)", sha1(P)
    for name, made in django_hashes():
        yield f"django {name}", made
    yield "phpass $P$ (WordPress to 6.7, Joomla, osCommerce)", phpass.using(salt="abcdefgh", rounds=7).hash(PASSWORD)
    yield "phpass $H$ (phpBB 3.0)", phpass.using(salt="abcdefgh", rounds=7, ident="$H$").hash(PASSWORD)
    keyed = b64(__import__("hmac").digest(b"wp-sha384", P, "sha384")).encode()
    yield "wordpress 6.8", "$wp" + blowfish(keyed)
    yield "drupal7", drupal7(P)
    yield "drupal7 after Drupal 6", "U" + drupal7(md5(P).encode())
    # IP.Board and phpBB hash what they made safe for HTML: of this password the `&`.
    escaped = P.replace(b"&", b"&amp;")
    yield "ipboard3, ipboard4 before 4.0 with the salt `aB3$.`", md5(md5("aB3$."), md5(escaped))
    yield "phpbb3 $H$", phpass.using(salt="abcdefgh", rounds=7, ident="H").hash(escaped)
    yield "phpbb3 bcrypt", blowfish(escaped)
    yield "phpbb3 argon2id", argon2id(password=escaped)
    yield "mybb with the salt `fR9dKq2L`", md5(md5("fR9dKq2L"), md5(P))
    yield "joomla 1.5", md5(P, "Z9k2m4n6p8q0r2s4t6u8v0w2x4y6z8a0") + ":Z9k2m4n6p8q0r2s4t6u8v0w2x4y6z8a0"
    yield "magento1", md5("xY", P) + ":xY"
    yield "magento2 version 1", sha256("a1b2c3d4e5f6a7b8", P) + ":a1b2c3d4e5f6a7b8:1"
    kind = argon2.low_level.Type.ID
    agnostic = argon2.low_level.hash_secret_raw(P, b"0123456789abcdef", 2, 64, 1, 32, kind).hex()
    yield "magento2 argon2id", f"{agnostic}:0123456789abcdef:3_32_2_65536"
    yield "mediawiki :B:", ":B:1a2b3c4d:" + md5("1a2b3c4d-", md5(P))
    yield "mediawiki :pbkdf2:", ":pbkdf2:sha512:1000:64:" + b64(b"0123456789abcdef") + ":" + b64(
        pbkdf2("sha512", b"0123456789abcdef", 1000, 64))
    inner = md5("1a2b3c4d-", md5(P)).encode()
    yield "mediawiki :pbkdf2-legacyB:", ":pbkdf2-legacyB:!sha512:1000:64!1a2b3c4d!" + b64(b"0123456789abcdef") + "!" + b64(
        hashlib.pbkdf2_hmac("sha512", inner, b"0123456789abcdef", 1000, 64))
    yield "mediawiki :argon2:", ":argon2:" + argon2id()
    older = argon2.low_level.hash_secret_raw(P, b"0123456789abcdef", 1, 64, 1, 32, kind).hex().encode()
    newer = argon2.low_level.hash_secret_raw(older, b"0123456789abcdef", 2, 64, 1, 32, kind).hex()
    yield "magento2 argon2id over argon2id", f"{newer}:0123456789abcdef:3_32_1_65536:3_32_2_65536"
    derived = phpass.using(salt="abcdefgh", rounds=7, ident="$H$").hash(PASSWORD)[12:]
    yield "phpbb 3.1 and later, of a $H$", "$H\\2y$5abcdefgh$04\\abcdefghijklmnopqrstuu$" + blowfish(derived.encode())[29:]
    yield "typo3 bcrypt", blowfish(b64(hashlib.sha384(P).digest()).encode())
    yield "typo3 of a bare md5: bcrypt", "M" + blowfish(b64(hashlib.sha384(md5(P).encode()).digest()).encode())
    yield "woltlab", blowfish(blowfish(prefix=b"$2a$").encode(), b"$2a$")
    yield "woltlab wcf1", "wcf1:" + sha1("salt", sha1("salt", sha1(P))) + ":salt"
    yield "openmage", digest("sha512", "xY", P) + ":xY"
    yield "typo3 of a bare md5: phpass", "M" + phpass.using(salt="abcdefgh", rounds=7).hash(md5(P))
    yield "typo3 of a bare md5: md5crypt", "M" + md5_crypt.using(salt="abcdefgh").hash(md5(P))
    of_scrypt = hashlib.scrypt(P, salt=b"0123456789abcdef" * 2, n=16384, r=16, p=1, dklen=64, maxmem=64 << 20).hex()
    yield "better-auth", "0123456789abcdef" * 2 + ":" + of_scrypt
    unpadded = b64(b"0123456789abcdef").rstrip("="), b64(pbkdf2("sha256", b"0123456789abcdef", 1000, 32)).rstrip("=")
    yield "mattermost 11", "$pbkdf2$f=SHA256,w=1000,l=32$" + "$".join(unpadded)
    yield "moodle 4.3", sha512_crypt.using(salt="0123456789abcdef", rounds=1000).hash(PASSWORD)
    yield "odoo", pbkdf2_sha512.using(salt=b"0123456789abcdef", rounds=1000).hash(PASSWORD)
    yield "opencart 1.5 with the salt `3f9A0c1d2`", sha1("3f9A0c1d2", sha1("3f9A0c1d2", sha1(P)))
    yield "oscommerce", md5("4f", P) + ":4f"
    yield "punbb with the salt `!k3\"a'Qz%[9~`", sha1("!k3\"a'Qz%[9~", sha1(P))
    yield "redmine with the salt 0123456789abcdef0123456789abcdef", sha1("0123456789abcdef0123456789abcdef", sha1(P))
    yield "smf of `Ada`", sha1("ada", P)
    yield "smf 2.1 of `Ada`", blowfish(b"ada" + P)
    yield f"vbulletin with the salt {salt}", md5(md5(P), salt)
    yield "vbulletin 3 with the salt `q'\\`", md5(md5(P), "q'\\")
    yield "vbulletin 5, matomo", blowfish(md5(P).encode())
    yield "vbulletin 5 with argon2id", argon2id(password=md5(P).encode())
    wcf = "9c1185a5c5e9fc54612808977ee8f548b2258d31"
    yield f"wbb3 with the salt {wcf}", sha1(wcf, sha1(wcf, sha1(P)))
    xf = "d0be2dc421be4fcd0172e5afceea3970e2f3d940"
    yield f"xenforo 1.0 with the salt {xf}", sha256(sha256(P), xf)
    yield "discourse with the salt 0123456789abcdef0123456789abcdef, 1000 rounds", pbkdf2(
        "sha256", b"0123456789abcdef0123456789abcdef", 1000, 32).hex()
    yield "keycloak pbkdf2-sha256, 1000 rounds, salt and value", b64(b"0123456789abcdef") + " " + b64(
        pbkdf2("sha256", b"0123456789abcdef", 1000, 64))
    yield "keycloak pbkdf2-sha512, 1000 rounds, salt and value", b64(b"0123456789abcdef") + " " + b64(
        pbkdf2("sha512", b"0123456789abcdef", 1000, 64))
    yield "keycloak argon2id 64 KiB, 2 passes, salt and value", b64(b"0123456789abcdef") + " " + b64(
        argon2.low_level.hash_secret_raw(P, b"0123456789abcdef", 2, 64, 1, 32, kind))
    yield "atlassian", atlassian_pbkdf2_sha1.using(salt=b"0123456789abcdef").hash(PASSWORD)
    gitea = bytes.fromhex("0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    yield f"gitea with the salt {gitea.hex()}, 1000 rounds", pbkdf2("sha256", gitea, 1000, 50).hex()
    yield "gitea before 1.17 with the salt `aB3dE5gH7j`", pbkdf2("sha256", b"aB3dE5gH7j", 10000, 50).hex()
    yield "gitea scrypt", hashlib.scrypt(P, salt=gitea, n=65536, r=16, p=2, dklen=50, maxmem=512 << 20).hex()
    yield "gitea argon2", argon2.low_level.hash_secret_raw(P, gitea, 2, 65536, 8, 50, kind).hex()


if __name__ == "__main__":
    for name, made in hashes():
        print(f"{name}\n    {made}")
