"""Further forms of methods that others have vectors of: other spellings, unusual lengths, and texts that were encoded twice. The
digests are CPython's; what others published says so."""

import hashlib

from passlib.hash import bsd_nthash, phpass

from common import add, b64, done, text

CP = "hashlib of CPython, %s"


def np(data):
    return b64(data).rstrip("=")


# hashcat writes Solaris' rounds after a `$`, which libxcrypt reads too.
add("sunmd5", "hashcat", "$md5$rounds=904$iPPKEBnEkp3JV8uX$0L6m7rOFTVFn.SGqo2M9W1", "hashcat self-test 03300")
add("sunmd5", "hashcat", "$md5$rounds=904$iPPKEBnEkp3JV8uX$0L6m7rOFTVFn.SGqo2M9W1", "hashcat self-test 03300", tag="crypt")
add("bsdicrypt", "pw", "_....abcdYZMi4kon16g", "libxcrypt 4.4.33: no rounds are one")
add("bsdicrypt", "pw", "_/...abcdYZMi4kon16g", "libxcrypt 4.4.33")

PW = "zitadel/passwap, md5salted/md5salted_test.go"
for side, hash in (("prefix", "0M2MYNUmNumHqqQ+kmuTUQ=="), ("suffix", "R58+SD/95ORa9VZ9BPS5FA==")):
    for tag in (None, "passwap", "zitadel"):
        add("md5_salted_" + side, "Test1000!", "$md5salted-%s$c2FsdA==$%s" % (side, hash), PW, tag=tag)
FB = "zitadel/passwap, internal/testvalues/firebasescrypt.go"
KEY = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
LOW = "$firebasescrypt$ln=10,r=4$42xEC+ixf3L2lw==$EQ0tlNdKv5ZBDYN7ofOYlhhTEe5Tu9bueDmtDUhLPM+9dcS1u1ALgMcT6N1+U9GsDlVdd3FE2dmz37fU5Y8A9Q==$Bw==$" + KEY
add("firebase_scrypt", "user1password", LOW, FB)
add("firebase_scrypt", "user1password", LOW, FB, tag="zitadel")
add("firebase_scrypt", "user1password", "$firebasescrypt$ln=14,r=8$42xEC+ixf3L2lw==$NohHtJ2FmkEqzefZ0IHnOlqTzFN8n6vXXd0EW2OIGuUh4rcwvVh7XVRDVs5yOrueoudRPIoimS6jIwf4pMW3rg==$$" + KEY, FB, tag="passwap", flags=["Slow"])
add("ldap_ssha", "pw", "{SSHA}" + b64(hashlib.sha1(b"pwsalt").digest() + b"salt"), CP % "{SSHA}", tag="zitadel")
add("ldap_ssha256", "pw", "{SSHA256}" + b64(hashlib.sha256(b"pwsalt").digest() + b"salt"), CP % "{SSHA256}", tag="passwap")

# passlib hashes UTF-16 under FreeBSD's mark, and crypt(3) widens bytes.
for tag in ("passlib", "bsd_nthash"):
    for password in ("pw", "p\u00e4ssw\u00f6rd-\u00df\u20ac"):
        add("ntlm", password, bsd_nthash.hash(password), "passlib 1.7.4: bsd_nthash", tag=tag)
add("ntlm", "p\u00e4ssw\u00f6rd-\u00df\u20ac", bsd_nthash.hash("p\u00e4ssw\u00f6rd-\u00df\u20ac"), "passlib 1.7.4: bsd_nthash, which crypt(3) does not match", result="reject", tag="crypt")

