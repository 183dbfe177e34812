"""lit: how the .mlir and .test files are run. On their PATH: ogee-opt, ogee, FileCheck, not, split-file, mlir-opt …"""
import os
import platform

import lit.formats

config.name = "ogee"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["inputs", "install", "style"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.ogee_build, "tests")

folders = [os.path.join(config.ogee_build, "bin"), config.llvm_tools, config.environment.get("PATH", "")]
config.environment["PATH"] = os.pathsep.join(folders)
for name in ("HOME", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "OGEE_NUM_THREADS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.environment["OGEE_CACHE_DIR"] = ""  # a test sees what this build compiles, not what an earlier one left

config.substitutions.append(("%source", config.ogee_source))
config.substitutions.append(("%build", config.ogee_build))
config.substitutions.append(("%fake_cuda", os.path.join(config.ogee_build, "fake_cuda")))
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%folders", config.environment["PATH"]))
if platform.machine() in ("x86_64", "AMD64"):
    config.available_features.add("x86")
for folder in (os.environ.get("OGEE_CUDA_PATH", ""), "/usr/local/cuda"):
    if folder and os.path.exists(os.path.join(folder, "lib64", "libnvrtc.so.13")):
        config.available_features.add("nvrtc")  # CUDA's toolkit, for what looks at code of devices
if config.sanitize:
    config.available_features.add("sanitizer")
