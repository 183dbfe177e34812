// Arguments and results that are structs, vectors, maps, tuples.
#include "tests/frontend/support.h"

#include <map>

using namespace ogee;
using namespace ogee::tests;

namespace {

struct Batch {
  Tensor x, t;
};
struct Nested {
  Batch batch;
  std::vector<Tensor> more;
  bool train = false;
};
class Hidden {
public:
  explicit Hidden(Tensor value) : value_(std::move(value)) {}
  auto fields() { return std::tie(value_); }
  const Tensor& value() const { return value_; }

private:
  Tensor value_;
};

} // namespace

TEST_CASE("fields: structs, nested ones and tuples") {
  auto g = compile(
      [](const Nested& n) { return std::tuple(n.batch.x * n.batch.t, n.train ? n.more[0] * 1 : n.more[1] * 1); });
  const Nested n{{tensor(2), tensor(3)}, {tensor(5), tensor(7)}, true};
  auto [product, chosen] = g(n);
  CHECK(product.item<int>() == 6);
  CHECK(chosen.item<int>() == 5);
  Nested eval = n;
  eval.train = false;
  CHECK(std::get<1>(g(eval)).item<int>() == 7);
  CHECK(g.stats().reasons == std::vector<std::string>{"arg 0.train was true, now false"});
}

TEST_CASE("fields: fields of plain structs have their names") {
  struct Layer {
    Tensor weight, b_1;
  };
  auto g = compile(
      [](Nested n, std::vector<Layer> layers) { return n.batch.x * n.batch.t + layers[0].weight + layers[0].b_1; },
      {.args = {"n"}});
  g(Nested{{tensor(2), tensor(3)}, {tensor(5)}, true}, std::vector<Layer>{{tensor(1), tensor(1)}});
  CHECK(g.graph().inputs() ==
        std::vector<std::string>{"n.batch.x", "n.batch.t", "n.more.0", "arg1.0.weight", "arg1.0.b_1"});
}

TEST_CASE("fields: vectors, maps and classes with fields()") {
  auto g = compile([](std::vector<Tensor> list, std::map<std::string, Tensor> named, Hidden hidden) {
    Tensor sum = named.at("a") + hidden.value();
    for (const Tensor& x : list) sum = sum + x;
    return std::map<std::string, Tensor>{{"sum", sum}, {"twice", sum * 2}};
  });
  const auto result =
      g(std::vector<Tensor>{tensor(1), tensor(2)}, std::map<std::string, Tensor>{{"a", tensor(3)}}, Hidden(tensor(4)));
  CHECK(result.at("sum").item<int>() == 10);
  CHECK(result.at("twice").item<int>() == 20);
  CHECK(g.graph().inputs() == std::vector<std::string>{"arg0.0", "arg0.1", "arg1.a", "arg2.0"});
}

TEST_CASE("fields: plain values in a result come back") {
  struct Out {
    Tensor y;
    int n;
    std::string name;
  };
  auto g = compile([](Tensor x) { return Out{x + 1, 42, "out"}; });
  for (int i = 0; i < 2; ++i) {
    const Out out = g(tensor(i));
    CHECK(out.y.item<int>() == i + 1);
    CHECK(out.n == 42);
    CHECK(out.name == "out");
  }
}
