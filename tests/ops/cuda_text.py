"""Proves the text of CUDA kernels without a GPU: rows of the op table run on it, compiled as C++ for this machine.

usage: cuda_text.py ops_tests source-folder work-folder <command> [test cases…]

  run <compiler> [order]
    The tests (all rows if none is named) run once to collect the kernels, which are compiled here, and once more on
    them: against the interpreter as ever, and bit for bit against the code for this machine, under the orders of
    threads 0, 1 and 2, or the one that is given.
  sanitize <g++>
    The same, and the first call of every kernel is recorded; calls run again under ASan and UBSan (in the three orders)
    and under TSan, and so do planted faults, each of which must be found.
  nvrtc <architectures>
    Collects the kernels and compiles them with NVRTC for each (sm_80,sm_90a); counts spills. Skipped where there is
    no NVRTC.

What was compiled before is not compiled again."""
import concurrent.futures
import ctypes
import hashlib
import os
import pathlib
import re
import subprocess
import sys

tests, source, work, command, *rest = sys.argv[1:]
source, work = pathlib.Path(source), pathlib.Path(work)
FLAGS = ["-std=c++20", "-w", "-fPIC", "-ffp-contract=off", "-fno-strict-aliasing", "-I", str(source)]
ADDRESS = ["-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
THREAD = ["-O1", "-g1", "-fsanitize=thread"]
FAULTS = {  # what finds which
    "address": ["bounds", "shared", "alignment", "overflow", "divergent"],
    "thread": ["barrier", "warp", "late_barrier", "twice", "divergent"],
}
shim = b"".join((source / "tests/cuda" / name).read_bytes() for name in ("shim.h", "record.h", "fake/kernel.h"))
pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())


def run(mode, cases, **more):
    environment = {**os.environ, "OGEE_CACHE_DIR": "", "OGEE_TEST_CUDA": f"{mode}:{work}", **more}
    return subprocess.run([tests, ",".join(cases) or "[ops]"], env=environment).returncode


