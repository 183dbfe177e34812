"""Tests of the style checks: each must pass on a small good tree and name the fault in a bad one."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER = sys.argv[1] if len(sys.argv) > 1 else "clang++-19"

GOOD = {
    ".clang-format": "BasedOnStyle: LLVM\n",
    "README.md": "```\ntools/check --sanitize\nogee run f.mlir\n```\n",
    "CMakeLists.txt": "",
    "runtime/CMakeLists.txt": "ogee_library(ogee_runtime dim.cpp)\n",
    "runtime/dim.h": "#pragma once\n#include <vector>\nstd::vector<int> dims();\n",
    "runtime/dim.cpp": '#include "runtime/dim.h"\n',
    "runtime/README.md": "The runtime.\n",
    "frontend/ogee.h": '#pragma once\n#include "runtime/dim.h"\n',
    "tests/CMakeLists.txt": "ogee_test(runtime_tests runtime/dim.cpp)\n",
    "tests/runtime/dim.cpp": '#include "runtime/dim.h"\n',
    "tools/CMakeLists.txt": "ogee_program(ogee_tool main.cpp OUTPUT ogee)\n",
    "tools/main.cpp": '// run\n#include "frontend/ogee.h"\n',
    "tests/tools/main.test": "",
    "tools/check": "# --sanitize\n",
}
BAD = [  # check, file, its bad content, what the check says
    ("format", "runtime/dim.cpp", "int  x;\n", "not formatted"),
    ("includes", "runtime/dim.cpp", '#include "llvm/ADT/X.h"\n', "runtime/ includes llvm/ADT/X.h"),
    ("includes", "runtime/dim.cpp", '#include "frontend/ogee.h"\n', "runtime/ includes frontend/ogee.h"),
    ("includes", "ir/a.cpp", '#include "runtime/program.h"\n', "ir/ includes runtime/program.h"),
    ("includes", "passes/a.cpp", '#include "codegen/nest.h"\n', "passes/ includes codegen/nest.h"),
    ("includes", "passes/a.cpp", "int avx2;\n", "passes/ names a target"),
    ("includes", "tools/reference/a.cpp", '#include "passes/fuse.h"\n', "tools/reference/ includes passes/fuse.h"),
    ("includes", "examples/a.cpp", '#include "codegen/nest.h"\n', "examples/ includes codegen/nest.h"),
    ("includes", "codegen/a.cpp", '#include "nest.h"\n', "not written from the root"),
    ("sizes", "runtime/dim.cpp", "\n" * 501, "501 lines"),
    ("sizes", "runtime/README.md", "\n" * 41, "41 lines"),
    ("sizes", "a/b/c/d/e.txt", "", "4 folders deep"),
    ("sizes", "runtime/dim.cpp", "//" + "x" * 120 + "\n", "122 columns"),
    ("listed", "runtime/lost.cpp", "", "runtime/lost.cpp: in no CMakeLists.txt"),
    ("stems", "runtime/lost.cpp", "", "runtime/lost.cpp: no test of that name"),
    ("readme", "README.md", "```\ntools/chek\n```\n", "tools/chek is no command"),
    ("readme", "README.md", "```\ntools/check --fast\n```\n", "check knows no --fast"),
    ("readme", "README.md", "```sh\nogee fly\n```\n", "ogee knows no fly"),
    ("readme", "README.md", "```\nbuild/release/bin/demon\n```\n", "demon is no program"),
    ("paths", "README.md", "see /home/" "someone/ogee\n", "/home/"),
    ("public_headers", "runtime/dim.h", "std::vector<int> dims();\n", "runtime/dim.h: does not compile alone"),
    ("public_headers", "frontend/ogee.h", '#include "llvm/a.h"\n', "frontend/ogee.h: shows"),
]


def run(check, tree):
    """The check's exit status and output on a tree given as {path: content}."""
    with tempfile.TemporaryDirectory() as root:
        for path, content in tree.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(content)
            os.chmod(os.path.join(root, path), 0o755)
        result = subprocess.run([sys.executable, os.path.join(HERE, check + ".py"), root, COMPILER],
                                capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr


failures = []
for check in sorted({case[0] for case in BAD}):
    status, output = run(check, GOOD)
    if status:
        failures.append(f"{check}: refuses the good tree: {output}")
for check, path, content, said in BAD:
    extra = {"llvm/a.h": "\n"} if "shows" in said else {}
    status, output = run(check, {**GOOD, **extra, path: content})
    if status != 1 or said not in output:
        failures.append(f"{check}: on a bad {path} says: {output}")
print("\n".join(failures) or f"{len(BAD)} faults found as they should be")
sys.exit(bool(failures))
