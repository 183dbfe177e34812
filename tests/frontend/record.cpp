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
