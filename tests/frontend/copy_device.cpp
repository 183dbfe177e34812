// Tensors between the CPU and a GPU, whatever their strides; on the fake CUDA machine.
// Covers: target
#include "tests/cuda/machine.h"
#include "tests/frontend/support.h"

using namespace ogee;
using ogee::tests::contains;
using ogee::tests::text;

namespace {

const Device gpu("cuda");

/// The same elements on both devices.
bool same(const Tensor& device, const Tensor& host) {
  return device.device() == gpu && device.dtype() == host.dtype() && equal(device.cpu(), host);
}

} // namespace

TEST_CASE("copy_device: elements go there and back") {
  for (DType dtype : {f32, f64, i32, i64, boolean}) {
    const Tensor x = arange(7).to(dtype), there = x.to(gpu);
    CHECK(text(there.device()) == "cuda:0");
    CHECK(there.dtype() == dtype);
    CHECK(equal(there.to("cpu"), x));
    CHECK(there.to(gpu).is(there));
    CHECK(x.cpu().is(x));
  }
  const Tensor bytes = tensor({{1, 200}, {3, 4}}, DType::u8).cuda();
  CHECK(same(bytes.t().to(f32), tensor({{1.0, 3.0}, {200.0, 4.0}})));
  CHECK(text(bytes.to(f32).to(DType::u8).cpu()) == "tensor([[  1, 200],\n        [  3,   4]], dtype=u8)");
  CHECK(zeros({0, 3}).cuda().shape() == Shape{0, 3});
  CHECK(tensor(2.5).cuda().cpu().item() == 2.5);
  CHECK(text(arange(3).to(gpu, f64)) == "tensor([0., 1., 2.], device='cuda:0', dtype=f64)");
}

TEST_CASE("copy_device: views go as dense copies") {
  const Tensor x = arange(24).reshape({2, 3, 4}), there = x.cuda();
  const auto both = [&](const auto& view) {
    CHECK(same(view(there).contiguous(), view(x).contiguous())); // on the device
    CHECK(equal(view(there).cpu(), view(x).contiguous()));       // from it
    CHECK(same(view(x).cuda(), view(x).contiguous()));           // to it
  };
  both([](const Tensor& t) { return t.permute({2, 1, 0}); });
  both([](const Tensor& t) { return t.slice(2, 0, kEnd, 2); });
  both([](const Tensor& t) { return t.slice(0, 1).slice(2, 1, 3); });
  both([](const Tensor& t) { return t.select(1, 2); });
  both([](const Tensor& t) { return t[1][2]; });
  both([](const Tensor& t) { return t.select(2, 0).unsqueeze(1).expand({2, 5, 3}); });
  CHECK(same(there.flip({0, 2}), x.flip({0, 2})));
  CHECK(same(there.repeat({1, 2, 1}), x.repeat({1, 2, 1})));
  CHECK(same(there.permute({1, 0, 2}).reshape({6, 4}), x.permute({1, 0, 2}).reshape({6, 4})));
}

TEST_CASE("copy_device: writes go through views") {
  const auto written = [](Device device) {
    Tensor x = zeros({4, 6}, device);
    x[0] = 5;
    x.select(1, 2) = arange(4, {f32, device});
    x.slice(0, 1, 3).slice(1, 3, kEnd, 2) = 7;
    x.t()[5].copy_(tensor({1.0, 2.0, 3.0, 4.0}));             // from the CPU
    x.slice(1, 0, 2)[3] = tensor(9.0);                        // a number on it
    x.slice(0, 2).slice(1, 0, 2).copy_(ones({1, 2}, device)); // repeated
    Tensor y = arange(5, device);
    y.slice(0, 1) = y.slice(0, 0, 4); // overlaps
    return cat({x.flatten(), y.to(f32)});
  };
  CHECK(same(written(gpu), written("cpu")));
  Tensor here = zeros({2, 3});
  here.t().copy_(arange(6).reshape({3, 2}).cuda());
  CHECK(text(here) == "tensor([[0., 2., 4.],\n        [1., 3., 5.]])");
}

