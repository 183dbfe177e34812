// NVRTC: what it says when it is missing, what it compiles and what it refuses. Skipped where the machine has none.
#include "runtime/cuda/nvrtc.h"

#include "tests/catch.h"
#include "tests/runtime/folder.h"

#include <fstream>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using ogee::runtime::testing::Folder;

namespace {

const Nvrtc* library() {
  const Result<Nvrtc>& opened = Nvrtc::get();
  if (opened) return &*opened;
  WARN("skipped: " << opened.message());
  return nullptr;
}

const std::string kKernel = "extern \"C\" __global__ void k(const float* x, float* y) { y[0] = x[0] * x[1] + x[2]; }";

} // namespace

TEST_CASE("nvrtc: a library that is missing is one line that says where it was looked for") {
  const Result<Nvrtc>& opened = Nvrtc::get();
  if (opened) return;
  CHECK(opened.failure().code == ErrorCode::unsupported);
  CHECK_THAT(opened.message(), Catch::Matchers::StartsWith("CUDA: ") && Catch::Matchers::ContainsSubstring("missing"));
  CHECK(opened.message().find('\n') == std::string::npos);
}

TEST_CASE("nvrtc: code and PTX of a program, without contraction") {
  const Nvrtc* nvrtc = library();
  if (!nvrtc) return;
  CHECK(nvrtc->major() >= 12);
  CHECK(std::is_sorted(nvrtc->architectures().begin(), nvrtc->architectures().end()));
  const auto code = nvrtc->compile(kKernel, "sm_90");
  REQUIRE(code.ok());
  CHECK(std::string(code->cubin.begin(), code->cubin.begin() + 4) == "\177ELF");
  CHECK_THAT(code->ptx,
             Catch::Matchers::ContainsSubstring("mul.rn.f32") && Catch::Matchers::ContainsSubstring(".entry k("));
  CHECK(code->ptx.find("fma") == std::string::npos);
  CHECK_THAT(code->log, Catch::Matchers::ContainsSubstring("registers"));
  const auto ptx = nvrtc->compile(kKernel, "compute_90");
  REQUIRE(ptx.ok());
  CHECK(ptx->cubin.empty());
  CHECK_THAT(ptx->ptx, Catch::Matchers::ContainsSubstring(".entry k("));
  CHECK_THAT(nvrtc->identity(), Catch::Matchers::StartsWith(nvrtc->version() + " "));
  CHECK(nvrtc->identity().size() > nvrtc->version().size() + 8);
}

TEST_CASE("nvrtc: an error holds the compiler's log") {
  const Nvrtc* nvrtc = library();
  if (!nvrtc) return;
  const auto code = nvrtc->compile("extern \"C\" __global__ void k(float* y) { y[0] = missing; }", "sm_90");
  REQUIRE_FALSE(code.ok());
  CHECK_THAT(code.message(), Catch::Matchers::StartsWith("CUDA: NVRTC: ") &&
                                 Catch::Matchers::ContainsSubstring("\"missing\" is undefined"));
}

TEST_CASE("nvrtc: architectures that it has not are listed with those that it has") {
  const Nvrtc* nvrtc = library();
  if (!nvrtc) return;
  for (const char* name : {"sm_35", "sm_", "90", "sm_90x", "compute_9", ""}) {
    const auto code = nvrtc->compile(kKernel, name);
    REQUIRE_FALSE(code.ok());
    CHECK(code.failure().code == ErrorCode::unsupported);
    CHECK_THAT(code.message(), Catch::Matchers::ContainsSubstring("sm_90") &&
                                   Catch::Matchers::ContainsSubstring("does not compile for " + std::string(name)));
  }
  CHECK(nvrtc->compile(kKernel, "sm_90a").ok());
}

TEST_CASE("nvrtc: files that are no libraries are passed over") {
  const Folder folder;
  std::ofstream(folder.path() + "/libnvrtc.so.13") << "no library";
  CHECK(Nvrtc::open(folder.path()).ok() == Nvrtc::open("").ok());
}
