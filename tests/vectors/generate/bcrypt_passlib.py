"""$2$ vectors with passlib (which repeats the password to 72 bytes).  Usage: bcrypt_passlib.py OUT.json"""

import logging

import bcrypt as backend
import passlib
from passlib.hash import bcrypt

from common import bc64, dump, stream, test

logging.disable(logging.WARNING)
bcrypt.set_backend("bcrypt")
SRC = "generate/bcrypt_passlib.py: passlib %s with bcrypt %s" % (passlib.__version__, backend.__version__)
out = []


def make(pw, label, rounds=4):
    return bcrypt.using(ident="2", rounds=rounds, salt=bc64(stream("passlib/" + label, 16))).hash(pw)


def add(comment, pw, flags=(), rounds=4):
    h = make(pw, comment, rounds)
    assert h.startswith("$2$%02d$" % rounds) and len(h) == 59, h
    out.append(test(comment, pw, h, "accept", None, ["Prefix2"] + list(flags), SRC))
    return h


add("no trailing NUL: empty password", b"", ["Empty"])
add("no trailing NUL: one letter", b"a")
add("no trailing NUL: cost 6", b"correct horse battery staple", [], 6)
add("no trailing NUL: UTF-8", "p\u00e4ssw\u00f6rd".encode(), ["Utf8"])
add("no trailing NUL: Latin-1", "p\u00e4ssw\u00f6rd".encode("latin-1"), ["EightBit"])
add("no trailing NUL: bytes 0xff", b"\xff\xff\xa3", ["EightBit"])
for n in (35, 36, 71, 72, 73, 255, 256):
    f = ["Boundary72"] if n in (71, 72) else ["Truncation"] if n > 72 else []
    add("no trailing NUL: %d bytes" % n, ("0123456789" * 26)[:n].encode(), f)
h = make(b"abc", "repeat")
for c, pw, res, f in [
    ("no trailing NUL: hash of abc", b"abc", "accept", []),
    ("no trailing NUL: abc twice is the same key", b"abcabc", "accept", ["KeyRepetition"]),
    ("no trailing NUL: abc and a half is not", b"abcab", "reject", ["KeyRepetition"]),
    ("no trailing NUL: wrong password", b"abd", "reject", []),
    ("no trailing NUL: empty password against the hash of abc", b"", "reject", ["Empty"]),
    ("no trailing NUL: password with a NUL", b"abc\0", "reject", ["Nul", "F07"]),
]:
    if b"\0" not in pw:
        assert bcrypt.verify(pw, h) == (res == "accept")
    out.append(test(c, pw, h, res, None, ["Prefix2"] + f, SRC))
plain = bcrypt.using(ident="2a", rounds=4, salt=bc64(stream("passlib/plain", 16))).hash(b"abc")
out.append(test("2a hash under the prefix 2", b"abc", "$2$" + plain[4:], "reject", None, ["Prefix2"], SRC))
out.append(test("2 hash under the prefix 2b", b"abc", "$2b$" + h[3:], "reject", None, ["Prefix2"], SRC))
dump({"bcrypt": out})
