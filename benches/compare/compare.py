#!/usr/bin/env python3
"""Measures `rehash` against what is used from other languages, in turn: A B C, A B C, so that whatever else the machine does
falls on all of them. Prints medians and the ratio to one of them. Peers that are not installed are named and left out.

    cargo build --release
    python3 -m venv target/peers && target/peers/bin/pip install argon2-cffi pynacl bcrypt
    npm install --prefix target/peers @node-rs/argon2 @node-rs/bcrypt hash-wasm bcryptjs
    target/peers/bin/python benches/compare/compare.py [--rounds 21] [--rehash target/release/rehash]

`rehash` is measured as a process that verifies one record after the other (`verify --batch --jobs 1`): with the record's JSON
and both pipes. libargon2 and libxcrypt are the system's own. Nothing here is run by the tests.
"""
import argparse
import ctypes
import ctypes.util
import json
import os
import statistics
import subprocess
import sys
import time

PASSWORD = b"correct horse battery staple"
SALT = b"0123456789abcdef"
HERE = os.path.dirname(os.path.abspath(__file__))


class Process:
    """A peer in another process: a line in for each hash, a line out when it is made."""

    def __init__(self, arguments, **options):
        pipe = subprocess.PIPE
        self.child = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, **options)

    def ask(self, lines):
        self.child.stdin.write("".join(line + "\n" for line in lines).encode())
        self.child.stdin.flush()
        return [self.child.stdout.readline().decode() for _ in lines]


def rehash(path, stored, count=1):
    peer = Process([path, "verify", "--batch", "--no-upgrade", "--jobs", "1"])
    record = json.dumps({"username": "u", "passwordEncrypted": stored, "password": PASSWORD.decode()})

    def run():
        for answer in peer.ask([record] * count):
            assert json.loads(answer)["outcome"] == "accepted", answer

    return run


def node(name, task):
    environment = {**os.environ, "PEERS": os.path.join(sys.prefix, "node_modules")}
    peer = Process(["node", os.path.join(HERE, "peers.mjs"), name, json.dumps(task)], env=environment)
    if peer.ask(["1"]) != ["done\n"]:
        raise ImportError(name)

    def run():
        assert peer.ask(["1"]) == ["done\n"]

    return run


def argon2_cffi(memory_kib, passes, lanes):
    from argon2.low_level import Type, hash_secret_raw

    return lambda: hash_secret_raw(PASSWORD, SALT, passes, memory_kib, lanes, 32, Type.ID)


def pynacl(memory_kib, passes):
    import nacl.pwhash

    return lambda: nacl.pwhash.argon2id.kdf(32, PASSWORD, SALT, passes, memory_kib * 1024)


def library(name):
    path = ctypes.util.find_library(name)
    if path is None:
        raise ImportError(name)
    return ctypes.CDLL(path)


def libargon2(memory_kib, passes, lanes):
    hash_raw, output = library("argon2").argon2id_hash_raw, ctypes.create_string_buffer(32)
    sized = ctypes.c_size_t

    def run():
        code = hash_raw(
            passes, memory_kib, lanes, PASSWORD, sized(len(PASSWORD)), SALT, sized(len(SALT)), output, sized(32)
        )
        assert code == 0

    return run


def libxcrypt(stored):
    crypt = library("crypt").crypt
    crypt.restype = ctypes.c_char_p

    def run():
        assert crypt(PASSWORD, stored.encode()) == stored.encode()

    return run


def pyca_bcrypt(stored):
    import bcrypt

    def run():
        assert bcrypt.checkpw(PASSWORD, stored.encode())

    return run


def argon2_text(memory_kib, passes, lanes):
    from argon2.low_level import Type, hash_secret

    return hash_secret(PASSWORD, SALT, passes, memory_kib, lanes, 32, Type.ID).decode()


def compare(title, rounds, reference, peers):
    """`peers`: of each its name, what makes it, and how many hashes one run of it verifies."""
    runs, missing = [], []
    for name, make, each in peers:
        try:
            run = make()
            run()
            runs.append((name, run, each, []))
        except (ImportError, OSError, AttributeError):
            missing.append(name)
    for _ in range(rounds):
        for _, run, each, times in runs:
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3 / each)
    medians = {name: statistics.median(times) for name, _, _, times in runs}
    print(f"\n{title}: medians of {rounds} rounds in turn; load {os.getloadavg()[0]:.2f}")
    print(f"{'':<36}{'ms a hash':>12}{'ratio':>9}")
    for name, median in medians.items():
        ratio = f"{median / medians[reference]:.3f}" if reference in medians else "-"
        print(f"{name:<36}{median:>12.2f}{ratio:>9}")
    for name in missing:
        print(f"{name:<36}   not installed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--rehash", default="target/release/rehash")
    options = parser.parse_args()
    path = os.path.abspath(options.rehash)

    for memory_kib, passes, lanes in [(19456, 2, 1), (65536, 3, 4)]:
        text = argon2_text(memory_kib, passes, lanes)
        task = {"kind": "argon2id", "memory": memory_kib, "passes": passes, "lanes": lanes}
        peers = [
            ("rehash", lambda: rehash(path, text), 1),
            ("argon2-cffi", lambda: argon2_cffi(memory_kib, passes, lanes), 1),
            ("libargon2, the system's", lambda: libargon2(memory_kib, passes, lanes), 1),
            ("@node-rs/argon2", lambda: node("node-rs-argon2", task), 1),
            ("hash-wasm", lambda: node("hash-wasm", task), 1),
        ]
        if lanes == 1:
            peers.insert(3, ("libsodium by PyNaCl", lambda: pynacl(memory_kib, passes), 1))
        compare(f"Argon2id m={memory_kib} t={passes} p={lanes}", options.rounds, "argon2-cffi", peers)

    stored = "$2b$10$saltsaltsaltsaltsaltsOlSEGyGZHL6wW8HlaiMoQ1Gt9WweX2ES"
    task = {"kind": "bcrypt", "stored": stored}
    compare(
        "bcrypt cost=10",
        options.rounds,
        "bcrypt of pyca",
        [
            ("rehash", lambda: rehash(path, stored), 1),
            ("rehash, four queued", lambda: rehash(path, stored, 4), 4),
            ("bcrypt of pyca", lambda: pyca_bcrypt(stored), 1),
            ("libxcrypt", lambda: libxcrypt(stored), 1),
            ("@node-rs/bcrypt", lambda: node("node-rs-bcrypt", task), 1),
            ("bcryptjs", lambda: node("bcryptjs", task), 1),
            ("hash-wasm", lambda: node("hash-wasm", task), 1),
        ],
    )


main()
