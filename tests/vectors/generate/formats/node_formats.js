// Hashes made by Node's crypto: Logto's `Legacy`, Kratos' forms, Firebase's scrypt, Keycloak's and others' PBKDF2.
const crypto = require("crypto");
const fs = require("fs");
const out = {};
const hex = (b) => Buffer.from(b).toString("hex");
const b64 = (b) => Buffer.from(b).toString("base64");
const np = (b) => b64(b).replace(/=+$/, "");
function add(method, password, stored, more = {}) {
  (out[method] ||= []).push({
    source: "Node.js crypto", password_hex: hex(password), stored, result: "accept", code: null, flags: [], ...more,
  });
}
const stream = (label, n) => crypto.createHash("sha512").update("rehash-node/" + label).digest().subarray(0, n);
const passwords = ["password", "", "a", "pässwörd-ß€", "correct horse battery staple", "x".repeat(80)];
passwords.forEach((p, i) => {
  const salt = stream("salt" + i, 16);
  for (const name of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-256", "sha3-256", "ripemd160", "blake2b512", "blake2s256"]) {
    let digest;
    try { digest = crypto.createHash(name).update("salt123").update(p).update("tail").digest("hex"); } catch { continue; }
    add("legacy", p, JSON.stringify([name, ["salt123", "@", "tail"], digest]));
  }
  add("legacy", p, JSON.stringify(["sha256", ["@", "@"], crypto.createHash("sha256").update(p + p).digest("hex")]));
  add("legacy", p, JSON.stringify(["pbkdf2", ["mySalt", "100", "32", "sha256", "@"], crypto.pbkdf2Sync(p, "mySalt", 100, 32, "sha256").toString("hex")]));
  add("legacy", p, JSON.stringify(["pbkdf2", ["hex:" + hex(salt), "7", "20", "sha512", "@"], crypto.pbkdf2Sync(p, salt, 7, 20, "sha512").toString("hex")]));
  for (const [name, bytes] of [["sha1", 20], ["sha256", 32], ["sha512", 64], ["sha256", 24]]) {
    const key = crypto.pbkdf2Sync(p, salt, 13, bytes, name);
    add("pbkdf2", p, `$pbkdf2-${name}$i=13,l=${bytes}$${np(salt)}$${np(key)}`);
  }
  for (const [name, node] of [["sha224", "sha3-224"], ["sha384", "sha3-384"], ["sha256", "sha256"]]) {
    const key = crypto.pbkdf2Sync(p, salt, 3, 32, node);
    add("kratos_pbkdf2", p, `$pbkdf2-${name}$i=3,l=32$${np(salt)}$${np(key)}`, { tag: "kratos" });
  }
  for (const name of ["md5", "sha1", "sha256", "sha512"]) {
    const digest = crypto.createHash(name).update("x").update(salt).update("-").update(p).digest();
    add("kratos_template", p, `$${name}$pf=${b64("x{SALT}-{PASSWORD}")}$${b64(salt)}$${b64(digest)}`);
  }
  add("kratos_template", p, `$md5$${b64(crypto.createHash("md5").update(p).digest())}`, { tag: "kratos" });
  for (const name of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]) {
    const mac = crypto.createHmac(name, "12345").update(p).digest("hex");
    add("kratos_hmac", p, `$hmac-${name}$${b64(mac)}$${b64("12345")}`);
  }
  const sc = (N, r, pp, len, s = salt) => crypto.scryptSync(p, s, len, { N, r, p: pp });
  add("kratos_scrypt", p, `$scrypt$ln=128,r=8,p=1$${b64(salt)}$${b64(sc(128, 8, 1, 32))}`, { tag: "kratos" });
  add("scrypt", p, `$scrypt$ln=4,r=8,p=1$${np(salt)}$${np(sc(16, 8, 1, 32))}`);
  add("spring_scrypt", p, `$40801$${b64(salt)}$${b64(sc(16, 8, 1, 32))}`, { tag: "spring" });
  add("spring_scrypt", p, `{scrypt@SpringSecurity_v5_8}$40801$${b64(salt)}$${b64(sc(16, 8, 1, 64))}`, { tag: "spring" });
  const signer = stream("signer", 64), sep = Buffer.from([7]);
  const key = crypto.scryptSync(p, Buffer.concat([salt, sep]), 32, { N: 16, r: 4, p: 1 });
  const cipher = crypto.createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  const sealed = Buffer.concat([cipher.update(signer), cipher.final()]);
  add("firebase_scrypt", p, `$fbscrypt$v=1,n=4,r=4,p=1,ss=${b64(sep)},sk=${b64(signer)}$${b64(salt)}$${b64(sealed)}`, { tag: "supabase" });
  add("firebase_scrypt", p, `$fbscrypt$v=1,n=4,r=4,p=1,ss=${b64(sep)},sk=key:project-1$${b64(salt)}$${b64(sealed)}`, { keys: { "project-1": hex(signer) } });
  add("legacy", p, JSON.stringify(["firebase-scrypt", [b64(salt), b64(signer), b64(sep), "4", "4", "@"], b64(sealed)]));
  const bare = crypto.scryptSync(p, salt, 32, { N: 16, r: 4, p: 1 });
  const bareCipher = crypto.createCipheriv("aes-256-ctr", bare, Buffer.alloc(16));
  const unseparated = Buffer.concat([bareCipher.update(signer), bareCipher.final()]);
  add("firebase_scrypt", p, `$firescrypt$ln=4,r=4,p=1$${b64(salt)}$${b64(unseparated)}$$${b64(signer)}`, { tag: "kratos" });
  add("legacy", p, JSON.stringify(["firebase-scrypt", [b64(salt), b64(signer), "", "4", "4", "@"], b64(unseparated)]));
  const pb = (name, s, n, len) => crypto.pbkdf2Sync(p, s, n, len, name);
  add("clerk_pbkdf2", p, `pbkdf2_sha256$21$${b64(salt)}$${b64(pb("sha256", salt, 21, 32))}`, { tag: "clerk" });
  add("clerk_pbkdf2", p, `pbkdf2_sha512$21$rawSalt$${hex(pb("sha512", "rawSalt", 21, 64))}`, { tag: "clerk" });
  add("clerk_pbkdf2", p, `pbkdf2_sha512_hex$21$${hex(salt)}$${hex(pb("sha512", salt, 21, 64))}`, { tag: "clerk" });
  add("clerk_pbkdf2", p, `pbkdf2_sha1$21$${hex(salt)}$${hex(pb("sha1", salt, 21, 32))}`, { tag: "clerk" });
  add("clerk_pbkdf2", p, `pbkdf2_sha1$21$not-hex$${hex(pb("sha1", "not-hex", 21, 20))}$20`, { tag: "clerk" });
  if (i < 3) {
    add("spring_pbkdf2", p, "{pbkdf2}" + hex(Buffer.concat([salt.subarray(0, 8), pb("sha1", salt.subarray(0, 8), 185000, 32)])), { tag: "spring", flags: ["Slow"] });
    add("spring_pbkdf2", p, "{pbkdf2@SpringSecurity_v5_8}" + hex(Buffer.concat([salt, pb("sha256", salt, 310000, 32)])), { tag: "spring", flags: ["Slow"] });
    add("atlassian", p, "{PKCS5S2}" + b64(Buffer.concat([salt, pb("sha1", salt, 10000, 32)])));
  }
  const be = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
  for (const [prf, name, len] of [[0, "sha1", 32], [1, "sha256", 32], [2, "sha512", 32]]) {
    add("aspnet", p, b64(Buffer.concat([Buffer.from([1]), be(prf), be(50), be(16), salt, pb(name, salt, 50, len)])));
  }
  add("aspnet", p, b64(Buffer.concat([Buffer.from([0]), salt, pb("sha1", salt, 1000, 32)])));
  const scram = pb("sha256", salt, 9, 32);
  if (/^[\x20-\x7e]*$/.test(p)) {
    const mac = (k, m) => crypto.createHmac("sha256", k).update(m).digest();
    const stored = crypto.createHash("sha256").update(mac(scram, "Client Key")).digest();
    add("scram_sha256", p, `SCRAM-SHA-256$9:${b64(salt)}$${b64(stored)}:${b64(mac(scram, "Server Key"))}`);
  }
  const wide = Buffer.from(p, "utf16le"), s4 = salt.subarray(0, 4);
  add("mssql2012", p, "0x0200" + hex(Buffer.concat([s4, crypto.createHash("sha512").update(wide).update(s4).digest()])).toUpperCase());
  const dsk = pb("sha256", stream("dir", 64), 2048, 256);
  add("ldap_pbkdf2", p, "{PBKDF2_SHA256}" + b64(Buffer.concat([be(2048), stream("dir", 64), dsk])));
  // Expressions, each computed step by step.
  const h = (name, ...parts) => { const d = crypto.createHash(name); parts.forEach((part) => d.update(part)); return d.digest(); };
  const e = (tag, digest, more = {}) => add("expression", p, hex(digest), { tag, ...more });
  const s = { salt_hex: hex("sAlt"), };
  e("sha1(md5($p).$s)", h("sha1", hex(h("md5", p)), "sAlt"), s);
  e("SHA256(MD5($p))", h("sha256", hex(h("md5", p)).toUpperCase()));
  e("sha512(sha1_raw($s.$p).'x')", h("sha512", h("sha1", "sAlt", p), "x"), s);
  e("sha1(md5_64($p))", h("sha1", b64(h("md5", p))));
  e("hmac_sha256($s,md5($p))", crypto.createHmac("sha256", "sAlt").update(hex(h("md5", p))).digest(), s);
  e("md5(utf16le($p).lc($u))", h("md5", wide, "ada"), { user: "ADA" });
  e("md5(substr(sha1($p),8,16))", h("md5", hex(h("sha1", p)).slice(8, 24)));
  e("md5(rev(md5($p)))", h("md5", hex(h("md5", p)).split("").reverse().join("")));
  let d = h("sha256", p, "sAlt");
  for (let n = 0; n < 9; n++) d = h("sha256", d);
  e("iterate(9,sha256_raw($p.$s),sha256_raw($x))", d, s);
  e("iterate(3,md5($p))", h("md5", hex(h("md5", hex(h("md5", p))))));
  e("sha256(unhex(md5($p)).key:site)", h("sha256", h("md5", p), "the secret"), { keys: { site: hex("the secret") } });
  e("sha3_256(blake2b512($p))", h("sha3-256", hex(h("blake2b512", p))));
});
// Bounds: each cost parameter over its limit is refused before any work, whatever the hash would be.
const over = (method, stored, more = {}) => add(method, "password", stored, { source: "edited text", result: "over_limit", code: "cost_too_high", ...more });
const S = "AAAAAAAAAAAAAAAAAAAAAA", H = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
over("pbkdf2", `$pbkdf2-sha256$10000001$${S}$${H}`);
over("pbkdf2", `$pbkdf2-sha256$i=4294967295,l=32$${S}$${H}`);
over("pbkdf2", `$pbkdf2-sha256$99999999999$${S}$${H}`);
over("kratos_pbkdf2", `$pbkdf2-sha224$i=10000001,l=32$${S}$${H}`, { tag: "kratos" });
over("django_pbkdf2", `pbkdf2_sha256$1000000000$salt$${H}=`, { tag: "django" });
over("werkzeug_pbkdf2", "pbkdf2:sha256:4000000000$salt$" + "0".repeat(64));
over("scrypt", `$scrypt$ln=30,r=8,p=1$${S}$${H}`);
over("scrypt", `$scrypt$ln=14,r=1048576,p=1$${S}$${H}`);
over("scrypt", `$scrypt$ln=14,r=8,p=100000$${S}$${H}`);
over("kratos_scrypt", `$scrypt$ln=1073741824,r=8,p=1$${S}==$${H}=`);
over("werkzeug_scrypt", "scrypt:1073741824:8:1$salt$" + "0".repeat(128));
over("django_scrypt", `scrypt$1073741824$salt$8$5$${"A".repeat(86)}==`);
over("firebase_scrypt", `$fbscrypt$v=1,n=30,r=8,p=1,ss=,sk=key:k$${S}==$${H}=`, { keys: { k: "00".repeat(32) } });
over("sha256crypt", `$5$rounds=999999999$salt$${".".repeat(43)}`);
over("sha512crypt", `$6$rounds=4294967295$salt$${".".repeat(86)}`);
over("sha1crypt", `$sha1$4294967295$salt$${".".repeat(28)}`);
over("sunmd5", `$md5,rounds=4000000000$salt$$${".".repeat(22)}`);
over("bsdicrypt", `_zzzz....${".".repeat(11)}`);
over("phpass", `$P$S${".".repeat(8)}${".".repeat(22)}`);
over("drupal7", `$S$S${".".repeat(8)}${".".repeat(43)}`);
over("yescrypt", `$y$jNT$.......$${".".repeat(43)}`);
over("scrypt7", `$7$S6..../....salt$${".".repeat(43)}`);
over("fshp", `{FSHP1|8|4000000000}${Buffer.alloc(40).toString("base64")}`);
over("grub", "grub.pbkdf2.sha512.4000000000.00." + "0".repeat(128));
over("scram_sha256", `SCRAM-SHA-256$4000000000:${S}==$${H}=:${H}=`);
over("aspnet", b64(Buffer.concat([Buffer.from([1, 0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0, 16]), Buffer.alloc(48)])));
over("legacy", `["pbkdf2",["salt","1000000000","32","sha256","@"],"${"0".repeat(64)}"]`);
over("expression", "0".repeat(32), { tag: "iterate(1000000000,md5($p))" });
over("bcrypt_sha256_hex", "$2b$31$FxDtpTNaL303lLcWtd6LFO2U6Gc63VJ07qycHcfqbQQ71GhO/qSzu");
// What is malformed, and what a careless reader would let through.
const bad = (method, stored, code, more = {}) => add(method, "password", stored, { source: "edited text", result: "invalid", code, ...more });
bad("legacy", '["sha256",["salt"],"00"]', "malformed");
bad("legacy", '["pbkdf2",["@"],"00"]', "malformed");
bad("legacy", '["sha256",["@"],"zz"]', null);
bad("legacy", '["nohash",["@"],"00"]', "malformed");
bad("legacy", '["sha256",["@"],"' + "0".repeat(64) + '"', "malformed");
bad("md5_salted_prefix", "5f4dcc3b5aa765d61d8327deb882cf99", "missing_salt");
bad("vbulletin", "5f4dcc3b5aa765d61d8327deb882cf99", "missing_salt");
bad("smf", "d27c0a627a45db487af161fcc3a4005d88eb8a1f", "missing_username");
bad("postgres_md5", "md55fba2ea04fd36069d2574ea71c8efe9d", "missing_username");
bad("devise", "$2a$04$abcdefghijklmnopqrstuuLXXhjMsWpv/bC9fkW1H1u5aF3Kr2l3S", "missing_key");
bad("firebase_scrypt", `$fbscrypt$v=1,n=4,r=4,p=1,ss=,sk=key:gone$${S}==$${H}=`, "missing_key");
bad("phpass", "$P$!IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "malformed");
bad("phpass", "$P$", "malformed");
bad("phpass", "$P$4IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "cost_too_low");
bad("sha512crypt", "$6$rounds=999$salt$" + ".".repeat(86), "cost_too_low");
bad("sha512crypt", "$6$rounds=05000$salt$" + ".".repeat(86), "non_canonical");
bad("sha512crypt", "$6$0123456789abcdefg$" + ".".repeat(86), "malformed");
bad("pbkdf2", `$pbkdf2-sha999$1000$${S}$${H}`, "malformed");
bad("pbkdf2", `$pbkdf2-sha256$1000$${S}$${H}$x`, "malformed");
bad("pbkdf2", `$pbkdf2-sha256$0$${S}$${H}`, "cost_too_low");
bad("pbkdf2", `$pbkdf2-sha256$i=1000,l=20$${S}$${H}`, "malformed");
bad("django_pbkdf2", "pbkdf2_sha256$abc", "malformed", { tag: "django" });
bad("kratos_template", "$md5$zzz", null);
bad("kratos_hmac", "$hmac-sha1$", null);
bad("ldap_ssha", "{SSHA}x", null);
bad("ldap_ssha", "{SSHA}" + b64(Buffer.alloc(20)), "wrong_length");
bad("aspnet", b64(Buffer.concat([Buffer.from([2]), Buffer.alloc(48)])), null);
bad("aspnet", b64(Buffer.concat([Buffer.from([1, 0, 0, 0, 9, 0, 0, 0, 16, 0, 0, 0, 16]), Buffer.alloc(48)])), "malformed");
bad("werkzeug_pbkdf2", "pbkdf2:sha256$salt$" + "0".repeat(64), "malformed");
bad("scrypt", `$scrypt$ln=4,r=8,p=1$${S}$${H}$x`, "malformed");
bad("magento", "bf3b8bd6a3f56ed9d8624b18d895f884:W9kS2bXs", "malformed");
bad("yescrypt", "$y$j75$.......$Xfm2A6aPRI6z8YWbSD", "truncated");
bad("descrypt", "CCNf8Sbh3HDf", "malformed");
bad("mysql41", "*2C905879F74F28F8570989947D06A8429FB943E", null);
bad("expression", "0".repeat(32), "unknown_tag", { tag: "md5(md5($p)" });
bad("expression", "0".repeat(32), "unknown_tag", { tag: "$p" });
bad("expression", "0".repeat(32), "unknown_tag", { tag: "crc32($p)" });
bad("expression", "0".repeat(32), "missing_salt", { tag: "md5($p.$s)" });
bad("clerk_pbkdf2", `pbkdf2_sha256$21$${S}==$${H}=`, "ambiguous_method", { tag: "pbkdf2_sha256" });
bad("clerk_pbkdf2", "0".repeat(32) + "$salt", "unknown_tag", { tag: "md5_salted" });
// What a narrow column leaves, where it still has the form.
const cut = (method, whole, lengths, more = {}) => lengths.forEach((n) => bad(method, whole.slice(0, n), "truncated", more));
{
  const salt = stream("salt0", 16), pw = "password";
  const key = (name, s, n, bytes) => crypto.pbkdf2Sync(pw, s, n, bytes, name);
  const v3 = Buffer.concat([Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 50, 0, 0, 0, 16]), salt, key("sha256", salt, 50, 32)]);
  // At 60 it is what a key of 16 bytes looks like, and matches.
  cut("aspnet", b64(v3), [64, 72, 80]);
  cut("aspnet", b64(Buffer.concat([Buffer.from([0]), salt, key("sha1", salt, 1000, 32)])), [60, 64]);
  const wide = crypto.createHash("sha512").update("wide").digest();
  const spring = (s) => `$e0801$${b64(s)}$${b64(crypto.scryptSync(pw, s, 32, { N: 16384, r: 8, p: 1 }))}`;
  cut("spring_scrypt", spring(wide), [120, 128]);
  cut("spring_scrypt", spring(salt), [48, 60, 64]);
  cut("spring_scrypt", spring(wide), [120, 128], { tag: "spring" });
  cut("clerk_pbkdf2", `pbkdf2_sha512$21$rawSalt$${hex(key("sha512", "rawSalt", 21, 64))}`, [65, 81, 121, 151]);
  cut("clerk_pbkdf2", `pbkdf2_sha512_hex$21$${hex(salt)}$${hex(key("sha512", salt, 21, 64))}`, [90, 128, 150, 160]);
  cut("clerk_pbkdf2", `pbkdf2_sha1$21$${hex(salt)}$${hex(key("sha1", salt, 21, 32))}`, [72, 80, 96, 100]);
  // What is as long as hex of another digest: hex is no base64, whatever it decodes to.
  bad("sha384", hex(crypto.createHash("sha256").update(pw).digest()), "wrong_length");
  bad("sha3_384", hex(crypto.createHash("sha256").update(pw).digest()), "wrong_length");
}
// Vendors' names: one text means one thing, or nothing.
const MD5 = hex(crypto.createHash("md5").update("password").digest());
const MD5_64 = b64(crypto.createHash("md5").update("password").digest());
for (const tag of ["crypt", "shadow", "unix", "ldap", "openldap", "389ds"]) {
  bad("ntlm", MD5, "method_conflict", { tag });
  bad("ntlm", MD5_64, "method_conflict", { tag });
  bad("ntlm", "{CRYPT}" + MD5, null, { tag });
}
bad("md5", MD5, "ambiguous_method", { tag: "passlib" });
bad("mysql323", "5909436610265763", "ambiguous_method", { tag: "passlib" });
bad("md5", MD5_64, "method_conflict", { tag: "django" });
bad("sha1", hex(crypto.createHash("sha1").update("password").digest()), "method_conflict", { tag: "django" });
bad("sha1", "sha1$$" + MD5, "wrong_length", { tag: "django" });
const plain = (method, stored, tag) => add(method, "password", stored, { tag });
for (const name of ["sha1", "sha256", "sha512"]) {
  plain(name, hex(crypto.createHash(name).update("password").digest()), "passlib");
}
plain("sha1", "sha1$$" + hex(crypto.createHash("sha1").update("password").digest()), "django");
plain("md5", "md5$$" + MD5, "django");
plain("md5", MD5, "django");
for (const tag of ["PBKDF2-SHA512", "pbkdf2-sha512", "Pbkdf2_Sha512"]) {
  plain("pbkdf2", `$pbkdf2-sha512$i=7,l=64$${np(stream("salt0", 16))}$${np(crypto.pbkdf2Sync("password", stream("salt0", 16), 7, 64, "sha512"))}`, tag);
}
plain("bcrypt", "$2y$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm", "drupal");
fs.writeFileSync(process.argv[2], JSON.stringify(out));
