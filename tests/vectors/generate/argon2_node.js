// Keyed Argon2 vectors (secret and associated data) with the npm package argon2,
// and some of the strings it writes itself, whose parameters come as m,p,t.
// Usage: node argon2_node.js OUT.json   (run in a directory that has node_modules)
const { createHash } = require("node:crypto");
const { createRequire } = require("node:module");
const { writeFileSync, readFileSync } = require("node:fs");
const path = require("node:path");
const need = createRequire(path.join(process.cwd(), "x.js"));
const argon2 = need("argon2");
const own = JSON.parse(readFileSync(path.join(process.cwd(), "node_modules/argon2/package.json")));

const SRC = `generate/argon2_node.js: npm argon2 ${own.version}`;
const TYPES = { argon2d: 0, argon2i: 1, argon2id: 2 };

function stream(label, n) {
  let out = Buffer.alloc(0);
  for (let i = 0; out.length < n; i++) {
    out = Buffer.concat([out, createHash("sha512").update(`rehash-vectors/keyed/${label}/${i}`).digest()]);
  }
  return out.subarray(0, n);
}

// comment, version, m, t, p, password, salt, secret, data, tag (the last five in bytes)
const SHAPES = [
  ["secret only", 19, 64, 1, 1, 8, 16, 8, 0, 32],
  ["data only", 19, 64, 1, 1, 8, 16, 0, 12, 32],
  ["secret and data", 19, 64, 2, 1, 8, 16, 16, 16, 32],
  ["one-byte secret", 19, 64, 1, 1, 8, 8, 1, 0, 16],
  ["one-byte data", 19, 64, 1, 1, 8, 8, 0, 1, 16],
  ["32-byte secret", 19, 256, 2, 2, 12, 16, 32, 0, 32],
  ["64-byte secret, long data", 19, 67, 1, 2, 12, 16, 64, 200, 64],
  ["empty password with a secret", 19, 64, 1, 1, 0, 16, 32, 0, 32],
  ["8 lanes, least memory", 19, 64, 3, 8, 20, 33, 32, 5, 65],
  ["4-byte tag", 19, 35, 1, 4, 20, 49, 7, 3, 4],
  ["version 16, secret only", 16, 64, 1, 1, 8, 16, 32, 0, 32],
  ["version 16, secret and data", 16, 101, 3, 3, 8, 16, 32, 12, 31],
  ["300-byte secret", 19, 64, 1, 1, 8, 16, 300, 0, 32],
];

(async () => {
  const out = [];
  for (const [type, code] of Object.entries(TYPES)) {
    for (const [comment, version, m, t, p, pwLen, saltLen, secLen, dataLen, tagLen] of SHAPES) {
      const at = `${type}/${comment}`;
      const pw = stream(at + "/password", pwLen);
      const salt = stream(at + "/salt", saltLen);
      const secret = stream(at + "/secret", secLen);
      const data = stream(at + "/data", dataLen);
      const tag = await argon2.hash(pw, {
        raw: true, type: code, version, memoryCost: m, timeCost: t, parallelism: p,
        hashLength: tagLen, salt, secret, associatedData: data,
      });
      const hex = (b) => b.toString("hex");
      out.push({
        comment, type, version, m, t, p, password_hex: hex(pw), salt_hex: hex(salt),
        secret_hex: hex(secret), data_hex: hex(data), tag_hex: hex(tag), source: SRC,
      });
    }
  }
  const parts = { argon2_keyed: out };
  for (const [type, code] of Object.entries(TYPES)) {
    const one = (comment, password, stored, result, problem, flags) =>
      ({ comment, password, encoding: null, stored, result, code: problem, flags, source: SRC });
    const opts = { type: code, memoryCost: 128, timeCost: 2, parallelism: 3, salt: stream(type + "/phc", 16) };
    const plain = await argon2.hash("correct horse", opts);
    const data = await argon2.hash("correct horse", { ...opts, associatedData: Buffer.from("user 1") });
    const secret = await argon2.hash("correct horse", { ...opts, secret: Buffer.from("pepper") });
    parts[type] = [
      one("as npm argon2 writes it", "correct horse", plain, "accept", null, ["ParamOrder"]),
      one("as npm argon2 writes it, wrong password", "correct horsf", plain, "reject", null, ["ParamOrder"]),
      one("as npm argon2 writes it, with data", "correct horse", data, "invalid", "missing_key", ["ParamOrder", "Keyed", "F23"]),
      one("made with a secret, of which the string says nothing", "correct horse", secret, "reject", null, ["ParamOrder", "Keyed"]),
    ];
  }
  writeFileSync(process.argv[2], JSON.stringify(parts));
})();
