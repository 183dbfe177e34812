// The suite `bench.products`: ogee's products with epilogues, against the fastest of all algorithms that cuBLASLt
// proposes for the same.
#include "runtime/error.h"
#include "tools/gpu_check/products.h"
#include "tools/gpu_check/suites.h"
#include "tools/gpu_check/timing.h"

#include <algorithm>
#include <cmath>

namespace ogee::gpu_check {
namespace {

using runtime::cuda::LtHeuristic;

struct Sizes {
  int64_t m, n, k;
};

/// An algorithm that takes part.
struct Candidate {
  std::shared_ptr<Product> product;
  LtHeuristic algorithm;
  double milliseconds = 0;
};

constexpr size_t kFinalists = 4;

/// Those of the candidates that are fastest in a first, short round.
std::vector<Candidate> finalists(std::vector<Candidate> candidates, const Tensor& out) {
  std::vector<std::function<void()>> runs;
  for (const Candidate& candidate : candidates)
    runs.push_back([&] { candidate.product->run(candidate.algorithm, out); });
  const std::vector<double> times = device_milliseconds(runs, 2);
  for (size_t i = 0; i < candidates.size(); ++i) candidates[i].milliseconds = times[i];
  std::ranges::sort(candidates, {}, &Candidate::milliseconds);
  if (candidates.size() > kFinalists) candidates.resize(kFinalists);
  return candidates;
}

class ProductBench {
public:
  explicit ProductBench(Findings& findings) : findings_(findings) {}

  /// The best algorithm's time as a part of ogee's.
  double measure(const Sizes& sizes, const Epilogue& epilogue, bool tf32) {
    const auto [m, n, k] = sizes;
    const Tensor x = randn({m, k}, cuda()), w = randn({k, n}, cuda()) / std::sqrt(double(k)), b = randn({n}, cuda()),
                 out = empty({m, n}, cuda());
    const std::string name = runtime::concat(tf32 ? "TF32 " : "f32 ", m, " x ", n, " x ", k, ", ", epilogue.name);
    set_allow_tf32(tf32);
    const bool is_relu = epilogue.number & runtime::cuda::kLtRelu;
    const auto layer = compile([&](const Tensor& x) {
      const Tensor sum = matmul(x, w) + b;
      return is_relu ? relu(sum) : gelu(sum, "tanh");
    });
    const std::vector<Candidate> best = finalists(candidates(epilogue, tf32, x, w, b, out), out);
    std::vector<std::function<void()>> contestants = {[&] { layer(x); }};
    for (const Candidate& candidate : best)
      contestants.push_back([&] { candidate.product->run(candidate.algorithm, out); });
    check(name, layer(x), best, out, tf32 ? 2e-2 : 1e-3);
    const std::vector<double> times =
        device_milliseconds(contestants, findings_.settings().quick ? 3 : 9, /*repeats=*/5);
    set_allow_tf32(false);
    const double fastest = best.empty() ? times[0] : *std::min_element(times.begin() + 1, times.end());
    const double work = 2.0 * static_cast<double>(m * n) * static_cast<double>(k) * 1e-9;
    findings_.measure({name, work / times[0], "TFLOP/s", fastest / times[0], "cuBLASLt's best"});
    return fastest / times[0];
  }

private:
  std::vector<Candidate> candidates(const Epilogue& epilogue, bool tf32, const Tensor& x, const Tensor& w,
                                    const Tensor& b, const Tensor& out) {
    std::vector<Candidate> all;
    for (const Precision& precision : precisions()) {
      const bool is_tf32 = precision.compute == runtime::cuda::kLtF32AsTF32;
      if (precision.dtype != f32 || is_tf32 != tf32) continue; // f32: pedantic and not
      const auto product = std::make_shared<Product>(precision, epilogue, x, w, b);
      for (const LtHeuristic& algorithm : product->algorithms(findings_.settings().quick ? 4 : 24))
        if (product->run(algorithm, out)) all.push_back({product, algorithm});
    }
    return all;
  }

  void check(const std::string& name, const Tensor& found, const std::vector<Candidate>& best, const Tensor& out,
             double tolerance) {
    findings_.check(!best.empty(), name + ": cuBLASLt has no algorithm");
    for (const Candidate& candidate : best) {
      candidate.product->run(candidate.algorithm, out);
      findings_.check(allclose(found, out, tolerance, tolerance), name + ": ogee and cuBLASLt differ");
    }
  }

  Findings& findings_;
};

} // namespace

void run_bench_products(Findings& findings) {
  ProductBench bench(findings);
  const std::vector<Sizes> sizes = findings.settings().quick
                                       ? std::vector<Sizes>{{32, 24, 16}}
                                       : std::vector<Sizes>{{2048, 2048, 2048}, {4096, 4096, 4096}, {8192, 8192, 8192}};
  double least = 1e9;
  for (const bool tf32 : {false, true})
    for (const Sizes& each : sizes)
      for (const Epilogue& epilogue : epilogues())
        if (epilogue.has_bias && epilogue.number != runtime::cuda::kLtBiasOnly)
          least = std::min(least, bench.measure(each, epilogue, tf32));
  findings.goal("products with epilogue, of cuBLASLt's best", least, 0.98, true);
}

} // namespace ogee::gpu_check
