"""Compiles models ahead of time and uses what came out as people do: with a C compiler, in a folder of its own.

aot_test.py <build tree>"""
import filecmp
import hashlib
import itertools
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import time
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
build = os.path.abspath(sys.argv.pop(1))
work = os.path.join(build, "aot_test")
models = os.path.join(work, "models")
STRICT = ["-O1", "-Wall", "-Wextra", "-pedantic", "-Werror"]
LIBRARIES = ("mlp", "encoder", "control", "pointwise", "types", "wide", "embedded", "names")
LIBM = {"exp", "log", "sin", "cos", "tan", "tanh", "pow", "erf", "log1p", "expm1", "fma", "floor", "ceil", "rint",
        "round", "trunc", "sqrt"}
on_x86 = platform.machine() == "x86_64"


def output(*command, folder=None, status=0):
    """What a command prints; the test fails unless it ends with this status."""
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300)
    if result.returncode != status:
        raise AssertionError(f"{' '.join(command)}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout + result.stderr


def make(folder, *options):
    """The libraries of models.cpp in a folder of the work folder."""
    path = os.path.join(work, folder)
    os.makedirs(path)
    output(os.path.join(build, "bin", "aot_models"), path, *options)
    return path


def library(name, folder):
    """The object or archive of a library."""
    path = os.path.join(folder, name + ".o")
    return path if os.path.exists(path) else os.path.join(folder, f"lib{name}.a")


def compiled(program, *command, folder=models, libraries=("mlp",)):
    """A program from sources of these tests and libraries."""
    path = os.path.join(work, program)
    output(*command, "-I" + folder, "-o", path, *(library(name, folder) for name in libraries), "-lm")
    return path


def companion(kind, name, folder, compiler="cc", *options, source=os.path.join(SOURCE, "tools", "aot")):
    """`<library>.run` or `<library>.bench`, or another program that suits any library, beside the library's files."""
    path = os.path.join(folder, f"{name}.{kind}")
    output(compiler, *STRICT, *options, f"-I{SOURCE}", f"-I{folder}", f"-DOGEE_LIBRARY={name}",
           f'-DOGEE_HEADER="{name}.h"', os.path.join(source, kind + ".c"), library(name, folder), "-lm", "-o", path)
    return path


def here(name):
    return os.path.join(HERE, name)


def manifest(name, folder=models):
    with open(os.path.join(folder, name + ".manifest.json"), encoding="utf-8") as file:
        return json.load(file)


def weights(name="mlp", folder=models):
    return os.path.join(folder, name + ".weights.safetensors")


def setUpModule():
    shutil.rmtree(work, ignore_errors=True)
    make("models")


class Object(unittest.TestCase):
    def test_it_needs_what_the_manifest_says(self):
        for name in LIBRARIES:
            said = manifest(name)["variants"][0]["undefined"]
            shown = output("nm", "-u", os.path.join(models, name + ".o"))
            self.assertEqual(said, sorted(line.split()[-1] for line in shown.splitlines()), name)
            self.assertLessEqual(set(said), {"memcpy", "memset", "memmove"} | LIBM, name)
        self.assertEqual(manifest("wide")["variants"][0]["undefined"], ["exp", "log"])

    def test_it_keeps_nothing(self):
        """No writable memory, nothing that runs at the start, one name for others to link."""
        for name in LIBRARIES:
            path = os.path.join(models, name + ".o")
            for size, section in self.sections(path):
                self.assertFalse(section.startswith((".init_array", ".ctors", ".tdata", ".tbss")), name)
                if size and section.startswith((".data", ".bss")):
                    self.assertTrue(section.startswith(".data.rel.ro"), f"{name}: {section}")
            names = [line.split()[-1] for line in output("nm", "--defined-only", "-g", path).splitlines()]
            expected = [name + "_code_native"] + (["embedded_embedded_state"] if name == "embedded" else [])
            self.assertEqual(sorted(names), expected)

    @staticmethod
    def sections(path):
        for line in output("objdump", "-hw", path).splitlines():
            words = line.split()
            if words and words[0].isdigit():
                yield int(words[2], 16), words[1]

    def test_sizes(self):
        code = {name: manifest(name)["variants"][0]["code_bytes"] for name in LIBRARIES}
        runtime = os.path.join(work, "libogee_runtime.so")
        shutil.copy(os.path.join(build, "lib", "libogee_runtime.so"), runtime)
        output("strip", runtime)
        print(f"bytes of code: {code}; the runtime library, stripped: {os.path.getsize(runtime)}")
        self.assertLess(code["mlp"], 64 << 10)
        self.assertLess(code["encoder"], 200 << 10)
        self.assertLess(os.path.getsize(runtime), 1 << 20)
        for name in ("mlp", "encoder"):
            self.assertLess(os.path.getsize(os.path.join(models, name + ".o")), 200 << 10)

    def test_the_manifest_lists_all_files(self):
        for name in LIBRARIES:
            for file in manifest(name)["files"]:
                with open(os.path.join(models, file["name"]), "rb") as opened:
                    content = opened.read()
                self.assertEqual(file["bytes"], len(content))
                self.assertEqual(file["sha256"], hashlib.sha256(content).hexdigest())
        listed = {file["name"] for name in LIBRARIES for file in manifest(name)["files"]}
        self.assertEqual(listed | {name + ".manifest.json" for name in LIBRARIES}, set(os.listdir(models)) -
                         {f"{name}.{kind}" for name in LIBRARIES for kind in ("run", "bench", "bounds")})

    def test_twice_the_same_bytes(self):
        again = make("again")
        for file in os.listdir(again):
            self.assertTrue(filecmp.cmp(os.path.join(models, file), os.path.join(again, file), shallow=False), file)


class Programs(unittest.TestCase):
    def check_selftests(self, folder, variant, suffix=""):
        for name in LIBRARIES:
            shown = output(companion("run", name + suffix, folder), "--selftest", folder="/")
            self.assertIn(f"{name}{suffix} on {variant}, bit for bit: passed", shown)
            shown = output(companion("bounds", name + suffix, folder, source=HERE))
            self.assertIn("calls stay within bounds", shown)

    def test_selftest(self):
        self.check_selftests(models, "native")
        shown = output(os.path.join(models, "mlp.run"), "--info")
        for part in ("mlp: abi", "batch in 1..32", "probabilities: f32 of rank 2, output", "state random_key: i64"):
            self.assertIn(part, shown)

    def test_golden_numbers_are_numbers(self):
        """NaN would be equal to any NaN: labels are small enough for the model."""
        for name in LIBRARIES:
            with zipfile.ZipFile(os.path.join(models, name + "_golden.npz")) as archive:
                for member in archive.namelist():
                    content = archive.read(member)
                    begin = 10 + struct.unpack_from("<H", content, 8)[0]
                    item = {b"'<f4'": "f", b"'<f8'": "d"}.get(content[10:begin].split(b", ")[0].split(b": ")[1])
                    numbers = [x for x, in struct.iter_unpack("<" + item, content[begin:])] if item else []
                    self.assertFalse(any(x != x for x in numbers), f"{name}: {member}")

    @unittest.skipUnless(on_x86, "code for x86-64")
    def test_selftest_of_another_cpu(self):
        self.check_selftests(make("v3", "", "x86-64-v3"), "x86-64-v3")

    @unittest.skipUnless(on_x86, "code for x86-64")
    def test_selftest_of_several_cpus(self):
        folder = make("several", "", "x86-64-v3,x86-64-v4")
        self.assertEqual([v["name"] for v in manifest("mlp", folder)["variants"]], ["x86-64-v4", "x86-64-v3"])
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            level = "x86-64-v4" if "avx512bw" in file.read() else "x86-64-v3"
        self.check_selftests(folder, level)
        self.assertEqual(sorted(output("ar", "t", library("mlp", folder)).split()),
                         ["mlp.x86-64-v3.o", "mlp.x86-64-v4.o"])

    def test_selftest_sees_a_difference(self):
        damaged = os.path.join(work, "damaged.safetensors")
        with open(weights(), "rb") as file:
            content = bytearray(file.read())
        content[-5000] ^= 64
        with open(damaged, "wb") as file:
            file.write(content)
        self.assertIn("FAILED", output(companion("run", "mlp", models), "--selftest", "--weights", damaged, status=1))

    def test_bench(self):
        shown = output(companion("bench", "mlp", models), "--seconds", "0.1", "--dim", "batch=4", folder="/")
        self.assertRegex(shown, r"forward: p50 [\d.]+ us, p99 [\d.]+ us, \d+ calls, batch = 4\ntrain_step: p50 ")
        shown = output(companion("bench", "control", models), "--seconds", "0.01", "--entry", "choose", folder="/")
        self.assertRegex(shown, r"^choose: p50 .*, n = 16\n$")
        self.assertEqual(output(os.path.join(models, "mlp.bench"), "--dim", "batch=40", status=1),
                         "mlp: batch: is out of its range\n")
        self.assertEqual(output(os.path.join(models, "mlp.bench"), "--entry", "f", status=1),
                         "mlp: f: there is no such entry\n")


class Use(unittest.TestCase):
    def test_where_there_is_nothing_else(self):
        """In a folder with the object, the header and a program; the environment names no other folder."""
        folder = os.path.join(work, "alone")
        os.makedirs(folder)
        for path in (here("first.c"), here("support.h"), library("mlp", models), os.path.join(models, "mlp.h"),
                     weights()):
            shutil.copy(path, folder)
        shown = subprocess.run("cc first.c mlp.o -lm -o first && ./first mlp.weights.safetensors && ldd first",
                               shell=True, cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertTrue(shown.stdout.startswith("mlp: nothing is wrong\n"))
        self.assertNotIn("ogee", shown.stdout)

    def test_first_inference(self):
        program, times = compiled("first", "cc", "-O2", here("first.c")), []
        for _ in range(20):
            start = time.perf_counter()
            output(program, weights())
            times.append(1e3 * (time.perf_counter() - start))
        print(f"start, weights, first inference: {min(times):.2f} ms at best, {sorted(times)[10]:.2f} ms in the middle")
        self.assertLess(min(times), 100)

    def test_weights_in_the_object(self):
        output(compiled("embedded_test", "cc", *STRICT, here("embedded.c"), libraries=("embedded",)))

    def test_two_models_and_a_copy(self):
        for name, folder in (("mlp", models), ("encoder", models), ("mlp_copy", make("copy", "_copy"))):
            shutil.copy(library(name, folder), os.path.join(work, name + ".o"))
            shutil.copy(os.path.join(folder, name + ".h"), work)
        program = compiled("two", "cc", *STRICT, "-std=c99", "-D_ISOC11_SOURCE", here("two.c"), folder=work,
                           libraries=("mlp", "encoder", "mlp_copy"))
        output(program, weights(), weights("encoder"))

    def test_what_is_refused(self):
        program = compiled("checks", "clang-19", *STRICT, "-std=c11", "-g", "-fsanitize=address,undefined",
                           "-fno-sanitize-recover=all", here("checks.c"))
        print(output(program, weights()), end="")

    def test_a_header_of_another_build(self):
        other = os.path.join(work, "other")
        os.makedirs(other)
        with open(os.path.join(models, "mlp.h"), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(other, "mlp.h"), "w", encoding="utf-8") as file:
            file.write(re.sub(r"(#define MLP_ABI )\d+", r"\g<1>7", text))
        program = os.path.join(work, "other_first")
        output("cc", here("first.c"), "-I" + other, library("mlp", models), "-lm", "-o", program)
        self.assertEqual(output(program, weights(), status=1),
                         "mlp: header and object are not of one build, or mlp_init was not called\n")

    def test_threads_and_hooks(self):
        plain = compiled("threads", "cc", *STRICT, "-std=c11", "-pthread", here("threads.c"))
        print(output(plain, weights()), end="")
        checked = compiled("threads_tsan", "clang-19", *STRICT, "-g", "-pthread", "-fsanitize=thread",
                           here("threads.c"))
        output(checked, weights())


class CommandLine(unittest.TestCase):
    def test_weights_of_a_file(self):
        folder = os.path.join(work, "scale")
        os.makedirs(folder)
        with zipfile.ZipFile(os.path.join(folder, "w.npz"), "w") as archive:
            header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }".ljust(117) + "\n"
            archive.writestr("w.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                             struct.pack("<4f", 1.5, -2, 0.25, 3))
        command = [os.path.join(build, "bin", "ogee"), "aot", here("scale.mlir"), "--name", "scale", "-o", folder]
        output(*command)
        self.assertEqual(manifest("scale", folder)["entries"][0]["tensors"][1]["name"], "w")
        self.assertFalse(os.path.exists(weights("scale", folder)))
        output(*command, "--weights", os.path.join(folder, "w.npz"), "--emit", "obj,header,asm,mlir,report")
        self.assertEqual([tensor["kind"] for tensor in manifest("scale", folder)["state"]["tensors"]], ["captured"])
        output(compiled("scale_test", "cc", *STRICT, here("scale.c"), folder=folder, libraries=("scale",)),
               weights("scale", folder))
        output(companion("run", "scale", folder), "--selftest")


    def test_the_check_of_cmake(self):
        folder = os.path.join(work, "entries")
        shutil.copytree(models, folder)
        check = ["cmake", "-DNAME=mlp", "-DFOLDER=" + folder, "-DAR=ar", "-P",
                 os.path.join(SOURCE, "cmake", "ogee_aot_check.cmake")]
        output(check[0], "-DENTRIES=forward;train_step", *check[1:])
        self.assertEqual(output("ar", "t", os.path.join(folder, "libmlp.a")), "mlp.o\n")
        said = output(check[0], "-DENTRIES=forward;backward", *check[1:], status=1)
        self.assertIn("mlp: the library has no entry backward, but forward, train_step", said)
        os.remove(os.path.join(folder, "mlp.manifest.json"))
        said = output(check[0], "-DENTRIES=forward", *check[1:], status=1)
        self.assertIn('the program calls aot(…, {.name = "mlp"', " ".join(said.split()))


class Header(unittest.TestCase):
    def test_languages(self):
        source = os.path.join(work, "all.c")
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(f'#include "{name}.h"\n' for name in LIBRARIES)
            file.write("int main(void) { return 0; }\n")
        for compilers, language, standards in ((("gcc", "clang-19"), "c", ("c99", "c11", "c17")),
                                               (("g++", "clang++-19"), "c++", ("c++11", "c++17", "c++20"))):
            for compiler, standard, checks in itertools.product(compilers, standards, ([], ["-DMLP_NO_CHECKS"])):
                output(compiler, "-x", language, "-std=" + standard, *STRICT, "-Wshadow", "-Wconversion", *checks,
                       "-fsyntax-only", "-I" + models, source)

    def test_cpp(self):
        for compiler in ("g++", "clang++-19"):
            program = compiled("typed", compiler, "-std=c++20", *STRICT, here("typed.cpp"))
            output(program, weights())
        source = os.path.join(work, "all.cpp")
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(f"#include <{name}.hpp>\n" for name in LIBRARIES)
        for compiler in ("g++", "clang++-19"):
            output(compiler, "-std=c++20", *STRICT, "-fsyntax-only", "-I" + models, source)

    def test_without_checks(self):
        output(compiled("unchecked", "cc", *STRICT, "-DMLP_NO_CHECKS", here("first.c")), weights())


if __name__ == "__main__":
    unittest.main(verbosity=2)
