// The texts of Errors.
#include "frontend/failure.h"

#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("failure: an Error names the function, the shapes, the line and the module") {
  const Tensor x = zeros({32, 784}), w = zeros({512, 10});
  Scope scope("net");
  Scope inner("fc2");
  const std::string here = OGEE_HERE, message = error_of([&] { matmul(x, w); });
  CHECK(message == "matmul: inner sizes differ: [32, 784] x [512, 10] at " + here + " in net.fc2");
}

TEST_CASE("failure: a hint stands last") {
  const std::string here = OGEE_HERE, message = error_of([] { zeros({2, 3}).t().view({6}); });
  CHECK(message == "view: a tensor of shape [3, 2] and strides [1, 3] cannot be seen as [6] without a copy at " + here +
                       "; hint: reshape()");
}

TEST_CASE("failure: operators name their line, over several lines the operand's") {
  const Tensor x = zeros({2}), y = zeros({3});
  const std::string here = OGEE_HERE, message = error_of([&] { x* y; });
  CHECK(contains(message, here));
  CHECK(contains(error_of([&] {
                   Tensor z;
                   z + 1;
                 }),
                 "add: the tensor is undefined"));
}

TEST_CASE("failure: a line is added once, and to every other text") {
  using ogee::detail::has_place;
  CHECK(has_place("add: no at model.cpp:27"));
  CHECK(has_place("add: no at model.cpp:27 in net; hint: at home"));
  CHECK(!has_place("cannot read a file at home/x"));
  CHECK(!has_place("cannot read meet at 9:30pm, at :3, at x:"));
  const std::string here = OGEE_HERE, message = error_of([] { load_npy("/nowhere/look at this.npy"); });
  CHECK(contains(message, here));
}
