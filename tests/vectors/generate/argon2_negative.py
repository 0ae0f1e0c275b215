"""Damaged Argon2 strings, made by editing sound ones as text.  Usage: argon2_negative.py OUT.json"""

from common import B64, b64np, dump, stream, test

SRC = "generate/argon2_negative.py: edited text"
TAGS = {  # password "password", salt "somesalt", version 19, m=256, t=2, p=1
    "argon2i": "iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
    "argon2id": "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
}


# The same for argon2d, by argon2-cffi: for what is sound here and only looks damaged.
ARGON2D = "JcTui6RIBUtJ78gE5Hi52CO+H5vS6Z9R1uxAB6OhUB8"


def build(kind):
    out = []
    # For argon2d no such string is published; the value is never compared here.
    tag = TAGS.get(kind, "3+v51OrdaFn0zGqbsgBD/Z2n4eNr2s27BcpWn0Yyafg")
    salt = "c29tZXNhbHQ"
    par = "m=256,t=2,p=1"

    def s(p=par, v="$v=19", k=kind, sa=salt, ha=tag, tail=""):
        return "$" + k + v + "$" + p + "$" + sa + "$" + ha + tail

    def bad(comment, stored, code, flags=(), result="invalid"):
        out.append(test(comment, "password", stored, result, code, list(flags), SRC))

    def high(comment, stored, flags=()):
        bad(comment, stored, "cost_too_high", ["F24"] + list(flags), "over_limit")

    # Identifier and structure.
    bad("empty stored value", "", "missing_hash", ["F40"])
    for k in (kind.upper(), kind.capitalize(), "argon2x", "argon2", "argon", "argon2id2", kind + " "):
        bad("identifier %r" % k, s(k=k), "malformed")
    for k in ("argon2i", "argon2d", "argon2id"):
        if k != kind:
            bad("string of %s stored as %s" % (k, kind), s(k=k), "malformed", ["MethodMismatch", "CodeChoice"])
    for c, st in [
        ("no dollar sign at the start", s()[1:]), ("two dollar signs at the start", "$" + s()),
        ("space at the start", " " + s()), ("byte order mark at the start", "\ufeff" + s()),
        ("a bcrypt string", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("an MD5 digest", "5f4dcc3b5aa765d61d8327deb882cf99"), ("an scrypt string", "$scrypt$ln=4,r=8,p=1$" + salt + "$" + tag),
        ("one more field", s(tail="$x")), ("one more empty field", s(tail="$")), ("two strings in one", s() + s()),
        ("one more field between salt and hash", s(sa=salt + "$" + salt)),
    ]:
        bad(c, st, "method_conflict" if st.startswith(("$2", "$scrypt")) else "malformed")
    for c, p in [
        ("m missing", "t=2,p=1"), ("t missing", "m=256,p=1"), ("p missing", "m=256,t=2"), ("parameters empty", ""),
        ("m twice", "m=256,m=256,t=2,p=1"), ("t twice", "m=256,t=2,t=2,p=1"), ("p twice", "m=256,t=2,p=1,p=1"),
        ("m twice, other values", "m=256,t=2,p=1,m=8"), ("unknown parameter", "m=256,t=2,p=1,x=1"), ("unknown parameter first", "ln=4,m=256,t=2,p=1"),
        ("version among the parameters", "v=19,m=256,t=2,p=1"), ("upper-case names", "M=256,T=2,P=1"),
        ("comma at the end", par + ","), ("comma at the start", "," + par), ("two commas", "m=256,,t=2,p=1"), ("semicolons", "m=256;t=2;p=1"),
        ("spaces after commas", "m=256, t=2, p=1"), ("value missing", "m=,t=2,p=1"), ("no equals sign", "m256,t=2,p=1"), ("two equals signs", "m==256,t=2,p=1"),
        ("minus sign", "m=-256,t=2,p=1"), ("plus sign", "m=+256,t=2,p=1"), ("hexadecimal number", "m=0x100,t=2,p=1"), ("fraction", "m=256.0,t=2,p=1"),
        ("exponent", "m=256e0,t=2,p=1"), ("space before the number", "m= 256,t=2,p=1"), ("letters after the number", "m=256KiB,t=2,p=1"),
        ("full-width digits", "m=\uff12\uff15\uff16,t=2,p=1"), ("parameter name alone", "m=256,t=2,p"),
    ]:
        bad(c, s(p), "malformed", ["NonAscii"] if "\uff12" in p else [])
    bad("version after the parameters", "$%s$%s$v=19$%s$%s" % (kind, par, salt, tag), "malformed")
    bad("version field twice", s(v="$v=19$v=19"), "malformed")
    for v in ("", "13", "0x13", "-19", "+19", " 19", "19.0", "19 "):
        bad("version %r is not a number" % v, s(v="$v=" + v), "malformed", ["CodeChoice"] if v == "13" else [])
    for v in ("0", "1", "15", "17", "18", "20", "190", "4294967315"):
        bad("version %s does not exist" % v, s(v="$v=" + v), "malformed", ["UnknownVersion", "CodeChoice"])

    # Numbers with leading zeros.
    for c, p in (("m", "m=0256,t=2,p=1"), ("t", "m=256,t=02,p=1"), ("p", "m=256,t=2,p=01")):
        bad("leading zero in " + c, s(p), "non_canonical", ["NonCanonical"])
    bad("leading zero in the version", s(v="$v=019"), "non_canonical", ["NonCanonical"])

    # Cost.
    for c, p in [
        ("m=0", "m=0,t=2,p=1"), ("t=0", "m=256,t=0,p=1"), ("p=0", "m=256,t=2,p=0"), ("m one below 8p", "m=7,t=2,p=1"),
        ("m one below 8p, p=4", "m=31,t=1,p=4"), ("m one below 8p, p=8", "m=63,t=1,p=8"), ("m far below 8p", "m=8,t=1,p=64"), ("all zero", "m=0,t=0,p=0"),
    ]:
        bad(c, s(p), "cost_too_low", ["F25"])
    bad("t=0 without a version field", s("m=256,t=0,p=1", v=""), "cost_too_low", ["F25", "Version16"])
    for c, p in [
        ("m one above the limit", "m=1048577,t=1,p=1"), ("m of 4 GiB", "m=4194304,t=1,p=1"), ("m at 32 bits", "m=4294967295,t=1,p=1"),
        ("t one above the limit", "m=8,t=1025,p=1"), ("t at 32 bits", "m=8,t=4294967295,p=1"),
        ("p one above the limit", "m=520,t=1,p=65"), ("p=255", "m=2040,t=1,p=255"), ("p=65536", "m=524288,t=1,p=65536"),
        ("m times t one step above the limit", "m=1048576,t=5,p=1"), ("m times t above the limit", "m=65536,t=65,p=1"),
        ("m times t just above the limit", "m=4097,t=1024,p=1"), ("m times t that wraps 32 bits", "m=1048576,t=1024,p=1"),
        ("everything above its limit", "m=4294967295,t=4294967295,p=16777215"),
    ]:
        high(c, s(p))
    high("m above the limit, no version field", s("m=1048577,t=1,p=1", v=""), ["Version16"])
    for c, p in [
        ("p at 32 bits, m below 8p", "m=65536,t=2,p=4294967295"), ("p at 24 bits, m below 8p", "m=65536,t=2,p=16777216"), ("8p wraps 32 bits to 0", "m=256,t=1,p=536870912"),
        ("8p wraps 32 bits to 8", "m=256,t=1,p=536870913"), ("m beyond 32 bits", "m=4294967296,t=2,p=1"), ("m beyond 32 bits, 256 modulo 2^32", "m=4294967552,t=2,p=1"),
        ("t beyond 32 bits", "m=256,t=4294967298,p=1"), ("p beyond 32 bits", "m=256,t=2,p=4294967297"), ("m beyond 64 bits", "m=18446744073709551872,t=2,p=1"),
        ("m of 40 digits", "m=" + "9" * 40 + ",t=2,p=1"),
    ]:
        high(c, s(p), ["CodeChoice"])

    # Secret and data.
    f = ["Keyed", "F23"]
    for c, x in [
        ("keyid=", ",keyid=abcd"), ("keyid= of one byte", ",keyid=YQ"), ("data=", ",data=c29tZWRhdGE"), ("keyid= and data=", ",keyid=abcd,data=c29tZWRhdGE"),
    ]:
        bad(c + " present, hash made without it", s(par + x), "missing_key", f)
        bad(c + " present, no version field", s(par + x, v=""), "missing_key", f + ["Version16"])
    bad("keyid= with an empty value", s(par + ",keyid="), "missing_key", f + ["CodeChoice"])
    bad("data= with an empty value", s(par + ",data="), "missing_key", f + ["CodeChoice"])
    bad("keyid= before the numbers", s("keyid=abcd," + par), "missing_key", f + ["CodeChoice"])
    bad("keyid= twice", s(par + ",keyid=abcd,keyid=abcd"), "malformed", f + ["CodeChoice"])
    bad("keyid= with a character outside the alphabet", s(par + ",keyid=ab!d"), "bad_encoding", f + ["CodeChoice"])

    # Cut short.
    # A text whose length is a usual column width was most likely cut there.
    cut = lambda st: "truncated" if len(st) in (40, 45, 48, 50, 60, 64) else "malformed"
    st = s()[:-len(tag) - 1]
    bad("hash missing", st, cut(st), ["F22"])
    st = s(v="")[:-len(tag) - 1]
    bad("hash missing, no version field", st, cut(st), ["F22", "Version16"])
    bad("hash empty", s(ha=""), "truncated", ["F22", "CodeChoice"])
    bad("salt and hash empty", s(sa="", ha=""), "truncated", ["F22", "CodeChoice"])
    bad("salt and hash missing", "$%s$v=19$%s" % (kind, par), "truncated", ["F22", "CodeChoice"])
    bad("only identifier and version", "$%s$v=19" % kind, "truncated", ["F22", "CodeChoice"])
    bad("only identifier and version, then a dollar sign", "$%s$v=19$" % kind, "truncated", ["F22", "CodeChoice"])
    bad("only the identifier", "$" + kind, "truncated", ["F22", "CodeChoice"])

    # Lengths of salt and hash.
    for n in (1, 3, 7):
        bad("salt of %d bytes" % n, s(sa=b64np(b"somesalt"[:n])), "wrong_length", ["F28"])
    bad("salt empty", s(sa=""), "wrong_length", ["F28", "CodeChoice"])
    for n in (1, 2, 3):
        st = s(ha=b64np(stream("short", n)))
        bad("hash of %d bytes" % n, st, cut(st).replace("malformed", "wrong_length"), ["OutputLength"])
    bad("hash of 1025 bytes", s(ha=b64np(stream("long", 1025))), "wrong_length", ["OutputLength"])
    bad("hash of 2048 bytes", s(ha=b64np(stream("long", 2048))), "wrong_length", ["OutputLength"])

    # Base64.
    whole = TAGS.get(kind, ARGON2D)
    for c, st in [
        ("padding on the salt", s(sa=salt + "=", ha=whole)), ("padding on the hash", s(ha=whole + "=")),
        ("padding on both", s(sa=salt + "=", ha=whole + "=")),
    ]:
        bad(c, st, None, ["F20"], "accept")
    bad("padding twice on the salt", s(sa=salt + "=="), "bad_encoding", ["F20"])
    bad("padding twice on the hash", s(ha=tag + "=="), "bad_encoding", ["F20"])
    bad("padding of another length", s(ha=tag + "====="), "bad_encoding", ["F20"])
    bad("line feed at the end", s(tail="\n"), "bad_encoding", ["F12"])
    bad("carriage return and line feed at the end", s(tail="\r\n"), "bad_encoding", ["F12"])
    bad("space at the end", s(tail=" "), "bad_encoding", ["F12"])
    bad("NUL at the end", s(tail="\0"), "bad_encoding")
    for c in "-_.!,:=@ \u00e9\u212a":
        fl = ["F18"] if c in "-_" else ["NonAscii"] if ord(c) > 127 else []
        bad("character %a in the salt" % c, s(sa=salt[:4] + c + salt[5:]), "bad_encoding", fl)
        bad("character %a in the hash" % c, s(ha=tag[:10] + c + tag[11:]), "bad_encoding", fl)
    bad("salt length that no bytes encode to", s(sa=salt + "AA"), "bad_encoding", ["CodeChoice"])
    bad("hash length that no bytes encode to", s(ha=tag + "AA"), "bad_encoding", ["CodeChoice"])
    for extra in (1, 2, 3):
        bad("unused salt bits set to %d" % extra, s(sa=salt[:-1] + B64[B64.index(salt[-1]) | extra]), "non_canonical", ["NonCanonical"])
        bad("unused hash bits set to %d" % extra, s(ha=tag[:-1] + B64[B64.index(tag[-1]) | extra]), "non_canonical", ["NonCanonical"])
    s16 = b64np(stream("salt16", 16))
    for extra in (1, 8, 15):
        bad("four unused salt bits, set to %d" % extra, s(sa=s16[:-1] + B64[B64.index(s16[-1]) | extra]), "non_canonical", ["NonCanonical"])
    return out


dump({k: build(k) for k in ("argon2i", "argon2d", "argon2id")})
