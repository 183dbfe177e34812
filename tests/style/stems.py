"""Every code stem has its test: room/stem.cpp has a test named after it; `math` covers math_exp.cpp, math_log.cpp …

The test stands in tests/<room>/, or in tests/ops/ (rows by op family) for ir/ and frontend/. A test of several stems
names the others in a line `Covers: stem, stem` among its first ten."""
import os

import tree

ALSO = {"ir": ["ops"], "frontend": ["ops", "tutorial"]}


def stem(path):
    return os.path.splitext(os.path.basename(path))[0].replace("-", "_")


def covered_by(path):
    with open(os.path.join(tree.root(), path), encoding="utf-8") as file:
        lines = [next(file, "") for _ in range(10)]
    named = [line.split("Covers:")[1] for line in lines if "Covers:" in line]
    return {stem(path), *(name.strip() for line in named for name in line.split(","))}


def tests_of(room):
    folders = [room, *ALSO.get(room, [])]
    files = [path for folder in folders for path in tree.files((".cpp", ".mlir", ".test"), "tests/" + folder)]
    return set().union(*map(covered_by, files))


def findings():
    for room in ("runtime", "ir", "passes", "codegen", "frontend", "tools"):
        tests = tests_of(room)
        for path in tree.files((".cpp",), room):
            if stem(path) == "main":
                continue
            parts = stem(path).split("_")
            prefixes = {"_".join(parts[:count]) for count in range(1, len(parts) + 1)}
            if not prefixes & tests:
                yield f"{path}: no test of that name in tests/{room}/"


tree.report(list(findings()))
