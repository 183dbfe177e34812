// What single functions record in a graph.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

namespace {

template <class F>
std::string ir(F f, DType dtype = f32) {
  return trace(f, spec(dtype, {4, 8})).ir();
}

} // namespace

TEST_CASE("record: numbers are literals, conversions and broadcasts are explicit") {
  const std::string text = ir([](Tensor x) { return x * 0.5 + tensor({1, 2, 3, 4, 5, 6, 7, 8}); });
  CHECK(contains(text, "ogee.constant dense<5.000000e-01> : tensor<f32>"));
  CHECK(contains(text, "ogee.broadcast"));
  CHECK(contains(text, "ogee.convert"));
}

TEST_CASE("record: reductions drop axes, keepdim is a reshape") {
  CHECK(contains(ir([](Tensor x) { return x.sum(1, true); }), "tensor<4x8xf32> -> tensor<4xf32>"));
  CHECK(contains(ir([](Tensor x) { return x.sum(1, true); }), "ogee.reshape"));
  CHECK(contains(ir([](Tensor x) { return x.argmax(1); }), "ogee.argmax"));
}

TEST_CASE("record: random operations take key and draw as arguments") {
  const std::string text = ir([](Tensor x) { return x + rand({4, 8}) + randn({8}); });
  CHECK(contains(text, "\"random_key\""));
  CHECK(contains(text, "ogee.random_uniform"));
  CHECK(contains(text, "ogee.random_normal"));
}

TEST_CASE("record: arguments say what state they are, and a graph says how the draw number goes on") {
  Tensor w = ones({4});
  optim::SGD sgd({ones({4}).requires_grad_()}, {.lr = 0.1, .momentum = 0.5});
  const std::string text =
      trace([&](Tensor x) { return x * w + rand({4}) * sgd.velocities()[0]; }, spec(f32, {4})).ir();
  CHECK(contains(text, "ogee.name = \"arg0\"}"));
  CHECK(contains(text, "ogee.name = \"random_draw\", ogee.state = \"random\"}"));
  CHECK(contains(text, "ogee.name = \"capture0\", ogee.state = \"captured\"}"));
  CHECK(contains(text, "ogee.name = \"capture1\", ogee.state = \"optimizer\"}"));
  CHECK(contains(text, "(tensor<4xf32>, tensor<i64> {ogee.overwrites = 2 : i64})"));
}
