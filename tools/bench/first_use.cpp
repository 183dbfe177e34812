// Times first uses in two child processes that share a cache folder, empty for the first one.
#include "tools/bench/first_use.h"

#include <ogee/ogee.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <vector>

namespace ogee::bench {

namespace {

struct Use {
  const char* name;
  std::function<void()> run;
};

/// The demo's network, for 32 images.
struct Network {
  Tensor w1 = zeros({784, 128}), b1 = zeros({128}), w2 = zeros({128, 10}), b2 = zeros({10}), x = zeros({32, 784});

  auto compiled() const {
    return compile([*this](const Tensor& x) { return matmul(relu(matmul(x, w1) + b1), w2) + b2; });
  }
};

std::vector<Use> uses() {
  const Tensor x = zeros({32, 64}), y = zeros({32, 64}), w = zeros({64, 16}), v = zeros({64}), t = zeros({32}, i64);
  return {
      {"x + y (the process's first kernel)", [=] { x + y; }},
      {"x * y", [=] { x* y; }},
      {"exp(x)", [=] { exp(x); }},
      {"gelu(x)", [=] { gelu(x); }},
      {"sin(x)", [=] { sin(x); }},
      {"pow(x, y)", [=] { pow(x, y); }},
      {"sum(x)", [=] { sum(x); }},
      {"sum(x, 0)", [=] { sum(x, 0); }},
      {"argmax(x, 1)", [=] { argmax(x, 1); }},
      {"norm(x, 3)", [=] { norm(x, 3); }},
      {"softmax(x, 1)", [=] { softmax(x, 1); }},
      {"cross_entropy(x, t)", [=] { cross_entropy(x, t); }},
      {"matmul(x, w)", [=] { matmul(x, w); }},
      {"matmul(x, v)", [=] { matmul(x, v); }},
      {"randn({100})", [] { randn({100}); }},
      {"compile: softmax(relu(matmul(x, w)), 1)",
       [=] { compile([&](const Tensor& t) { return softmax(relu(matmul(t, w)), 1); })(x); }},
      {"compile: the demo's network, 32 images", [net = Network()] { net.compiled()(net.x); }},
  };
}

/// The milliseconds of each use, in a child process that makes them.
std::vector<double> in_child(size_t count, const std::function<std::vector<Use>()>& make = uses) {
  std::vector<double> times(count);
  int ends[2];
  if (pipe(ends) != 0) return times;
  if (fork() == 0) {
    std::vector<double> measured;
    for (const Use& use : make()) {
      const auto start = std::chrono::steady_clock::now();
      use.run();
      measured.push_back(1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    const size_t bytes = measured.size() * sizeof(double);
    _exit(write(ends[1], measured.data(), bytes) == static_cast<ssize_t>(bytes) ? 0 : 1);
  }
  close(ends[1]);
  const size_t bytes = count * sizeof(double);
  if (read(ends[0], times.data(), bytes) != static_cast<ssize_t>(bytes)) times.assign(count, 0);
  close(ends[0]);
  wait(nullptr);
  return times;
}

/// The milliseconds from the file of a program to its first results, in a process that has done nothing else.
double from_file(const std::string& path) {
  in_child(1, [&] {
    return std::vector<Use>{{"", [net = Network(), path] {
                               const auto compiled = net.compiled();
                               compiled(net.x);
                               compiled.save(path);
                             }}};
  });
  return in_child(1,
                  [&] { return std::vector<Use>{{"", [x = zeros({32, 784}), path] { load_program(path)(x); }}}; })[0];
}

} // namespace

void first_uses() {
  std::string folder = (std::filesystem::temp_directory_path() / "ogee-bench-XXXXXX").string();
  if (!mkdtemp(folder.data())) return;
  setenv("OGEE_CACHE_DIR", folder.c_str(), 1);
  constexpr size_t kUses = 17;
  const std::vector<double> cold = in_child(kUses), warm = in_child(kUses);
  const double loaded = from_file(folder + "/network.ogee");
  std::filesystem::remove_all(folder);
  std::puts("first use in a process, in ms\n                                            compiled  from disk");
  const std::vector<Use> list = uses();
  for (size_t i = 0; i < list.size(); ++i) std::printf("  %-42s %7.2f    %7.3f\n", list[i].name, cold[i], warm[i]);
  std::printf("  %-42s            %7.3f\n", "load_program: the demo's network, 32 images", loaded);
}

} // namespace ogee::bench
