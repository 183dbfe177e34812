// Views: which reshapes need no copy.
#include "frontend/views.h"

#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("views: strides of a reshape") {
  using ogee::detail::reshape_strides;
  auto strides = [](Shape from, Shape memory, Shape to) {
    const std::optional<Shape> result = reshape_strides(from, memory, to);
    return result ? result->to_string() : "copy";
  };
  CHECK(strides({2, 3, 4}, {12, 4, 1}, {6, 4}) == "[4, 1]");
  CHECK(strides({2, 3, 4}, {24, 8, 2}, {6, 2, 2}) == "[8, 4, 2]");
  CHECK(strides({3, 2}, {1, 3}, {6}) == "copy");
  CHECK(strides({3, 4}, {8, 1}, {12}) == "copy");
  CHECK(strides({3, 4}, {8, 1}, {3, 2, 2}) == "[8, 2, 1]");
  CHECK(strides({1, 4}, {77, 1}, {4}) == "[1]");
  CHECK(strides({4, 3}, {0, 1}, {2, 2, 3}) == "[0, 0, 1]");
  CHECK(strides({}, {}, {1, 1}) == "[1, 1]");
  CHECK(strides({2, 0}, {5, 9}, {0, 7}) == "[7, 1]");
}

TEST_CASE("views: views share memory") {
  Tensor x = zeros({4, 6});
  x.slice(0, 0, kEnd, 2).view({2, 3, 2}).select(1, 1).fill_(1);
  CHECK(x.sum().item() == 4);
  CHECK(x[2][3].item() == 1);
  CHECK(equal(x.view({2, 2, 6}).transpose(0, 1)[0], x.slice(0, 0, kEnd, 2)));
}

TEST_CASE("views: strides that are known at run time only") {
  using ogee::detail::reshape_strides;
  const Dim s = Dim::symbol("s"), b = Dim::symbol("b", 1);
  CHECK(reshape_strides({1, 4}, {s, 1}, {4})->to_string() == "[1]");
  CHECK(reshape_strides({3, 4}, {s, 1}, {3, 1, 2, 2})->to_string() == "[s, 1, 2, 1]");
  CHECK(reshape_strides({b * 6}, {s}, {b, 6})->to_string() == "[6*s, s]");
  CHECK(!reshape_strides({3, 4}, {s, 1}, {12}));
  CHECK(!reshape_strides({b, 4}, {s, 1}, {4, b}));
}

TEST_CASE("views: views of strided arguments in a trace") {
  const Tensor x = arange(24.0).reshape({4, 6});
  auto check = [&](auto f) {
    auto g = compile(f);
    for (const Tensor& y : {x.t(), x.slice(1, 0, 6, 2), x.slice(1, 1, 5), x.t().slice(0, 0, 4, 3)})
      CHECK(equal(g(y), f(y)));
  };
  check([](Tensor t) { return t[0] + 1; });
  check([](Tensor t) { return t.select(1, -1) * 2; });
  check([](Tensor t) { return t.unsqueeze(1).squeeze(1) + t.unsqueeze(0); });
  check([](Tensor t) { return stack({t, t + 1}, 1); });
  check([](Tensor t) { return t.unbind(1)[0] + t.unbind(1)[1]; });
  check([](Tensor t) { return t.reshape({-1}) + t.flatten(); });
  check([](Tensor t) { return t[0]; });
  check([](Tensor t) {
    Tensor y = t * 1;
    y[1] = t[0];
    return y.t()[0] + 1;
  });
  Tensor w = x.clone();
  compile([](Tensor t) { t[0] += 100; })(w.t());
  CHECK(equal(w.t()[0], x.t()[0] + 100));
}
