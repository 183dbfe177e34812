// Tensors of different devices in one call. No device is needed: these tensors have an address and no memory.
// Covers: target
#include "frontend/placement.h"

#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

namespace {

/// Dense, on a device that nobody looks for.
Tensor there(const std::vector<int64_t>& sizes, DType dtype = f32, Device device = Device("cuda:0")) {
  int64_t count = 1;
  std::vector<int64_t> strides(sizes.size());
  for (size_t i = sizes.size(); i-- > 0; count *= sizes[i]) strides[i] = count;
  static char nowhere;
  return detail::make_strided(runtime::Storage::external(&nowhere, static_cast<size_t>(count) * 8, {}, device), 0,
                              sizes, strides, dtype);
}

/// Whether an Error says this, and where: the line of the test.
void check_error(const std::string& message, const std::string& expected) {
  const size_t place = message.find(" at placement.cpp:");
  REQUIRE(place != message.npos);
  const size_t end = message.find_first_not_of("0123456789", message.find(':', place) + 1);
  CHECK(message.substr(0, place) + (end == message.npos ? "" : message.substr(end)) == expected);
}

} // namespace

TEST_CASE("placement: a tensor tells its device") {
  CHECK(text(there({2, 3}).device()) == "cuda:0");
  CHECK(there({2, 3}).t().device() == Device("cuda:0"));
  CHECK(zeros({2}).device() == Device("cpu"));
}

TEST_CASE("placement: operands on two devices are an Error that names both") {
  const Tensor x = there({2, 2}), y = ones({2, 2}), other = there({2, 2}, f32, Device("cuda:1"));
  check_error(error_of([&] { x + y; }), "add: x is on cuda:0, y on cpu; hint: y.to(\"cuda:0\")");
  check_error(error_of([&] { y* x; }), "mul: x is on cpu, y on cuda:0; hint: x.to(\"cuda:0\")");
  check_error(error_of([&] { sub(x, other); }), "sub: x is on cuda:0, y on cuda:1; hint: y.to(\"cuda:0\")");
  check_error(error_of([&] { where(y > 0, x, y); }),
              "where: the condition is on cpu, a on cuda:0; hint: to(\"cuda:0\")");
  check_error(error_of([&] { matmul(x, y); }), "matmul: x is on cuda:0, other on cpu; hint: other.to(\"cuda:0\")");
  check_error(error_of([&] { cat({y, x}); }), "cat: one tensor is on cpu, another one on cuda:0; hint: to(\"cuda:0\")");
  check_error(error_of([&] { stack({x, y}); }),
              "stack: one tensor is on cuda:0, another one on cpu; hint: to(\"cuda:0\")");
}

TEST_CASE("placement: tensors with names are named") {
  const Tensor weight = there({2}).set_name("fc.weight"), x = ones({2});
  check_error(error_of([&] { x* weight; }), "mul: x is on cpu, fc.weight on cuda:0; hint: x.to(\"cuda:0\")");
}

TEST_CASE("placement: in place the result has to be where the tensor is") {
  Tensor x = tensor(1.0);
  const Tensor y = there({});
  check_error(error_of([&] { x += y; }), "add_: the result is on cuda:0, x on cpu; hint: x.to(\"cuda:0\")");
  check_error(error_of([&] { Tensor(ones({2})).add_(there({2})); }),
              "add_: x is on cpu, y on cuda:0; hint: x.to(\"cuda:0\")");
}

TEST_CASE("placement: a number on the CPU goes anywhere, a tensor of one element does not") {
  const Tensor x = there({2}), number = tensor(1.0);
  CHECK(detail::common_device("add", x, "x", number, "y", Loc::current()) == x.device());
  CHECK(detail::common_device("add", number, "x", number, "y", Loc::current()) == Device());
  CHECK(contains(error_of([&] { x + tensor({1.0}); }), "add: x is on cuda:0, y on cpu"));
}

TEST_CASE("placement: gradients are where their tensors are") {
  const Tensor x = there({2}).requires_grad_();
  check_error(error_of([&] { x.set_grad(ones({2})); }),
              "set_grad: the gradient is on cpu, needs cuda:0; hint: to(\"cuda:0\")");
  check_error(error_of([&] { x.backward(ones({2})); }),
              "backward: the seed is on cpu, needs cuda:0; hint: to(\"cuda:0\")");
}

