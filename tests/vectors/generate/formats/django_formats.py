"""Hashes made by Django 5.2 and Werkzeug 3.1, and by the hashlib formulas of Django's documented wrapped recipe."""

import base64
import hashlib

from common import PASSWORDS, add, done, text
from django.conf import settings

settings.configure(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"])
from django.contrib.auth import hashers
from werkzeug import security

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
for i, pw in enumerate(PASSWORDS):
    salt = text("django%d" % i, 22, ALNUM)
    add("django_pbkdf2", pw, hashers.PBKDF2PasswordHasher().encode(pw, salt, 17), "Django 5.2", tag="django")
    add("django_pbkdf2", pw, hashers.PBKDF2SHA1PasswordHasher().encode(pw, salt, 17), "Django 5.2", tag="django")
    scrypt = hashers.ScryptPasswordHasher()
    add("django_scrypt", pw, scrypt.encode(pw, salt, n=16, r=8, p=2), "Django 5.2", tag="django")
    add("django_md5", pw, hashers.MD5PasswordHasher().encode(pw, salt), "Django 5.2", tag="django")
    bcrypt_sha256 = hashers.BCryptSHA256PasswordHasher()
    add("django_bcrypt_sha256", pw, bcrypt_sha256.encode(pw, b"$2b$04$" + text("b%d" % i, 21).encode() + b"."), "Django 5.2", tag="django")
    if len(pw.encode()) <= 72:
        add("bcrypt", pw, hashers.BCryptPasswordHasher().encode(pw, b"$2b$04$" + text("c%d" % i, 21).encode() + b"."), "Django 5.2", tag="django")
    inner = hashlib.sha1((salt + pw).encode()).hexdigest()
    outer = hashlib.pbkdf2_hmac("sha256", inner.encode(), salt.encode(), 19)
    add("django_wrapped_sha1", pw, "pbkdf2_wrapped_sha1$19$%s$%s" % (salt, base64.b64encode(outer).decode()), "hashlib, Django's recipe")
    inner = hashlib.md5((salt + pw).encode()).hexdigest()
    outer = hashlib.pbkdf2_hmac("sha256", inner.encode(), salt.encode(), 19)
    add("django_wrapped_md5", pw, "pbkdf2_wrapped_md5$19$%s$%s" % (salt, base64.b64encode(outer).decode()), "hashlib, Django's recipe")
    if i < 3:
        argon2 = hashers.Argon2PasswordHasher()
        argon2.time_cost, argon2.memory_cost, argon2.parallelism = 1, 64, 1
        add("argon2id", pw, argon2.encode(pw, salt), "Django 5.2", tag="django")
    for method in ("pbkdf2:sha256:23", "pbkdf2:sha1:5", "pbkdf2:sha512:9"):
        add("werkzeug_pbkdf2", pw, security.generate_password_hash(pw, method=method, salt_length=16), "Werkzeug 3.1", tag="werkzeug")
    add("werkzeug_scrypt", pw, security.generate_password_hash(pw, method="scrypt:1024:8:1"), "Werkzeug 3.1", tag="werkzeug")
done()
