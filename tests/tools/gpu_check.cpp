// Parts of gpu-check: bit patterns and their differences, findings, reports of Catch2, programs that are run.
// Covers: patterns, findings, process, tests, timing, training_runs
#include "tests/catch.h"
#include "tools/gpu_check/findings.h"
#include "tools/gpu_check/patterns.h"
#include "tools/gpu_check/process.h"
#include "tools/gpu_check/tests.h"
#include "tools/gpu_check/timing.h"
#include "tools/gpu_check/training_runs.h"

#include <unistd.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

using namespace ogee;
using namespace ogee::gpu_check;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A folder for a test's files, gone with it.
struct Folder {
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("gpu_check_tests." + std::to_string(getpid()));
};

std::string first_failure(const Findings& findings) {
  const Json& failures = findings.content()["failures"];
  return failures.empty() ? "" : failures[0].get<std::string>();
}

} // namespace

TEST_CASE("patterns: every exponent of both signs comes, with infinities, NaN and subnormals") {
  const Operands operands = patterns(f32, 1 << 12);
  for (const Tensor& tensor : {operands.x, operands.y}) {
    std::set<uint32_t> exponents;
    bool nan = false, infinite = false, subnormal = false;
    for (const float value : tensor.span<float>()) {
      uint32_t bits = 0;
      std::memcpy(&bits, &value, sizeof bits);
      exponents.insert(bits >> 23);
      nan = nan || std::isnan(value);
      infinite = infinite || std::isinf(value);
      subnormal = subnormal || std::fpclassify(value) == FP_SUBNORMAL;
    }
    CHECK(exponents.size() == 512);
    CHECK((nan && infinite && subnormal));
  }
  CHECK_FALSE(equal(operands.x, operands.y));
  for (const DType dtype : {boolean, i32, i64, f64}) CHECK(patterns(dtype, 1024).x.dtype() == dtype);
}

TEST_CASE("patterns: differences are of bits, and all NaN are equal") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor a = tensor({1.f, 0.f, nan, 2.f}), b = tensor({1.f, -0.f, -nan, 3.f});
  CHECK(difference(a, a).count == 0);
  CHECK(difference(a, b).count == 2);
  CHECK(difference(a, b).at == 1);
  CHECK(element_text(b, 1) == "0x80000000 (-0)");
  CHECK(element_text(b, 3) == "0x40400000 (3)");
  CHECK(element_text(tensor({1, -7}), 1) == "-7");
  CHECK(difference(tensor({1, 2}), tensor({1, 3})).at == 1);
}

TEST_CASE("findings: what is found stands in the file at once") {
  const Folder folder;
  Findings findings(folder.path / "f.json", {});
  const auto written = [&] {
    std::ifstream stream(folder.path / "f.json");
    return Json::parse(stream);
  };
  CHECK_FALSE(written()["done"].get<bool>());
  findings.add_checks(10, 0);
  CHECK_FALSE(findings.failed());
  findings.fail("exp differs");
  CHECK(findings.failed());
  CHECK(written()["failures"] == Json({"exp differs"}));
  findings.goal("speed", 0.9, 0.88, /*at_least=*/true);
  findings.goal("time", 11, 10, /*at_least=*/false);
  for (int i = 0; i < 100; ++i) findings.fail("more");
  findings.save(/*done=*/true);
  const Json all = written();
  CHECK(all["done"].get<bool>());
  CHECK(all["goals"][0]["met"].get<bool>());
  CHECK_FALSE(all["goals"][1]["met"].get<bool>());
  CHECK(all["checks"] == 111);
  CHECK(all["failed"] == 101);
  CHECK(all["failures"].size() == 20);
  Findings other(folder.path / "other.json", {});
  other.merge(all);
  CHECK(other.content()["checks"] == 111);
  CHECK(first_failure(other) == "exp differs");
}

