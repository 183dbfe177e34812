// Products of matrices by cuBLASLt: which algorithm is asked of the library once per problem, never timed, so that the
// same problem has the same bits in every process.
#pragma once

#include "runtime/cuda/cublaslt.h"
#include "runtime/cuda/module.h"
#include "runtime/owned_block.h"
#include "runtime/program.h"

#include <memory>
#include <mutex>

namespace ogee::runtime::cuda {

/// A matrix as rows of so many columns, `ld` elements apart; transposed: its columns lie side by side instead.
struct MatmulMatrix {
  int64_t ld = 0, batch_stride = 0;
  int64_t transposed = 0;
  friend bool operator==(const MatmulMatrix&, const MatmulMatrix&) = default;
};

/// out[b, m, n] = function(sum over k of lhs[b, m, k] * rhs[b, k, n] + bias[n] + residual[b, m, n]) in f32 or f64.
struct MatmulProblem {
  DType dtype = DType::f32;
  MatmulFunction function = MatmulFunction::none;
  bool has_bias = false, has_residual = false;
  bool tf32 = false; ///< f32 products may be rounded to TF32: the user allows it
  int64_t batch = 1, m = 0, n = 0, k = 0;
  MatmulMatrix lhs, rhs, residual, out; ///< the last two are never transposed
  friend bool operator==(const MatmulProblem&, const MatmulProblem&) = default;
};

struct MatmulMemory {
  const void *lhs = nullptr, *rhs = nullptr, *bias = nullptr, *residual = nullptr;
  void* out = nullptr;
};

/// The products of one GPU: the library's handle, and the algorithms of problems so far. Thread-safe.
class Matmuls {
public:
  explicit Matmuls(Gpu& gpu);
  ~Matmuls();
  Matmuls(const Matmuls&) = delete;
  Matmuls& operator=(const Matmuls&) = delete;

  /// Enqueues a product on this thread's stream. False where that is for others to do: the library is missing (said
  /// once, on the standard error), has no algorithm for the problem, or one that loses NaN in relu. An Error if a call
  /// fails. `workspace` is for the work of this stream alone, and replaced where it is too small.
  bool run(const MatmulProblem& problem, const MatmulMemory& memory, OwnedBlock& workspace, const LaunchNote& note);

private:
  struct Plan;
  struct Key;
  struct Plans;
  bool start();
  std::shared_ptr<Plan> plan_of(const MatmulProblem& problem, const MatmulMemory& memory);
  std::shared_ptr<Plan> make_plan(const Key& key);
  bool choose(Plan& plan, const Key& key);
  void provide(OwnedBlock& workspace, size_t bytes);
  int enqueue(const Plan& plan, const MatmulMemory& memory, const OwnedBlock& workspace, const double* factor);
  bool keeps_nan(const Plan& plan, const MatmulProblem& problem, const MatmulMemory& memory);

  Gpu& gpu_;
  std::mutex mutex_; ///< of what follows; nothing is allocated under it: that may wait for recordings, which take it
  bool started_ = false;
  const CublasLt* library_ = nullptr; ///< null: not there
  LtHandle handle_ = nullptr;
  std::unique_ptr<Plans> plans_;
};

} // namespace ogee::runtime::cuda
