"""No path of one machine or user stands in the tree: the folder it lies in, home directories."""
import os
import re

import tree

folders = [re.escape(folder + "/") for folder in (tree.root(), os.path.expanduser("~")) if len(folder) > 1]
LOCAL = re.compile(r"(?<![\w.})])(?:" + "|".join([*folders, r"/(?:home|Users)/[a-z]\w*/"]) + ")")


def findings():
    for path in tree.files():
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            match = LOCAL.search(line)
            if match and not path.startswith("tests/style/"):
                yield f"{path}:{number}: {match.group(0)}"


tree.report(list(findings()))
