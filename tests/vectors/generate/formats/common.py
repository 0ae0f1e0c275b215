"""What the generators of the formats' vectors share: fixed passwords and salts, and the shape of a test."""

import base64
import hashlib
import json
import sys

PASSWORDS = ["password", "", "a", "p\u00e4ssw\u00f6rd-\u00df\u20ac", "correct horse battery staple", "x" * 80, "0123456789abcdef" * 4, "tab\tand 'quote'"]
out = {}


def stream(label, n):
    """n fixed pseudo-random bytes that depend on the label only."""
    data, i = b"", 0
    while len(data) < n:
        data += hashlib.sha512(b"rehash-formats/%s/%d" % (label.encode(), i)).digest()
        i += 1
    return data[:n]


def text(label, n, alphabet="./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"):
    return "".join(alphabet[b % len(alphabet)] for b in stream(label, n))


def add(method, password, stored, source, result="accept", code=None, tag=None, salt=None, user=None, keys=None, flags=()):
    """One test. `tag` is what the record says where it is not the method's name."""
    if isinstance(password, str):
        password = password.encode("utf-8")
    t = {"source": source}
    try:
        plain = password.decode("utf-8")
        t.update({"password": plain} if all(c >= " " and c != "\x7f" for c in plain) else {"password_hex": password.hex()})
    except UnicodeDecodeError:
        t["password_hex"] = password.hex()
    t["stored"] = stored
    if tag is not None:
        t["tag"] = tag
    if salt is not None:
        t["salt_hex"] = (salt.encode("utf-8") if isinstance(salt, str) else salt).hex()
    if user is not None:
        t["user"] = user
    if keys is not None:
        t["keys"] = {name: secret.hex() for name, secret in keys.items()}
    t["result"] = result
    t["code"] = code
    t["flags"] = list(flags)
    out.setdefault(method, []).append(t)


def b64(data):
    return base64.b64encode(data).decode()


def done():
    with open(sys.argv[1], "w", encoding="ascii", newline="\n") as f:
        json.dump(out, f)
