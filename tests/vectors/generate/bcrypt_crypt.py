"""bcrypt vectors with crypt(3) of libxcrypt, through ctypes.  Usage: bcrypt_crypt.py OUT.json"""

import ctypes

from common import bc64, dump, no_nul, stream, test

lib = ctypes.CDLL("libcrypt.so.1")
lib.crypt.restype = ctypes.c_char_p
lib.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
SRC = "generate/bcrypt_crypt.py: libxcrypt 4.4.33"
out = []


def crypt(pw, setting):
    # crypt(3) refuses phrases of 512 bytes and more; only 72 bytes count anyway.
    h = lib.crypt(pw[:300], setting.encode()).decode()
    assert len(h) == 60 and h.startswith(setting[:29]), (setting, h)
    return h


def make(pw, ident, cost, label):
    return crypt(pw, "$%s$%02d$%s" % (ident, cost, bc64(stream("crypt/" + label, 16))))


def add(comment, pw, ident, cost=4, flags=(), label=None):
    h = make(pw, ident, cost, label or "%s/%s" % (ident, comment))
    out.append(test(comment, pw, h, "accept", None, flags, SRC))
    return h


def kind(ident, pw):
    if max(pw) < 128:
        return []
    if ident == "2x":
        return ["SignExtension", "EightBit", "F09"]
    return ["EightBit"]


# The same 8-bit passwords under each prefix.
eight = [
    ("Latin-1 bytes", "p\u00e4ssw\u00f6rd".encode("latin-1")),
    ("UTF-8 text", "\u043f\u0430\u0440\u043e\u043b\u044c".encode()),
    ("every byte from 128 to 199", bytes(range(128, 200))),
    ("twelve bytes 0xff", b"\xff" * 12),
    ("0xff after ASCII in each word", b"abc\xff" * 5),
    # Every 8-bit byte below has only 0xff before it in its four-byte word, so the
    # bug changes nothing and 2a sets its safety bit.
    ("0xff 0xff x after one plain word", b"ABCD\xff\xffx"),
    ("0xff 0xff 0xff 0xa3 for 72 bytes", b"\xff\xff\xff\xa3" * 18),
    ("0xff 0xe9 and text, eleven bytes", b"\xff\xe9ab\xff\xff\xe9cABC"),
    ("0xff 0xff a b beyond 72 bytes", b"\xff\xffab" * 20),
    # One plain byte of shift and the safety bit stays out.
    ("0xff 0xff x at another place in the word", b"ABC\xff\xffx"),
]
for c, pw in eight:
    hs = {}
    for ident in ("2a", "2b", "2x", "2y"):
        hs[ident] = make(pw, ident, 4, "eight/" + c)
        f = kind(ident, pw) + (["Truncation"] if len(pw) > 72 else [])
        out.append(test("%s, %s" % (c, ident), pw, hs[ident], "accept", None, f, SRC))
    tail = {i: h[4:] for i, h in hs.items()}
    if tail["2a"] != tail["2b"]:
        for t in out:
            if t["stored"] == hs["2a"]:
                t["flags"].append("SafetyBit")
        out.append(test(c + ", 2a hash under the prefix 2b", pw, "$2b$" + tail["2a"], "reject", None, ["SafetyBit"], SRC))
        out.append(test(c + ", 2b hash under the prefix 2a", pw, "$2a$" + tail["2b"], "reject", None, ["SafetyBit"], SRC))
    if tail["2x"] != tail["2b"]:
        out.append(test(c + ", 2x hash under the prefix 2b", pw, "$2b$" + tail["2x"], "reject", None, ["SignExtension", "F09"], SRC))
        out.append(test(c + ", 2b hash under the prefix 2x", pw, "$2x$" + tail["2b"], "reject", None, ["SignExtension", "F09"], SRC))

# Fixed random passwords of many lengths, 2x and 2a in the majority.
for i, n in enumerate((1, 2, 3, 4, 5, 7, 16, 17, 35, 36, 71, 72, 73, 80)):
    pw = no_nul(stream("crypt/random/%d" % n, n))
    ident = ("2x", "2a", "2y", "2x", "2b")[i % 5]
    f = kind(ident, pw)
    if n in (71, 72):
        f.append("Boundary72")
    if n > 72:
        f.append("Truncation")
    add("%d random bytes, %s" % (n, ident), pw, ident, 4, f)

# Under the bug a byte from 0x80 up hides the bytes before it in its word.
h = add("hidden bytes under the bug: ab a3 c d", b"ab\xa3cd", "2x", 4, ["SignExtension", "F09"], "hide")
for c, pw, res in [
    ("hidden bytes under the bug: other letters, same hash", b"xy\xa3cd", "reject"),
    ("hidden bytes under the bug: 0xff before the 8-bit byte", b"\xff\xff\xa3cd", "accept"),
]:
    got = "accept" if crypt(pw, h) == h else "reject"
    out.append(test(c.replace(", same hash", "" if got == "reject" else ", same hash"), pw, h, got, None, ["SignExtension", "F09"], SRC))

# Length edges under each prefix.
text = (b"The quick brown fox jumps over the lazy dog. " * 100)[:4096]
for ident in ("2a", "2b", "2x", "2y"):
    for n in (73, 255, 256, 4096):
        f = ["Truncation", "F01"]
        if n in (255, 256):
            f = ["Truncation", "Wraparound", "F06"]
        if n == 4096:
            f = ["Truncation", "Long"]
        add("%d bytes, %s" % (n, ident), text[:n], ident, 4, f)
# A one-byte length counter turns 255 + NUL into 0, and the key into the first
# byte repeated; a hash of the whole password must not match that.
for n in (255, 256):
    h = make(text[:n], "2a", 4, "wrap/%d" % n)
    out.append(test("hash of %d bytes; what a one-byte length would have hashed" % n, text[:1] * 72, h,
                    "reject", None, ["Wraparound", "F06"], SRC))
h = make(b"", "2y", 4, "empty-nul")
out.append(test("leading NUL against the hash of the empty password, 2y", b"\0secret", h, "reject", None, ["Nul", "F07"], SRC))
for ident in ("2a", "2x", "2y"):
    h = make(b"ab", ident, 4, "nul/" + ident)
    out.append(test("NUL and more after the password, " + ident, b"ab\0cd", h, "reject", None, ["Nul", "F07"], SRC))
    out.append(test("wrong password, " + ident, b"ac", h, "reject", None, [], SRC))
add("cost 9", b"correct horse battery staple", "2y", 9)
dump({"bcrypt": out})