add("descrypt", "U*U*U*U*", "crypt$CC$CCNf8Sbh3HDfQ", "Django 1.3: crypt, after libxcrypt, test/ka-table.inc", tag="django")
add("descrypt", "U*U*U*U*", "crypt$XX$CCNf8Sbh3HDfQ", "edited text", tag="django", result="invalid", code="malformed")
add("oracle11", "hashcat", "ac5f1e62d21fd0529428b84d42e8955b04966703:38445748184477378130", "hashcat, example hashes 112", tag="hashcat_112")
add("magento", "password", hashlib.md5(b"password").hexdigest() + "::0", CP % "an empty salt")
add("magento", "password", hashlib.sha256(b"password").hexdigest() + "::1", CP % "an empty salt")
add("smf", "pw", hashlib.sha1("\u00c4da".encode() + b"pw").hexdigest(), "PHP 8.2: sha1(strtolower('\u00c4DA').'pw'), which knows no letters beyond ASCII", user="\u00c4DA")
add("kratos_scrypt", "pw", "$scrypt$ln=16,r=2,p=1$%s$%s" % (b64(b"saltsalt"), b64(hashlib.scrypt(b"pw", salt=b"saltsalt", n=16, r=2, p=1, dklen=32))), CP % "N itself, though small", tag="kratos")
add("kratos_scrypt", "pw", "$scrypt$ln=32,r=2,p=1$%s$%s" % (b64(b"saltsalt"), b64(hashlib.scrypt(b"pw", salt=b"saltsalt", n=32, r=2, p=1, dklen=32))), CP % "N itself, though small", tag="kratos")
for name, function in (("md5WithRSAEncryption", "md5"), ("ssl3-md5", "md5"), ("sha256WithRSAEncryption", "sha256"), ("ssl3-sha1", "sha1"), ("RSA-SHA1-2", "sha1"), ("RSA-SHA512", "sha512")):
    add("legacy", "pw", '["%s",["salt","@"],"%s"]' % (name, hashlib.new(function, b"saltpw").hexdigest()), CP % "OpenSSL's name for it")

add("legacy", "pw", '["md5-sha1",["salt","@"],"%s"]' % (hashlib.md5(b"saltpw").hexdigest() + hashlib.sha1(b"saltpw").hexdigest()), CP % "OpenSSL's name for both")

# Outputs of unusual lengths.
for size in (10, 14, 18, 25, 30, 33, 50):
    derived = hashlib.pbkdf2_hmac("sha1", b"pw", b"saltsalt", 1000, size)
    add("pbkdf2", "pw", "$pbkdf2$1000$%s$%s" % (np(b"saltsalt"), np(derived).replace("+", ".")), CP % ("%d bytes" % size))
for size in (10, 14, 18, 25, 30, 33, 51):
    derived = hashlib.scrypt(b"pw", salt=b"saltsalt", n=16, r=1, p=1, dklen=size)
    add("scrypt", "pw", "$scrypt$ln=4,r=1,p=1$%s$%s" % (np(b"saltsalt"), np(derived)), CP % ("%d bytes" % size))
for salt_size, size in ((20, 16), (20, 20), (16, 24)):
    salt = bytes(range(salt_size))
    derived = hashlib.pbkdf2_hmac("sha256", b"pw", salt, 1000, size)
    stored = b64(b"\1" + (1).to_bytes(4, "big") + (1000).to_bytes(4, "big") + salt_size.to_bytes(4, "big") + salt + derived)
    add("aspnet", "pw", stored, CP % ("a key of %d bytes" % size))

# Spring's PBKDF2, as setEncodeHashAsBase64 has it written.
for name, rounds, salt_size, mark in (("sha1", 185000, 8, "{pbkdf2}"), ("sha256", 310000, 16, "{pbkdf2@SpringSecurity_v5_8}")):
    salt = hashlib.sha512(b"salt0").digest()[:salt_size]
    derived = hashlib.pbkdf2_hmac(name, b"password", salt, rounds, 32)
    add("spring_pbkdf2", "password", mark + b64(salt + derived), CP % "as setEncodeHashAsBase64", tag="spring", flags=["Slow"])

