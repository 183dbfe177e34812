// Checks of programs: when they end a call, and what they say.
#include "runtime/check.h"

#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <limits>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

template <class T>
std::vector<uint8_t> bytes(std::vector<T> values) {
  std::vector<uint8_t> raw(values.size() * sizeof(T));
  if (!raw.empty()) std::memcpy(raw.data(), values.data(), raw.size());
  return raw;
}

/// What a check says about a tensor of these dims and strides.
template <class T>
std::string range(DType dtype, std::vector<T> values, std::vector<int64_t> dims, std::vector<int64_t> strides,
                  int64_t offset = 0) {
  Builder b;
  const uint32_t yes = b.constant({1}), data = b.constant(bytes(values));
  Window window{data, dtype, b.sizes.slot(offset), {}, {}};
  for (const int64_t dim : dims) window.dims.push_back(b.sizes.slot(dim));
  for (const int64_t stride : strides) window.strides.push_back(b.sizes.slot(stride));
  b.program.launches.push_back({CheckLaunch{yes, {window}, "{0}", "", ""}});
  Sink sink;
  try {
    Executable(b.finish()).run({}, sink);
  } catch (const Error& error) { return error.what(); }
  return "nothing";
}

} // namespace

TEST_CASE("check: ends the call where its condition holds") {
  Builder b;
  const uint32_t flag = b.arg("flag", {}, DType::boolean), x = b.arg("x", {n}), out = b.result("out", {n});
  const Window range{x, DType::f32, b.sizes.slot(0), b.slots({n}), b.slots({1})};
  b.program.launches.push_back({CheckLaunch{flag, {range}, "log: an input in {0}, {1} {x} {", "a.cpp:3", "clamp"}});
  b.program.launches.push_back({b.launch(twice_kernel, {x, out}, n)});
  const Executable executable(b.finish());
  std::vector<float> values{-1, 5};
  const std::vector<int64_t> two = {2}, none;
  bool failed = false;
  const TensorArg args[] = {{.data = &failed, .sizes = none.data(), .rank = 0, .dtype = DType::boolean},
                            tensor(values, two)};
  Sink sink;
  executable.run({args}, sink);
  CHECK(sink.values<float>(0) == std::vector<float>{-2, 10});
  failed = true;
  CHECK_THROWS_WITH(executable.run({args}, sink), "log: an input in [-1, 5], {1} {x} { at a.cpp:3; hint: clamp");
}

TEST_CASE("check: ranges") {
  CHECK(range<float>(DType::f32, {3, -1.5, 2}, {3}, {1}) == "[-1.5, 3]");
  CHECK(range<float>(DType::f32, {3, -1.5, 2}, {}, {}, 2) == "2");
  CHECK(range<float>(DType::f32, {kNaN}, {}, {}) == "nan");
  CHECK(range<float>(DType::f32, {kNaN, 1, -kInf}, {3}, {1}) == "[-inf, 1] with nan");
  CHECK(range<double>(DType::f64, {0.1, 1e300}, {2}, {1}) == "[0.1, 1e+300]");
  CHECK(range<int32_t>(DType::i32, {7, -7}, {2}, {1}) == "[-7, 7]");
  CHECK(range<int64_t>(DType::i64, {std::numeric_limits<int64_t>::min()}, {1}, {1}) ==
        "[-9223372036854775808, -9223372036854775808]");
  CHECK(range<uint8_t>(DType::boolean, {0, 1}, {2}, {1}) == "[0, 1]");
  CHECK(range<float>(DType::f32, {}, {0, 3}, {3, 1}) == "[]");
  CHECK(range<float>(DType::f32, {0, 1, 2, 3, 4, 5}, {2, 2}, {3, -1}, 1) == "[0, 4]"); // 1 0 4 3
  CHECK(range<float>(DType::f32, {0, 1, 2}, {2, 1000}, {1, 0}, 1) == "[1, 2]");
}
