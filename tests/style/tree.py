"""What every style check starts from: the files of the tree, and how findings are reported."""
import os
import shutil
import subprocess
import sys

CODE = (".h", ".cpp", ".td")
ROOMS = ("runtime", "ir", "passes", "codegen", "frontend", "tools", "tests", "examples")


def root():
    """The tree to check: the first argument, or the one that this file stands in."""
    default = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    return os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else default)


def tracked():
    """What git tracks or would add; nothing where there is no git or no checkout."""
    if not shutil.which("git"):
        return []
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    return subprocess.run(command, cwd=root(), capture_output=True, text=True, check=False).stdout.splitlines()


def walked():
    """Every file but the build's: what stands for `tracked` in a tree that was unpacked from an archive."""
    paths = [os.path.relpath(os.path.join(folder, name), root())
             for folder, _, names in os.walk(root()) for name in names]
    return [path for path in paths if not path.startswith((".git/", "build/")) and "__pycache__" not in path]


def files(suffixes=("",), room=""):
    """Paths relative to the root, of those files whose names end in one of the suffixes, within a folder."""
    paths = {path for path in tracked() or walked() if os.path.isfile(os.path.join(root(), path))}
    inside = room + "/" if room else ""
    return sorted(path for path in paths if path.endswith(tuple(suffixes)) and path.startswith(inside))


def read(path):
    with open(os.path.join(root(), path), encoding="utf-8", errors="replace") as file:
        return file.read()


def report(findings):
    """Prints the findings, one a line; the exit status says whether there are any."""
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)
