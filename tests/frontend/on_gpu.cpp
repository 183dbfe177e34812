// Operations, gradients, compiled functions and training on a GPU as on the CPU; on the fake CUDA machine.
#include "tests/cuda/machine.h"
#include "tests/frontend/support.h"

#include <atomic>
#include <cstdio>
#include <thread>

using namespace ogee;
using ogee::tests::contains;
using ogee::tests::text;

namespace {

const Device cpu_device("cpu"), gpu("cuda");

/// What a function of the device gives is the same to the bit on both.
template <class F>
void check_same(const F& f) {
  const Tensor here = f(cpu_device), there = f(gpu);
  CHECK(there.device() == gpu);
  CHECK(text(there.cpu()) == text(here));
  CHECK(all(logical_or(there.cpu() == here, logical_and(isnan(there.cpu()), isnan(here)))).item<bool>());
}

Tensor numbers(std::initializer_list<int64_t> shape, Device device, uint64_t seed = 1) {
  manual_seed(seed);
  return randn(std::vector<int64_t>(shape), device);
}

} // namespace

TEST_CASE("on_gpu: element-wise operations have the same bits") {
  check_same([](Device d) { return exp(numbers({5, 7}, d)) * 3 - 1; });
  check_same([](Device d) { return gelu(numbers({33}, d)) / 0.3; });
  check_same([](Device d) { return numbers({4, 3}, d).t() + numbers({4}, d); });  // strided, broadcast
  check_same([](Device d) { return numbers({4, 3}, d) * tensor(2.0); });          // a number on the CPU
  check_same([](Device d) { return tensor(2.f) - numbers({1}, d).reshape({}); }); // with one on the device
  check_same([](Device d) { return where(numbers({3, 3}, d) > 0, 1, tensor(-1.f)); });
  check_same([](Device d) { return numbers({6}, d).slice(0, 0, kEnd, 2).to(i32); });
  check_same([](Device d) { return (numbers({20}, d) * 9).to(i64) % 4; });
  check_same([](Device d) { return (numbers({9}, d) > 0.5).to(f64).sqrt(); });
}

TEST_CASE("on_gpu: in place") {
  check_same([](Device d) {
    Tensor x = numbers({4, 4}, d);
    x += 1;
    x *= x.t();            // overlaps
    x.slice(1, 1, 3) -= 2; // strided
    x[0].exp_();
    x.slice(0, 2).add_(tensor(3.f));
    return x;
  });
}

TEST_CASE("on_gpu: tensors of several devices are Errors that name the function and what it calls them") {
  Tensor number = tensor(1.f), there = zeros({3}, "cuda"), here = zeros({3});
  CHECK(there.device() == gpu);
  CHECK(zeros({3}, {f64, "cuda:0"}).device() == gpu);
  const auto says = [](const auto& call, const std::string& message) {
    CHECK(contains(tests::error_of(call), message));
  };
  says([&] { number += there.sum(); }, "add_: the result is on cuda:0, x on cpu at ");
  auto compiled = compile([&](Tensor x) { number += x.sum(); });
  says([&] { compiled(there); }, "add_: the result is on cuda:0, x on cpu at ");
  CHECK(number.item() == 1);
  says([&] { allclose(there, here); }, "allclose: a is on cuda:0, b on cpu at ");
  says([&] { equal(there, here); }, "equal: a is on cuda:0, b on cpu at ");
  says([&] { masked_fill(there, here > 0, 1); }, "masked_fill: the mask is on cpu, x on cuda:0 at ");
  says([&] { clamp(there, here, here); }, "clamp: x is on cuda:0, low on cpu at ");
  says([&] { where(here > 0, there, there); }, "where: the condition is on cpu, a on cuda:0 at ");
  says([&] { randn({int64_t(1) << 40}, "cuda"); }, "randn: CUDA: cuda:0 has no memory left for 4398046511104 bytes");
}

TEST_CASE("on_gpu: along axes, products, joins") {
  const auto near = [](const auto& f) {
    const Tensor here = f(cpu_device), there = f(gpu);
    CHECK(there.device() == gpu);
    CHECK(allclose(there.cpu(), here, 1e-5, 1e-6));
  };
  near([](Device d) { return numbers({5, 300}, d).sum(1); });
  near([](Device d) { return numbers({5, 300}, d).mean(0); });
  near([](Device d) { return softmax(numbers({5, 70}, d), -1); });
  near([](Device d) { return numbers({3, 4, 5}, d).var({0, 2}); });
  near([](Device d) { return max(numbers({6, 8}, d), 1).indices.to(f32); });
  near([](Device d) { return matmul(numbers({5, 6}, d), numbers({6, 7}, d, 2)); });
  near([](Device d) { return matmul(numbers({5, 6}, d).t(), numbers({5, 3}, d, 2)); });
  near([](Device d) { return matmul(numbers({2, 5, 6}, d), numbers({6}, d, 2)); });
  near([](Device d) { return matmul(zeros({2, 0}, d), zeros({0, 3}, d)); });
  near([](Device d) { return cat({numbers({2, 3}, d), numbers({2, 1}, d).expand({2, 2})}, 1); });
  near([](Device d) { return stack({numbers({3}, d)[0], tensor(1.f), numbers({3}, d)[2]}); });
  near([](Device d) { return pad(numbers({2, 2}, d), {1, 0, -1, 2}, 5); });
  near([](Device d) { return cross_entropy(numbers({4, 10}, d), randint(10, {4}, d)); });
}

