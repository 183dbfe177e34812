"""Libraries for other processors: for aarch64 they run under an emulator, for RISC-V they compile.

aot_cross_test.py <build tree>"""
import os
import shutil
import sys
import unittest

import aot_test
from aot_test import HERE, LIBRARIES, build, companion, library, make, manifest, output

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
POINTWISE = ("pointwise",)
aot_test.work = os.path.join(build, "aot_cross_test")


def setUpModule():
    shutil.rmtree(aot_test.work, ignore_errors=True)


class Cross(unittest.TestCase):
    def test_aarch64(self):
        """The golden numbers are this machine's: alike bit for bit where nothing is summed, else within tolerance."""
        folder = make("arm", "", "generic", "aarch64-linux-gnu")
        for name in LIBRARIES:
            program = companion("run", name, folder, COMPILER, "-static")
            exact = ["--exact"] if name in POINTWISE else []
            shown = output(EMULATOR, program, "--selftest", *exact)
            self.assertIn(f"{name} on generic, {'bit for bit' if exact else 'within tolerance'}: passed", shown)
            shown = output(EMULATOR, companion("bounds", name, folder, COMPILER, "-static", source=HERE))
            self.assertIn("calls stay within bounds", shown)
            undefined = manifest(name, folder)["variants"][0]["undefined"]
            self.assertLessEqual(set(undefined), {"memcpy", "memset", "memmove", "exp", "log"})
            listed = output("aarch64-linux-gnu-nm", "-u", library(name, folder)).splitlines()
            self.assertEqual(undefined, sorted(line.split()[-1] for line in listed))

    def test_riscv64(self):
        folder = os.path.join(aot_test.work, "riscv")
        output(os.path.join(build, "bin", "ogee"), "aot", os.path.join(HERE, "scale.mlir"), "--name", "scale", "-o",
               folder, "--triple", "riscv64-linux-gnu", "--cpu", "generic-rv64")
        with open(library("scale", folder), "rb") as file:
            self.assertEqual(file.read(20)[18], 0xf3)  # EM_RISCV


if __name__ == "__main__":
    if not shutil.which(COMPILER) or not shutil.which(EMULATOR):
        print(f"skipped: needs {COMPILER} and {EMULATOR}, from the packages that tools/check installs")
        sys.exit(0)
    unittest.main(verbosity=2)
