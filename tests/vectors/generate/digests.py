"""md5, sha1 and sha256 vectors with Python's hashlib.  Usage: digests.py OUT.json"""

import base64
import hashlib
import platform

from common import B64, dump, no_nul, stream, test

SRC = "generate/digests.py: hashlib, CPython " + ".".join(platform.python_version_tuple()[:2])
MUT = SRC + " (text altered)"


def url(s):
    return s.replace("+", "-").replace("/", "_")


def build(method, other):
    def h(pw):
        return hashlib.new(method, pw).digest()

    def b64(raw):
        return base64.b64encode(raw).decode()

    size = h(b"").__len__()
    out = []

    def ok(comment, pw, stored, flags=(), encoding=None):
        out.append(test(comment, pw, stored, "accept", None, flags, SRC, encoding))

    def no(comment, pw, stored, flags=(), encoding=None):
        out.append(test(comment, pw, stored, "reject", None, flags, SRC, encoding))

    def bad(comment, stored, code, flags=(), encoding=None, pw=None):
        out.append(test(comment, pw or P, stored, "invalid", code, flags, MUT, encoding))

    # A password whose digest uses both extra base64 characters, not at the end.
    n = 0
    while True:
        P = b"correct horse %d" % n
        s = b64(h(P))
        if "+" in s and "/" in s and s.rstrip("=")[-1] not in "+/":
            break
        n += 1
    hx, std = h(P).hex(), b64(h(P))
    bare = std.rstrip("=")

    # Passwords of many kinds, in lower-case hex.
    kinds = [
        ("empty password", b"", ["Empty"]),
        ("a NUL byte is data", b"pass\0word", ["Nul"]),
        ("a single NUL", b"\0", ["Nul"]),
        ("UTF-8, composed", "p\u00e4ssw\u00f6rd".encode(), ["Utf8"]),
        ("UTF-8, decomposed", "pa\u0308sswo\u0308rd".encode(), ["Utf8"]),
        ("Latin-1 bytes", "p\u00e4ssw\u00f6rd".encode("latin-1"), ["EightBit"]),
        ("four-byte UTF-8", "\U0001f511 key".encode(), ["Utf8"]),
        ("spaces at both ends", b" password ", []),
        ("line feed at the end", b"password\n", []),
        ("all 256 byte values", bytes(range(256)), ["Binary"]),
        ("4096 bytes", no_nul(stream(method + "/4096", 4096)), ["Long"]),
    ]
    for c, pw, f in kinds:
        ok(c, pw, h(pw).hex(), f)
    for k in (55, 56, 63, 64, 65):
        pw = ("0123456789" * 7)[:k].encode()
        ok("%d bytes, around the padding boundary" % k, pw, h(pw).hex())

    # Spellings of one digest.
    ok("lower-case hex", P, hx, [], "hex")
    ok("upper-case hex", P, hx.upper(), ["UpperHex", "F14"])
    ok("upper-case hex, encoding named", P, hx.upper(), ["UpperHex", "F14"], "hex")
    mixed = "".join(c.upper() if i % 2 else c for i, c in enumerate(hx))
    ok("hex in mixed case", P, mixed, ["MixedHex", "F14"])
    for enc, text in (("base64", std), ("base64url", url(std))):
        f = ["Base64" if enc == "base64" else "Base64Url", "F18", "F20"]
        ok(enc + " with padding", P, text, f)
        ok(enc + " without padding", P, text.rstrip("="), f)
        ok(enc + " with padding, encoding named", P, text, f, enc)
        ok(enc + " without padding, encoding named", P, text.rstrip("="), f, enc)

    # Wrong passwords.
    no("wrong password", b"wrong", hx)
    no("wrong password, base64", b"wrong", std, ["Base64"])
    no("empty password against another digest", b"", hx, ["Empty"])
    no("one NUL more", P + b"\0", hx, ["Nul"])
    no("one NUL instead of nothing", b"\0", h(b"").hex(), ["Nul"])
    no("letter case differs", P.upper(), hx)
    no("line feed more", P + b"\n", hx)
    no("decomposed UTF-8 against composed", "pa\u0308sswo\u0308rd".encode(), h("p\u00e4ssw\u00f6rd".encode()).hex(), ["Utf8"])
    no("Latin-1 against UTF-8", "p\u00e4ssw\u00f6rd".encode("latin-1"), h("p\u00e4ssw\u00f6rd".encode()).hex(), ["EightBit"])
    no("the stored text offered as the password", hx.encode(), hx, ["PassTheHash"])
    no("the raw digest offered as the password", h(P), hx, ["PassTheHash"])
    no("last bit of the digest flipped", P, (h(P)[:-1] + bytes([h(P)[-1] ^ 1])).hex())
    no("first bit of the digest flipped", P, (bytes([h(P)[0] ^ 128]) + h(P)[1:]).hex())
    no("bytes of the digest reversed", P, h(P)[::-1].hex())
    no("digest of the digest text", P, h(hx.encode()).hex())
    no("4096 bytes, last byte differs", b"x" * 4095 + b"y", h(b"x" * 4096).hex(), ["Long"])

    # Lengths.
    bad("empty stored value", "", "missing_hash", ["F40"])
    bad("empty stored value, empty password", "", "missing_hash", ["F40", "Empty"], None, b"")
    bad("two hex digits", hx[:2], "wrong_length", ["F16"])
    bad("one byte short in hex", hx[:-2], "wrong_length", ["F16"])
    bad("one byte long in hex", hx + "00", "wrong_length", ["F16"])
    bad("one byte short in hex, encoding named", hx[:-2], "wrong_length", ["F16"], "hex")
    bad("one hex digit short", hx[:-1], "wrong_length", ["F16", "CodeChoice"], "hex")
    bad("one hex digit long", hx + "0", "wrong_length", ["F16", "CodeChoice"], "hex")
    bad("one byte short in base64", b64(h(P)[:-1]), "wrong_length", ["F16", "Base64"], "base64")
    bad("one byte long in base64", b64(h(P) + b"\0"), "wrong_length", ["F16", "Base64"], "base64")
    bad("half a digest in base64", b64(h(P)[:size // 2]).rstrip("="), "wrong_length", ["F16", "Base64"])
    for o in other:
        bad("hex digest of %s stored as %s" % (o, method), hashlib.new(o, P).hexdigest(), "wrong_length", ["F16"])
        bad("base64 digest of %s stored as %s" % (o, method), b64(hashlib.new(o, P).digest()), "wrong_length", ["F16", "Base64"])

    # Encodings.
    x = hx[:4]
    bad("letter g among hex digits", x + "g" + hx[5:], "bad_encoding", [], "hex")
    bad("0x before the digits", "0x" + hx, "bad_encoding", ["CodeChoice"], "hex")
    bad("colons between bytes", ":".join(hx[i:i + 2] for i in range(0, len(hx), 2)), "bad_encoding")
    bad("space inside", hx[:8] + " " + hx[8:], "bad_encoding")
    bad("space before", " " + hx, "bad_encoding", ["F12"])
    bad("space after", hx + " ", "bad_encoding", ["F12"])
    bad("line feed after", hx + "\n", "bad_encoding", ["F12"])
    bad("carriage return and line feed after", hx + "\r\n", "bad_encoding", ["F12"])
    bad("line feed after base64", std + "\n", "bad_encoding", ["F12", "Base64"])
    bad("line feed inside base64", std[:10] + "\n" + std[10:], "bad_encoding", ["Base64"])
    bad("NUL after", hx + "\0", "bad_encoding", [])
    bad("full-width digit", "\uff10" + hx[1:], "bad_encoding", ["NonAscii", "F13a"])
    bad("no-break space before", "\u00a0" + hx, "bad_encoding", ["NonAscii"])
    bad("byte order mark before", "\ufeff" + hx, "bad_encoding", ["NonAscii"])
    # `{MD5}` and `{SHA256}` are LDAP's, `{SHA1}` Dovecot's, `$md5$` Kratos' and `$sha1$` NetBSD's: the text says so itself.
    braces, modular = ("method_conflict", "bad_encoding" if method == "sha256" else "method_conflict")
    bad("scheme in braces before", "{%s}%s" % (method.upper(), std), braces, ["Base64"])
    bad("modular prefix before", "$%s$%s" % (method, std), modular, ["Base64"])
    bad("quotes around", '"%s"' % hx, "bad_encoding")
    plus, slash = std.index("+"), std.index("/")
    bad("both alphabets in one string", std[:plus] + "-" + std[plus + 1:], "bad_encoding", ["F18", "Base64"])
    bad("both alphabets in one string, other way", std[:slash] + "_" + std[slash + 1:], "bad_encoding", ["F18", "Base64"])
    bad("both alphabets in one string, no padding", bare[:plus] + "-" + bare[plus + 1:], "bad_encoding", ["F18", "Base64"])
    bad("url alphabet where base64 is named", url(std), "bad_encoding", ["F18", "Base64Url"], "base64")
    bad("standard alphabet where base64url is named", std, "bad_encoding", ["F18", "Base64"], "base64url")
    bad("dots for plus signs", std.replace("+", "."), "bad_encoding", ["Base64"])
    bad("base64 where hex is named", std, "bad_encoding", ["Base64"], "hex")
    bad("hex where base64 is named", hx, "wrong_length", ["CodeChoice"], "base64")
    pad = std[len(bare):]
    bad("one padding character more", std + "=", "bad_encoding", ["F20", "Base64"])
    if len(pad) == 2:
        bad("one padding character of two", bare + "=", "bad_encoding", ["F20", "Base64"])
    else:
        bad("padding twice as long", bare + "==", "bad_encoding", ["F20", "Base64"])
    bad("padding before the text", pad + bare, "bad_encoding", ["F20", "Base64"])
    bad("padding in the middle", bare[:8] + pad + bare[8:], "bad_encoding", ["F20", "Base64"])
    bad("padding after hex", hx + "=", "bad_encoding", ["F20"])
    bad("percent-coded padding", bare + pad.replace("=", "%3D"), "bad_encoding", ["F20", "Base64"])

    # Unused bits of the last base64 character.
    unused = 6 * len(bare) - 8 * size
    last = B64.index(bare[-1])
    for extra in sorted({1, (1 << unused) - 1}):
        text = bare[:-1] + B64[last | extra]
        bad("unused low bits of the last character set to %d" % extra, text, "non_canonical", ["NonCanonical", "Base64"])
        bad("the same with padding", text + pad, "non_canonical", ["NonCanonical", "Base64"])
    bad("unused bits set, url alphabet", url(bare[:-1] + B64[last | 1]), "non_canonical", ["NonCanonical", "Base64Url"], "base64url")

    # Encoded twice.
    f = ["DoubleEncoded", "F17"]
    twice = b64(hx.encode())
    bad("base64 of the hex text", twice, "double_encoded", f)
    bad("base64 of the hex text, encoding named", twice, "double_encoded", f, "base64")
    if twice.endswith("="):
        bad("base64 of the hex text, no padding", twice.rstrip("="), "double_encoded", f)
    bad("base64url of the hex text", url(twice), "double_encoded", f, "base64url")
    bad("base64 of the upper-case hex text", b64(hx.upper().encode()), "double_encoded", f)
    bad("hex of the hex text", hx.encode().hex(), "double_encoded", f)
    bad("hex of the hex text, encoding named", hx.encode().hex(), "double_encoded", f, "hex")
    return out


names = ["md5", "sha1", "sha256"]
dump({m: build(m, [o for o in names if o != m]) for m in names})
