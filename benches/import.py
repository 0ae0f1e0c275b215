#!/usr/bin/env python3
"""Measures `check` and `import` beside what comes with the databases, in turn and in one run, on tables of several sizes.

    cargo build --release && benches/import.py 10000 100000 1000000 [--postgres URL] [--rounds N] [--directory DIRECTORY]

Each size is made by table.py. `import` into SQLite is compared with `.import` of the sqlite3 shell, and with --postgres into PostgreSQL
with psql's `\\copy`: the same rows into the same keyed tables (import.sql, copy.sql). Of several rounds the middle one is shown. Times are
of the wall clock, memory is the peak of the process.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REHASH = HERE.parent / "target" / "release" / "rehash"


def run(command, directory, stdin=None):
    """Seconds, and MiB at most."""
    begun = time.monotonic()
    with open(stdin or os.devnull) as given:
        process = subprocess.Popen(command, cwd=directory, stdin=given, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.monotonic() - begun
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[0]} failed")
    return elapsed, usage.ru_maxrss / 1024


def middle(runs):
    return sorted(runs)[len(runs) // 2]


def row(work, records, ours, theirs=None):
    elapsed, memory = ours
    compared = f"{theirs[0]:.2f} s | {elapsed / theirs[0]:.2f}" if theirs else "|"
    each = elapsed / records * 1e6
    print(f"| {work} | {records} | {elapsed:.2f} s, {each:.2f} µs a record, {memory:.0f} MiB | {compared} |", flush=True)


def fresh(directory, name):
    for suffix in ("", "-wal", "-shm", "-journal"):
        (directory / (name + suffix)).unlink(missing_ok=True)


def measure(records, arguments, directory):
    for flag, name in ((None, "users.ndjson"), ("--rows", "users.csv"), ("--copy", "users.tsv")):
        if name == "users.tsv" and not arguments.postgres:
            continue
        with open(directory / name, "w") as out:
            command = [sys.executable, str(HERE / "table.py"), str(records)] + ([flag] if flag else [])
            subprocess.run(command, stdout=out, check=True)
    command = [str(REHASH), "check", "--quiet", "--jobs", "1", "users.ndjson"]
    row("`check`, one job", records, middle([run(command, directory) for _ in range(arguments.rounds)]))
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        for name in ("ours.db", "theirs.db"):
            fresh(directory, name)
        ours.append(run([str(REHASH), "import", "--quiet", "--store", "sqlite:ours.db", "users.ndjson"], directory))
        theirs.append(run(["sqlite3", "theirs.db"], directory, HERE / "import.sql"))
    row("`import` into SQLite, `.import`", records, middle(ours), middle(theirs))
    if not arguments.postgres:
        return
    ours, theirs = [], []
    psql = ["psql", "--quiet", "--set", "ON_ERROR_STOP=1", arguments.postgres]
    drop = psql + ["-c", "SET client_min_messages = warning; DROP SCHEMA IF EXISTS rehash_bench CASCADE"]
    url = arguments.postgres + ("&" if "?" in arguments.postgres else "?") + "schema=rehash_bench"
    for _ in range(arguments.rounds):
        run(drop, directory)
        ours.append(run([str(REHASH), "import", "--quiet", "--store", url, "users.ndjson"], directory))
        run(drop, directory)
        theirs.append(run(psql + ["-c", "SET client_min_messages = warning", "-f", str(HERE / "copy.sql")], directory))
    run(psql + ["-c", "DROP SCHEMA rehash_copy CASCADE"], directory)
    row("`import` into PostgreSQL, `\\copy`", records, middle(ours), middle(theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("records", type=int, nargs="+")
    parser.add_argument("--postgres", metavar="URL")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--directory", help="where the tables and the files go; a temporary one is removed")
    arguments = parser.parse_args()
    if not REHASH.exists():
        sys.exit("build it first: cargo build --release")
    directory = pathlib.Path(arguments.directory or tempfile.mkdtemp(prefix="rehash-bench-"))
    directory.mkdir(exist_ok=True)
    print("| work | records | this | compared | ratio |\n|---|---|---|---|---|", flush=True)
    try:
        for records in arguments.records:
            measure(records, arguments, directory)
    finally:
        if not arguments.directory:
            shutil.rmtree(directory, ignore_errors=True)


main()
