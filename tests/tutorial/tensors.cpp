// The programs of PyTorch's introductions, as C++: tensors (T1 to T11).
#include "tests/frontend/support.h"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>

using namespace ogee;
using ogee::tests::text;
using namespace std;

TEST_CASE("T1 a tensor from nested lists") {
  CHECK(text(tensor({{1, 2, 3}, {4, 5, 6}})) == "tensor([[1, 2, 3],\n        [4, 5, 6]])");
  CHECK(tensor({{1, 2, 3}, {4, 5, 6}}).dtype() == i64);
  CHECK(tensor(1.0).dtype() == f32);
  CHECK(tensor({1.f, 2.f}).dtype() == f32);
}

TEST_CASE("T2 creation") {
  CHECK(text(tensor({{1, 2}, {3, 4}}, f32)) == "tensor([[1., 2.],\n        [3., 4.]])");
  CHECK(zeros({3, 4}).shape() == Shape{3, 4});
  CHECK(ones({2, 3}).sum().item<float>() == 6);
  manual_seed(0);
  const Tensor a = randn({2, 3}), b = rand({2, 3});
  manual_seed(0);
  const Tensor c = randn({2, 3}), d = rand({2, 3});
  CHECK(equal(a, c));
  CHECK(equal(b, d));
  CHECK(text(arange(0, 10, 2)) == "tensor([0, 2, 4, 6, 8])");
}

TEST_CASE("T3 arithmetic and views") {
  Tensor a = tensor({{1, 2}, {3, 4}}), b = tensor({{5, 6}, {7, 8}});
  CHECK(text(a + b) == "tensor([[ 6,  8],\n        [10, 12]])");
  CHECK(equal(add(a, b), a + b));
  CHECK(text(matmul(a, b)) == "tensor([[19, 22],\n        [43, 50]])");
  CHECK(text(a * 2) == "tensor([[2, 4],\n        [6, 8]])");
  Tensor v = a.view({-1});
  CHECK(text(v) == "tensor([1, 2, 3, 4])");
  CHECK(a.reshape({1, 4}).shape() == Shape{1, 4});
  v[0] = 9;
  CHECK(a[0][0].item<int>() == 9);
}

TEST_CASE("T4 reductions of a matrix") {
  Tensor x = tensor({{1, 2}, {3, 4}}, f32);
  CHECK(text(sum(x)) == "tensor(10.)");
  CHECK(text(mean(x)) == "tensor(2.5000)");
  CHECK(text(max(x)) == "tensor(4.)");
  CHECK(text(argmax(x)) == "tensor(3)");
}

TEST_CASE("T5 reductions of a vector") {
  Tensor x = tensor({1, 2, 3, 4, 5}, f32);
  CHECK(text(max(x)) == "tensor(5.)");
  CHECK(text(mean(x)) == "tensor(3.)");
  CHECK(text(var(x)) == "tensor(2.5000)");
}

TEST_CASE("T6 shapes") {
  Tensor x = tensor({{1, 2}, {3, 4}});
  CHECK(text(x.reshape({4, 1})) == "tensor([[1],\n        [2],\n        [3],\n        [4]])");
  CHECK(text(transpose(x, 0, 1)) == "tensor([[1, 3],\n        [2, 4]])");
  CHECK(text(flatten(x)) == "tensor([1, 2, 3, 4])");
  CHECK(equal(x.t(), transpose(x, 0, 1)));
}

TEST_CASE("T7 values with indices, and facts") {
  Tensor x = tensor({{1, 5, 2}, {9, 3, 4}}, f32);
  auto [v, i] = max(x, 1);
  CHECK(text(v) == "tensor([5., 9.])");
  CHECK(text(i) == "tensor([1, 0])");
  CHECK(i.dtype() == i64);
  int64_t rows = x.size(0);
  CHECK(rows == 2);
  CHECK(text(x.shape()) == "[2, 3]");
  CHECK(x.dtype() == f32);
  int64_t n = x.numel();
  CHECK(n == 6);
  CHECK(x.dim() == 2);
  vector<float> buffer(x.size(0));
  CHECK(buffer.size() == 2);
}

TEST_CASE("T8 memory shared with C++, NumPy's files") {
  vector<int64_t> v{1, 2, 3, 4};
  auto t = from_blob(v.data(), {4});
  v[0] = 9;
  CHECK(t.span<int64_t>()[0] == 9);
  const string path = (filesystem::temp_directory_path() / "ogee_tutorial_a.npy").string();
  save_npy(path, t);
  CHECK(equal(load_npy(path), t));
  filesystem::remove(path);
}

TEST_CASE("T9 devices, without CUDA too") {
  CHECK(string(version()).find('.') != string::npos);
  CHECK((cuda_device_count() > 0) == cuda_is_available());
  Device d = cuda_is_available() ? Device("cuda") : Device("cpu");
  Tensor t = tensor({1, 2}).to(d);
  CHECK(t.device() == d);
}

TEST_CASE("T10 a compiled function") {
  auto g = compile([](Tensor x, Tensor y, Tensor w) { return (x + y) * w; });
  CHECK(g(2, 3, 4).item<int>() == 20);
  const string ir = g.ir();
  CHECK(ir.find("ogee.add") < ir.find("ogee.mul"));
  CHECK(ir.find("tensors.cpp") != string::npos);
  size_t ops = 0;
  for (size_t at = 0; (at = ir.find("ogee.", at)) != string::npos; ++at) ops += ir.compare(at, 9, "ogee.name") != 0;
  CHECK(ops == 2);
  CHECK(g.dot().find("digraph") == 0);
}

TEST_CASE("T11 a tensor in a condition") {
  auto f = [](Tensor x) {
    if (x > 0) return x * 2; // this line stands in the error
    return x;
  };
  CHECK(f(tensor(3.0)).item() == 6);
  auto g = compile(f);
  const string line = "tensors.cpp:" + to_string(__LINE__ - 5);
  try {
    g(tensor(3.0));
    FAIL("no error");
  } catch (const Error& error) {
    const string message = error.what();
    CHECK(message.find(line) != string::npos);
    CHECK(message.find("cond") != string::npos);
  }
}
