// Sizes of buffers, and what lies in them: also of programs that nobody vouches for.
#include "runtime/bounds.h"

#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <limits>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

TEST_CASE("bounds: parts of a buffer") {
  CHECK(lies_within(0, 0, 0));
  CHECK(lies_within(2, 6, 8));
  CHECK_FALSE(lies_within(2, 7, 8));
  CHECK_FALSE(lies_within(-1, 2, 8));
  CHECK_FALSE(lies_within(1, -1, 8));
  CHECK_FALSE(lies_within(9, INT64_MAX, 8));
}

TEST_CASE("bounds: the sizes of buffers") {
  Builder b;
  b.arg("x", {2, 3});
  b.result("y", {4}, DType::i64);
  b.constant({1, 2, 3});
  b.arena(64, 0, 0);
  b.arg("strided", {2, 3});
  b.program.args[1].strides = b.slots({10, 2});
  b.arg("empty", {0, 3});
  b.program.args[2].strides = b.slots({10, 2});
  b.arg("huge", {INT64_MAX, INT64_MAX});
  const Program program = b.finish();
  const int64_t expected[] = {24, 32, 3, 64, 60, 0, 0};
  for (size_t i = 0; i < program.buffers.size(); ++i)
    CHECK(buffer_bytes(program, program.buffers[i], program.values.initial.data()) == expected[i]);
}

TEST_CASE("bounds: windows") {
  Builder b;
  const auto inside = [&](int64_t offset, const Shape& dims, const Shape& strides, int64_t bytes) {
    const Window window{0, DType::f32, b.sizes.slot(offset), b.slots(dims), b.slots(strides)};
    return lies_within(window, bytes, b.finish().values.initial.data());
  };
  CHECK(inside(0, {}, {}, 4));
  CHECK_FALSE(inside(1, {}, {}, 4));
  CHECK(inside(1, {2, 3}, {4, 1}, 32));
  CHECK_FALSE(inside(1, {2, 3}, {4, 1}, 31));
  CHECK(inside(3, {4}, {-1}, 16));
  CHECK_FALSE(inside(2, {4}, {-1}, 16));
  CHECK(inside(99, {0, 3}, {4, 1}, 0));
  CHECK_FALSE(inside(0, {INT64_MAX}, {INT64_MAX}, 64));
}

TEST_CASE("bounds: a program that leaves its buffers is an Error before it does") {
  const auto run = [](const std::function<void(Builder&, uint32_t)>& add) {
    Builder b;
    b.program.name = "bad";
    add(b, b.constant({1, 2, 3, 4}));
    return error_of([&] {
      Sink sink;
      Executable(b.finish()).run({}, sink);
    });
  };
  const std::string beyond = "program bad: reads or writes beyond a buffer";
  CHECK(run([](Builder& b, uint32_t c) {
          b.program.launches.push_back({CopyLaunch{c, b.result("y", {4}, DType::u8), b.sizes.slot(4)}});
        }) == "no error");
  CHECK(run([](Builder& b, uint32_t c) {
          b.program.launches.push_back({CopyLaunch{c, b.result("y", {9}, DType::u8), b.sizes.slot(5)}});
        }) == beyond);
  CHECK(run([](Builder& b, uint32_t c) {
          b.program.launches.push_back(
              {CopyLaunch{c, b.result("y", {4}, DType::u8), b.sizes.slot(2), kNoSlot, b.sizes.slot(3)}});
        }) == beyond);
  CHECK(run([](Builder& b, uint32_t) {
          b.program.launches.push_back({FillLaunch{b.result("y", {2}), b.sizes.slot(12), 0, 4}});
        }) == beyond);
  CHECK(run([](Builder& b, uint32_t) {
          b.program.launches.push_back({IfEntry{{Condition::Kind::buffer, b.constant({})}, {}, {}}});
        }) == beyond);
  CHECK(run([](Builder& b, uint32_t c) {
          const Window window{c, DType::i32, b.sizes.slot(0), b.slots({2}), b.slots({1})};
          b.program.launches.push_back({CheckLaunch{c, {window}, "{0}", "", ""}});
        }) == "program bad: a check reads beyond a buffer");
}
