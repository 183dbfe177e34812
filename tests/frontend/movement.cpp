// Movement: shapes, aliasing, copies.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

namespace {
Tensor cube() { return arange(24).reshape({2, 3, 4}); }
} // namespace

TEST_CASE("movement: reshapes") {
  const Tensor x = cube();
  CHECK(x.reshape({-1}).shape() == Shape{24});
  CHECK(x.reshape({4, -1, 2}).shape() == Shape{4, 3, 2});
  CHECK(x.flatten(1).shape() == Shape{2, 12});
  CHECK(x.flatten(0, 1).shape() == Shape{6, 4});
  CHECK(tensor(1).flatten().shape() == Shape{1});
  CHECK(equal(x.transpose(0, 2).reshape({-1}), x.permute({2, 1, 0}).contiguous().view({-1})));
  CHECK(contains(error_of([&] { x.reshape({5, -1}); }), "reshape: [2, 3, 4] does not fit into [5, -1]"));
  CHECK(contains(error_of([&] { x.reshape({-1, -1}); }), "reshape: more than one size is -1"));
  CHECK(contains(error_of([&] { x.reshape({7}); }), "reshape: "));
}

TEST_CASE("movement: axes come, go and change places") {
  const Tensor x = cube();
  CHECK(x.transpose(0, -1).shape() == Shape{4, 3, 2});
  CHECK(x.permute({2, 0, 1}).shape() == Shape{4, 2, 3});
  CHECK(x.unsqueeze(-1).shape() == Shape{2, 3, 4, 1});
  CHECK(zeros({1, 3, 1}).squeeze().shape() == Shape{3});
  CHECK(zeros({1, 3, 1}).squeeze(0).shape() == Shape{3, 1});
  CHECK(zeros({1, 3, 1}).squeeze(1).shape() == Shape{1, 3, 1});
  CHECK(contains(error_of([&] { x.permute({0, 1}); }), "permute: 2 axes given for shape [2, 3, 4]"));
  CHECK(contains(error_of([&] { x.t(); }), "t: needs at most 2 axes"));
}

TEST_CASE("movement: expansion and repetition") {
  const Tensor x = tensor({{1}, {2}});
  CHECK(text(x.expand({-1, 3})) == "tensor([[1, 1, 1],\n        [2, 2, 2]])");
  CHECK(x.expand({4, 2, 3}).shape() == Shape{4, 2, 3});
  CHECK(text(x.repeat({1, 2})) == "tensor([[1, 1],\n        [2, 2]])");
  CHECK(x.repeat({2, 2, 1}).shape() == Shape{2, 4, 1});
  CHECK(contains(error_of([&] { x.expand({3, 3}); }), "expand: "));
  CHECK(contains(error_of([] { ones({1, 1}).expand({1LL << 40, 1LL << 40}); }),
                 "expand: a tensor of shape [1099511627776, 1099511627776] has more than 2^63 - 1 elements"));
  const std::string here = OGEE_HERE, message = error_of([] { ones({1}).expand({1LL << 60}).contiguous(); });
  CHECK(contains(message, "contiguous: "));
  CHECK(contains(message, here));
  CHECK(contains(error_of([&] { x.repeat({2}); }), "repeat: [2] has fewer axes than [2, 1]"));
}

TEST_CASE("movement: parts") {
  const Tensor x = cube();
  CHECK(text(x.select(1, -1)) == "tensor([[ 8,  9, 10, 11],\n        [20, 21, 22, 23]])");
  CHECK(x.slice(2, 1, -1).shape() == Shape{2, 3, 2});
  CHECK(x.slice(2, 0, 100, 3).shape() == Shape{2, 3, 2});
  CHECK(x.slice(2, 3, 1).shape() == Shape{2, 3, 0});
  CHECK(x.narrow(1, 1, 2).shape() == Shape{2, 2, 4});
  CHECK(x.split(2, 1).size() == 2);
  CHECK(x.split(2, 1)[1].shape() == Shape{2, 1, 4});
  CHECK(x.split(std::vector<int64_t>{1, 3}, 2)[1].shape() == Shape{2, 3, 3});
  CHECK(x.chunk(3, 2).size() == 2);
  CHECK(zeros({0}).chunk(3).size() == 3);
  CHECK(zeros({0}).split(0).size() == 1);
  CHECK(zeros({0}).split(2)[0].shape() == Shape{0});
  CHECK(x.split(3, 2)[1].shape() == Shape{2, 3, 1});
  CHECK(contains(error_of([&] { x.split({1, 1}, 2); }), "split: the sizes sum to 2, axis 2 of [2, 3, 4] has 4"));
  CHECK(contains(error_of([&] { x.split(0); }), "split: parts of size 0"));
  CHECK(x.unbind(1).size() == 3);
  CHECK(contains(error_of([&] { x.select(0, 2); }), "select: index 2 is out of range for axis 0 of shape [2, 3, 4]"));
  CHECK(contains(error_of([&] { x.narrow(0, 1, 2); }), "narrow: "));
  CHECK(contains(error_of([&] { x.slice(0, 0, 1, 0); }), "slice: the step is 0"));
}

TEST_CASE("movement: flips and pads") {
  CHECK(text(tensor({{1, 2}, {3, 4}}).flip({0, 1})) == "tensor([[4, 3],\n        [2, 1]])");
  const Tensor x = tensor({{1, 2}, {3, 4}});
  CHECK(text(x.pad({1, 0}, 9)) == "tensor([[9, 1, 2],\n        [9, 3, 4]])");
  CHECK(text(x.pad({0, 1, 1, 0})) == "tensor([[0, 0, 0],\n        [1, 2, 0],\n        [3, 4, 0]])");
  CHECK(text(x.pad({-1, 1})) == "tensor([[2, 0],\n        [4, 0]])");
  CHECK(text(x.pad({-3, 3}, 9)) == "tensor([[9, 9],\n        [9, 9]])");
  CHECK(contains(error_of([&] { x.pad({1}); }), "pad: [1] is no list of pairs"));
}

TEST_CASE("movement: compiled movement is that of eager code") {
  const Tensor x = cube();
  auto check = [&](auto f) { CHECK(equal(compile(f)(x), f(x))); };
  check([](Tensor t) { return t.permute({1, 0, 2}).reshape({6, 4}); });
  check([](Tensor t) { return t.slice(1, 1).select(0, 1) * 2; });
  check([](Tensor t) { return t.flip({0, 2}); });
  check([](Tensor t) { return t.pad({1, 2, 0, 1}, 7); });
  check([](Tensor t) { return t.repeat({2, 1, 1, 3}); });
  check([](Tensor t) { return t.unsqueeze(1).expand({2, 5, 3, 4}) + 1; });
  check([](Tensor t) { return cat(t.chunk(2, 2), 0); });
  check([](Tensor t) { return t.clone(); });
}
