"""The commands in the READMEs' code blocks exist: files of the tree, programs, `ogee` commands, flags."""
import os
import re

import tree


def commands(text):
    """Lines of fenced blocks that are for a shell."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if language in ("", "sh", "bash", "console"):
            yield from (line.removeprefix("$ ").strip() for line in block.splitlines())


def programs():
    """Names of the programs that the CMake files make."""
    text = "\n".join(tree.read(path) for path in tree.files(("CMakeLists.txt",)))
    names = set(re.findall(r"ogee_(?:program|test)\(\s*([\w-]+)", text)) | set(re.findall(r"OUTPUT\s+([\w-]+)", text))
    return names


def known_words(command):
    """The source of a script or of the tools, where its flags and sub-commands must appear."""
    if command.startswith("tools/"):
        return tree.read(command)
    return "".join(tree.read(path) for path in tree.files((".cpp",), "tools"))


def wrong(line):
    words = [word for word in re.sub(r"#.*", "", line).split() if not re.match(r"^\w+=", word)]
    if not words:
        return None
    name = os.path.basename(words[0])
    if words[0].startswith(("tools/", ".ci/")):
        if not os.access(os.path.join(tree.root(), words[0]), os.X_OK):
            return f"{words[0]} is no command"
    elif words[0].startswith("build/") or name in ("ogee", "ogee-opt"):
        if name not in programs():
            return f"{name} is no program"
    else:
        return None
    said = known_words(words[0])
    if name in ("check", "demo", "ogee"):
        flags = [word.split("=")[0] for word in words[1:] if word.startswith("--") and word != "--help"]
        sub = [words[1]] if name == "ogee" and len(words) > 1 and words[1].isalpha() else []
        missing = [word for word in flags + sub if word.lstrip("-") not in said]
        return f"{name} knows no {missing[0]}" if missing else None
    return None


def findings():
    for path in tree.files(("README.md",)):
        for line in commands(tree.read(path)):
            problem = wrong(line)
            if problem:
                yield f"{path}: `{line}`: {problem}"


tree.report(list(findings()))
