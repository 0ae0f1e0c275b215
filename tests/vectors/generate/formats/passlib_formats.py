"""Hashes made by passlib 1.7.4, with fixed salts."""

import warnings

warnings.simplefilter("ignore")

from common import PASSWORDS, add, done, stream, text
from passlib import hash as h

SRC = "passlib 1.7.4"


def make(method, handler, passwords=PASSWORDS, tag=None, salts=None, user=None, **settings):
    for i, pw in enumerate(passwords):
        more = dict(settings)
        if salts is not None:
            more["salt"] = salts(i)
        maker = handler.using(**more) if more else handler
        stored = maker.hash(pw, user=user) if user else maker.hash(pw)
        add(method, pw, stored, "%s: %s" % (SRC, handler.name), tag=tag, user=user)


ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
alnum = lambda label, n: (lambda i: text("%s/%d" % (label, i), n, ALNUM))
h64 = lambda label, n: (lambda i: text("%s/%d" % (label, i), n))
raw = lambda label, n: (lambda i: stream("%s/%d" % (label, i), n))

make("md5crypt", h.md5_crypt, salts=h64("md5crypt", 8))
make("md5crypt", h.md5_crypt, salts=lambda i: text("md5crypt", i))
make("apr1", h.apr_md5_crypt, salts=h64("apr1", 8))
for rounds in (1000, 5000, 1234):
    make("sha256crypt", h.sha256_crypt, salts=h64("sha256crypt%d" % rounds, 16), rounds=rounds)
    make("sha512crypt", h.sha512_crypt, salts=h64("sha512crypt%d" % rounds, 16), rounds=rounds)
make("sha256crypt", h.sha256_crypt, salts=lambda i: text("s", i), rounds=1000)
make("sha512crypt", h.sha512_crypt, salts=lambda i: text("s", i), rounds=1000)
make("sha1crypt", h.sha1_crypt, salts=h64("sha1crypt", 8), rounds=100)
make("sunmd5", h.sun_md5_crypt, salts=h64("sunmd5", 8), rounds=0)
make("sunmd5", h.sun_md5_crypt, salts=h64("sunmd5b", 8), rounds=10)
make("descrypt", h.des_crypt, salts=h64("des", 2), tag="des_crypt")
make("bsdicrypt", h.bsdi_crypt, salts=h64("bsdi", 4), rounds=101)
make("phpass", h.phpass, salts=h64("phpass", 8), rounds=7)
make("phpass", h.phpass, salts=h64("phpassH", 8), rounds=8, ident="$H$")
make("pbkdf2", h.pbkdf2_sha1, salts=raw("p1", 16), rounds=10)
make("pbkdf2", h.pbkdf2_sha256, salts=raw("p256", 16), rounds=11)
make("pbkdf2", h.pbkdf2_sha512, salts=raw("p512", 16), rounds=12)
make("pbkdf2", h.pbkdf2_sha256, salts=raw("tag", 8), rounds=1, tag="pbkdf2_sha256")
make("atlassian", h.atlassian_pbkdf2_sha1, passwords=PASSWORDS[:3], salts=raw("at", 16))
make("grub", h.grub_pbkdf2_sha512, salts=raw("grub", 64), rounds=5)
make("cta_pbkdf2", h.cta_pbkdf2_sha1, salts=raw("cta", 16), rounds=7)
make("dlitz_pbkdf2", h.dlitz_pbkdf2_sha1, salts=h64("dlitz", 16), rounds=7)
make("scrypt7", h.scrypt, salts=lambda i: h64("scrypt7", 22)(i).encode(), rounds=5, block_size=8, parallelism=1, ident="$7$", tag="passlib")
make("scrypt", h.scrypt, salts=raw("scrypt", 16), rounds=4, block_size=8, parallelism=1)
make("scrypt", h.scrypt, salts=raw("scrypt2", 8), rounds=5, block_size=2, parallelism=3)
make("passlib_bcrypt_sha256", h.bcrypt_sha256, salts=lambda i: "abcdefghijklmnopqrstu" + ".", rounds=4, tag="passlib")
make("passlib_bcrypt_sha256", h.bcrypt_sha256, salts=lambda i: "abcdefghijklmnopqrstu" + ".", rounds=4, version=1, tag="bcrypt_sha256")
make("ldap_md5", h.ldap_md5)
make("ldap_sha", h.ldap_sha1)
make("ldap_smd5", h.ldap_salted_md5, salts=raw("smd5", 4))
make("ldap_ssha", h.ldap_salted_sha1, salts=raw("ssha", 8))
make("ldap_ssha256", h.ldap_salted_sha256, salts=raw("ssha256", 8))
make("ldap_ssha512", h.ldap_salted_sha512, salts=raw("ssha512", 16))
make("ldap_pbkdf2", h.ldap_pbkdf2_sha1, salts=raw("lp1", 16), rounds=6)
make("ldap_pbkdf2", h.ldap_pbkdf2_sha256, salts=raw("lp256", 16), rounds=6)
make("ldap_pbkdf2", h.ldap_pbkdf2_sha512, salts=raw("lp512", 16), rounds=6)
for inner, method in ((h.ldap_md5_crypt, "md5crypt"), (h.ldap_des_crypt, "descrypt"), (h.ldap_bsdi_crypt, "bsdicrypt")):
    make(method, inner, passwords=["password", "a"], tag="ldap", salts={"md5crypt": h64("l", 8), "descrypt": h64("l", 2), "bsdicrypt": h64("l", 4)}[method])
make("sha512crypt", h.ldap_sha512_crypt, passwords=["password", "a"], tag="ldap", salts=h64("l", 8), rounds=1000)
make("sha1crypt", h.ldap_sha1_crypt, passwords=["password", "a"], tag="ldap", salts=h64("l", 8), rounds=10)
make("fshp", h.fshp, salts=raw("fshp", 16), rounds=9)
for variant in (0, 2, 3):
    make("fshp", h.fshp, passwords=["password", "a"], salts=raw("fshp%d" % variant, 8), rounds=3, variant=variant)
make("django_sha1", h.django_salted_sha1, salts=alnum("dj", 12), tag="django")
make("django_md5", h.django_salted_md5, salts=alnum("dj5", 12), tag="django")
make("django_pbkdf2", h.django_pbkdf2_sha256, salts=alnum("djp", 12), rounds=3, tag="passlib")
make("django_pbkdf2", h.django_pbkdf2_sha1, salts=alnum("djp1", 12), rounds=3, tag="django")
make("mssql2000", h.mssql2000, salts=raw("m2000", 4))
make("mssql2005", h.mssql2005, salts=raw("m2005", 4))
make("mysql323", h.mysql323)
make("mysql41", h.mysql41)
make("oracle11", h.oracle11, salts=lambda i: text("o%d" % i, 20, "0123456789ABCDEF"))
make("oracle10", h.oracle10, passwords=[pw for pw in PASSWORDS if pw], user="SCOTT")
make("oracle10", h.oracle10, passwords=["tiger"], user="scott")
make("postgres_md5", h.postgres_md5, user="p\u00f6stgres")
make("ntlm", h.nthash)
make("md4", h.hex_md4)
make("sha512", h.hex_sha512)
make("md5", h.hex_md5)
import hashlib

for pw in PASSWORDS:
    add("blake2b512", pw, hashlib.blake2b(pw.encode()).hexdigest(), "Python hashlib")
    add("blake2s256", pw, hashlib.blake2s(pw.encode()).hexdigest(), "Python hashlib")
# BSDi and traditional DES crypt see seven bits; what passlib hashes of other characters is the same there.
done()