TEST_CASE("on_gpu: gradients") {
  const auto gradient = [](Device d) {
    const Tensor x = numbers({3, 4}, d).requires_grad_();
    const Tensor w = numbers({4, 2}, d, 2).requires_grad_();
    const Tensor scale = tensor(0.5).requires_grad_(); // on the CPU
    Tensor y = tanh(matmul(x * scale, w)) + x.slice(1, 0, 2);
    int hooked = 0;
    y.register_hook([&](const Tensor& g) {
      ++hooked;
      CHECK(g.device() == d);
    });
    (y * y).sum().backward();
    CHECK(hooked == 1);
    CHECK(x.grad().device() == d);
    CHECK(w.grad().device() == d);
    CHECK(scale.grad().device() == cpu_device);
    return std::vector<Tensor>{x.grad(), w.grad(), scale.grad()};
  };
  const std::vector<Tensor> here = gradient(cpu_device), there = gradient(gpu);
  for (size_t i = 0; i < here.size(); ++i) CHECK(allclose(there[i].cpu(), here[i], 1e-5, 1e-6));
}

TEST_CASE("on_gpu: accumulated and second gradients") {
  const Tensor x = tensor({1.0, 2.0, 3.0}, gpu).requires_grad_();
  (x * x * x).sum().backward();
  (x * 2).sum().backward();
  CHECK(text(x.grad()) == "tensor([ 5., 14., 29.], device='cuda:0')");
  const Tensor first = autograd::grad({(x * x * x).sum()}, {x}, {}, {.create_graph = true})[0];
  const Tensor second = autograd::grad({first.sum()}, {x})[0];
  CHECK(text(second) == "tensor([ 6., 12., 18.], device='cuda:0')");
}

TEST_CASE("on_gpu: checkpoints, rules of one's own, checks of gradients") {
  const Tensor x = tensor({0.5, -1.0}, {f64, gpu});
  CHECK(gradcheck([](const Tensor& t) { return exp(t) * sin(t); }, x));
  CHECK(gradgradcheck([](const Tensor& t) { return t * t * t; }, x));
  const auto g = grad([](Tensor t) { return checkpoint([](Tensor u) { return exp(u * u); })(t).sum(); });
  CHECK(allclose(g(x).cpu(), grad([](Tensor t) { return exp(t * t).sum(); })(x.cpu())));
}

TEST_CASE("on_gpu: compiled functions") {
  const Tensor w = numbers({4, 3}, gpu, 2);
  int traces = 0;
  const auto f = compile([&](Tensor x) {
    ++traces;
    return relu(matmul(x, w.to(x.device()))) * 2 + 1;
  });
  const Tensor x = numbers({5, 4}, gpu);
  CHECK(f(x).device() == gpu);
  CHECK(allclose(f(x), relu(matmul(x, w)) * 2 + 1, 1e-5, 1e-6));
  CHECK(traces == 1);
  const auto g = compile([](Tensor x) { return exp(x) - 1; });
  CHECK(g(x).device() == gpu);
  CHECK(g(x.cpu()).device() == cpu_device);
  CHECK(equal(g(x).cpu(), g(x.cpu())));
  CHECK(g.stats().reasons == std::vector<std::string>{"arg 0 was on cuda:0, now on cpu"});
}

TEST_CASE("on_gpu: a compiled function with state, numbers and draws") {
  const auto run = [](Device d) {
    manual_seed(3);
    Tensor total = zeros({3}, d), count = tensor(0.f);
    const auto f = compile([&](Tensor x, Tensor scale) {
      total += x * scale + rand({3}, d);
      count += 1;
      return std::pair(total * 2, count * 10);
    });
    std::vector<Tensor> all;
    for (int i = 0; i < 3; ++i) {
      auto [y, n] = f(numbers({3}, d, 5), 0.5);
      CHECK(y.device() == d);
      CHECK(n.device() == cpu_device);
      all.push_back(y.cpu());
      all.push_back(n.reshape({1}));
    }
    CHECK(count.device() == cpu_device);
    all.push_back(total.cpu());
    all.push_back(count.reshape({1}));
    return cat(all);
  };
  CHECK(text(run(gpu)) == text(run(cpu_device)));
}

