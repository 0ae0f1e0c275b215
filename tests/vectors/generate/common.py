"""Shared helpers for the vector generators (standard library only)."""

import base64
import hashlib
import json
import sys

B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BC64 = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def stream(label, n):
    """n fixed pseudo-random bytes that depend on the label only."""
    out = b""
    i = 0
    while len(out) < n:
        out += hashlib.sha512(b"rehash-vectors/%s/%d" % (label.encode(), i)).digest()
        i += 1
    return out[:n]


def no_nul(data):
    """The same bytes with every 0x00 turned into 0x01."""
    return data.replace(b"\0", b"\1")


def password_fields(pw):
    """`password` when the bytes are printable UTF-8 text, else `password_hex`."""
    if isinstance(pw, str):
        pw = pw.encode("utf-8")
    try:
        text = pw.decode("utf-8")
        if all(c >= " " and c != "\x7f" for c in text):
            return {"password": text}
    except UnicodeDecodeError:
        pass
    return {"password_hex": pw.hex()}


def password_bytes(test):
    if "password" in test:
        return test["password"].encode("utf-8")
    return bytes.fromhex(test["password_hex"])


def test(comment, pw, stored, result, code=None, flags=(), source="", encoding=None):
    t = {"comment": comment}
    t.update(password_fields(pw))
    t["encoding"] = encoding
    t["stored"] = stored
    t["result"] = result
    t["code"] = code
    t["flags"] = list(flags)
    t["source"] = source
    return t


def b64np(data):
    return base64.b64encode(data).decode().rstrip("=")


def bc64(data):
    """bcrypt's own base64: other alphabet, no padding, most significant bit first."""
    bits = "".join("{:08b}".format(b) for b in data)
    bits += "0" * (-len(bits) % 6)
    return "".join(BC64[int(bits[i:i + 6], 2)] for i in range(0, len(bits), 6))


def phc(kind, version, m, t, p, salt, tag):
    v = "" if version is None else "$v=%d" % version
    return "$%s%s$m=%d,t=%d,p=%d$%s$%s" % (kind, v, m, t, p, b64np(salt), b64np(tag))


def dump(groups):
    """Write {"method": [test, ...], ...} to the path given as the first argument."""
    with open(sys.argv[1], "w", encoding="ascii") as f:
        json.dump(groups, f, indent=0)
