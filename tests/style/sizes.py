"""Code files have at most 500 lines and 120 columns; folders are at most 3 deep; rooms' READMEs have 40 lines."""
import tree

CHECKED = tree.CODE + (".def", ".py", ".sh", ".cmake", "CMakeLists.txt")


def findings():
    for path in tree.files():
        if path.count("/") > 3:
            yield f"{path}: {path.count('/')} folders deep (at most 3)"
        lines = tree.read(path).splitlines() if path.endswith((*CHECKED, "README.md")) else []
        limit = 40 if path.endswith("/README.md") else 500
        if len(lines) > limit:
            yield f"{path}: {len(lines)} lines (at most {limit})"
        for number, line in enumerate(lines, 1):
            if len(line) > 120 and path.endswith(CHECKED):
                yield f"{path}:{number}: {len(line)} columns"


tree.report(list(findings()))
