"""The direction of dependence between the rooms, read from #include lines; and passes/ names no target."""
import re

import tree

VOCABULARY = {"runtime/" + stem + ".h" for stem in ("dtype", "dim", "shape", "result", "checked", "hash")}
BELOW = {  # room -> rooms whose headers it may include; ir and passes see the vocabulary of runtime only
    "runtime": {"runtime"},
    "ir": {"ir"},
    "passes": {"passes", "ir"},
    "codegen": {"codegen", "passes", "ir", "runtime"},
    "frontend": {"frontend", "codegen", "passes", "ir", "runtime"},
    "tools/reference": {"tools/reference", "ir"},
    "tools": {"tools", "tools/reference", "ogee", "frontend", "codegen", "passes", "ir", "runtime"},
    "tests": {"ogee", "tools/reference", *tree.ROOMS} - {"examples"},
    "examples": {"frontend", "examples", "ogee"},
}
MLIR_FREE = ("runtime", "examples")
SEES_VOCABULARY = ("ir", "passes", "tools/reference")
TARGETS = re.compile(r"cuda|nvptx|x86|avx|neon|aarch64", re.IGNORECASE)


def room_of(path):
    """The longest room name that the path starts with."""
    rooms = [room for room in (*BELOW, *tree.ROOMS) if path.startswith(room + "/")]
    return max(rooms, key=len, default=None)


def findings():
    for path in tree.files((".h", ".cpp", ".def", ".td")):
        room = room_of(path)
        if room is None:
            continue
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            match = re.match(r'\s*(?:#\s*)?include\s*[<"]([^">]+)[">]', line)
            if match:
                included = match.group(1)
                target = included.split("/")[0]
                if target in ("mlir", "llvm", "clang"):
                    if room in MLIR_FREE:
                        yield f"{path}:{number}: {room}/ includes {included}"
                    continue
                target = room_of(included) or ("ogee" if target == "ogee" else None)
                vocabulary = room in SEES_VOCABULARY and included in VOCABULARY
                if target and target not in BELOW[room] and not vocabulary:
                    yield f"{path}:{number}: {room}/ includes {included}"
                elif line.lstrip().startswith("#") and '"' in line and "/" not in included:
                    yield f"{path}:{number}: {included} is not written from the root"
            elif room == "passes" and TARGETS.search(line):
                yield f"{path}:{number}: passes/ names a target"


tree.report(list(findings()))
