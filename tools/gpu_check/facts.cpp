// The suite `facts`: what cuBLASLt does on this GPU where no document says it, and what ogee's products are there.
#include "tools/gpu_check/products.h"
#include "tools/gpu_check/suites.h"
#include "tools/gpu_check/timing.h"

#include <cmath>
#include <limits>

namespace ogee::gpu_check {
namespace {

constexpr int kMostAlgorithms = 32;

Tensor numbers(std::initializer_list<int64_t> shape, DType dtype, uint64_t seed) {
  manual_seed(seed);
  return randn(std::vector<int64_t>(shape), {f64, Device("cpu")}).to(dtype);
}

double largest_error(const Tensor& found, const Tensor& expected) {
  return (found.cpu().to(f64) - expected).abs().max().item() / expected.abs().max().item();
}

/// How many of the proposed algorithms give NaN, after relu, for a row that is NaN.
Json nan_through_relu(const Precision& precision, int64_t n) {
  Tensor lhs = numbers({n, n}, precision.dtype, 1);
  lhs[0] = std::numeric_limits<double>::quiet_NaN();
  const Tensor there = lhs.cuda(), rhs = numbers({n, n}, precision.dtype, 2).cuda(),
               bias = zeros({n}, {precision.dtype, cuda()});
  int asked = 0, kept = 0;
  for (const Epilogue& epilogue : epilogues()) {
    if (epilogue.number != runtime::cuda::kLtRelu && epilogue.number != runtime::cuda::kLtReluBias) continue;
    const Product product(precision, epilogue, there, rhs, bias);
    const Tensor out = empty({n, n}, {precision.dtype, cuda()});
    for (const auto& algorithm : product.algorithms(kMostAlgorithms)) {
      if (!product.run(algorithm, out)) continue;
      ++asked;
      kept += isnan(out[0]).all().item<bool>();
    }
  }
  return {{"algorithms", asked}, {"keep NaN", kept}};
}

void facts_of_relu(Findings& findings, int64_t n) {
  Json all;
  for (const Precision& precision : precisions()) all[precision.name] = nan_through_relu(precision, n);
  findings.fact("NaN through relu's epilogue", all);
  for (const DType dtype : {f32, f64}) { // whatever the library does, ogee's product keeps it
    Tensor x = numbers({8, 16}, dtype, 3);
    x[0] = std::numeric_limits<double>::quiet_NaN();
    const Tensor w = numbers({16, 8}, dtype, 4).cuda();
    const auto layer = compile([&](const Tensor& x) { return relu(matmul(x, w)); });
    findings.check(isnan(layer(x.cuda())[0]).all().item<bool>(), "a product with relu loses NaN");
  }
}

Tensor applied(const Epilogue& epilogue, Tensor product, const Tensor& bias) {
  if (epilogue.has_bias) product = product + bias;
  if (epilogue.number & runtime::cuda::kLtRelu) return relu(product);
  return epilogue.number & runtime::cuda::kLtGelu ? gelu(product, "tanh") : product;
}

/// For each epilogue: how many algorithms there are, and how far the first is from the product in f64.
Json facts_of_epilogues(const Precision& precision, int64_t n) {
  const Tensor lhs = numbers({n, n}, precision.dtype, 5), rhs = numbers({n, n}, precision.dtype, 6),
               bias = numbers({n}, precision.dtype, 7);
  const Tensor exact = matmul(lhs.to(f64), rhs.to(f64)), wide_bias = bias.to(f64);
  const Tensor there_lhs = lhs.cuda(), there_rhs = rhs.cuda(), there_bias = bias.cuda();
  Json all;
  for (const Epilogue& epilogue : epilogues()) {
    const Product product(precision, epilogue, there_lhs, there_rhs, there_bias);
    const auto algorithms = product.algorithms(kMostAlgorithms);
    Json fact = {{"algorithms", algorithms.size()}};
    const Tensor out = zeros({n, n}, {precision.dtype, cuda()});
    if (!algorithms.empty() && product.run(algorithms[0], out))
      fact["largest error"] = largest_error(out, applied(epilogue, exact, wide_bias));
    all[epilogue.name] = fact;
  }
  return all;
}

/// What each way of computing f32 products costs and how exact it is.
void facts_of_precision(Findings& findings, int64_t n, int64_t depth) {
  const Tensor lhs = numbers({n, depth}, f32, 8), rhs = numbers({depth, n}, f32, 9);
  const Tensor exact = matmul(lhs.to(f64), rhs.to(f64)), there_lhs = lhs.cuda(), there_rhs = rhs.cuda();
  Json all = {{"sizes", {n, n, depth}}};
  Tensor pedantic;
  for (const Precision& precision : precisions()) {
    if (precision.dtype != f32) continue;
    const Product product(precision, epilogues()[0], there_lhs, there_rhs, {});
    const auto algorithms = product.algorithms(1);
    Tensor out = zeros({n, n}, cuda());
    if (algorithms.empty() || !product.run(algorithms[0], out)) continue;
    if (!pedantic.defined()) pedantic = out.clone();
    const double error = largest_error(out, exact);
    all[precision.name] = {{"largest error", error},
                           {"same bits as pedantic", equal(out, pedantic)},
                           {"milliseconds", device_milliseconds({[&] { product.run(algorithms[0], out); }}, 11)[0]}};
    const bool is_rough = precision.compute == runtime::cuda::kLtF32AsTF32;
    findings.check(error <= (is_rough ? 1e-2 : 1e-5), std::string(precision.name) + ": an f32 product is not exact");
  }
  findings.fact("f32 products", all);
}

void facts_of_ogee(Findings& findings, int64_t n, int64_t depth) {
  const Tensor lhs = numbers({n, depth}, f32, 8), rhs = numbers({depth, n}, f32, 9);
  const Tensor exact = matmul(lhs.to(f64), rhs.to(f64)), there_lhs = lhs.cuda(), there_rhs = rhs.cuda();
  const auto error = [&](bool tf32) {
    set_allow_tf32(tf32);
    const double found = largest_error(matmul(there_lhs, there_rhs), exact);
    set_allow_tf32(false);
    return found;
  };
  const double strict = error(false);
  findings.check(strict <= 1e-5, "matmul: an f32 product is not exact");
  findings.fact("largest error of ogee's products", {{"f32", strict}, {"TF32 allowed", error(true)}});
}

} // namespace

void run_facts(Findings& findings) {
  const bool quick = findings.settings().quick;
  const int64_t n = quick ? 24 : 256, depth = quick ? 64 : 4096;
  facts_of_relu(findings, n);
  Json epilogue_facts;
  for (const Precision& precision : precisions()) epilogue_facts[precision.name] = facts_of_epilogues(precision, n);
  findings.fact("epilogues", epilogue_facts);
  facts_of_precision(findings, quick ? n : 1024, depth);
  facts_of_ogee(findings, quick ? n : 1024, depth);
}

} // namespace ogee::gpu_check
