// Handles and host reads.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("tensor: handles share, names stay") {
  Tensor x = zeros({2}), y = x;
  CHECK(y.is(x));
  x.set_name("w");
  CHECK(y.name() == "w");
  CHECK(!Tensor().defined());
  CHECK(contains(error_of([] { Tensor().shape(); }), "shape: the tensor is undefined"));
}

TEST_CASE("tensor: items") {
  CHECK(tensor(2.5).item() == 2.5);
  CHECK(tensor({{7}}).item<int>() == 7);
  CHECK(tensor(true).item<bool>());
  CHECK(tensor((1LL << 53) + 1).item<int64_t>() == (1LL << 53) + 1);
  const std::string here = OGEE_HERE, message = error_of([] { tensor(3000000000LL).item<int>(); });
  CHECK(message == "item: 3000000000 does not fit into an integer of 32 bits at " + here);
  CHECK(contains(error_of([] { tensor(-1).item<unsigned>(); }), "item: -1 does not fit"));
  CHECK(contains(error_of([] { tensor(1e30, f64).item<int64_t>(); }), "item: 1e+30 does not fit"));
  CHECK(contains(error_of([] { zeros({2}).item(); }), "item: needs one element, the shape is [2]"));
}

TEST_CASE("tensor: the truth of several elements is an Error at the line that made them") {
  const auto message = [](const Tensor& x) {
    return error_of([&] {
      if (x) FAIL();
    });
  };
  std::string here = OGEE_HERE;
  Tensor x = zeros({2});
  CHECK(contains(message(x), "bool: the truth of a tensor of shape [2] is ambiguous at "));
  here = OGEE_HERE, x = x > 0;
  CHECK(message(x) == "bool: the truth of a tensor of shape [2] is ambiguous at " + here + "; hint: all() or any()");
  const Tensor y = ones({2, 3});
  for (const auto& f : std::vector<std::function<Tensor()>>{
           [&] { return here = OGEE_HERE, y.slice(1, 0, 2); },
           [&] { return here = OGEE_HERE, softmax(y, 1); },
           [&] { return here = OGEE_HERE, matmul(y, y.t()); },
           [&] { return here = OGEE_HERE, y.expand({2, 2, 3}).matmul(ones({3, 4})); },
           [&] { return here = OGEE_HERE, cat({y, y}); },
           [&] { return here = OGEE_HERE, y.clone(); },
           [&] { return here = OGEE_HERE, randn({4}); },
           [&] { return here = OGEE_HERE, tensor({1, 2}); },
       })
    CHECK(contains(message(f()), here));
  auto compiled = compile([](Tensor p) { return p * 2; });
  here = OGEE_HERE, x = compiled(y);
  CHECK(contains(message(x), "bool: the truth"));
}

TEST_CASE("tensor: spans and pointers") {
  Tensor x = arange(6).reshape({2, 3}).to(f32);
  x.span<float>()[5] = 9;
  CHECK(x[1][2].item() == 9);
  CHECK(x.data_ptr<float>()[5] == 9);
  CHECK(contains(error_of([&] { x.span<double>(); }), "span: the elements are f32, not f64"));
  CHECK(contains(error_of([&] { x.t().span<float>(); }), "is not contiguous; hint") == false);
  CHECK(contains(error_of([&] { x.t().span<float>(); }),
                 "span: a tensor of shape [3, 2] and strides [1, 3] is not contiguous"));
}

TEST_CASE("tensor: facts") {
  const Tensor x = zeros({2, 3, 4}).transpose(0, 2);
  CHECK(x.stride(0) == 1);
  CHECK(x.stride(-1) == 12);
  CHECK(!x.is_contiguous());
  CHECK(x.numel() == 24);
  CHECK(contains(error_of([&] { x.size(3); }), "size: axis 3 of a tensor of shape [4, 3, 2]"));
}
