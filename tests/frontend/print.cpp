// Printed tensors, as PyTorch prints them.
#include "tests/frontend/support.h"

#include <cmath>

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("print: forms of numbers") {
  CHECK(text(tensor(3)) == "tensor(3)");
  CHECK(text(tensor({1.0, 2.5})) == "tensor([1.0000, 2.5000])");
  CHECK(text(tensor({1.0, -2.0})) == "tensor([ 1., -2.])");
  CHECK(text(tensor({0.0, 0.0})) == "tensor([0., 0.])");
  CHECK(text(tensor({1e-5, 1.0})) == "tensor([1.0000e-05, 1.0000e+00])");
  CHECK(text(tensor({1.0, 2e9})) == "tensor([1.0000e+00, 2.0000e+09])");
  CHECK(text(tensor({0.5, 1000.0})) == "tensor([5.0000e-01, 1.0000e+03])");
  CHECK(text(tensor({1.0, 1000.0})) == "tensor([   1., 1000.])");
  CHECK(text(tensor({true, false})) == "tensor([ True, False])");
  CHECK(text(tensor({-1, 10})) == "tensor([-1, 10])");
}

TEST_CASE("print: NaN and infinities") {
  const double nan = std::nan("");
  CHECK(text(tensor({nan, 1.0})) == "tensor([nan, 1.])");
  CHECK(text(tensor({nan, 1.5})) == "tensor([   nan, 1.5000])");
  CHECK(text(tensor({-INFINITY, 1.5, INFINITY})) == "tensor([  -inf, 1.5000,    inf])");
  CHECK(text(tensor(-nan)) == "tensor(nan)");
}

TEST_CASE("print: suffixes") {
  CHECK(text(tensor({1, 2}, i32)) == "tensor([1, 2], dtype=i32)");
  CHECK(text(tensor({1.0}, f64)) == "tensor([1.], dtype=f64)");
  CHECK(text(zeros({0})) == "tensor([])");
  CHECK(text(zeros({0}, i64)) == "tensor([], dtype=i64)");
  CHECK(text(zeros({2, 0, 3})) == "tensor([], size=(2, 0, 3))");
  CHECK(text(zeros({2, 0}, i64)) == "tensor([], size=(2, 0), dtype=i64)");
}

TEST_CASE("print: lines") {
  CHECK(text(arange(12).reshape({2, 2, 3})) ==
        "tensor([[[ 0,  1,  2],\n         [ 3,  4,  5]],\n\n        [[ 6,  7,  8],\n         [ 9, 10, 11]]])");
  CHECK(text(arange(30)) == "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
                            "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])");
  // Zeros count as one column wide, as in PyTorch.
  CHECK(text(zeros({26}, f64)) == "tensor([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., "
                                  "0., 0., 0., 0., 0., 0.,\n        0., 0.], dtype=f64)");
}

TEST_CASE("print: summaries") {
  CHECK(text(arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])");
  CHECK(text(arange(10000).reshape({100, 100})) == "tensor([[   0,    1,    2,  ...,   97,   98,   99],\n"
                                                   "        [ 100,  101,  102,  ...,  197,  198,  199],\n"
                                                   "        [ 200,  201,  202,  ...,  297,  298,  299],\n"
                                                   "        ...,\n"
                                                   "        [9700, 9701, 9702,  ..., 9797, 9798, 9799],\n"
                                                   "        [9800, 9801, 9802,  ..., 9897, 9898, 9899],\n"
                                                   "        [9900, 9901, 9902,  ..., 9997, 9998, 9999]])");
}

TEST_CASE("print: options that make no sense are Errors and change nothing") {
  const PrintOptions before = get_print_options();
  const std::string here = OGEE_HERE, message = error_of([] { set_print_options({.precision = 500}); });
  CHECK(message == "set_print_options: precision is 500, needs 0 to 100 at " + here);
  CHECK(contains(error_of([] { set_print_options({.precision = -1}); }), "precision is -1"));
  CHECK(contains(error_of([] { set_print_options({.threshold = -1}); }), "threshold is -1"));
  CHECK(contains(error_of([] { set_print_options({.edge_items = -1}); }), "edge_items is -1"));
  CHECK(contains(error_of([] { set_print_options({.line_width = 0}); }), "line_width is 0"));
  CHECK(get_print_options().precision == before.precision);
}

TEST_CASE("print: the longest numbers, the widest edges") {
  const PrintOptions before = get_print_options();
  set_print_options({.precision = 100, .threshold = 0, .edge_items = INT64_MAX, .sci_mode = false});
  const std::string all = text(tensor({1e308, 0.1}, f64));
  CHECK(all.size() > 410 + 102);
  CHECK(contains(all, "0.1000000000000000055511151231257827"));
  CHECK(text(zeros({0, 2})) == "tensor([], size=(0, 2))");
  set_print_options(before);
}

TEST_CASE("print: a tensor printed in a trace is an Error with the line, wherever it comes from") {
  const Tensor captured = tensor({1.0});
  std::ostringstream out;
  std::string here;
  auto message = error_of([&] {
    compile([&](Tensor x) {
      here = OGEE_HERE, out << captured;
      return x;
    })(captured);
  });
  CHECK(contains(message, "print: a compiled function cannot read"));
  CHECK(contains(message, here));
  out << "x" << captured << Tensor() << captured.shape() << 7;
  CHECK(without_device(out.str()) == "xtensor([1.])tensor(undefined)[1]7");
}

TEST_CASE("print: options") {
  const PrintOptions before = get_print_options();
  PrintOptions options = before;
  options.precision = 2;
  options.sci_mode = true;
  set_print_options(options);
  CHECK(text(tensor({1.5, 2.5})) == "tensor([1.50e+00, 2.50e+00])");
  options.sci_mode.reset();
  options.threshold = 4;
  options.edge_items = 1;
  set_print_options(options);
  CHECK(text(arange(5)) == "tensor([0,  ..., 4])");
  set_print_options(before);
}
