"""bcrypt vectors with the bcrypt package of pyca.  Usage: bcrypt_pyca.py OUT.json"""

import bcrypt

from common import bc64, dump, stream, test

SRC = "generate/bcrypt_pyca.py: bcrypt " + bcrypt.__version__
out = []


def make(pw, ident, cost, label):
    salt = "$%s$%02d$%s" % (ident, cost, bc64(stream("pyca/" + label, 16)))
    return bcrypt.hashpw(pw, salt.encode()).decode()


def add(comment, pw, ident, cost, flags=()):
    h = make(pw, ident, cost, "%s/%d/%s" % (ident, cost, comment))
    out.append(test(comment, pw, h, "accept", None, flags, SRC))
    return h


for ident in ("2a", "2b", "2y"):
    add("empty password, " + ident, b"", ident, 4, ["Empty"])
    add("one letter, " + ident, b"x", ident, 4)
    add("UTF-8, composed, " + ident, "p\u00e4ssw\u00f6rd".encode(), ident, 4, ["Utf8"])
    add("four-byte UTF-8, " + ident, "\U0001f511\U0001f511 key".encode(), ident, 4, ["Utf8"])
for cost in (5, 6, 7, 8):
    add("cost %d" % cost, b"correct horse battery staple", "2b", cost)
add("cost 10", b"correct horse battery staple", "2b", 10, ["Slow"])
for n in (8, 31, 32, 55, 56, 63, 64, 70):
    add("%d letters" % n, (b"abcdefghijklmnopqrstuvwxyz" * 3)[:n], "2b", 4)
long = ("0123456789" * 8).encode()
for ident in ("2a", "2b", "2y"):
    for n in (71, 72):
        add("%d bytes, %s" % (n, ident), long[:n], ident, 4, ["Boundary72", "F05"])
add("UTF-8 cut inside a character at byte 72", ("x" + "\u00e9" * 36).encode()[:72], "2b", 4, ["Boundary72", "Utf8"])

h = add("hash for the wrong-password tests", b"hunter2", "2b", 4)
rej = [
    ("wrong password", b"hunter3", []),
    ("empty password", b"", ["Empty"]),
    ("letter case differs", b"Hunter2", []),
    ("one character less", b"hunter", []),
    ("one space more", b"hunter2 ", []),
    ("one line feed more", b"hunter2\n", []),
    ("the password twice", b"hunter2hunter2", ["KeyRepetition"]),
    ("the stored string offered as the password", h.encode(), ["PassTheHash"]),
]
for c, pw, f in rej:
    out.append(test(c, pw, h, "reject", None, f, SRC))
h72 = make(long[:72], "2b", 4, "72")
for c, pw, res, f in [
    ("73 bytes against a hash of the first 72", long[:73], "accept", ["Truncation", "F01"]),
    ("80 bytes against a hash of the first 72", long, "accept", ["Truncation", "F01"]),
    ("byte 72 differs", long[:71] + b"x", "reject", ["Boundary72", "F05"]),
    ("byte 73 differs", long[:72] + b"x", "accept", ["Truncation", "F01"]),
    ("71 of 72 bytes", long[:71], "reject", ["Boundary72", "F05"]),
    ("byte 72 differs in a long password", long[:71] + b"x" + long[72:], "reject", ["Truncation", "F05"]),
]:
    out.append(test(c, pw, h72, res, None, f, SRC))
# A NUL byte: this package hashes it as data, crypt(3) stops at it, we refuse.
for c, pw, hashed in [
    ("NUL inside, hash made over the whole password", b"abc\0def", b"abc\0def"),
    ("NUL inside, hash of the part before it", b"abc\0def", b"abc"),
    ("one NUL against the hash of the empty password", b"\0", b""),
    ("four NULs against the hash of the empty password", b"\0" * 4, b""),
    ("leading NUL against the hash of the empty password", b"\0secret", b""),
    ("the password, NUL, the password again", b"ab\0ab", b"ab"),
    ("trailing NUL", b"hunter2\0", b"hunter2"),
    ("trailing NUL after 71 bytes", long[:71] + b"\0", long[:71]),
    ("NUL as byte 73", long[:72] + b"\0", long[:72]),
    ("NUL far after byte 72", long[:72] + b"tail\0tail", long[:72]),
]:
    hh = make(hashed, "2b", 4, "nul/" + c)
    out.append(test(c, pw, hh, "reject", None, ["Nul", "F07"], SRC))
dump({"bcrypt": out})
