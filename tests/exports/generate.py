"""Exports as each vendor writes them, with hashes of "password" made here: hashlib, bcrypt, argon2-cffi, passlib.

Needs: pip install bcrypt==4.0.1 argon2-cffi passlib. Users whose name begins with "no" have no password.
"""

import base64
import hashlib
import hmac
import json
import os

import bcrypt
from argon2.low_level import Type, hash_secret, hash_secret_raw
from passlib import hash as h

here = os.path.dirname(os.path.abspath(__file__))
PW = b"password"
SALT = bytes(range(16))
b64 = lambda data: base64.b64encode(data).decode()
np = lambda data: b64(data).rstrip("=")
BCRYPT = bcrypt.hashpw(PW, b"$2b$04$abcdefghijklmnopqrstuu").decode()
ARGON2 = hash_secret(PW, SALT, 1, 64, 1, 32, Type.ID).decode()
pbkdf2 = lambda name, n, length: hashlib.pbkdf2_hmac(name, PW, SALT, n, length)


def write(name, text):
    with open(os.path.join(here, name), "w", encoding="utf-8", newline="\n") as f:
        f.write(text)


def array(name, records, indent=None):
    write(name, json.dumps(records, indent=indent, ensure_ascii=False) + "\n")


def lines(name, records):
    write(name, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))


# Logto: the API's names and the table's.
array("logto.json", [
    {"id": "l1", "username": "ada", "primaryEmail": "ada@example.com", "passwordDigest": hashlib.md5(PW).hexdigest(), "passwordAlgorithm": "MD5", "profile": {"givenName": "Ada"}, "customData": {"plan": "gold"}, "createdAt": 1700000000000},
    {"id": "l2", "username": "bob", "passwordEncrypted": '["pbkdf2",["hex:%s","50","32","sha256","@"],"%s"]' % (SALT.hex(), pbkdf2("sha256", 50, 32).hex()), "passwordEncryptionMethod": "Legacy"},
    {"id": "l3", "username": "nora", "identities": {"google": {"userId": "g-1", "details": {"big": 123456789012345678901234567890}}}},
])
# Auth0: array to import, NDJSON as exported.
custom = lambda **more: {"custom_password_hash": more}
ssha = "{SSHA}" + b64(hashlib.sha1(PW + b"salt").digest() + b"salt")
auth0 = [
    {"email": "plain@example.com", "password_hash": BCRYPT, "given_name": "P", "app_metadata": {"roles": ["admin"]}, "user_metadata": {"x": 1}},
    {"email": "md5@example.com", **custom(algorithm="md5", hash={"value": hashlib.md5(b"salt" + PW).hexdigest().upper(), "encoding": "hex"}, salt={"value": "salt"})},
    {"email": "suffix@example.com", **custom(algorithm="sha256", hash={"value": b64(hashlib.sha256(PW + b"\x00\xff").digest()), "encoding": "base64"}, salt={"value": b64(b"\x00\xff"), "encoding": "base64", "position": "suffix"})},
    {"email": "wide@example.com", **custom(algorithm="sha1", hash={"value": hashlib.sha1(PW.decode().encode("utf-16-le")).hexdigest(), "encoding": "hex"}, password={"encoding": "utf16le"})},
    {"email": "hmac@example.com", **custom(algorithm="hmac", hash={"value": hmac.new(b"key", PW, "sha256").hexdigest(), "encoding": "hex", "digest": "sha256", "key": {"value": b64(b"key"), "encoding": "base64"}})},
    {"email": "bcryptsalt@example.com", **custom(algorithm="bcrypt", hash={"value": bcrypt.hashpw(b"pre" + PW, b"$2a$04$abcdefghijklmnopqrstuu").decode()}, salt={"value": "pre"})},
    {"email": "ldap@example.com", **custom(algorithm="ldap", hash={"value": ssha})},
    {"email": "argon2@example.com", **custom(algorithm="argon2", hash={"value": ARGON2})},
    {"email": "pbkdf2@example.com", **custom(algorithm="pbkdf2", hash={"value": "$pbkdf2-sha512$i=100,l=64$%s$%s" % (np(SALT), np(pbkdf2("sha512", 100, 64)))})},
    {"email": "scrypt@example.com", **custom(algorithm="scrypt", hash={"value": hashlib.scrypt(PW, salt=b"abc123", n=1024, r=8, p=1, dklen=32).hex(), "encoding": "hex"}, salt={"value": "abc123"}, keylen=32, cost=1024, blockSize=8, parallelization=1)},
    {"email": "nohash@example.com", "user_id": "google-oauth2|1", "identities": [{"provider": "google-oauth2", "user_id": "1", "connection": "google-oauth2", "isSocial": True}]},
]
array("auth0.json", auth0)
lines("auth0.ndjson", auth0)
# Firebase: hashes of the project's parameters, JSON and the CSV without a header.
SIGNER = hashlib.sha512(b"signer").digest()