# WordPress before 6.8, and before 2.5.
for rounds, password in ((7, "pw"), (8, "p\u00e4ssw\u00f6rd-\u00df\u20ac"), (13, "correct horse battery staple")):
    stored = phpass.using(rounds=rounds, salt=text("wordpress-%d" % rounds, 8)).hash(password)
    add("wordpress_phpass", password, stored, "passlib 1.7.4: phpass")
    add("wordpress_phpass", password + " ", stored, "passlib 1.7.4: phpass, typed with a blank after it", tag="wordpress", flags=["Trimmed"])
    add("wordpress_md5", password, hashlib.md5(password.encode()).hexdigest(), CP % "MD5")
    add("wordpress_md5", "\t" + password, hashlib.md5(password.encode()).hexdigest(), CP % "MD5, typed with a tabulator before it", tag="wordpress", flags=["Trimmed"])
add("phpass", "pw ", stored, "passlib 1.7.4: phpass, which trims nothing", result="reject")

# Hex that was encoded once more never verifies as what it says it is.
add("ldap_ssha", "pw", "{SSHA}" + b64(hashlib.sha1(b"pwsalt").hexdigest().encode() + b"salt"), "edited text", result="invalid", code="double_encoded")
add("kratos_template", "pw", "$md5$" + b64(hashlib.md5(b"pw").hexdigest().encode()), "edited text", result="invalid", code="double_encoded")
add("sha512", "pw", hashlib.sha512(b"pw").hexdigest().encode().hex(), "edited text", result="invalid", code="double_encoded")

# A name that takes all that bcrypt looks at leaves nothing of the password.
add("smf21", "anything", "$2b$04$abcdefghijklmnopqrstuuLXXhjMsWpv/bC9fkW1H1u5aF3Kr2l3O", "edited text", user="a" * 72, result="invalid", code="malformed")
# Ruby's gem drops leading zero bytes of a salt.
for password in ("password", "p\u00e4ssw\u00f6rd", ""):
    for salt in ("78f4ae6983f76119", "0000ae6983f76119"):
        key = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt).lstrip(b"\0"), n=1024, r=8, p=1, dklen=32).hex()
        add("ruby_scrypt", password, "400$8$1$%s$%s" % (salt, key), CP % "scrypt, as Ruby's scrypt gem 3.0 writes it")
add("ruby_scrypt", "password", "400$8$1$78f4ae6983f76119$355c5ae84288f9adcc5a42e741260340af92b61facf65130c94e606a2e850d0d", "README of Ruby's scrypt gem", tag="scrypt-ruby")
add("ruby_scrypt", "password", "401$8$1$78f4ae6983f76119$355c5ae84288f9adcc5a42e741260340af92b61facf65130c94e606a2e850d0d", "edited text", result="invalid", code="malformed")
add("ruby_scrypt", "password", "0400$8$1$78f4ae6983f76119$355c5ae84288f9adcc5a42e741260340af92b61facf65130c94e606a2e850d0d", "edited text", result="invalid", code="malformed")
add("web2py_pbkdf2", "hashcat", "pbkdf2(1000,20,sha512)$744943$c5f8cdef76e3327c908d8d96d4abdb3d8caba14c", "hashcat, example hashes 21600")
# Its own sample: the length is written in bits, and nobody looks at it.
add("kratos_pbkdf2", "123456", "$pbkdf2-sha256$i=1000,l=128$e8/arsEf4cvQihdNgqj0Nw$5xQQKNTyeTHx2Ld5/JDE7A", "ory/kratos, hash/hasher_test.go")
add("kratos_pbkdf2", "123456", "$pbkdf2-sha256$i=1000,l=128$e8/arsEf4cvQihdNgqj0Nw$5xQQKNTyeTHx2Ld5/JDE7A", "ory/kratos, hash/hasher_test.go", tag="kratos")
# What Node's scryptSync gives, with the salt in a column of its own.
for password in ("password", "p\u00e4ssw\u00f6rd"):
    key = hashlib.scrypt(password.encode(), salt=b"s4lt", n=1024, r=8, p=1, dklen=64)
    for stored in (key.hex(), b64(key)):
        add("expression", password, stored, CP % "scrypt, key and salt apart", tag="scrypt($p,$s,1024,8,1)", salt=b"s4lt")
done()
