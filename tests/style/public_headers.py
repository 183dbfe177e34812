"""Public headers compile alone, and <ogee/ogee.h> shows no MLIR or LLVM header and parses quickly.

Public: all of runtime/, and what frontend/ogee.h includes. The processor time is printed; 5 s of it is an error."""
import os
import re
import resource
import subprocess
import sys

import tree

COMPILER = [sys.argv[2] if len(sys.argv) > 2 else "clang++-19", "-std=c++20", "-x", "c++", "-I", tree.root()]


def closure(start):
    """The headers of ours that a header includes, itself among them."""
    found, left = set(), [start]
    while left:
        path = left.pop()
        if path not in found and os.path.isfile(os.path.join(tree.root(), path)):
            found.add(path)
            left += re.findall(r'^\s*#\s*include\s*"([^"]+)"', tree.read(path), re.MULTILINE)
    return found


def compiles(header):
    return subprocess.run([*COMPILER, "-fsyntax-only", "-Wno-pragma-once-outside-header", header], cwd=tree.root(),
                          capture_output=True, text=True)


def findings():
    umbrella = "frontend/ogee.h"
    public = closure(umbrella) | set(tree.files((".h",), "runtime"))
    for header in sorted(path for path in public if path.endswith(".h")):
        result = compiles(header)
        if result.returncode:
            first = next((line for line in result.stderr.splitlines() if "error:" in line), result.stderr)
            yield f"{header}: does not compile alone: {first}"
    if umbrella in public:
        shown = subprocess.run([*COMPILER, "-M", umbrella], cwd=tree.root(), capture_output=True, text=True).stdout
        for path in re.findall(r"\S*/(?:mlir|llvm)/\S+\.h\b", shown):
            yield f"{umbrella}: shows {path}"
        start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        compiles(umbrella)
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - start
        print(f"<ogee/ogee.h> parses in {seconds:.2f} s")
        if seconds > 5:
            yield f"{umbrella}: takes {seconds:.1f} s to parse"


tree.report(list(findings()))