TEST_CASE("on_gpu: choices and loops") {
  const auto f = compile([](Tensor x) {
    const Tensor y = cond(x.sum() > 0, [&] { return x * 2; }, [&] { return x - 1; });
    auto [i, z] = while_loop([](Tensor i, Tensor) { return i < 4; },
                             [](Tensor i, Tensor z) { return std::tuple(i + 1, z * 1.5); }, std::tuple(tensor(0), y));
    auto [last, all] = scan([](Tensor c, Tensor p) { return std::pair(c + p, c * p); }, x[0], z);
    return std::vector<Tensor>{z, all, last.reshape({1})};
  });
  for (double sign : {1.0, -1.0}) {
    const Tensor x = numbers({5}, gpu).abs() * sign;
    const std::vector<Tensor> there = f(x), here = f(x.cpu());
    for (size_t i = 0; i < here.size(); ++i) {
      CHECK(there[i].device() == gpu);
      CHECK(equal(there[i].cpu(), here[i]));
    }
  }
}

TEST_CASE("on_gpu: gradients of compiled functions on the tape") {
  const auto f = compile([](Tensor x, Tensor scale) { return tanh(x * scale).sum(); });
  const auto gradients = [&](Device d) {
    const Tensor x = numbers({6}, d).requires_grad_(), scale = tensor(1.5f).requires_grad_();
    f(x, scale).backward();
    CHECK(x.grad().device() == d);
    CHECK(scale.grad().device() == cpu_device);
    return cat({x.grad().cpu(), scale.grad().reshape({1})});
  };
  CHECK(allclose(gradients(gpu), gradients(cpu_device)));
}

TEST_CASE("on_gpu: training, eagerly and by a compiled step") {
  const auto train = [](Device d, bool compiled) {
    manual_seed(11);
    Tensor w1 = (randn({6, 8}, d) * 0.5).requires_grad_(), b1 = zeros({8}, d).requires_grad_();
    Tensor w2 = (randn({8, 3}, d) * 0.5).requires_grad_();
    optim::SGD sgd({w1, b1, w2}, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01});
    CHECK(sgd.velocities()[0].device() == d);
    const auto plain = [&](Tensor x, Tensor labels) {
      sgd.zero_grad();
      Tensor loss = cross_entropy(matmul(relu(matmul(x, w1) + b1), w2), labels);
      loss.backward();
      sgd.step();
      return loss;
    };
    const auto step = compile(plain);
    std::vector<double> losses;
    for (int i = 0; i < 6; ++i) {
      if (i == 3) sgd.set_lr(0.05);
      const Tensor x = randn({16, 6}, d), labels = randint(3, {16}, d);
      const Tensor loss = compiled ? step(x, labels) : plain(x, labels);
      CHECK(loss.device() == d);
      losses.push_back(loss.item());
    }
    losses.push_back(w1.cpu().sum().item());
    return losses;
  };
  const std::vector<double> reference = train(cpu_device, false);
  CHECK(reference[5] != reference[0]);
  for (bool compiled : {false, true}) {
    const std::vector<double> losses = train(gpu, compiled);
    for (size_t i = 0; i < losses.size(); ++i) CHECK(tests::near(losses[i], reference[i], 2e-5));
  }
}

TEST_CASE("on_gpu: a compiled step is recorded and run again, with other data, numbers, draws and sizes") {
  const auto train = [](Device d) {
    manual_seed(3);
    Tensor w = (randn({6, 3}, d) * 0.5).requires_grad_(), b = zeros({3}, d).requires_grad_();
    optim::SGD sgd({w, b}, {.lr = 0.1});
    const auto step = compile([&](Tensor x, Tensor labels) {
      sgd.zero_grad();
      const Tensor kept = (rand_like(x) > 0.25f).to(f32);
      Tensor loss = cross_entropy(matmul(x * kept, w) + b, labels);
      loss.backward();
      sgd.step();
      return loss;
    });
    std::vector<double> losses;
    for (int i = 0; i < 100; ++i) {
      sgd.set_lr(0.1 / (1 + i));
      const int64_t batch = i % 3 == 2 ? 4 : 16;
      losses.push_back(step(randn({batch, 6}, d), randint(3, {batch}, d)).item());
    }
    losses.push_back(w.cpu().sum().item());
    losses.push_back(b.cpu()[1].item());
    return losses;
  };
  const std::vector<double> reference = train(cpu_device);
  const uint64_t before = stats().graph_launches;
  const std::vector<double> losses = train(gpu);
  for (size_t i = 0; i < losses.size(); ++i) CHECK(tests::near(losses[i], reference[i], 2e-5));
  CHECK(stats().graph_launches - before == 100 - 2 * 2); // two sizes, each known after two calls
}

