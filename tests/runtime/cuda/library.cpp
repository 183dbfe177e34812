// Where CUDA's libraries are looked for, and what is said where they are not.
#include "runtime/cuda/library.h"

#include "tests/cuda/machine.h"
#include "tests/runtime/folder.h"

#include <algorithm>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using ogee::runtime::testing::Folder;

namespace {

constexpr const char* kNames[] = {"libmissing.so.2", "libmissing.so.1"};

} // namespace

TEST_CASE("library: a folder that is named comes first, as a toolkit, as Python packages, or itself") {
  const std::vector<std::string> files = candidates(kNames, "/opt/x/");
  CHECK(files.front() == "/opt/x/libmissing.so.2");
  for (const char* file : {"/opt/x/lib64/libmissing.so.1", "/opt/x/nvidia/cu13/lib/libmissing.so.2",
                           "/opt/x/nvidia/cublas/lib/libmissing.so.1", "libmissing.so.2"})
    CHECK(std::count(files.begin(), files.end(), file) == 1);
  CHECK(files.back() == "/usr/local/cuda/lib64/libmissing.so.1");
  CHECK(candidates(kNames, "").front() == "libmissing.so.2");
}

TEST_CASE("library: what is missing is one line that says where it was looked for") {
  const auto missing = open_library("the thing", kNames, "/opt/x", ErrorCode::no_device);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.failure().code == ErrorCode::no_device);
  CHECK(missing.message() ==
        "CUDA: the thing is missing: no libmissing.so.2 or libmissing.so.1 in /opt/x, the system's "
        "folders or /usr/local/cuda/lib64; hint: OGEE_CUDA_PATH names a folder with CUDA's libraries");
  CHECK_THAT(missing_library("it", kNames, ""), Catch::Matchers::ContainsSubstring(" in the system's folders or "));
}

TEST_CASE("library: files that are no libraries are passed over") {
  const Folder folder;
  folder.write("libmissing.so.2", "no library");
  CHECK_FALSE(open_file(folder.file("libmissing.so.2")).ok());
  CHECK_FALSE(open_library("the thing", kNames, folder.path(), ErrorCode::unsupported).ok());
}

TEST_CASE("library: a library below the folder is opened, and says its file", "[fake]") {
  const auto library = open_file(OGEE_FAKE_CUDA "/libcuda.so.1");
  REQUIRE(library.ok());
  CHECK(library->path == OGEE_FAKE_CUDA "/libcuda.so.1");
  CHECK(file_of(dlsym(library->handle, "cuInit"), "?") == library->path);
  CHECK(file_of(nullptr, "?") == "?");
}
