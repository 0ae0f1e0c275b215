"""Compare what the implementations said with the vectors.  Usage: summary.py VECTOR_DIR REPORT.json...

Ends with status 1 if one of them disagrees or an accept vector was verified by none.
"""

import json
import os
import sys
from collections import Counter

reports = [json.load(open(p)) for p in sys.argv[2:]]
trouble = 0
for name in sorted(reports[0]):
    with open(os.path.join(sys.argv[1], name + ".json"), encoding="utf-8") as f:
        tests = json.load(f)["tests"]
    results, by, few, none = Counter(), Counter(), [], []
    for t in tests:
        want = t.get("result", "accept")
        results[want] += 1
        if want not in ("accept", "reject"):
            continue
        said = {}
        for r in reports:
            said.update(r[name].get(str(t["id"]), {}))
        for impl, yes in said.items():
            by[impl] += 1
            if yes != (want == "accept"):
                trouble += 1
                print("DISAGREES %s %d %s: %s says %s (%s)" % (name, t["id"], want, impl, yes, t["comment"]))
        if want == "accept" and not said:
            trouble += 1
            none.append(t["id"])
        if want == "accept" and len(said) == 1:
            few.append(t["id"])
    print("%-13s %4d tests  %s" % (name, len(tests), dict(results)))
    print("              verified by %s" % dict(by))
    if none:
        print("              accepted by none: %s" % none)
    if few:
        print("              accepted by one only: %s" % few)
sys.exit(1 if trouble else 0)