def firebase(pw, salt):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    key = hashlib.scrypt(pw, salt=salt + b"\x07", n=16, r=4, p=1, dklen=32)
    encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    return encryptor.update(SIGNER) + encryptor.finalize()


write("firebase.config", "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: %s,\n  base64_salt_separator: %s,\n  rounds: 4,\n  mem_cost: 4,\n}\n" % (b64(SIGNER), b64(b"\x07")))
write("firebase.json", json.dumps({"users": [
    {"localId": "u1", "email": "ada@example.com", "emailVerified": True, "passwordHash": b64(firebase(PW, SALT)), "salt": b64(SALT), "displayName": "Ada", "createdAt": "1508893925000", "lastSignedInAt": "1508893925000", "providerUserInfo": []},
    {"localId": "u2", "email": "nora@example.com", "emailVerified": False, "createdAt": "1508893925000", "providerUserInfo": [{"providerId": "google.com", "rawId": "g-2", "email": "nora@example.com"}]},
    {"localId": "nobody", "createdAt": "1508893925000", "providerUserInfo": []},
]}, indent=2) + "\n")
url = lambda data: base64.urlsafe_b64encode(data).decode()
row = lambda *cells: ",".join(cells) + "," * (28 - len(cells)) + "\n"
write("firebase.csv", row("u1", "ada@example.com", "true", url(firebase(PW, SALT)), url(SALT), '"Lovelace, Ada"', "", *[""] * 16, "1508893925000", "1508893925000", "+15550100", "false")
      + row("u2", "nora@example.com", "false", "", "", "", "", "g-2", "nora@example.com", "Nora", "", *[""] * 12, "1508893925000"))
# Keycloak: a realm with other things before and after its users.
credential = lambda data, secret: {"id": "c", "type": "password", "createdDate": 1, "secretData": json.dumps(secret), "credentialData": json.dumps(data)}
raw = hash_secret_raw(PW, SALT, 5, 64, 1, 32, Type.ID)
write("keycloak.json", json.dumps({
    "realm": "demo", "roles": {"realm": [{"name": "users", "x": ["a", "}"]}]}, "clients": [{"users": []}],
    "users": [
        {"username": "ada", "enabled": True, "email": "ada@example.com", "firstName": "Ada", "lastName": "L", "realmRoles": ["admin"], "credentials": [credential({"algorithm": "pbkdf2-sha256", "hashIterations": 275, "additionalParameters": {}}, {"value": b64(pbkdf2("sha256", 275, 64)), "salt": b64(SALT)}), {"type": "otp", "secretData": "{\"value\":\"x\"}", "credentialData": "{}"}]},
        {"username": "bob", "enabled": True, "credentials": [credential({"algorithm": "argon2", "hashIterations": 5, "additionalParameters": {"version": ["1.3"], "type": ["id"], "hashLength": ["32"], "memory": ["64"], "parallelism": ["1"]}}, {"value": b64(raw), "salt": b64(SALT)})]},
        {"username": "old", "enabled": True, "credentials": [{"type": "password", "hashedSaltedValue": b64(pbkdf2("sha1", 20, 64)), "salt": b64(SALT), "hashIterations": 20, "algorithm": "pbkdf2"}]},
        {"username": "nora", "enabled": False, "credentials": [], "federatedIdentities": [{"identityProvider": "github", "userId": "7", "userName": "nora"}]},
    ],
    "scopeMappings": [], "smtpServer": {}}, indent=2) + "\n")
