// Hashes made by the packages of Node themselves: better-auth, Lucia 2 and 3, Oslo, and AdonisJS. Run where they are installed.
import fs from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";
const require = createRequire(path.join(process.cwd(), "x.js"));
const load = (name) => import(name.startsWith("/") ? pathToFileURL(name).href : pathToFileURL(require.resolve(name)).href);
const at = (...parts) => path.join(process.cwd(), "node_modules", ...parts);
const version = (name) => JSON.parse(fs.readFileSync(at(name, "package.json"))).version;
const { hashPassword } = await import(pathToFileURL(at("better-auth/dist/crypto/index.mjs")).href);
const { Scrypt: Lucia } = await import(pathToFileURL(at("lucia/dist/index.js")).href);
const { generateLuciaPasswordHash } = await import(pathToFileURL(at("lucia2/dist/utils/index.js")).href);
const { Argon2id: OsloArgon2id, Bcrypt: OsloBcrypt } = await load("oslo/password");
const { Scrypt } = await load("@adonisjs/hash/drivers/scrypt");
const { Bcrypt } = await load("@adonisjs/hash/drivers/bcrypt");
const out = {};
function add(method, password, stored, source, more = {}) {
  (out[method] ||= []).push({
    source, password_hex: Buffer.from(password).toString("hex"), stored, result: "accept", code: null, flags: [], ...more,
  });
}
const adonis = `@adonisjs/hash ${version("@adonisjs/hash")}`;
// The last two are one password to what brings them into form KC: e and an accent, a ligature, the sign of the ångström.
for (const p of ["password", "p\u00e4ssw\u00f6rd-\u00df\u20ac", "e\u0301 \ufb01 \u212b", "\u00e9 fi \u00c5"]) {
  const slow = { flags: ["Slow"] };
  add("better_auth", p, await hashPassword(p), `better-auth ${version("better-auth")}`, slow);
  add("better_auth", p, await new Lucia().hash(p), `lucia ${version("lucia")}`, slow);
  add("better_auth", p, await generateLuciaPasswordHash(p), `lucia ${version("lucia2")}`, slow);
  const oslo = `oslo ${version("oslo")}`;
  for (const tag of [undefined, "oslo", "lucia"]) {
    const tagged = tag ? { tag } : {};
    add("argon2id_nfkc", p, await new OsloArgon2id({ memorySize: 64, iterations: 1 }).hash(p), oslo, tagged);
    add("bcrypt_nfkc", p, await new OsloBcrypt({ cost: 4 }).hash(p), oslo, tagged);
  }
  const scrypt = new Scrypt({ cost: 16, blockSize: 8, parallelization: 1, saltSize: 16, maxMemory: 33554432 });
  add("scrypt", p, await scrypt.make(p), `${adonis}: scrypt`, { tag: "adonis" });
  add("scrypt", p, await new Scrypt({}).make(p), `${adonis}: scrypt`, { tag: "adonisjs", ...slow });
  for (const version of [97, 98]) {
    add("bcrypt", p, await new Bcrypt({ rounds: 4, version }).make(p), `${adonis}: bcrypt`, { tag: "adonis" });
  }
}
add("argon2id_nfkc", "passwort", await new OsloArgon2id({ memorySize: 64, iterations: 1 }).hash("password"), `oslo ${version("oslo")}`, { result: "reject" });
add("bcrypt_nfkc", "passwort", await new OsloBcrypt({ cost: 4 }).hash("password"), `oslo ${version("oslo")}`, { result: "reject" });
const other = await hashPassword("\u00e9 fi \u00c5");
add("better_auth", "e\u0301 \ufb01 \u212b", other, `better-auth ${version("better-auth")}: another spelling of the password`, { flags: ["Slow"] });
add("better_auth", "password", other, `better-auth ${version("better-auth")}`, { result: "reject", flags: ["Slow"] });
for (const stored of [other.replace(":", ""), "s3:" + other, "s2::" + "0".repeat(128), other.slice(0, 31) + other.slice(32)]) {
  add("better_auth", "pw", stored, "edited text", { result: "invalid", code: "malformed" });
}
// A table that is nothing, and two gigabytes of blocks beside it.
const [S, H] = ["A".repeat(22), "A".repeat(43)];
add("scrypt", "password", `$scrypt$ln=1,r=16,p=1048576$${S}$${H}`, "edited text", { result: "over_limit", code: "cost_too_high" });
add("better_auth", "pw", other.slice(0, -1), "edited text", { result: "invalid" });
fs.writeFileSync(process.argv[2], JSON.stringify(out));
