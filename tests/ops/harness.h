// What the rows of the op table are run with. A row gives functions as IR text (its own, or that of a trace); a Subject
// is such a function compiled, with the interpreter beside it; `checkCase` runs both on the same arguments.
#pragma once

#include "codegen/compile.h"
#include "runtime/executable.h"
#include "tests/catch.h"
#include "tests/ops/memory.h"
#include "tools/reference/array.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <string>
#include <vector>

namespace ogee::tests {

using reference::Array;
using reference::DType;
using reference::Index;

inline constexpr int64_t kRunTime = -1; ///< a size that only a run knows

/// How an argument lies in memory; the strides of all but dense ones are run-time values.
enum class Layout {
  dense,
  gaps,     ///< rows apart from each other, elements of a row side by side
  spread,   ///< every second element
  repeated, ///< one element for a whole row: stride 0
};
inline constexpr Layout kLayouts[] = {Layout::dense, Layout::gaps, Layout::spread, Layout::repeated};
const char* nameOf(Layout layout);

/// An argument of a function: `tensor<2x?xf32>`, named dims being equal where their names are.
struct Parameter {
  DType dtype = DType::f32;
  Index dims;
  std::vector<std::string> names = {}; ///< "" or none: no name
  Layout layout = Layout::dense;
  std::string ranges = {}; ///< of the dims with names, as the attribute `ogee.ranges` has them
};

/// "tensor<2x?xf32>".
std::string typeText(DType dtype, const Index& dims);
/// The parameter of a function: "%0: tensor<…> {…}".
std::string parameterText(size_t number, const Parameter& parameter);
/// A function of parameters %0, %1 … with the lines of `body`, which define what `results` names ("%r, %s").
std::string functionText(const std::vector<Parameter>& parameters, const std::string& body, const std::string& results,
                         const std::string& resultTypes);

/// Functions compiled: as one kernel where fusion can do it, or as eager code runs them.
enum class Fusion { fused, unfused };

class Subject {
public:
  /// Parses and compiles @main; the test fails with the diagnostics when that cannot be done.
  explicit Subject(const std::string& text, Fusion fusion = Fusion::fused);

  /// Runs it, arguments and results lying at guard pages, arguments as their `ogee.strides` allow. The test fails when
  /// an argument has changed. Index arguments are rank-0 arrays of i64. Where the tests are those of a device, it is
  /// run there, too: the results are the device's, and the CPU's to the bit where both compute the same.
  std::vector<Array> run(const std::vector<Array>& arguments, Guard guard = Guard::end) const;
  /// What the interpreter gives.
  std::vector<Array> expected(const std::vector<Array>& arguments) const;
  /// Whether its text, parsed and printed, is the same text, and its bytecode the same function.
  void checkRoundTrip() const;

private:
  struct Results;

  mlir::OwningOpRef<mlir::ModuleOp> copy() const;
  runtime::Program compiled(const codegen::CompileOptions& options) const;
  std::vector<Array> runOn(const runtime::Executable& executable, const std::vector<Array>& arguments,
                           Guard guard) const;

  mlir::OwningOpRef<mlir::ModuleOp> module_;
  mutable mlir::func::FuncOp function_;
  std::vector<std::vector<int64_t>> strides_; ///< `ogee.strides` per tensor argument
  std::unique_ptr<runtime::Executable> executable_;
  std::unique_ptr<runtime::Executable> cuda_; ///< of the tests' device, or of CUDA text (cuda_text.h) here
  bool sameBits_ = true;                      ///< as on the CPU
};

/// How far a result may be from what is expected. 0, 0: the same bits, all NaNs being equal.
struct Tolerance {
  double ulp = 0;      ///< units in the last place of what is expected; zeros keep their sign
  double absolute = 0; ///< difference, for sums whose parts cancel; zeros may then differ in their sign
};

/// The first difference in one line, or "".
std::string difference(const Array& actual, const Array& expected, const Tolerance& tolerance = {});

/// Fails the test, naming `context` and the first difference, if there is one.
void checkSame(const std::vector<Array>& actual, const std::vector<Array>& expected, const Tolerance& tolerance,
               const std::string& context);

/// Runs the subject with buffers' ends at guard pages, compares with the interpreter, and returns the results.
std::vector<Array> checkCase(const Subject& subject, const std::vector<Array>& arguments, const Tolerance& tolerance,
                             const std::string& context);

} // namespace ogee::tests
