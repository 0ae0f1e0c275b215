"""argon2i, argon2d and argon2id vectors with argon2-cffi.  Usage: argon2_cffi.py OUT.json"""

from importlib.metadata import version
from itertools import permutations

from argon2.low_level import Type, hash_secret_raw

from common import b64np, dump, no_nul, phc, stream, test

SRC = "generate/argon2_cffi.py: argon2-cffi %s, argon2-cffi-bindings %s" % (version("argon2-cffi"), version("argon2-cffi-bindings"))
TYPES = {"argon2i": Type.I, "argon2d": Type.D, "argon2id": Type.ID}


def build(kind):
    out = []

    def raw(pw, salt, m, t, p, n, v):
        return hash_secret_raw(pw, salt, t, m, p, n, TYPES[kind], v)

    def make(comment, pw, m=64, t=1, p=1, salt=16, n=32, v=19, show=True):
        s = salt if isinstance(salt, bytes) else stream(kind + "/" + comment, salt)
        return phc(kind, v if show else None, m, t, p, s, raw(pw, s, m, t, p, n, v))

    def add(comment, pw=b"correct horse", flags=(), **kw):
        h = make(comment, pw, **kw)
        out.append(test(comment, pw, h, "accept", None, flags, SRC))
        return h

    def no(comment, pw, stored, flags=()):
        out.append(test(comment, pw, stored, "reject", None, flags, SRC))

    # Salt and output lengths.
    for n in (8, 9, 10, 11, 12, 15, 16, 24, 32, 33, 48, 49, 64, 128):
        add("salt of %d bytes" % n, salt=n, flags=["SaltLength"] + (["F28"] if n > 48 else []))
    for n in (4, 5, 8, 9, 10, 16, 20, 24, 31, 32, 33, 63, 64, 65, 96, 128, 512, 1024):
        add("output of %d bytes" % n, n=n, flags=["OutputLength"])
    add("odd salt and odd output", salt=9, n=5, flags=["SaltLength", "OutputLength"])
    add("salt of zero bytes only", salt=bytes(16))

    # Memory, passes and lanes.
    for p in (1, 2, 3, 4, 5, 7, 8):
        add("least memory for p=%d" % p, m=8 * p, p=p, flags=["MinMemory"])
        add("one KiB above the least for p=%d" % p, m=8 * p + 1, p=p, flags=["MinMemory", "MemoryRounding"])
    for m, p in ((35, 4), (67, 2), (101, 3), (127, 4), (255, 8), (1000, 6), (1023, 8)):
        add("m=%d is not a multiple of 4p, p=%d" % (m, p), m=m, p=p, flags=["MemoryRounding"])
    for t in (2, 3, 4, 5, 8):
        add("t=%d" % t, t=t)
    add("t=3, p=4, m=32", m=32, t=3, p=4, flags=["MinMemory"])
    add("m=1024, t=2, p=4", m=1024, t=2, p=4)
    add("m=4096, t=1, p=1", m=4096)
    add("m=4096, t=3, p=2", m=4096, t=3, p=2)
    add("m=2049, t=2, p=1: more than one address block per segment", m=2049, t=2)

    # Version 16, written out and left out.
    old = [dict(m=64), dict(m=32, t=3, p=4), dict(m=67, t=2, p=2), dict(m=256, t=2, salt=8), dict(m=512, t=4, p=3, n=64), dict(m=64, t=1, n=4)]
    for i, kw in enumerate(old):
        add("version field absent means 16, case %d" % (i + 1), v=16, show=False, flags=["Version16", "F21"], **kw)
        add("version 16 written out, case %d" % (i + 1), v=16, flags=["Version16"], **kw)
    b = dict(m=64, t=2, p=1, salt=b"somesalt")
    h19, h16 = make("", b"password", **b), make("", b"password", v=16, **b)
    no("version 19 hash with the version field cut out", b"password", h19.replace("$v=19", ""), ["F21"])
    no("version 19 hash labelled 16", b"password", h19.replace("v=19", "v=16"), ["F21"])
    no("version 16 hash labelled 19", b"password", h16.replace("v=16", "v=19"), ["F21"])

    # Passwords.
    for c, pw, f in [
        ("empty password", b"", ["Empty"]),
        ("password is one NUL", b"\0", ["Nul"]),
        ("password is four NULs", b"\0" * 4, ["Nul"]),
        ("NUL inside the password", b"pass\0word", ["Nul"]),
        ("NUL at the end of the password", b"password\0", ["Nul"]),
        ("UTF-8, composed", "p\u00e4ssw\u00f6rd".encode(), ["Utf8"]),
        ("UTF-8, decomposed", "pa\u0308sswo\u0308rd".encode(), ["Utf8"]),
        ("Latin-1 bytes", "p\u00e4ssw\u00f6rd".encode("latin-1"), ["EightBit"]),
        ("four-byte UTF-8", "\U0001f511\U0001f511".encode(), ["Utf8"]),
        ("all 256 byte values", bytes(range(256)), ["Binary"]),
        ("4096 bytes", no_nul(stream(kind + "/4096", 4096)), ["Long"]),
    ]:
        add(c, pw, f)
    for n in (71, 72, 73, 127, 128, 129, 255, 256):
        add("password of %d bytes" % n, ("0123456789" * 26)[:n].encode())
    h = make("reject", b"password")
    for c, pw, f in [
        ("wrong password", b"passwore", []),
        ("empty password against a hash", b"", ["Empty"]),
        ("NUL appended", b"password\0", ["Nul"]),
        ("line feed appended", b"password\n", []),
        ("letter case differs", b"Password", []),
        ("the stored string offered as the password", h.encode(), ["PassTheHash"]),
    ]:
        no(c, pw, h, f)
    no("one NUL against the hash of the empty password", b"\0", make("nul", b""), ["Nul"])
    long = b"0123456789" * 8
    no("byte 73 differs", long[:72] + b"x", make("73", long[:73]), [])
    no("byte 4096 differs", b"x" * 4095 + b"y", make("4096", b"x" * 4096), ["Long"])
    no("decomposed against composed UTF-8", "pa\u0308ss".encode(), make("nfd", "p\u00e4ss".encode()), ["Utf8"])
    no("Latin-1 against UTF-8", "p\u00e4ss".encode("latin-1"), make("latin", "p\u00e4ss".encode()), ["EightBit"])
    for other in TYPES:
        if other != kind:
            o = hash_secret_raw(b"password", b"somesalt", 2, 64, 1, 32, TYPES[other], 19)
            no("hash made by " + other, b"password", phc(kind, 19, 64, 2, 1, b"somesalt", o))

    # Every stored parameter matters.
    no("m one higher than it was", b"password", h19.replace("m=64", "m=68"))
    no("t one higher than it was", b"password", h19.replace("t=2", "t=3"))
    no("p one higher than it was", b"password", h19.replace("p=1", "p=2"))
    no("salt differs", b"password", h19.replace(b64np(b"somesalt"), b64np(b"diffsalt")))
    no("salt longer by a NUL", b"password", h19.replace(b64np(b"somesalt"), b64np(b"somesalt\0")))
    tag = raw(b"password", b"somesalt", 64, 2, 1, 32, 19)
    no("first bit of the hash flipped", b"password", phc(kind, 19, 64, 2, 1, b"somesalt", bytes([tag[0] ^ 128]) + tag[1:]))
    no("last bit of the hash flipped", b"password", phc(kind, 19, 64, 2, 1, b"somesalt", tag[:-1] + bytes([tag[-1] ^ 1])))
    no("hash cut to its first 16 bytes", b"password", phc(kind, 19, 64, 2, 1, b"somesalt", tag[:16]))
    no("hash cut to its first 4 bytes", b"password", phc(kind, 19, 64, 2, 1, b"somesalt", tag[:4]))
    no("hash of zero bytes", b"password", phc(kind, 19, 64, 2, 1, b"somesalt", bytes(32)))

    # Parameters in any order.
    for order in permutations(("m=64", "t=2", "p=1")):
        f = [] if order == ("m=64", "t=2", "p=1") else ["ParamOrder"]
        out.append(test("parameters as " + ",".join(order), b"password", h19.replace("m=64,t=2,p=1", ",".join(order)), "accept", None, f, SRC))
    out.append(test("other order, no version field", b"password", h16.replace("$v=16$m=64,t=2,p=1", "$p=1,t=2,m=64"), "accept", None, ["ParamOrder", "Version16"], SRC))
    return out


dump({k: build(k) for k in TYPES})