TEST_CASE("copy_device: fills of every size of element") {
  for (DType dtype : {f32, f64, i32, i64, boolean}) {
    Tensor x = full({3, 5}, 1, {dtype, gpu});
    CHECK(same(x, full({3, 5}, 1, dtype)));
    x.slice(1, 1, kEnd, 2).fill_(0);
    Tensor y = ones({3, 5}, dtype);
    y.slice(1, 1, kEnd, 2).fill_(0);
    CHECK(same(x, y));
  }
  CHECK(
      contains(tests::error_of([] { zeros({2}, gpu).expand({3, 2}).fill_(1); }), "fill_: cannot write to an expanded"));
}

TEST_CASE("copy_device: what creation functions make is the same everywhere") {
  CHECK(same(arange(5, gpu), arange(5)));
  CHECK(same(arange(0.5, 3, 0.25, gpu), arange(0.5, 3, 0.25)));
  CHECK(same(linspace(0, 1, 7, gpu), linspace(0, 1, 7)));
  CHECK(same(eye(3, 4, gpu), eye(3, 4)));
  CHECK(same(tensor({{1.0, 2.0}, {3.0, 4.0}}, gpu), tensor({{1.0, 2.0}, {3.0, 4.0}})));
  CHECK(same(full({2}, 3, gpu), full({2}, 3)));
  CHECK(same(ones_like(zeros({2, 2}, gpu)), ones({2, 2})));
  CHECK(zeros_like(zeros({2}, gpu), Device("cpu")).device() == Device("cpu"));
  CHECK(empty({2}, gpu).device() == gpu);
}

TEST_CASE("copy_device: draws have the same bits") {
  const auto draws = [](Device device) {
    manual_seed(7);
    return std::vector<Tensor>{rand({1000}, device),          rand({3, 7}, {f64, device}),
                               randn({50}, device),           randint(-5, 100, {50}, device),
                               rand_like(zeros({5}, device)), randint(0, 9, {4}, {f32, device}),
                               randn({3, 7}, {f64, device})};
  };
  const std::vector<Tensor> here = draws("cpu"), there = draws(gpu);
  for (size_t i = 0; i + 1 < here.size(); ++i) CHECK(same(there[i], here[i]));
  CHECK(allclose(there.back().cpu(), here.back(), 1e-12, 1e-12)); // f64's logarithm is the libraries' own
}

TEST_CASE("copy_device: reading elements copies them to the host") {
  const Tensor x = tensor({1.5, -2.0}, gpu);
  CHECK(x[1].item() == -2);
  CHECK(bool(x[0] > 1));
  CHECK(text(x) == "tensor([ 1.5000, -2.0000], device='cuda:0')");
  CHECK(allclose(x, x + 1e-9));
  CHECK(!equal(x, -x));
  CHECK(contains(tests::error_of([&] { x.span<float>(); }),
                 "span: the elements are on cuda:0, where C++ cannot read them at copy_device.cpp:"));
  CHECK(contains(tests::error_of([&] { equal(x, x.cpu()); }), "equal: a is on cuda:0, b on cpu"));
}

TEST_CASE("copy_device: gradients go the way back") {
  const Tensor x = arange(4).to(f32).reshape({2, 2}).t().requires_grad_();
  (x.cuda() * tensor({{1.0, 2.0}, {3.0, 4.0}}, gpu)).sum().backward();
  CHECK(text(x.grad()) == "tensor([[1., 2.],\n        [3., 4.]])");
  const Tensor y = ones({2}, gpu).requires_grad_();
  (y.cpu() * tensor({5.0, 6.0})).sum().backward();
  CHECK(text(y.grad()) == "tensor([5., 6.], device='cuda:0')");
}

TEST_CASE("copy_device: a device that is not there") {
  CHECK(contains(tests::error_of([] { zeros({2}).cuda(7); }), "cuda:7"));
  CHECK(contains(tests::error_of([] { zeros({2}, Device("cuda:7")); }), "zeros: "));
}