TEST_CASE("placement: a trace runs on one device") {
  const Tensor weight = there({2}).set_name("weight"), number = there({}), bias = ones({2});
  const auto on = [](Device device) { return spec({f32, device}, {2}); };
  // The rule of operands holds in a trace, too.
  check_error(error_of([&] { trace([&](Tensor x) { return x * weight; }, on("cpu")); }),
              "mul: arg0 is on cpu, weight on cuda:0; hint: arg0.to(\"cuda:0\")");
  check_error(error_of([&] { trace([&](Tensor x) { return weight * (x + bias); }, on("cpu")); }),
              "mul: weight is on cuda:0, y on cpu; hint: y.to(\"cuda:0\")");
  // What never meets still has to be on one device.
  const std::string message =
      error_of([&] { trace([&](Tensor x) { return std::pair(x + 1, exp(weight)); }, on("cpu")); });
  CHECK(contains(message, "exp: weight is on cuda:0, but the traced function runs on cpu, where arg0 is"));
  CHECK(contains(error_of([&] { trace([&](Tensor x) { return x + ones({2}); }, on("cuda")); }),
                 "ones: the result is on cpu, but the traced function runs on cuda:0, where arg0 is"));
  CHECK(contains(error_of([&] { trace([&](Tensor x) { return x.to("cuda"); }, on("cpu")); }),
                 "to: the result is on cuda:0, but the traced function runs on cpu, where arg0 is"));
  CHECK(contains(error_of([&] { trace([&](Tensor x, Tensor y) { return x + y; }, on("cuda"), on("cpu")); }),
                 "compile: arg1 is on cpu, but the traced function runs on cuda:0, where arg0 is"));
  CHECK(contains(error_of([&] { trace([&](Tensor x) { return x + number; }, on("cpu")); }),
                 "add: arg0 is on cpu, y on cuda:0"));
}

TEST_CASE("placement: a traced value tells its device") {
  const Tensor weight = there({2, 2});
  bool traced = false;
  (void)trace(
      [&](Tensor x) {
        const Tensor number = tensor(2.0), y = matmul(x, weight) * number;
        CHECK(text(x.device()) == "cuda:0");
        CHECK(text(number.device()) == "cpu");
        CHECK(text((number + 1).device()) == "cpu");
        CHECK(text(y.device()) == "cuda:0");
        CHECK(text(y.sum().device()) == "cuda:0");
        CHECK(text(y.sum().cpu().device()) == "cpu");
        CHECK(text(number.to("cuda").device()) == "cuda:0");
        CHECK(text(zeros_like(y).device()) == "cuda:0");
        CHECK(text(rand({2}, Device("cuda")).device()) == "cuda:0");
        CHECK(text(y[0].device()) == "cuda:0");
        Tensor z = zeros_like(y);
        z[0] = number;
        CHECK(text((z + 1).device()) == "cuda:0");
        traced = true;
        return y;
      },
      spec({f32, "cuda"}, {2, 2}));
  CHECK(traced);
}

TEST_CASE("placement: regions give each value on one device") {
  const auto x = spec({f32, "cuda"}, {2});
  const auto branches = [](Tensor x) {
    return cond(x.sum() > 0, [&] { return x.sum(); }, [&] { return tensor(1.f); });
  };
  CHECK(contains(error_of([&] { trace(branches, x); }), "cond: result 0 is f32 [] on cuda:0"));
  const auto loop = [](Tensor x) {
    return while_loop([](Tensor i) { return i < 3.f; }, [&](Tensor i) { return i + x.sum(); }, tensor(0.f));
  };
  CHECK(contains(error_of([&] { trace(loop, x); }), "while_loop: carried value 0 is f32 []"));
  // A counter on the CPU stays there.
  (void)trace(
      [](Tensor x) {
        auto [i, y] =
            while_loop([](Tensor i, Tensor) { return i < 3.f; },
                       [](Tensor i, Tensor y) { return std::tuple(i + 1, y * i); }, std::tuple(tensor(0.f), x));
        CHECK(text(i.device()) == "cpu");
        CHECK(text(y.device()) == "cuda:0");
        return y;
      },
      x);
}

TEST_CASE("placement: functions that nobody told a device make tensors on the default one") {
  set_default_device("cuda");
  const auto options = [] {
    const Tensor x = spec(f32, {2});
    return text(x.device());
  };
  CHECK(options() == "cuda:0");
  set_default_device("cpu");
  CHECK(options() == "cpu");
}

TEST_CASE("placement: objects run on the CPU alone") {
  const Graph graph = trace([](Tensor x) { return x + 1; }, spec({f32, "cuda"}, {2}));
  CHECK(contains(error_of([&] { aot({{"f", graph}}, {}); }), "aot: f runs on cuda:0, and objects run on the CPU"));
}
