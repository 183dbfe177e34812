"""Every .h and .cpp is as clang-format-19 writes it. Mend: clang-format-19 -i $(git ls-files '*.h' '*.cpp')."""
import shutil
import subprocess

import tree


def findings():
    command = [shutil.which("clang-format-19") or "clang-format", "--dry-run", "-Werror", *tree.files((".h", ".cpp"))]
    result = subprocess.run(command, cwd=tree.root(), capture_output=True, text=True)
    wrong = {line.split(":")[0] for line in result.stderr.splitlines() if "[-Wclang-format-violations]" in line}
    if result.returncode and not wrong:
        yield result.stderr.strip()
    yield from (f"{path}: not formatted" for path in sorted(wrong))


tree.report(list(findings()))
