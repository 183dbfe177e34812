"""Every .cpp is named in the CMakeLists.txt of its folder or of a folder above it."""
import os
import re

import tree


def words(folder):
    """What a folder's CMake files name (all .cmake files for the folder cmake/)."""
    paths = [path for path in tree.files(("CMakeLists.txt", ".cmake")) if os.path.dirname(path) == folder]
    text = " ".join(re.sub(r"#.*", "", tree.read(path)) for path in paths)
    return {word.split("}/")[-1] for word in re.split(r"[\s()\"]+", text)}


def is_listed(path):
    folder = os.path.dirname(path)
    while True:
        if os.path.relpath(path, folder or ".") in words(folder):
            return True
        if not folder:
            return False
        folder = os.path.dirname(folder)


tree.report([f"{path}: in no CMakeLists.txt" for path in tree.files((".cpp",)) if not is_listed(path)])
