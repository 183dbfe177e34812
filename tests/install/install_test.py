"""Installs the build tree and builds small CMake projects against it, as users do: model/ with ogee::ogee (the
program of the README) and loader/ with ogee::runtime, which must drag in neither LLVM nor MLIR, and runs a program that
the installed tool has made. Then examples/aot and library/, which compile ahead of time.

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


def run(*command, fails=False):
    """The output of a command; the end of the test if it fails, or does not when it should."""
    result = subprocess.run(command, capture_output=True, text=True)
    if bool(result.returncode) != fails:
        sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout + (result.stderr if fails else "")


def configured(project, *options, fails=False):
    """Configures the project for the system's own compilers and every warning; gives its build tree, or the error."""
    tree = os.path.join(work, os.path.basename(project))
    output = run(cmake, "-G", "Ninja", "-S", os.path.join(HERE, project), "-B", tree, "-DCMAKE_PREFIX_PATH=" + prefix,
                 "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", *options,
                 fails=fails)
    return output if fails else tree


def built(project):
    """Builds the project; gives the program."""
    tree = configured(project)
    run(cmake, "--build", tree)
    return os.path.join(tree, project)


def must_say(text, *parts):
    words = " ".join(text.split())
    for part in parts:
        if part not in words:
            sys.exit(f"not said: {part}\n{text}")


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

run(built("library"))
must_say(run("ar", "t", os.path.join(work, "library", "aot", "twice_arm", "libtwice_arm.a")), "twice_arm.o")
must_say(run(os.path.join(work, "library", "aot", "twice", "twice.run"), "--selftest"), "bit for bit: passed")
must_say(run(os.path.join(work, "library", "aot", "twice", "twice.bench"), "--seconds", "0.01"), "forward: p50")
must_say(configured("library", "-DLANGUAGES=CXX", "--fresh", fails=True),
         "ogee_add_aot_library(twice): twice.run and twice.bench are C programs: add C to the languages of project()")
must_say(run(cmake, "--build", configured("library", "-DENTRIES=forward;backward", "--fresh"), fails=True),
         "no function backward")
examples = configured(os.path.join("..", "..", "examples", "aot"))
run(cmake, "--build", examples)
run(os.path.join(os.path.dirname(cmake), "ctest"), "--test-dir", examples)

readme = re.search(r"^```cpp\n(.*?)^```", read("..", "..", "README.md"), re.MULTILINE | re.DOTALL).group(1)
if readme != read("model", "model.cpp").split("\n", 1)[1]:
    sys.exit("the README's program is not model.cpp")
