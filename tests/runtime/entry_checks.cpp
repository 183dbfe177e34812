// What is checked of the arguments of a call, and in which words.
#include "runtime/executable.h"
#include "tests/catch.h"
#include "tests/runtime/programs.h"

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

TEST_CASE("entry checks: arguments that do not fit are Errors in the caller's words") {
  Builder b = add_program();
  b.arg("w", {784, 2}, DType::i64);
  b.arg("", {n}, DType::f64);
  b.program.args[2].location = "model.cpp:7";
  for (const bool direct : {true, false}) {
    if (!direct) b.arena(64, 0, 0); // the general way has the same texts
    const Executable executable(b.finish());
    std::vector<float> x(8);
    std::vector<int64_t> w(784 * 2);
    std::vector<double> last(8);
    std::vector<int64_t> nx = {8}, ny = {8}, nw = {784, 2}, nl = {8};
    std::vector<TensorArg> args = {tensor(x, nx), tensor(x, ny), tensor(w, nw, DType::i64),
                                   tensor(last, nl, DType::f64)};
    const auto error = [&] {
      return error_of([&] {
        Sink sink;
        executable.run({args}, sink);
      });
    };
    CHECK(error() == "no error");
    ny = {7};
    CHECK(error() == "arg 1 (y) dim 0 is 7, expected 8, as arg 0 (x) dim 0");
    ny = {8}, nl = {9};
    CHECK(error() == "arg 3 dim 0 is 9, expected 8, as arg 0 (x) dim 0");
    nl = {8}, nw = {300, 2};
    CHECK(error() == "arg 2 (w) dim 0 is 300, expected 784; it comes from model.cpp:7");
    nw = {784, 2};
    const int64_t column_major[] = {1, 784}, wide[] = {2};
    args[2].strides = column_major;
    CHECK(error() == "arg 2 (w) has strides [1, 784], expected a dense tensor; it comes from model.cpp:7");
    args[2].strides = nullptr, args[0].strides = wide;
    CHECK(error() == "arg 0 (x) has strides [2], expected a dense tensor");
    args[0].strides = nullptr, args[0].dtype = DType::f64;
    CHECK(error() == "arg 0 (x) is f64, expected f32");
    args[0].dtype = DType::f32, args[2].rank = 1;
    CHECK(error() == "arg 2 (w) has 1 dims, expected 2; it comes from model.cpp:7");
    args[2].rank = 2, nx = ny = nl = {0};
    CHECK(error() == "arg 0 (x) dim 0 is 0, outside n 1..1048576");
    args.pop_back();
    CHECK(error() == "expected 4 tensors, got 3");
  }
}

TEST_CASE("entry checks: nothing is checked of bound arguments, or of a trusted program") {
  Builder b = add_program();
  std::vector<float> x(8), y(8);
  const std::vector<int64_t> eight = {8}, nine = {9};
  const TensorArg args[] = {tensor(x, eight), tensor(y, nine)};
  Sink sink;
  CHECK_THROWS_AS(Executable(b.finish()).run({args}, sink), Error);
  Executable(b.finish(), std::span(args).subspan(1)).run({std::span(args).first(1)}, sink);
  b.program.trusted = true;
  Executable(b.finish()).run({args}, sink);
  CHECK(sink.values<float>(0) == x);
}

TEST_CASE("entry checks: index arguments, derived sizes and the program's own checks") {
  Builder b;
  const Dim k = Dim::symbol("k", 1, 10);
  b.sizes.bind(*k.as_symbol(), {SymbolSource::Kind::index, 0, 0});
  b.program.index_args = 1;
  b.arg("x", {n});
  const uint32_t out = b.result("out", {n / k + 1, 2}, DType::i64);
  b.program.checks.push_back(
      {SizeCheck::Kind::equal, b.sizes.slot(n % k), b.sizes.slot(0),
       concat("split: a rest of {", b.sizes.slot(n % k), "}, expected {", b.sizes.slot(0), "} {x}")});
  b.program.checks.push_back({SizeCheck::Kind::less, b.sizes.slot(k), b.sizes.slot(n),
                              concat("split: {", b.sizes.slot(k), "} parts of {", b.sizes.slot(n), "}")});
  const auto fill_sizes = [](void* const* buffers, const int64_t* sizes, int64_t begin, int64_t end, void*) {
    for (int64_t i = begin; i < end; ++i) static_cast<int64_t*>(buffers[0])[i] = sizes[0] + i;
    return 0;
  };
  b.program.launches.push_back({b.launch(fill_sizes, {out}, (n / k + 1) * 2, {n * k})});
  const Executable executable(b.finish());
  std::vector<float> x(12);
  const auto run = [&](int64_t count, int64_t parts) {
    const std::vector<int64_t> sizes = {count};
    const TensorArg args[] = {tensor(x, sizes)};
    Sink sink;
    executable.run({args, std::span(&parts, 1)}, sink);
    CHECK(sink.results[0].dims == std::vector<int64_t>{count / parts + 1, 2});
    return sink.values<int64_t>(0);
  };
  CHECK(run(12, 6) == std::vector<int64_t>{72, 73, 74, 75, 76, 77});
  CHECK(error_of([&] { run(12, 5); }) == "split: a rest of 2, expected 0 {x}");
  CHECK(error_of([&] { run(4, 4); }) == "split: 4 parts of 4");
  CHECK(error_of([&] { run(12, 11); }) == "index argument 0 is 11, outside k 1..10");
}

TEST_CASE("entry checks: strides are read, checked, or computed for a dense tensor") {
  Builder b;
  const Dim stride = Dim::symbol("s", 0, 1000);
  const uint32_t x = b.arg("x", {n, 3});
  b.sizes.bind(*stride.as_symbol(), {SymbolSource::Kind::stride, 0, 0});
  b.program.args[0].strides = b.slots({stride, 1});
  const uint32_t out = b.result("out", {n});
  const auto gather = [](void* const* buffers, const int64_t* sizes, int64_t begin, int64_t end, void*) {
    for (int64_t i = begin; i < end; ++i)
      static_cast<float*>(buffers[1])[i] = static_cast<const float*>(buffers[0])[i * sizes[0]];
    return 0;
  };
  b.program.launches.push_back({b.launch(gather, {x, out}, n, {stride})});
  const Executable executable(b.finish());
  std::vector<float> data = ramp(40);
  const auto run = [&](const int64_t* strides, int64_t rows) {
    const std::vector<int64_t> sizes = {rows, 3};
    const TensorArg args[] = {tensor(data, sizes, DType::f32, strides)};
    Sink sink;
    executable.run({args}, sink);
    return sink.values<float>(0);
  };
  const int64_t apart[] = {10, 1}, wrong[] = {10, 2};
  CHECK(run(nullptr, 4) == std::vector<float>{0, 3, 6, 9});
  CHECK(run(apart, 4) == std::vector<float>{0, 10, 20, 30});
  CHECK(error_of([&] { run(wrong, 4); }) == "arg 0 (x) stride 1 is 2, expected 1");
  b.program.args[0].strides = b.slots({7, 1}); // a stride matters only where there are two elements to walk between
  const Executable fixed(b.finish());
  const std::vector<int64_t> one_row = {1, 3}, rows = {2, 3};
  void* const out_memory[] = {data.data()};
  const TensorArg single[] = {tensor(data, one_row, DType::f32, apart)},
                  many[] = {tensor(data, rows, DType::f32, apart)};
  CHECK(error_of([&] { fixed.run({single}, out_memory); }) == "no error");
  CHECK(error_of([&] { fixed.run({many}, out_memory); }) == "arg 0 (x) stride 0 is 10, expected 7");
}
