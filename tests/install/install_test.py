"""Installs the build tree and builds two small CMake projects against it, as users do: model/ with ogee::ogee (the
program of the README) and loader/ with ogee::runtime, which must drag in neither LLVM nor MLIR, and runs a program that
the installed tool has made.

install_test.py <build tree> <cmake>"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools", "inputs"))
import npz  # noqa: E402
build, cmake = os.path.abspath(sys.argv[1]), sys.argv[2]
work = os.path.join(build, "install_test")
prefix = os.path.join(work, "prefix")


def run(*command):
    """The output of a command; the end of the test if it fails."""
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def built(project):
    """Builds the project with the system's own compiler and every warning; gives the program."""
    tree = os.path.join(work, project)
    run(cmake, "-G", "Ninja", "-S", os.path.join(HERE, project), "-B", tree, "-DCMAKE_PREFIX_PATH=" + prefix,
        "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
    run(cmake, "--build", tree)
    return os.path.join(tree, project)


def read(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


shutil.rmtree(work, ignore_errors=True)
os.environ["OGEE_CACHE_DIR"] = os.path.join(work, "cache")
run(cmake, "--install", build, "--prefix", prefix)
for tool in ("ogee", "ogee-opt"):
    run(os.path.join(prefix, "bin", tool), "--help")

output = run(built("model"))
if not output.startswith("1"):
    sys.exit("eager and compiled differ:\n" + output)
loader = built("loader")
npz.write(os.path.join(work, "w.npz"), total=("<f4", [3], [10, 20, 30]))
program = os.path.join(work, "p.ogee")
run(os.path.join(prefix, "bin", "ogee"), "compile", os.path.join(HERE, "loader", "program.mlir"), "--weights",
    os.path.join(work, "w.npz"), "-o", program)
run(loader, program)
libraries = run("ldd", loader)
if "LLVM" in libraries or "MLIR" in libraries:
    sys.exit("ogee::runtime needs LLVM:\n" + libraries)

readme = re.search(r"^```cpp\n(.*?)^```", read("..", "..", "README.md"), re.MULTILINE | re.DOTALL).group(1)
if readme != read("model", "model.cpp").split("\n", 1)[1]:
    sys.exit("the README's program is not model.cpp")