def collect(cases):
    """The files of kernels, in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    for old in work.glob("*.cpp"):
        old.unlink()
    if run("collect", cases):
        sys.exit("collecting kernels failed")
    files = sorted(work.glob("*.cpp"))
    for other in list(work.glob("*.so")) + list(work.glob("*.stamp")):
        if work / (other.name.split(".")[0] + ".cpp") not in files:
            other.unlink()
    return files


def once(made, inputs, make):
    """`make()`, unless it was made of these inputs before; its result is kept in a file beside."""
    stamp = made.with_name(made.name + ".stamp")
    key = hashlib.sha256(b"\0".join(inputs)).hexdigest()
    if made.exists() and stamp.exists():
        known, _, result = stamp.read_text().partition("\n")
        if known == key:
            return result
    result = make() or ""
    stamp.write_text(key + "\n" + result)
    return result


def build(compiler, flags, inputs, output):
    arguments = [compiler, *FLAGS, *flags, *map(str, inputs), "-o", str(output)]
    texts = [path.read_bytes() for path in inputs]
    once(output, [*texts, shim, " ".join(arguments).encode()], lambda: subprocess.run(arguments, check=True) and None)
    return output


def run_rows(files, compiler, cases, orders, **more):
    """The rows on kernels that are compiled for this machine; whether any fails."""
    list(pool.map(lambda path: build(compiler, ["-O0", "-shared"], [path], path.with_suffix(".so")), files))
    print(len(files), "files of kernels", flush=True)
    return max(run("run", cases, OGEE_SHIM_ORDER=order, **more) for order in orders)


def replay_calls(compiler, files, calls, name, flags, orders):
    """The recorded calls under a sanitizer; whether all leave what they left before."""
    def compile_file(path):
        return build(compiler, [*flags, "-c"], [path], work / f"{path.stem}.{name}.o")

    inputs = [source / "tests/ops/cuda_replay.cpp", *pool.map(compile_file, files)]
    program = build(compiler, [*flags, "-rdynamic"], inputs, work / f"replay_{name}")
    print(name, "sanitizer:", flush=True)
    return all(subprocess.run([program, *calls], env={**os.environ, "OGEE_SHIM_ORDER": order}).returncode == 0
               for order in orders)


def finds_faults(compiler, name, flags):
    program = build(compiler, flags, [source / "tests/ops/cuda_faults.cpp"], work / f"faults_{name}")
    fails = lambda fault: subprocess.run([program, fault], capture_output=True).returncode != 0
    missed = [fault for fault in FAULTS[name] if not fails(fault)] + (["none"] if fails("none") else [])
    print(f"{name} sanitizer: {len(FAULTS[name])} faults planted, wrong about {len(missed)}", *missed, flush=True)
    return not missed


def sanitize(compiler, cases):
    files = collect(cases)
    calls = work / "calls"
    calls.mkdir(exist_ok=True)
    for old in calls.glob("*.call"):
        old.unlink()
    if run_rows(files, compiler, cases, "0", OGEE_SHIM_RECORD=str(calls)):
        return 1
    recorded = sorted(calls.glob("*.call"))
    fine = bool(recorded)
    for name, flags, orders in ("address", ADDRESS, "012"), ("thread", THREAD, "0"):
        fine = finds_faults(compiler, name, flags) and fine
        fine = replay_calls(compiler, files, recorded, name, flags, orders) and fine
    return not fine


def open_nvrtc():
    folders = [os.environ.get("OGEE_CUDA_PATH", "") + "/lib64/", "", "/usr/local/cuda/lib64/"]
    for name in "libnvrtc.so.13", "libnvrtc.so.12":
        for folder in folders:
            try:
                return ctypes.CDLL(folder + name)
            except OSError:
                pass
    return None


def compile_for(nvrtc, path, architecture):
    """A line on what NVRTC makes of a file."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    options = [f"--gpu-architecture={architecture}", "--std=c++17", "--fmad=false", "--disable-warnings",
               "--ptxas-options=-v"]
    if nvrtc.nvrtcCreateProgram(ctypes.byref(program), path.read_bytes(), path.name.encode(), 0, None, None):
        sys.exit("NVRTC makes no program")
    texts = (ctypes.c_char_p * len(options))(*map(str.encode, options))
    status = nvrtc.nvrtcCompileProgram(program, len(options), texts)
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    if status:
        sys.exit(f"{path}: {log.value.decode()}")
    spills = [int(spilled) for spilled in re.findall(r"(\d+) bytes spill stores", log.value.decode())]
    return f"{len(spills)} {sum(spilled > 0 for spilled in spills)}"


def nvrtc_all(architectures, cases):
    nvrtc = open_nvrtc()
    if not nvrtc:
        print("skipped: no NVRTC")
        return 0
    files = collect(cases)

    def numbers(path, architecture):
        made = path.with_suffix(f".{architecture}")
        return once(made, [path.read_bytes(), architecture.encode()],
                    lambda: made.write_text("") or compile_for(nvrtc, path, architecture))

    for architecture in architectures:
        totals = [map(int, line.split()) for line in pool.map(lambda path: numbers(path, architecture), files)]
        kernels, spilling = map(sum, zip(*totals))
        print(f"{architecture}: {kernels} kernels compile, {spilling} spill registers", flush=True)
    return 0


if command == "run":
    compiler, *cases = rest
    orders, cases = (cases[0], cases[1:]) if cases[:1] and cases[0].isdigit() else ("012", cases)
    sys.exit(run_rows(collect(cases), compiler, cases, orders))
if command == "sanitize":
    sys.exit(sanitize(rest[0], rest[1:]))
if command == "nvrtc":
    sys.exit(nvrtc_all(rest[0].split(","), rest[1:]))
sys.exit(__doc__)