TEST_CASE("on_gpu: what is recorded keeps its workspace when another part of the program needs a larger one") {
  const auto run = [](Device d) {
    manual_seed(5);
    const Tensor w = randn({16, 16}, d) * 0.1, large = randn({100, 100}, d) * 0.01;
    const auto f = compile([&](const Tensor& x, const Tensor& flag) {
      const Tensor h = softmax(matmul(softmax(matmul(x, w), -1), w), -1);
      return cond(
          flag.sum() > 0, [&] { return h + matmul(softmax(matmul(large, large), -1), large).sum(); },
          [&] { return h * 2.0; });
    });
    std::vector<double> sums;
    for (int i = 0; i < 12; ++i)
      sums.push_back(f(randn({16, 16}, d), full({1}, i >= 5 && i % 2 ? 1.0 : -1.0, d)).sum().item());
    return sums;
  };
  const std::vector<double> here = run(cpu_device), there = run(gpu);
  for (size_t i = 0; i < here.size(); ++i) CHECK(tests::near(there[i], here[i], 1e-4));
}

TEST_CASE("on_gpu: graphs for a device") {
  const Graph graph = trace([](Tensor x) { return x * 2 + rand({3}, Device("cuda")); }, spec({f32, gpu}, {3}));
  const CompiledGraph program = graph.compile();
  manual_seed(5);
  const Tensor x = ones({3}, gpu), y = program({x})[0];
  manual_seed(5);
  CHECK(equal(y, x * 2 + rand({3}, gpu)));
  CHECK(contains(tests::error_of([&] { program({ones({3})}); }), "a compiled graph: arg 0 is on cpu, needs cuda:0"));
}

TEST_CASE("on_gpu: results and memory of many small operations") {
  Tensor x = ones({8}, gpu);
  for (int i = 0; i < 50; ++i) x = x + i;
  CHECK(x[3].item() == 1 + 49 * 50 / 2);
}

TEST_CASE("on_gpu: the default device") {
  set_default_device(gpu);
  const Tensor x = zeros({2});
  const auto f = compile([](Tensor t) { return t + ones({2}); });
  CHECK(f(x).device() == gpu);
  set_default_device("cpu");
  CHECK(x.device() == gpu);
  CHECK(contains(tests::error_of([&] { f(x); }), "ones: the result is on cpu, but the traced function runs on cuda:0"));
}

TEST_CASE("on_gpu: programs that are saved go on with their state on the GPU") {
  const std::string path = "on_gpu_program.ogee";
  Tensor total = zeros({3}, gpu).set_name("total"), count = tensor(0.f).set_name("count");
  const auto f = compile([&](Tensor x, Tensor scale) {
    total += x * scale;
    count += 1;
    return total * 2 + rand({3}, gpu);
  });
  const Tensor x = numbers({3}, gpu), half = tensor(0.5f);
  f(x, half);
  manual_seed(9);
  f.save(path);
  const LoadedProgram program = load_program(path);
  CHECK(program.inputs() == std::vector<std::string>{"arg0", "arg1"});
  const Tensor there = program(x, half);
  CHECK(there.device() == gpu);
  manual_seed(9);
  CHECK(equal(there, f(x, half)));
  CHECK(equal(Tensor(program(x.cpu().cuda(), half.cuda())), f(x, half))); // a number goes anywhere
  CHECK(contains(tests::error_of([&] { program(x.cpu(), half); }), "a program: arg 0 is on cpu, needs cuda:0"));
  std::remove(path.c_str());
}

TEST_CASE("on_gpu: a gradient goes into tensors of both devices inside a compiled step") {
  const auto run = [](Device d) {
    const Tensor w = numbers({4}, d).requires_grad_(), scale = tensor(2.f).requires_grad_();
    const auto step = compile(
        [&](Tensor x) {
          (x * w * scale).sum().backward();
          return w.grad() * 1;
        },
        {.keep_grads = true});
    const Tensor g = step(ones({4}, d));
    CHECK(scale.grad().device() == cpu_device);
    CHECK(w.grad().device() == d);
    return cat({g.cpu(), w.grad().cpu(), scale.grad().reshape({1})});
  };
  CHECK(allclose(run(gpu), run(cpu_device)));
}

TEST_CASE("on_gpu: threads, and a stream of one's own") {
  const Tensor x = numbers({100}, gpu), expected = exp(x) * 2;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) wrong += !equal(exp(x) * 2, expected);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  Stream stream;
  Tensor y;
  {
    const StreamGuard guard(stream);
    y = exp(x) * 2;
  }
  stream.synchronize();
  CHECK(equal(y, expected));
}
