// Products asked of cuBLASLt itself, algorithm by algorithm, to know what it does and the best that it can.
#pragma once

#include "runtime/cuda/cublaslt.h"
#include <ogee/ogee.h>

#include <memory>
#include <vector>

namespace ogee::gpu_check {

/// How the library is told to compute.
struct Precision {
  const char* name;
  DType dtype;
  int compute;
};
/// f32 pedantic, f32, TF32, f64 pedantic, f64.
std::span<const Precision> precisions();

struct Epilogue {
  const char* name;
  uint32_t number;
  bool has_bias;
};
/// None, bias, relu, relu and bias, gelu, gelu and bias.
std::span<const Epilogue> epilogues();

/// out = epilogue(lhs [m, k] * rhs [k, n] + bias [n]): all dense, on the GPU, of the dtype of the precision.
class Product {
public:
  Product(const Precision& precision, const Epilogue& epilogue, const Tensor& lhs, const Tensor& rhs,
          const Tensor& bias);
  ~Product();
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  /// The algorithms that the library proposes, best first as it thinks; none where it refuses.
  std::vector<runtime::cuda::LtHeuristic> algorithms(int most) const;
  /// Enqueues the product by an algorithm, into `out`; whether the library took it.
  bool run(const runtime::cuda::LtHeuristic& algorithm, const Tensor& out) const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace ogee::gpu_check
