"""Damaged bcrypt strings, made by editing sound ones as text.  Usage: bcrypt_negative.py OUT.json"""

from common import BC64, dump, test

SRC = "generate/bcrypt_negative.py: edited text"
PW = "U*U"
OK = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"  # crypt_blowfish
OLD = "$2$05$......................XuQjdH.wPVNUZ/bOfstdW/FqB8QSjte"  # passlib, "abc"
SALT, HASH = OK[7:29], OK[29:]
out = []


def bad(comment, stored, code, flags=(), pw=PW, result="invalid"):
    out.append(test(comment, pw, stored, result, code, list(flags), SRC))


# Structure.
bad("empty stored value", "", "missing_hash", ["F40"])
bad("empty stored value, empty password", "", "missing_hash", ["F40"], "")
for s in ("*0", "*1", "!", "x", "$bcrypt$" + OK, "$wp" + OK, OK[1:], " " + OK, "\ufeff" + OK, '"' + OK + '"'):
    bad("does not begin like bcrypt", s, "method_conflict" if s.startswith("$wp") else "malformed", ["F11"])
bad("an MD5 digest", "5f4dcc3b5aa765d61d8327deb882cf99", "malformed")
bad("an MD5-crypt string", "$1$yiiZbNIH$YiCsHZjcTkYd31wkgW8JF.", "method_conflict")
bad("an Argon2 string", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "method_conflict")
for v in ("2c", "2z", "2A", "2B", "2Y", "2{", "20", "3a", "02a"):
    bad("variant %s does not exist" % v, "$%s$05$%s%s" % (v, SALT, HASH), "malformed", ["F11", "F13"])
for c in ("5$$", "a5", "0a", " 5", "+5", "-5", "5 ", "0x"):
    bad("cost field is not two digits: %r" % c, ("$2a$%s$" % c if len(c) == 2 else "$2a$" + c) + SALT + HASH, "malformed", ["F11"])
bad("no dollar sign after the cost", "$2a$05." + SALT + HASH, "malformed", ["F11"])
bad("three-digit cost", "$2a$005$" + SALT + HASH, "malformed", ["F11", "CodeChoice"])

# Cost.
for c in (0, 1, 2, 3):
    bad("cost %02d is below the least" % c, "$2a$%02d$%s%s" % (c, SALT, HASH), "cost_too_low", ["F10", "F25"])
for c in (16, 17, 20, 24, 30, 31):
    bad("cost %d is above the default limit" % c, "$2b$%02d$%s%s" % (c, SALT, HASH), "cost_too_high", ["F10"], PW, "over_limit")
bad("cost 31, variant 2", "$2$31$" + OLD[6:], "cost_too_high", ["F10", "Prefix2"], "abc", "over_limit")
for c in (32, 36, 64, 99):
    bad("cost %d does not exist" % c, "$2y$%02d$%s%s" % (c, SALT, HASH), "cost_too_high", ["F10", "CodeChoice"], PW, "over_limit")

# Length.
for n in (59, 58, 53, 48, 40, 30, 29, 28, 7, 6, 4):
    bad("cut to %d characters" % n, OK[:n], "truncated", ["F11", "F44"] + (["CodeChoice"] if n < 7 else []))
bad("cut to 59 characters, empty password", OK[:59], "truncated", ["F11"], "")
bad("variant 2 is 59 characters long; cut to 58", OLD[:58], "truncated", ["Prefix2", "F11"], "abc")
bad("variant 2 with one character more", OLD + ".", "wrong_length", ["Prefix2", "F11"], "abc")
for c, tail in (("one character", "."), ("the word extra", "extra"), ("a dollar sign", "$"), ("a whole second hash", OK)):
    bad("longer by " + c, OK + tail, "wrong_length", ["F11"])
for c, tail in (("line feed", "\n"), ("carriage return and line feed", "\r\n"), ("space", " "), ("tab", "\t"), ("NUL", "\0")):
    bad("%s after the hash" % c, OK + tail, "wrong_length", ["F12"])
bad("line feed in place of the last character", OK[:59] + "\n", "bad_encoding", ["F12"])

# Alphabet.  All of these have 60 characters.
for c in "+=-_!$ \t\0:@[`{~\x7f":
    bad("character %r in the salt" % c, "$2a$05$CCCCCCCCCC" + c + "CCCCCCCCCC." + HASH, "bad_encoding", ["F11"] + (["CodeChoice"] if c == "$" else []))
for c in "+=-_$ ":
    bad("character %r in the hash" % c, "$2a$05$" + SALT + HASH[:15] + c + HASH[16:], "bad_encoding", ["F11"] + (["CodeChoice"] if c == "$" else []))
bad("salt cut short by a dollar sign, 60 characters in all", "$2y$05$CCCC$" + HASH + "." * 17, "bad_encoding", ["F11", "CodeChoice"])
bad("salt cut short by a dollar sign", "$2y$05$CCCC$" + HASH, "truncated", ["F11", "CodeChoice"])
bad("salt and hash parted by a dollar sign", "$2y$05$" + SALT + "$" + HASH, "wrong_length", ["F11", "CodeChoice"])
bad("equals sign for the last character", OK[:59] + "=", "bad_encoding", ["F11", "F20"])

# Text that is 60 bytes long with a two-byte character in it.
for at in (7, 15, 27, 28, 29, 30, 45, 58):
    s = OK[:at] + "\u00e9" + OK[at + 2:]
    assert len(s.encode()) == 60
    bad("two-byte character at bytes %d and %d of 60" % (at, at + 1), s, "bad_encoding", ["NonAscii", "F13a"])
for at in (3, 4, 5, 6):
    bad("two-byte character at byte %d of 60" % at, OK[:at] + "\u00e9" + OK[at + 2:], "malformed", ["NonAscii", "F13a"])
bad("four-byte character across byte 29, 60 bytes", OK[:27] + "\U0001f511" + OK[31:], "bad_encoding", ["NonAscii", "F13a"])
bad("60 characters but 61 bytes", OK[:40] + "\u00e9" + OK[41:], "bad_encoding", ["NonAscii", "F13a", "CodeChoice"])

# Unused bits: four in the last salt character, two in the last hash character.
for extra in (1, 2, 4, 8, 15):
    s = BC64[BC64.index(OK[28]) | extra]
    bad("unused salt bits set to %d" % extra, OK[:28] + s + OK[29:], "non_canonical", ["NonCanonical", "F11"])
for extra in (1, 2, 3):
    s = BC64[BC64.index(OK[59]) & ~3 | extra]
    bad("unused hash bits set to %d" % extra, OK[:59] + s, "non_canonical", ["NonCanonical", "F11"])
bad("unused salt bits set, variant 2", OLD[:27] + "/" + OLD[28:], "non_canonical", ["NonCanonical", "Prefix2"], "abc")
bad("unused hash bits set, variant 2", OLD[:58] + BC64[BC64.index(OLD[58]) | 1], "non_canonical", ["NonCanonical", "Prefix2"], "abc")

# Sound strings that match nothing.
out.append(test("hash of zero bits", "", OK[:29] + "." * 31, "reject", None, ["Empty"], SRC))
out.append(test("one salt bit differs", PW, OK[:7] + "A" + OK[8:], "reject", None, [], SRC))
out.append(test("one hash bit differs", PW, OK[:29] + "F" + OK[30:], "reject", None, [], SRC))
out.append(test("last hash character differs in a bit that counts", PW, OK[:59] + "S", "reject", None, [], SRC))
out.append(test("cost 4 written over cost 5", PW, OK.replace("$05$", "$04$"), "reject", None, [], SRC))
dump({"bcrypt": out})
