// The planner's state, shared by its files: plan.cpp (signature and results), plan_ops.cpp (values and views),
// plan_launch.cpp (nests as launches), plan_control.cpp (regions as lists of launches).
#pragma once

#include "codegen/plan.h"
#include "codegen/view.h"
#include "ir/dialect.h"
#include "runtime/size_table.h"

#include "llvm/ADT/SmallSet.h"

#include <optional>
#include <string>
#include <vector>

namespace ogee::codegen {

struct Matmul;

class Planner {
public:
  Planner(mlir::func::FuncOp graph, const ir::DimAnalysis& dims, const TargetInfo& target)
      : graph_(graph), dims_(dims), target_(target) {}

  mlir::FailureOr<Plan> run();

private:
  using Slot = runtime::Slot;
  using Values = llvm::DenseMap<mlir::Value, View>;

  runtime::Program& program() { return plan_.program; }

  // --- signature and results (plan.cpp)

  /// Every tensor must have a number of bytes that can be told.
  mlir::LogicalResult checkSizes();
  bool isMeasurable(mlir::Value value) const;
  void bindSymbols();
  /// Tensor and index arguments are counted apart.
  unsigned numberAmongItsKind(unsigned argument);
  void planArguments();
  void planChecks();
  /// Notes which results of the function may be computed in the memory of which argument.
  void findOverwrites(mlir::Operation* terminator);
  void planResults(mlir::Operation* terminator);
  void checkWrite(size_t result, const runtime::ResultSpec& spec);
  void copyAtEnd(const View& value, const View& argument);
  /// Whether a result may lie in the memory of an argument.
  bool canBeWritten(unsigned argument);
  /// Uses so far decide lifetimes; a buffer that nothing uses lives at no position.
  void finishBuffers();

  template <class Dims>
  std::vector<Slot> slots(const Dims& dims) {
    std::vector<Slot> list;
    for (const Dim& dim : dims) list.push_back(sizes_.slot(dim));
    return list;
  }

  // --- buffers (plan_ops.cpp)

  unsigned addBuffer(runtime::Buffer::Kind kind, size_t index, Slot bytes = runtime::kNoSlot);
  unsigned addArena(const Dim& elements, mlir::Type element);
  View addDense(const Shape& shape, mlir::Type element);
  void use(unsigned buffer, uint32_t position);
  /// Whether the view is all of its arena buffer, in row-major order.
  bool isWhole(const View& view);
  /// Whether what lies in a buffer belongs to the block being planned alone: it is run again, or another one is.
  bool mayOverwrite(unsigned buffer);
  /// Whether nothing that comes after `op` in its block reads a buffer; `strictly`: nor does it itself.
  bool dies(unsigned buffer, mlir::Operation* op, bool strictly = false) const;
  /// Whether `op`, which reads a view through one operand alone, may write into its buffer.
  bool isTakenOver(const View& view, mlir::Operation* op);
  /// The same elements in a buffer of their own, without gaps.
  View dense(const View& view);
  void copyTo(const View& from, const View& to);

  // --- ops (plan_ops.cpp)

  mlir::LogicalResult planBlock(mlir::Block& block);
  mlir::LogicalResult planOp(mlir::Operation* op);
  View constantView(ir::ConstantOp op);
  mlir::LogicalResult planGroup(ir::GroupOp group);
  /// Whether a group may write into the memory of an argument that ends with its output.
  bool overwrites(ir::GroupOp group, mlir::ArrayRef<View> inputs, const View& argument);
  View outputView(ir::GroupOp group, mlir::ArrayRef<View> inputs, mlir::Value output, mlir::ArrayRef<View> taken);
  /// The buffer of an input that nothing reads after `group` and that `output`, of equal shape, can take the place of:
  /// the group reads and writes each of its elements at the same point.
  std::optional<unsigned> dyingInput(ir::GroupOp group, mlir::ArrayRef<View> inputs, mlir::Value output,
                                     mlir::ArrayRef<View> taken);
  void planPad(ir::PadOp op);
  void planConcatenate(ir::ConcatenateOp op);
  /// The part of `whole` that begins where tensors say.
  View partAt(const View& whole, mlir::ValueRange starts, const Shape& part);
  void planUpdate(ir::DynamicUpdateOp op);
  void planCheck(ir::CheckOp op);

