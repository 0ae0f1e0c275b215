// One peer from npm, for compare.py: a line in for each hash, `done` out when it is made. The packages are under $PEERS.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const PASSWORD = "correct horse battery staple";
const SALT = Buffer.from("0123456789abcdef");
const require = createRequire(join(process.env.PEERS, "none.js"));
const [name, task] = [process.argv[2], JSON.parse(process.argv[3])];

const peers = {
  "node-rs-argon2": () => {
    const { hashRawSync } = require("@node-rs/argon2");
    const options = {
      memoryCost: task.memory,
      timeCost: task.passes,
      parallelism: task.lanes,
      outputLen: 32,
      algorithm: 2,
      salt: SALT,
    };
    return () => hashRawSync(PASSWORD, options);
  },
  "node-rs-bcrypt": () => {
    const { verifySync } = require("@node-rs/bcrypt");
    return () => mustMatch(verifySync(PASSWORD, task.stored));
  },
  bcryptjs: () => {
    const { compareSync } = require("bcryptjs");
    return () => mustMatch(compareSync(PASSWORD, task.stored));
  },
  "hash-wasm": () => {
    const { argon2id, bcryptVerify } = require("hash-wasm");
    if (task.kind === "bcrypt") {
      return async () => mustMatch(await bcryptVerify({ password: PASSWORD, hash: task.stored }));
    }
    const { memory: memorySize, passes: iterations, lanes: parallelism } = task;
    const options = { password: PASSWORD, salt: SALT, memorySize, iterations, parallelism, hashLength: 32 };
    return () => argon2id({ ...options, outputType: "binary" });
  },
};

function mustMatch(matches) {
  if (!matches) throw new Error("the password does not match");
}

const run = peers[name]();
for await (const _ of createInterface({ input: process.stdin })) {
  await run();
  process.stdout.write("done\n");
}
