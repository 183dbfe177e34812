"""Runs rows of the op table on the text of CUDA kernels, compiled as C++ for this machine: no GPU is needed.

usage: cuda_text.py ops_tests compiler source-folder work-folder [--order n] [test cases…]

The tests (all rows if none is named) run once to collect the kernels, which are compiled here, and once more on them:
against the interpreter as ever, and bit for bit against the code for this machine, under the orders of threads 0, 1 and
2, or the one that is given. What was compiled before is not compiled again."""
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys

tests, compiler, source, work, *cases = sys.argv[1:]
work = pathlib.Path(work)
orders = "012"
if cases[:1] == ["--order"]:
    orders, *cases = cases[1:]
work.mkdir(parents=True, exist_ok=True)
FLAGS = ["-std=c++20", "-O0", "-w", "-fPIC", "-shared", "-ffp-contract=off", "-fno-strict-aliasing", "-I", source]
shim = b"".join((pathlib.Path(source) / "tests/cuda" / name).read_bytes() for name in ("shim.h", "fake/kernel.h"))


def run(mode, **more):
    environment = {**os.environ, "OGEE_CACHE_DIR": "", "OGEE_TEST_CUDA": f"{mode}:{work}", **more}
    return subprocess.run([tests, ",".join(cases) or "[ops]"], env=environment).returncode


def compile_file(path):
    library, stamp = path.with_suffix(".so"), path.with_suffix(".stamp")
    key = hashlib.sha256(path.read_bytes() + shim + " ".join([compiler, *FLAGS]).encode()).hexdigest()
    if library.exists() and stamp.exists() and stamp.read_text() == key:
        return
    subprocess.run([compiler, *FLAGS, "-o", library, path], check=True)
    stamp.write_text(key)


for old in work.glob("*.cpp"):
    old.unlink()
if run("collect"):
    sys.exit("collecting kernels failed")
files = sorted(work.glob("*.cpp"))
for library in work.glob("*.so"):
    if library.with_suffix(".cpp") not in files:
        library.unlink()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    list(pool.map(compile_file, files))
print(len(files), "files of kernels")
sys.exit(max(run("run", OGEE_SHIM_ORDER=order) for order in orders))