# Kratos: one identity on several lines, and a batch.
identity = lambda email, hashed: {"schema_id": "default", "traits": {"email": email, "name": {"first": "A"}}, "credentials": {"password": {"config": {"hashed_password": hashed}}}}
kratos_pbkdf2 = "$pbkdf2-sha256$i=50,l=32$%s$%s" % (np(SALT), np(pbkdf2("sha256", 50, 32)))
write("kratos.json", json.dumps(identity("ada@example.com", BCRYPT), indent=2) + "\n")
write("kratos_batch.json", json.dumps({"identities": [
    {"create": identity("ada@example.com", BCRYPT), "patch_id": "a"},
    {"create": identity("bob@example.com", kratos_pbkdf2), "patch_id": "b"},
    {"create": identity("cy@example.com", "$md5$" + b64(hashlib.md5(PW).digest())), "patch_id": "c"},
    {"create": {"schema_id": "default", "traits": {"email": "nora@example.com"}, "credentials": {"oidc": {"config": {"providers": [{"subject": "s1", "provider": "google"}]}}}}, "patch_id": "d"},
]}) + "\n")
# Supabase.
lines("supabase.ndjson", [
    {"email": "ada@example.com", "password_hash": bcrypt.hashpw(PW, b"$2a$04$abcdefghijklmnopqrstuu").decode(), "email_confirm": True, "user_metadata": {"name": "Ada", "plan": "gold"}},
    {"email": "bob@example.com", "password_hash": ARGON2, "phone": "15550100"},
    {"email": "nora@example.com", "email_confirm": True},
])
write("supabase.csv", "instance_id,id,aud,email,encrypted_password,raw_user_meta_data\n,1,authenticated,ada@example.com,%s,\"{\"\"name\"\": \"\"Ada\"\"}\"\n,2,authenticated,nora@example.com,,\n" % BCRYPT)
# Clerk: the migration script's JSON, and the dashboard's CSV.
array("clerk.json", [
    {"userId": "1", "email": "ada@example.com", "firstName": "Ada", "password": BCRYPT, "passwordHasher": "bcrypt", "public_metadata": {"a": 1}},
    {"userId": "2", "email": "django@example.com", "password": h.django_pbkdf2_sha256.using(rounds=20, salt="saltText").hash("password"), "passwordHasher": "pbkdf2_sha256_django"},
    {"userId": "3", "email": "clerk@example.com", "password": "pbkdf2_sha256$20$%s$%s" % (b64(SALT), b64(pbkdf2("sha256", 20, 32))), "passwordHasher": "pbkdf2_sha256"},
    {"userId": "4", "email": "peppered@example.com", "password": bcrypt.hashpw(PW + b"pep", b"$2a$04$abcdefghijklmnopqrstuu").decode() + "$pep", "passwordHasher": "bcrypt_peppered"},
    {"userId": "5", "email": "nora@example.com"},
    {"userId": "6", "email": "nocognito@example.com", "password": "awscognito#pool#client#nora", "passwordHasher": "awscognito"},
], indent=1)
write("clerk.csv", "id,first_name,last_name,username,primary_email_address,primary_phone_number,password_digest,password_hasher\nuser_1,Ada,L,ada,ada@example.com,,%s,bcrypt\nuser_2,,,nora,,+15550100,,\n" % BCRYPT)
# Django: a fixture on several lines.
fields = lambda name, password: {"password": password, "last_login": None, "is_superuser": False, "username": name, "first_name": "", "last_name": "", "email": name + "@example.com", "is_active": True, "groups": [], "user_permissions": []}
array("django.json", [
    {"model": "auth.user", "pk": 1, "fields": fields("ada", h.django_pbkdf2_sha256.using(rounds=20, salt="seasalt").hash("password"))},
    {"model": "auth.user", "pk": 2, "fields": fields("bob", "bcrypt_sha256$" + bcrypt.hashpw(hashlib.sha256(PW).hexdigest().encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode())},
    {"model": "auth.user", "pk": 3, "fields": fields("cy", "argon2" + ARGON2)},
    {"model": "auth.user", "pk": 4, "fields": fields("dan", h.django_salted_sha1.using(salt="abc").hash("password"))},
    {"model": "auth.user", "pk": 5, "fields": fields("nora", "!" + "x" * 40)},
], indent=2)
# WordPress: CSV, and a dump with other tables around.
wp = "$wp" + bcrypt.hashpw(base64.b64encode(hmac.new(b"wp-sha384", PW, "sha384").digest()), b"$2y$04$abcdefghijklmnopqrstuu").decode().replace("$2b$", "$2y$")
phpass = h.phpass.using(rounds=7, salt="abcdefgh").hash("password")
write("wordpress.csv", "ID,user_login,user_pass,user_email,display_name\n1,ada,%s,ada@example.com,\"Ada, L\"\n2,bob,%s,bob@example.com,Bob\n3,cy,%s,cy@example.com,Cy\n4,nora,,nora@example.com,Nora\n" % (wp, phpass, hashlib.md5(PW).hexdigest()))
write("wordpress.sql", """-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `wp_posts`;
INSERT INTO `wp_posts` VALUES (1,'INSERT INTO `wp_users` VALUES (9,''x'');','it\\'s; fine'),(2,'b','c');
CREATE TABLE `wp_users` (
  `ID` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_login` varchar(60) NOT NULL DEFAULT '',
  `user_pass` varchar(255) NOT NULL DEFAULT '',
  `user_nicename` varchar(50) NOT NULL DEFAULT '',
  `user_email` varchar(100) NOT NULL DEFAULT '',
  `user_url` varchar(100) NOT NULL DEFAULT '',
  `user_registered` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `user_activation_key` varchar(255) NOT NULL DEFAULT '',
  `user_status` int(11) NOT NULL DEFAULT 0,
  `display_name` varchar(250) NOT NULL DEFAULT '',
  PRIMARY KEY (`ID`),
  KEY `user_login_key` (`user_login`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `wp_users` VALUES (1,'ada','%s','ada','ada@example.com','','2025-01-01 00:00:00','',0,'Ada O\\'Neil'),(2,'bob','%s','bob','bob@example.com','','2025-01-01 00:00:00','',0,'Bob ''B'' (x)');
INSERT INTO `wp_users` VALUES
(3,'nora','','nora','nora@example.com','','2025-01-01 00:00:00','',0,'Nora');
INSERT INTO `wp_usermeta` VALUES (1,1,'nickname','ada');
""" % (wp, phpass))
# FusionAuth: one scheme for all, and one of a user's own.
x = hashlib.sha256(PW + SALT).digest()
for _ in range(4):
    x = hashlib.sha256(x).digest()
write("fusionauth.json", json.dumps({"encryptionScheme": "salted-pbkdf2-hmac-sha256", "factor": 240, "validateDbConstraints": True, "users": [
    {"email": "ada@example.com", "password": b64(pbkdf2("sha256", 240, 32)), "salt": b64(SALT), "active": True, "registrations": []},
    {"email": "bob@example.com", "encryptionScheme": "salted-sha256", "factor": 5, "password": b64(x), "salt": b64(SALT)},
    {"email": "cy@example.com", "encryptionScheme": "bcrypt", "factor": 4, "password": BCRYPT[29:], "salt": BCRYPT[7:29]},
    {"email": "dan@example.com", "encryptionScheme": "salted-md5", "factor": 1, "password": b64(hashlib.md5(PW + SALT).digest()), "salt": b64(SALT)},
    {"email": "eve@example.com", "encryptionScheme": "salted-hmac-sha256", "factor": 1, "password": b64(hmac.new(SALT, PW, "sha256").digest()), "salt": b64(SALT)},
    {"email": "nora@example.com", "active": True, "salt": ""},
]}, indent=1) + "\n")
# WorkOS.
array("workos.json", [
    {"email": "ada@example.com", "password_hash": BCRYPT, "password_hash_type": "bcrypt", "first_name": "Ada", "external_id": "1"},
    {"email": "bob@example.com", "password_hash": ssha, "password_hash_type": "ssha"},
    {"email": "cy@example.com", "password_hash": ARGON2, "password_hash_type": "argon2"},
    {"email": "dan@example.com", "password_hash": h.scrypt.using(rounds=4, salt=SALT).hash("password"), "password_hash_type": "scrypt"},
    {"email": "nora@example.com", "first_name": "Nora"},
])
# Zitadel: its organisations' users.
human = lambda name, hashed: {"userId": name, "user": {"userName": name, "profile": {"firstName": "F", "lastName": "L"}, "email": {"email": name + "@example.com", "isEmailVerified": True}, **({"hashedPassword": {"value": hashed}} if hashed else {})}}
write("zitadel.json", json.dumps({"dataOrgs": {"orgs": [
    {"orgId": "1", "humanUsers": [human("ada", BCRYPT), human("nora", None)]},
    {"orgId": "2", "humanUsers": [human("bob", h.sha512_crypt.using(rounds=1000, salt="abcd").hash("password"))]},
]}}, indent=2) + "\n")
# Files of lines.
write("shadow.txt", "ada:%s:19000:0:99999:7:::\nbob:%s:19000:0:99999:7:::\nnodaemon:*:19000:0:99999:7:::\nnolocked:!%s:19000::::::\n" % (h.sha512_crypt.using(rounds=1000, salt="abcd").hash("password"), "$y$j75$.......$7VLKKVQ7IwvtrdCEeTbU62XNkGO17V8GEuXB7MqtJo7", h.md5_crypt.using(salt="abcd").hash("password")))
write("htpasswd.txt", "ada:%s\nbob:%s\ncy:{SHA}%s\ndan:%s\n" % (h.apr_md5_crypt.using(salt="abcd").hash("password"), BCRYPT.replace("$2b$", "$2y$"), b64(hashlib.sha1(PW).digest()), h.des_crypt.using(salt="ab").hash("password")))
folded = b64(("{SSHA512}" + b64(hashlib.sha512(PW + SALT).digest() + SALT)).encode())
write("ldif.ldif", "version: 1\n\n# the people\ndn: ou=people,dc=example,dc=com\nuid: nopeople\nou: people\nobjectClass: organizationalUnit\n\ndn: uid=ada,ou=people,dc=example,dc=com\nuid: ada\ncn: Ada\nsn: L\nmail: ada@example.com\nmail: ada@example.org\nobjectClass: person\nobjectClass: top\nuserPassword: %s\n\ndn: uid=bob,dc=example,dc=com\nuid: bob\ncn:: %s\nuserPassword:: %s\n %s\n" % (ssha, b64("Böb".encode()), folded[:60], folded[60:]))
write("cognito.csv", "name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled,cognito:username\nada,Ada,L,,,,,,,ada@example.com,true,,,,,,false,,,false,noada\n")
