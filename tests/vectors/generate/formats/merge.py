"""One file per method from the generated parts. Usage: merge.py OUT_DIR PART.json..."""

import json
import os
import sys

out_dir, groups = sys.argv[1], {}
for part in sys.argv[2:]:
    with open(part, encoding="utf-8") as f:
        for method, tests in json.load(f).items():
            groups.setdefault(method, []).extend(tests)
for method, tests in sorted(groups.items()):
    seen, lines = set(), []
    for t in tests:
        key = json.dumps({k: v for k, v in t.items() if k != "source"}, sort_keys=True)
        if key not in seen:
            seen.add(key)
            lines.append("  " + json.dumps({"id": len(lines) + 1, **t}))
    with open(os.path.join(out_dir, method + ".json"), "w", encoding="ascii", newline="\n") as f:
        f.write('{\n "schema": 2,\n "method": %s,\n "tests": [\n%s\n ]\n}\n' % (json.dumps(method), ",\n".join(lines)))
