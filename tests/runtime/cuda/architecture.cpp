// Architectures: their names, which code runs on which device, what to compile for.
#include "runtime/cuda/architecture.h"

#include "tests/catch.h"

#include <vector>

using namespace ogee::runtime;
using cuda::Architecture;

namespace {

bool runs(const char* code, int device) { return Architecture::parse(code).take().runs_on(device); }

std::string chosen(int device, const std::vector<int>& known) {
  const auto found = cuda::architecture_for(device, known);
  return found ? found->to_string() : found.message();
}

} // namespace

TEST_CASE("architecture: names") {
  for (const char* name : {"sm_75", "sm_90", "sm_90a", "sm_100f", "compute_90", "compute_120a"})
    CHECK(Architecture::parse(name).take().to_string() == name);
  for (const char* name :
       {"", "sm_", "sm_9", "90", "sm_90x", "sm_90 ", "sm_-90", "compute90", "sm_a", "sm_99999", "SM_90"})
    CHECK(Architecture::parse(name).message() ==
          "'" + std::string(name) + "' is no architecture of CUDA: expected sm_90, sm_90a or compute_90");
}

TEST_CASE("architecture: code runs on its major version from its minor one on, PTX on all that are later") {
  CHECK((runs("sm_80", 80) && runs("sm_80", 86) && !runs("sm_86", 80) && !runs("sm_80", 90) && !runs("sm_90", 80)));
  CHECK((runs("compute_80", 80) && runs("compute_80", 120) && !runs("compute_90", 86)));
  CHECK((runs("sm_90a", 90) && !runs("sm_90a", 91) && !runs("compute_90a", 100)));
  CHECK((runs("sm_100f", 103) && !runs("sm_100f", 110) && runs("compute_100f", 103) && !runs("compute_100f", 120)));
}

TEST_CASE("architecture: what to compile for") {
  const std::vector<int> known = {75, 80, 86, 90, 100};
  CHECK(chosen(90, known) == "sm_90");
  CHECK(chosen(75, known) == "sm_75");
  CHECK(chosen(89, known) == "sm_86");
  CHECK(chosen(103, known) == "sm_100");
  CHECK(chosen(120, known) == "compute_100");
  CHECK(chosen(70, known) == "no code can be made for devices of sm_70; it can for sm_75, sm_80, sm_86, sm_90, sm_100");
  CHECK(chosen(90, {}) == "no code can be made for devices of sm_90; it can for ");
}
