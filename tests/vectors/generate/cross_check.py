"""Verify accept and reject vectors with other implementations, from Python.

Usage: cross_check.py VECTOR_DIR OUT.json
Writes {"file": {"id": {"implementation": true|false}}}.
"""

import base64
import ctypes
import hashlib
import json
import os
import re
import sys

import argon2pure
import bcrypt
from argon2.low_level import Type, core, ffi, lib

from common import password_bytes

crypt = ctypes.CDLL("libcrypt.so.1").crypt
crypt.restype, crypt.argtypes = ctypes.c_char_p, [ctypes.c_char_p, ctypes.c_char_p]
KIND = {"argon2d": 0, "argon2i": 1, "argon2id": 2}


def digest(method, t):
    raw = hashlib.new(method, password_bytes(t)).digest()
    s = t["stored"]
    if len(s) == 2 * len(raw):
        return {"hashlib": bytes.fromhex(s) == raw}
    s = s.rstrip("=").replace("-", "+").replace("_", "/")
    return {"hashlib": base64.b64decode(s + "=" * (-len(s) % 4), validate=True) == raw}


def bcrypt_one(t):
    pw, h, got = password_bytes(t), t["stored"], {}
    nul, flags = b"\0" in pw, t["flags"]
    if h.startswith("$2$"):
        if not nul:  # the same key, spelled for a variant that has no NUL after 72 bytes
            rep = (pw * (72 // len(pw) + 1))[:72] if pw else b""
            got["libxcrypt as 2b"] = crypt(rep, b"$2b$" + h[3:].encode()).decode()[4:] == h[3:]
        return got
    if not nul:
        got["libxcrypt"] = crypt(pw[:300], h.encode()).decode() == h
        if h[:3] == "$2b" or h[:3] == "$2y" or (h[:3] == "$2a" and "SafetyBit" not in flags):
            got["pyca"] = bcrypt.checkpw(pw[:72], h.encode())
    return got


def ref(kind, v, m, t, p, pw, salt, secret, data, n):
    out = ffi.new("uint8_t[]", n)
    keep = [ffi.new("uint8_t[]", b or b"\0") for b in (pw, salt, secret, data)]
    ctx = ffi.new("argon2_context *", dict(
        out=out, outlen=n, version=v, pwd=keep[0], pwdlen=len(pw), salt=keep[1], saltlen=len(salt),
        secret=keep[2] if secret else ffi.NULL, secretlen=len(secret), ad=keep[3] if data else ffi.NULL, adlen=len(data),
        t_cost=t, m_cost=m, lanes=p, threads=1, allocate_cbk=ffi.NULL, free_cbk=ffi.NULL, flags=0))
    assert core(ctx, kind) == lib.ARGON2_OK
    return bytes(ffi.buffer(out, n))


def both(kind, v, m, t, p, pw, salt, secret, data, tag):
    got = {"argon2-cffi": ref(kind, v, m, t, p, pw, salt, secret, data, len(tag)) == tag}
    if m * t <= (2048 if v == 16 else 800):
        got["argon2pure"] = argon2pure.argon2(pw, salt, t, m, p, len(tag), secret, data, kind, 1, v) == tag
    return got


def unb64(s):
    return base64.b64decode(s + "=" * (-len(s) % 4), validate=True)


def argon2_one(t):
    kind, v, par, salt, tag = re.fullmatch(r"\$(argon2i?d?)(?:\$v=(\d+))?\$([^$]+)\$([^$]+)\$([^$]+)", t["stored"]).groups()
    n = dict(x.split("=") for x in par.split(","))
    return both(KIND[kind], int(v or 16), int(n["m"]), int(n["t"]), int(n["p"]), password_bytes(t), unb64(salt), b"", b"", unb64(tag))


def keyed(t):
    f = [bytes.fromhex(t[k + "_hex"]) for k in ("password", "salt", "secret", "data", "tag")]
    return both(KIND[t["type"]], t["version"], t["m"], t["t"], t["p"], *f)


report = {}
for name in ("md5", "sha1", "sha256", "bcrypt", "argon2i", "argon2d", "argon2id", "argon2_keyed"):
    with open(os.path.join(sys.argv[1], name + ".json"), encoding="utf-8") as f:
        tests = json.load(f)["tests"]
    rows = report[name] = {}
    for t in tests:
        if name == "argon2_keyed":
            rows[t["id"]] = keyed(t)
        elif t["result"] in ("accept", "reject"):
            rows[t["id"]] = (bcrypt_one(t) if name == "bcrypt" else argon2_one(t) if name in KIND else digest(name, t))
with open(sys.argv[2], "w") as f:
    json.dump(report, f)