  // --- launches (plan_launch.cpp)

  /// Appends a launch of `nest`: two where there are so few kept points that the chunks of the reduced dim have to keep
  /// the threads busy.
  void launch(Nest nest);
  /// A product with its right operand packed before it; or read in place, where that is faster: for few rows. Where
  /// their number is known at run time only, the call chooses.
  void launchContraction(Nest nest);
  void launchPacked(runtime::LaunchList& list, Nest nest);
  /// A product by the target's library, with as much of its epilogue as the library may have (plan_matmul.cpp).
  void launchMatmul(Nest nest);
  std::optional<Matmul> matmulIn(const Nest& nest) const;
  /// The number that a constant of one element is.
  std::optional<double> numberIn(const NestBuffer& buffer) const;
  void launchMatmulIn(runtime::LaunchList& list, const Nest& nest, const Matmul& matmul);
  /// Whether the nest only reduces, perhaps more than one chunk: one pass, and stores once per kept point.
  static bool canSplit(const Nest& nest);
  void launchSplit(runtime::LaunchList& list, const Nest& nest);
  void launchIn(runtime::LaunchList& list, Nest nest);
  /// Whether a buffer is an argument whose memory is the host's, where kernels run elsewhere.
  bool isHost(unsigned buffer);

  // --- regions (plan_control.cpp)

  mlir::LogicalResult planControl(mlir::Operation* op);
  mlir::LogicalResult planCond(ir::CondOp op);
  mlir::LogicalResult planWhile(ir::WhileOp op);
  mlir::LogicalResult planScan(ir::ScanOp op);
  /// A buffer for each carried value, which holds its first value.
  llvm::SmallVector<View> carryBuffers(mlir::Operation* op, mlir::ValueRange inits);
  /// How a region is planned: where its launches go, what its arguments are, where what it gives should be computed if
  /// that can be done, which buffers of around it the region may overwrite, and what happens to what it gives.
  struct RegionPlan {
    runtime::LaunchList& list;
    mlir::ArrayRef<View> arguments, targets, carried;
    llvm::function_ref<void(mlir::ArrayRef<View>)> finish;
  };
  mlir::LogicalResult planRegion(mlir::Region& region, const RegionPlan& how);
  /// Copies what a round gave to where the next one finds it.
  void carryOn(mlir::ArrayRef<View> from, mlir::ArrayRef<View> to);
  /// What is in use in a loop, and was there before it, is in use all through the loop.
  void spanLoop(uint32_t start, size_t buffersBefore);
  llvm::SmallVector<View> viewsOf(mlir::ValueRange values);
  runtime::Condition conditionOn(const View& predicate);

  mlir::func::FuncOp graph_;
  const ir::DimAnalysis& dims_;
  const TargetInfo& target_;
  Plan plan_;
  runtime::SizeTable sizes_;
  uint32_t position_ = 0;                          ///< of the next entry in the flattened launch list
  llvm::DenseMap<mlir::Value, unsigned> ends_;     ///< results of the function by the argument they are the end of
  llvm::DenseMap<unsigned, unsigned> overwriting_; ///< buffers by the argument whose memory they may be
  mlir::Operation* planned_ = nullptr;             ///< the op whose launches are being made
  unsigned levels_ = 0;                            ///< regions around the present one
  unsigned loops_ = 0;                             ///< counted for the names of their induction values

  // Of the block being planned.
  runtime::LaunchList* list_ = nullptr;
  Values views_;
  Values targets_;                      ///< where results of groups should be computed
  unsigned firstOwn_ = 0;               ///< the buffers before it are from around the block
  llvm::SmallSet<unsigned, 4> carried_; ///< but these are its own too
};

} // namespace ogee::codegen