TEST_CASE("tests: checks and failures of a report of Catch2") {
  const Folder folder;
  const std::string xml = R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="t" errors="1" failures="2" tests="40" hostname="tbd" time="0.1">
    <testcase classname="t.global" name="good" time="0.1"/>
    <testcase classname="t.global" name="a &lt; b" time="0.1">
      <failure message="a &lt; 3" type="CHECK">at t.cpp:3</failure>
      <failure message="a == 4" type="CHECK">at t.cpp:4</failure>
    </testcase>
    <testcase classname="t.global" name="throws" time="0.1">
      <error message="CUDA: lost" type="TEST_CASE">at t.cpp:9</error>
    </testcase>
  </testsuite>
</testsuites>)";
  Findings findings(folder.path / "f.json", {});
  take_report(findings, "t", xml);
  CHECK(findings.content()["checks"] == 40);
  CHECK(findings.content()["failed"] == 3);
  CHECK(findings.content()["failures"] == Json({"t: a < b: a < 3", "t: throws: CUDA: lost"}));
  Findings nothing(folder.path / "g.json", {});
  take_report(nothing, "t", R"(<testsuite name="t" errors="0" failures="0" tests="0"></testsuite>)");
  CHECK(first_failure(nothing) == "t: ran no checks");
}

TEST_CASE("tests: a program that ends without a report fails, and so does one that is not there") {
  const Folder folder;
  Findings findings(folder.path / "f.json", {});
  run_tests(findings, {{"no_such_tests", {}, {}}});
  CHECK_THAT(first_failure(findings), ContainsSubstring("no_such_tests is missing; hint: tools/gpu-check builds it"));
  Findings others(folder.path / "g.json", {});
  run_tests(others, {{"gpu_check_tests", {"--no-such-option"}, {}}, {"gpu_check_tests", {"timing*"}, {}}});
  CHECK(others.content()["checks"] == 3);
  CHECK(others.content()["failed"] == 1);
  CHECK_THAT(first_failure(others), ContainsSubstring("gpu_check_tests ended with status "));
}

TEST_CASE("process: output, environment, ends") {
  const Folder folder;
  const auto shell = [&](const std::string& text, double limit = 0) {
    return run({{"/bin/sh", "-c", text}, {{"GPU_CHECK_TEST", "seen"}}, folder.path / "log", folder.path, limit});
  };
  CHECK(shell("test -f log && echo one; echo $GPU_CHECK_TEST").well());
  CHECK(tail(folder.path / "log", 100) == "one\nseen\n");
  CHECK(tail(folder.path / "log", 6) == "seen\n");
  CHECK(shell("exit 3").text() == "ended with status 3");
  CHECK(shell("kill -9 $$").text() == "was killed by signal 9 (Killed)");
  CHECK(run({{"/no/such/program"}}).status == 127);
  CHECK(find_program("sh", {}).filename() == "sh");
  CHECK(find_program("no-such-program", {folder.path}).empty());
}

TEST_CASE("process: a limit ends a program with all that it has started") {
  const Folder folder;
  const std::filesystem::path late = folder.path / "late";
  const Ended ended = run({{"/bin/sh", "-c", "(sleep 2; touch " + late.string() + ") & wait"}, {}, {}, ".", 0.1});
  CHECK(ended.was_cut);
  CHECK(ended.text(0.1) == "ran past its limit of 0.1 s");
  CHECK(ended.seconds < 2);
  sleep(3);
  CHECK_FALSE(std::filesystem::exists(late));
}

TEST_CASE("timing: medians") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({5}) == 5);
}

TEST_CASE("training_runs: losses that differ, NaN too, are told") {
  CHECK(loss_difference({1, 2}, {1, 2.0001}, 1e-3).empty());
  CHECK(loss_difference({1, 2}, {1, 2.1}, 1e-3) == "the losses of step 1 differ: 2 and 2.1");
  CHECK_FALSE(loss_difference({NAN}, {1}, 1e-3).empty());
  for (const TrainingRun& run : training_runs())
    CHECK(loss_difference(run.losses({"cpu", true}, 3), run.losses({"cpu", false}, 3), 1e-4).empty());
}
