"""Turns ctest's JUnit report into lines of tools/check's summary: suite, pass or FAIL, counts, seconds.

summary.py <report.xml> <preset>"""
import re
import sys
import xml.etree.ElementTree

COUNTS = (  # what the last lines of a suite say: Catch2's, lit's, unittest's
    re.compile(r"All tests passed \((\d+ assertions? in \d+ test cases?)\)"),
    re.compile(r"test cases: *(\d+ \|.*)"),
    re.compile(r"(Passed *: *\d+)"),
    re.compile(r"(\d+ findings)"),
    re.compile(r"Ran (\d+ tests?) in"),
    re.compile(r"(skipped: .*)"),
)


def counts(output):
    found = [match.group(1) for pattern in COUNTS for match in pattern.finditer(output)]
    return re.sub(r"\s+", " ", found[-1]).strip() if found else ""


path, preset = sys.argv[1:]
for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
    passed = case.get("status") == "run"
    output = case.findtext("system-out") or ""
    suite = case.get("name") + ("" if preset == "release" else f" ({preset})")
    print(suite, "pass" if passed else "FAIL", counts(output), case.get("time"), sep="\t")
