#!/usr/bin/env python3
"""Makes fuzz/seeds from tests/vectors: a few files for each target."""
import json
import pathlib

here = pathlib.Path(__file__).parent
vectors = here.parent / "tests" / "vectors"
PICK = 12


def texts(name):
    tests = json.loads((vectors / f"{name}.json").read_text())["tests"]
    step = max(1, len(tests) // PICK)
    return [test["stored"] for test in tests[::step]][:PICK]


def write(target, seeds):
    directory = here / "seeds" / target
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    for number, seed in enumerate(seeds):
        data = seed if isinstance(seed, bytes) else seed.encode("utf-8", "surrogatepass")
        (directory / f"{number:03}").write_bytes(data)


write("digest", [text for name in ("md5", "sha1", "sha256") for text in texts(name)])
write("bcrypt", [text + "\nsixteen salt byt" + "password" for text in texts("bcrypt")])
argon2 = [text for name in ("argon2i", "argon2d", "argon2id") for text in texts(name)]
write("argon2", [text + "\n" + chr(number) + "password" for number, text in enumerate(argon2)])
write("self_describing", (texts("bcrypt") + texts("argon2id") + ["$rehash$md5$5f4dcc3b5aa765d61d8327deb882cf99"])[:30])

records = []
for name in ("md5", "sha1", "sha256", "bcrypt", "argon2i", "argon2id"):
    records += [
        {"username": f"{name}{number}", "passwordEncrypted": text, "passwordEncryptionMethod": name}
        for number, text in enumerate(texts(name)[:4])
    ]
records.append({"username": "é\u202e", "profile": {"a": [1, {"b": "]}"}]}, "customData": {"n": 1e300}, "createdAt": 1})
records.append({"primaryEmail": "a@x", "primaryPhone": "1", "identities": {"g": {"userId": "1"}}})
lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
csv = "username,name,customData,passwordDigest,passwordAlgorithm\r\n" + "".join(
    f'{record["username"]},"Ada, ""L""\nof London","{{""a"":1}}",{record["passwordEncrypted"]},md5\r\n'
    for record in records[:4]
)
array = json.dumps(records, ensure_ascii=False, indent=2)
broken = array.replace('"sha1', '"sha\n1', 1).replace("}", "", 1)
write("ndjson", [lines, lines.replace("\n", "\r\n\n"), lines[:-20], "\ufeff" + lines])
write("json", [array, json.dumps(records), broken, array[:-30], "[]"])
write("csv", [csv, csv.replace('""', '"'), csv.replace("\r\n", "\n"), "\ufeff" + csv])
write("check", [lines, array, csv, broken])

tagged, expressions = [], []
for path in sorted((vectors / "methods").glob("*.json")):
    file = json.loads(path.read_text())
    accepted = [test for test in file["tests"] if test["result"] == "accept" and len(test["stored"]) < 400]
    for test in accepted[:: max(1, len(accepted) // 3)][:3]:
        salt = bytes.fromhex(test.get("salt_hex", ""))
        lines = [test.get("tag", file["method"]).encode(), test["stored"].encode(), salt, test.get("user", "").encode()]
        tagged.append(b"\n".join(lines))
        if "(" in test.get("tag", ""):
            expressions.append(test["tag"])
write("tagged", tagged)
write("expression", sorted(set(expressions)) + ["dynamic_6", "hashcat_2611", "iterate(3,md5($p),md5($x.$s))"])

exports = here.parent / "tests" / "exports"
# In the order of the readers, whose place the first byte gives.
order = "logto auth0 firebase keycloak kratos supabase clerk django wordpress fusionauth workos zitadel shadow htpasswd ldif cognito"
places = {name: place for place, name in enumerate(order.split())}
files = [path for path in sorted(exports.iterdir()) if path.suffix not in (".py", ".config")]
write("export", [bytes([places[path.stem.split("_")[0]]]) + path.read_bytes() for path in files])

# The first byte names the route.
requests = [
    {"identifier": "ada", "password": "p\u0000\U0001f511"},
    {"identifier": "ada", "password": "old", "newPassword": "new"},
    {"password": "hashcat", "passwordEncrypted": texts("bcrypt")[0]},
    {"password": "new"},
    {"username": "ada", "password": "new", "customData": {"n": 1e300}},
    {"target": "github", "userId": "1", "details": {"a": [1, {"b": "]}"}]}},
]
write("serve", [bytes([route]) + json.dumps(body).encode() for route, body in enumerate(requests)])
