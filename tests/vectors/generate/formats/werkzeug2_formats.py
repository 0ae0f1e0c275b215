"""Hashes made by Werkzeug 2.0.3: HMAC with the salt as its key, which later versions do not make."""

from common import PASSWORDS, add, done
from werkzeug import security

for pw in PASSWORDS:
    for method in ("md5", "sha1", "sha256", "sha512"):
        add("werkzeug_hmac", pw, security.generate_password_hash(pw, method=method, salt_length=8), "Werkzeug 2.0.3", tag="werkzeug")
done()
