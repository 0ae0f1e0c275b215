// The same from Node.  Usage: node cross_check.js VECTOR_DIR OUT.json (in a directory with node_modules)
const { createHash } = require("node:crypto");
const { createRequire } = require("node:module");
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const need = createRequire(path.join(process.cwd(), "x.js"));
const argon2 = need("argon2");
const wasm = need("hash-wasm");
const bcryptjs = need("bcryptjs");

const TYPES = { argon2d: 0, argon2i: 1, argon2id: 2 };
const bytes = (t) => (t.password !== undefined ? Buffer.from(t.password) : Buffer.from(t.password_hex, "hex"));

async function digest(method, t) {
  const pw = bytes(t);
  const size = { md5: 16, sha1: 20, sha256: 32 }[method];
  const want = t.stored.length === 2 * size ? t.stored.toLowerCase() : Buffer.from(t.stored, "base64").toString("hex");
  return {
    "node:crypto": createHash(method).update(pw).digest("hex") === want,
    "hash-wasm": (await wasm[method](pw)) === want,
  };
}

async function bcrypt(t) {
  const pw = bytes(t);
  const got = {};
  if (pw.includes(0)) return got;
  const variant = t.stored.split("$")[1];
  const safety = t.flags.includes("SafetyBit"); // hash-wasm has it for 2a, bcryptjs does not
  if (variant !== "2" && pw.length > 0) {
    got["hash-wasm"] = await wasm.bcryptVerify({ password: pw.subarray(0, 72), hash: t.stored });
  }
  const text = pw.toString("utf8");
  if (variant !== "2x" && !safety && Buffer.from(text).equals(pw)) {
    got.bcryptjs = bcryptjs.compareSync(text, t.stored.replace("$2y$", "$2b$"));
    if (variant === "2") got.bcryptjs = bcryptjs.hashSync(text, t.stored.slice(0, 28)) === t.stored;
  }
  return got;
}

async function both(type, version, m, t, p, pw, salt, secret, data, tag) {
  const got = {};
  const out = await argon2.hash(pw, {
    raw: true, type: TYPES[type], version, memoryCost: m, timeCost: t, parallelism: p,
    hashLength: tag.length, salt, secret, associatedData: data,
  });
  got["npm argon2"] = out.equals(tag);
  if (version === 19 && data.length === 0 && pw.length > 0) {
    const o = { password: pw, salt, parallelism: p, iterations: t, memorySize: m, hashLength: tag.length, outputType: "binary" };
    if (secret.length) o.secret = secret;
    got["hash-wasm"] = Buffer.from(await wasm[type](o)).equals(tag);
  }
  return got;
}

const NONE = Buffer.alloc(0);
function phc(t) {
  const [, type, v, par, salt, tag] = /^\$(argon2i?d?)(?:\$v=(\d+))?\$([^$]+)\$([^$]+)\$([^$]+)$/.exec(t.stored);
  const n = Object.fromEntries(par.split(",").map((x) => [x.split("=")[0], Number(x.split("=")[1])]));
  return both(type, Number(v || 16), n.m, n.t, n.p, bytes(t), Buffer.from(salt, "base64"), NONE, NONE, Buffer.from(tag, "base64"));
}
function keyed(t) {
  const f = ["password", "salt", "secret", "data", "tag"].map((k) => Buffer.from(t[k + "_hex"], "hex"));
  return both(t.type, t.version, t.m, t.t, t.p, ...f);
}

(async () => {
  const report = {};
  for (const name of ["md5", "sha1", "sha256", "bcrypt", "argon2i", "argon2d", "argon2id", "argon2_keyed"]) {
    const rows = (report[name] = {});
    for (const t of JSON.parse(readFileSync(path.join(process.argv[2], name + ".json"))).tests) {
      if (name === "argon2_keyed") rows[t.id] = await keyed(t);
      else if (t.result === "accept" || t.result === "reject") {
        rows[t.id] = name === "bcrypt" ? await bcrypt(t) : name in TYPES ? await phc(t) : await digest(name, t);
      }
    }
  }
  writeFileSync(process.argv[3], JSON.stringify(report));
})();
