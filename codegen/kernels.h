// The code of a plan's kernels: what every target's compiler gets and gives.
#pragma once

#include "codegen/plan.h"
#include "codegen/stages.h"

#include <map>

namespace ogee::codegen {

/// The texts of stages that are per kernel, gathered in launch order; nothing where nobody watches.
class KernelTexts {
public:
  explicit KernelTexts(const StageObserver& observer) : observer_(observer) {}

  bool watched() const { return static_cast<bool>(observer_); }
  void append(Stage stage, const std::string& text) {
    if (watched()) texts_[stage] += text;
  }
  /// Tells the observer all texts since the last time.
  void report() {
    for (auto& [stage, text] : std::exchange(texts_, {})) observer_(stage, text);
  }

private:
  const StageObserver& observer_;
  std::map<Stage, std::string> texts_;
};

/// What the kernels of a plan are compiled for.
struct KernelJob {
  mlir::func::FuncOp graph; ///< whose ops the nests refer to; diagnostics stand there
  const TargetInfo& target;
  KernelTexts& texts;
};

/// Calls `body` with 0 … count - 1, on as many threads as kernels run on; an exception of one call passes to the
/// caller.
void forEachOnThreads(size_t count, llvm::function_ref<void(size_t)> body);

namespace cpu {
/// Gives the program an image for each nest.
mlir::LogicalResult compileKernels(Plan& plan, const KernelJob& job);
} // namespace cpu

namespace cuda {
/// Gives the program modules with the kernels of all nests, and its launches their places in them. Needs NVRTC, but no
/// device.
mlir::LogicalResult compileKernels(Plan& plan, const KernelJob& job);
} // namespace cuda

} // namespace ogee::codegen
