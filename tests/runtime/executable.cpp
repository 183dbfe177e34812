// Running programs whose kernels are functions of this file: results, constants, control flow.
#include "runtime/executable.h"

#include "tests/catch.h"
#include "tests/runtime/programs.h"

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

TEST_CASE("executable: a single kernel at any size") {
  const Executable executable(add_program().finish());
  for (const size_t count : {1u, 2u, 63u, 1000u}) {
    std::vector<float> expected(count);
    for (size_t i = 0; i < count; ++i) expected[i] = 2 * static_cast<float>(i) + 5;
    CHECK(run_two(executable, ramp(count), ramp(count, 5)) == expected);
  }
}

TEST_CASE("executable: constants are aligned") {
  Builder b;
  const uint32_t out = b.result("out", {3});
  std::vector<uint8_t> odd(3, 7), three(12);
  const float values[] = {1, 2, 3};
  std::memcpy(three.data(), values, 12);
  b.constant(odd);
  const uint32_t c = b.constant(three);
  const auto add_misalignment = [](void* const* buffers, const int64_t*, int64_t begin, int64_t end, void*) {
    const auto from = reinterpret_cast<uintptr_t>(buffers[0]);
    for (int64_t i = begin; i < end; ++i)
      static_cast<float*>(buffers[1])[i] = static_cast<const float*>(buffers[0])[i] + static_cast<float>(from % 64);
    return int32_t{0};
  };
  b.program.launches.push_back({b.launch(add_misalignment, {c, out}, 3)});
  for (const bool direct : {true, false}) {
    if (!direct) b.arena(64, 0, 0);
    const Executable executable(b.finish());
    Sink sink;
    executable.run({}, sink);
    CHECK(sink.values<float>(0) == std::vector<float>{1, 2, 3});
  }
}

TEST_CASE("executable: bound arguments are the same in every call, and so are the sizes they give") {
  const Dim m = Dim::symbol("m", 0, 100);
  for (const bool direct : {true, false}) {
    Builder b;
    const uint32_t x = b.arg("x", {n}), y = b.arg("y", {m}), out = b.result("out", {n + m});
    const auto join = [](void* const* buffers, const int64_t* sizes, int64_t, int64_t, void*) {
      for (int64_t i = 0; i < sizes[0] + sizes[1]; ++i)
        static_cast<float*>(buffers[2])[i] = i < sizes[0] ? static_cast<const float*>(buffers[0])[i]
                                                          : static_cast<const float*>(buffers[1])[i - sizes[0]];
      return int32_t{0};
    };
    b.program.launches.push_back({b.launch(join, {x, y, out}, 1, {n, m})});
    if (!direct) b.arena(n * 64, 0, 0);
    std::vector<float> three{7, 8, 9};
    const std::vector<int64_t> sizes = {3};
    const TensorArg bound[] = {tensor(three, sizes)};
    const Executable executable(b.finish(), bound);
    for (const int64_t count : {1, 2, 1}) {
      std::vector<float> given = ramp(count);
      const std::vector<int64_t> given_sizes = {count};
      const TensorArg args[] = {tensor(given, given_sizes)};
      Sink sink;
      executable.run({args}, sink);
      std::vector<float> expected = given;
      expected.insert(expected.end(), three.begin(), three.end());
      CHECK(sink.values<float>(0) == expected);
    }
  }
}

TEST_CASE("executable: copies, fills, branches and loops") {
  // state = [0, 0, 0, 0] in the arena; for i in 0 … steps: state[i % 4] += i through sizes that depend on i, while a
  // buffer says so; …
  Builder b;
  const Dim steps = Dim::symbol("steps", 0, 100);
  b.sizes.bind(*steps.as_symbol(), {SymbolSource::Kind::index, 0, 0});
  b.program.index_args = 1;
  const uint32_t out = b.result("out", {4}, DType::i64), flag = b.arena(8, 0, 20), state = b.arena(32, 0, 20);
  const auto add_at = [](void* const* buffers, const int64_t* sizes, int64_t, int64_t, void*) {
    static_cast<int64_t*>(buffers[0])[sizes[0]] += sizes[1];
    return 0;
  };
  const auto count_down = [](void* const* buffers, const int64_t*, int64_t, int64_t, void*) {
    auto* const state_values = static_cast<int64_t*>(buffers[0]);
    *static_cast<uint8_t*>(buffers[1]) = state_values[0] > 100;
    if (state_values[0] > 100) state_values[0] -= 100;
    return 0;
  };
  b.program.launches.push_back({FillLaunch{state, b.sizes.slot(32), 5, 8}});
  ForEntry loop;
  loop.count = b.sizes.slot(steps);
  loop.induction = b.sizes.begin_loop();
  KernelLaunch body = b.launch(add_at, {state}, 1);
  body.sizes = {b.sizes.apply(SizeOp::mod, loop.induction, b.sizes.slot(4)), loop.induction};
  loop.steps = b.sizes.end_loop();
  loop.body.push_back({body});
  b.program.launches.push_back({loop});
  b.program.launches.push_back(
      {WhileEntry{{{b.launch(count_down, {state, flag}, 1)}}, {Condition::Kind::buffer, flag}, {}}});
  const Slot many = b.sizes.apply(SizeOp::lt, b.sizes.slot(3), b.sizes.slot(steps));
  LaunchList then, otherwise;
  then.push_back({CopyLaunch{state, out, b.sizes.slot(24), b.sizes.slot(8)}});
  then.push_back({CopyLaunch{state, out, b.sizes.slot(8), kNoSlot, b.sizes.slot(24)}});
  otherwise.push_back({FillLaunch{out, b.sizes.slot(32), 0xff, 1}});
  b.program.launches.push_back({IfEntry{{Condition::Kind::size, many}, then, otherwise}});
  const Program program = b.finish();
  REQUIRE(program.validate());
  const Executable executable(program);
  const auto run = [&](int64_t count) {
    std::vector<int64_t> got(4);
    void* const results[] = {got.data()};
    executable.run({{}, std::span(&count, 1)}, results);
    int64_t state_values[4] = {5, 5, 5, 5};
    for (int64_t i = 0; i < count; ++i) state_values[i % 4] += i;
    while (state_values[0] > 100) state_values[0] -= 100;
    const std::vector<int64_t> rotated = {state_values[1], state_values[2], state_values[3], state_values[0]};
    CHECK(got == (count > 3 ? rotated : std::vector<int64_t>(4, -1)));
  };
  for (const int64_t count : {0, 1, 3, 4, 7, 100, 4}) run(count);
}

TEST_CASE("executable: code for another machine is refused") {
  Builder b;
  b.program.images.push_back([] {
    ImageData data = store_size_image();
    data.architecture = "vax";
    return std::make_shared<const Image>(std::move(data));
  }());
  KernelLaunch launch;
  launch.units = b.sizes.slot(1);
  b.program.launches.push_back({launch});
  const Program program = b.finish();
  CHECK(error_of([&] { const Executable executable(program); }) ==
        std::string("the code is for vax, this machine is ") + std::string(host_architecture()));
}
