"""Makes the folder that gpu-check needs on a machine without LLVM, and packs it.

pack.py <build tree> <folder> [--archive <file.tar.xz>] [--fast]

  bin/       gpu-check and what it starts
  lib/       every shared library that they need; glibc's and CUDA's are those of the machine that runs them
  share/     programs for sm_90, with arguments and expected results
  gpu-check  runs bin/gpu-check on these libraries

The archive has 54.7 MB on Debian 12, after two and a half minutes of one processor: 129 MB of LLVM, 66 of MLIR, 31 of
ICU's data (LLVM needs libxml2, which needs it) and 23 of Z3. --fast compresses little, and allows for it: for tests."""
import argparse
import os
import platform
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 60e6       # bytes of the archive
FAST_LIMIT = 80e6  # of one that is compressed in seconds
GLIBC = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|mvec|anl|nsl|BrokenLocale))\.so\.\d+")
TOOLS = ("ldd", "strip", "tar", "xz")


def fail(*words):
    sys.exit("gpu-pack: " + " ".join(words))


def run(*command, **more):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no reason given"]
        fail(os.path.basename(command[0]), "failed:", lines[-1])
    return result.stdout


def programs_of(build):
    """The files of gpu-check and of what it starts, which the build tree lists."""
    listed = os.path.join(build, "gpu_check_programs.txt")
    if not os.path.exists(listed):
        fail(f"{build} is no build tree; hint: tools/gpu-pack makes one")
    with open(listed, encoding="utf-8") as file:
        programs = file.read().split()
    for program in programs:
        if not os.path.exists(program):
            fail(f"{program} is missing; hint: build the target gpu_check_programs")
    return programs


def libraries_of(programs):
    """{name: file} of all shared libraries that programs need but for glibc's."""
    found = {}
    for program in programs:
        for name, _, path in re.findall(r"^\s*(\S+) => (not found|(\S+))", run("ldd", program), re.M):
            if GLIBC.fullmatch(name):
                continue
            if not path:
                fail(f"{program} needs {name}, which is not found")
            found[name] = path
    return found


def copy(files, folder):
    """Copies {name: file}, without the symbols that only debuggers read."""
    os.makedirs(folder)
    for name, file in files.items():
        shutil.copy(file, os.path.join(folder, name))
    run("strip", *(os.path.join(folder, name) for name in files))


def clear(folder):
    """Makes the folder, or removes what an earlier run has left there."""
    if os.path.exists(folder) and not os.path.exists(os.path.join(folder, "gpu-check")):
        fail(f"{folder} is there, and not of gpu-pack")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.copy(os.path.join(HERE, "gpu-check"), folder)


def fill(build, folder):
    programs = programs_of(build)
    copy({os.path.basename(program): program for program in programs}, os.path.join(folder, "bin"))
    copy(libraries_of(programs), os.path.join(folder, "lib"))
    run(programs[0], "--make-programs", os.path.join(folder, "share", "programs"))


def compress(folder, archive, fast):
    """Packs the folder; the bytes of the archive, the same for the same folder."""
    branches = {"x86_64": ["--x86"], "aarch64": ["--arm64"]}.get(platform.machine(), [])
    level = "0" if fast else "9"
    parent, name = os.path.split(os.path.abspath(folder))
    with open(archive, "wb") as file:
        tar = subprocess.Popen(["tar", "-C", parent, "--sort=name", "--owner=0", "--group=0", "--numeric-owner",
                                "--mtime=@0", "-c", name], stdout=subprocess.PIPE)
        xz = subprocess.run(["xz", "-T0", *branches, f"--lzma2=preset={level}"], stdin=tar.stdout, stdout=file)
    if tar.wait() or xz.returncode:
        os.remove(archive)
        fail(f"cannot pack {folder} as {archive}")
    return os.path.getsize(archive)


def main():
    parser = argparse.ArgumentParser(prog="gpu-pack")
    parser.add_argument("build")
    parser.add_argument("folder")
    parser.add_argument("--archive")
    parser.add_argument("--fast", action="store_true")
    arguments = parser.parse_args()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        fail("needs", ", ".join(missing))
    programs_of(arguments.build)
    try:
        if arguments.archive:
            open(arguments.archive, "wb").close()  # before the minutes that the rest takes
        clear(arguments.folder)
        fill(arguments.build, arguments.folder)
        if not arguments.archive:
            return
        size = compress(arguments.folder, arguments.archive, arguments.fast)
    except OSError as error:
        fail(f"cannot write {error.filename}: {error.strerror}")
    limit = FAST_LIMIT if arguments.fast else LIMIT
    if size > limit:
        fail(f"{arguments.archive} has {size / 1e6:.1f} MB, more than {limit / 1e6:.0f}")
    print(f"{arguments.archive}: {size / 1e6:.1f} MB")


main()
