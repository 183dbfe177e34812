// Chooses between keeping and computing again by a minimal cut. A value is two nodes, `made` -> `at hand`, with what
// keeping it costs between them; what an op reads must be at hand for its result to be made; what the backward part
// reads must be at hand. What lies on the backward part's side of the cut it makes itself; what the cut goes through is
// saved. (After: Jain et al., Checkmate, 2020; functorch's min-cut partitioner.)
#include "passes/rematerialize.h"

#include "passes/min_cut.h"
#include "passes/passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace ogee::passes {

#define GEN_PASS_DEF_REMATERIALIZEPASS
#include "passes/passes.h.inc"

using namespace mlir;
using runtime::Dim;
using runtime::DimRange;
using runtime::DimSymbol;

namespace {

/// What a byte that is kept costs, in bytes that pass through a pointwise op: it is written, read, and not there for
/// others.
constexpr int64_t kKeeping = 16;

bool isTensor(Value value) { return isa<RankedTensorType>(value.getType()); }

bool isView(Operation* op) {
  return isa<ir::ReshapeOp, ir::TransposeOp, ir::BroadcastOp, ir::SliceOp, ir::StopGradientOp, ir::CustomVjpOp>(op);
}

/// Pointwise ops that take as long as several others.
bool isLong(Operation* op) {
  return isa<ir::ExpOp, ir::Expm1Op, ir::LogOp, ir::Log2Op, ir::Log10Op, ir::Log1pOp, ir::CbrtOp, ir::SinOp, ir::CosOp,
             ir::TanOp, ir::TanhOp, ir::LogisticOp, ir::ErfOp, ir::Atan2Op, ir::PowOp, ir::RandomUniformOp,
             ir::RandomNormalOp, ir::RandomIntegersOp>(op);
}

/// Whether an op may be done again.
bool isRepeatable(Operation* op) {
  if (!op || !isMemoryEffectFree(op) || op->getNumResults() != 1) return false;
  return op->hasAttr(kCheckpointAttr) || isView(op) ||
         isa<ir::PointwiseOpInterface, ir::ConstantOp, ir::PadOp, ir::ConcatenateOp, ir::ReverseOp>(op);
}

/// A size as a number: the largest, or a typical one.
int64_t estimate(const Dim& dim) {
  const Dim number = substitute(dim, [](const DimSymbol& symbol) -> std::optional<Dim> {
    if (symbol.range.hi != DimRange::kNoUpper) return Dim(symbol.range.hi);
    return Dim(std::max(symbol.range.lo, kTypicalSize));
  });
  return number.is_number() ? std::max<int64_t>(number.number(), 0) : kTypicalSize;
}

/// `marked` with all ops that depend on it or on `arguments`, in order.
llvm::SetVector<Operation*> closeUnderDependence(Block& body, const llvm::DenseSet<Operation*>& marked,
                                                 ArrayRef<Value> arguments) {
  llvm::SetVector<Operation*> closed;
  llvm::DenseSet<Value> values(arguments.begin(), arguments.end());
  for (Operation& op : body.without_terminator()) {
    const auto depends = [&](Operation* inner) { // regions too
      return llvm::any_of(inner->getOperands(), [&](Value v) { return values.contains(v); }) ? WalkResult::interrupt()
                                                                                             : WalkResult::advance();
    };
    if (isa<ir::ConstantOp>(op)) continue; // of no part: it may be anyone's
    if (!marked.contains(&op) && !op.walk(depends).wasInterrupted()) continue;
    closed.insert(&op);
    values.insert(op.result_begin(), op.result_end());
  }
  return closed;
}

class Chooser {
public:
  Chooser(func::FuncOp joint, const llvm::SetVector<Operation*>& backward, ArrayRef<Value> backwardArguments,
          const ir::DimAnalysis& dims)
      : body_(joint.getBody().front()), dims_(dims), backwardArguments_(backwardArguments), backward_(backward) {}

  Handover run() {
    source_ = network_.addNode();
    sink_ = network_.addNode();
    for (BlockArgument argument : body_.getArguments()) addValue(argument);
    for (Operation& op : body_.without_terminator())
      for (Value result : op.getResults()) addValue(result);
    for (Operation* op : backward_)
      for (Value operand : readsOf(op)) readInBackward(operand);
    const std::vector<bool> inBackward = network_.cut(source_, sink_);
    for (const auto& [value, node] : nodes_) {
      if (!inBackward[node.atHand]) continue;
      if (inBackward[node.made])
        handover_.recomputed.push_back(value.getDefiningOp());
      else
        save(value);
    }
    findSizes();
    return std::move(handover_);
  }

private:
  struct Node {
    int made, atHand;
    bool readInBackward = false;
  };

  bool isInBackward(Value value) const {
    return backward_.contains(value.getDefiningOp()) || llvm::is_contained(backwardArguments_, value);
  }

  /// The tensors whose elements an op reads.
  static SmallVector<Value> readsOf(Operation* op) {
    llvm::SmallSetVector<Value, 4> reads;
    if (isa<ir::DimOp>(op)) return {};
    op->walk([&](Operation* inner) {
      for (Value operand : inner->getOperands())
        if (isTensor(operand)) reads.insert(operand);
    });
    return reads.takeVector();
  }

  int64_t bytesOf(Value value) const {
    Dim elements = 1;
    for (const Dim& dim : dims_.shape(value)) elements = elements * Dim(estimate(dim));
    const int64_t bits = std::max(8u, ir::elementBits(value));
    const Dim bytes = elements * Dim(bits / 8);
    return bytes.is_number() ? std::min(bytes.number(), Network::kMaxCapacity / kKeeping) : Network::kMaxCapacity;
  }

  /// Whether it lives until the end of the backward part in any case.
  bool livesAnyway(Value value) const {
    return isa<BlockArgument>(value) || llvm::is_contained(body_.getTerminator()->getOperands(), value);
  }

  static bool isMarked(Value value) {
    Operation* op = value.getDefiningOp();
    return op && op->hasAttr(kCheckpointAttr) && isRepeatable(op);
  }

  int64_t costOfKeeping(Value value) const {
    if (livesAnyway(value)) return 0;
    return isMarked(value) ? Network::kUncut : bytesOf(value) * kKeeping;
  }

  int64_t costOfMaking(Value value) const {
    Operation* op = value.getDefiningOp();
    if (!isRepeatable(op)) return Network::kUncut;
    if (isMarked(value) || isView(op) || isa<ir::ConstantOp>(op)) return 0;
    return bytesOf(value) * (isLong(op) ? 2 : 1);
  }

  void addValue(Value value) {
    if (!isTensor(value) || isInBackward(value)) return;
    const Node node{network_.addNode(), network_.addNode()};
    nodes_[value] = node;
    network_.addEdge(source_, node.made, costOfMaking(value));
    network_.addEdge(node.made, node.atHand, costOfKeeping(value));
    if (Operation* op = value.getDefiningOp(); isRepeatable(op))
      for (Value operand : readsOf(op))
        if (auto read = nodes_.find(operand); read != nodes_.end())
          network_.addEdge(read->second.atHand, node.made, Network::kUncut);
  }

  void readInBackward(Value value) {
    auto it = nodes_.find(value);
    if (it == nodes_.end() || it->second.readInBackward) return;
    it->second.readInBackward = true;
    network_.addEdge(it->second.atHand, sink_, Network::kUncut);
    if (!livesAnyway(value) && !value.getDefiningOp<ir::ConstantOp>()) handover_.bytesWithout += bytesOf(value);
  }

  void save(Value value) {
    handover_.saved.push_back(value);
    if (!livesAnyway(value)) handover_.bytes += bytesOf(value);
  }

  // --- sizes

  void findSizes() {
    SmallVector<Operation*> ops(handover_.recomputed);
    ops.append(backward_.begin(), backward_.end());
    for (Operation* op : ops)
      op->walk([&](Operation* inner) {
        for (Value operand : inner->getOperands())
          if (operand.getType().isIndex() && operand.getParentBlock() == &body_) findSize(dims_.index(operand));
        if (auto dim = dyn_cast<ir::DimOp>(inner)) findSize(dims_.index(dim));
      });
  }

  void findSize(const Dim& size) {
    if (!size.valid()) return;
    for (const std::string& name : runtime::symbols(size))
      if (found_.insert(name).second) handover_.sizes.push_back(placeOf(name));
  }

  std::optional<SizePlace> placeIn(Value tensor, StringRef name) const {
    if (!isTensor(tensor)) return std::nullopt;
    for (auto [axis, dim] : llvm::enumerate(dims_.shape(tensor)))
      if (const DimSymbol* symbol = dim.as_symbol(); symbol && symbol->name == name)
        return SizePlace{dim, tensor, static_cast<unsigned>(axis)};
    return std::nullopt;
  }

  /// A dim of what the backward part has, else of an argument, which it gets for this alone.
  SizePlace placeOf(StringRef name) {
    for (ArrayRef<Value> values : {backwardArguments_, ArrayRef<Value>(handover_.saved)})
      for (Value value : values)
        if (auto place = placeIn(value, name)) return *place;
    for (const ir::SymbolSource& source : dims_.symbols()) {
      if (source.symbol.as_symbol()->name != name) continue;
      Value argument = body_.getArgument(source.argument);
      if (!llvm::is_contained(handover_.saved, argument)) {
        auto* place = llvm::find_if(handover_.saved, [&](Value other) {
          auto before = dyn_cast<BlockArgument>(other);
          return !before || before.getArgNumber() > source.argument;
        });
        handover_.saved.insert(place, argument);
      }
      return SizePlace{source.symbol, argument, source.axis};
    }
    llvm_unreachable("every size comes from an argument");
  }

  Block& body_;
  const ir::DimAnalysis& dims_;
  const ArrayRef<Value> backwardArguments_;
  const llvm::SetVector<Operation*>& backward_; ///< closed
  llvm::MapVector<Value, Node> nodes_;          ///< tensors of the forward part
  Network network_;
  int source_ = 0, sink_ = 0;
  Handover handover_;
  llvm::StringSet<> found_;
};

} // namespace

Handover chooseSaved(func::FuncOp joint, const llvm::DenseSet<Operation*>& backward, ArrayRef<Value> backwardArguments,
                     const ir::DimAnalysis& dims) {
  const auto closed = closeUnderDependence(joint.getBody().front(), backward, backwardArguments);
  return Chooser(joint, closed, backwardArguments, dims).run();
}

namespace {

struct RematerializePass : impl::RematerializePassBase<RematerializePass> {
  using RematerializePassBase::RematerializePassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal()) return;
    llvm::DenseSet<Operation*> marked;
    for (Operation& op : function.getBody().front())
      if (op.hasAttr(kBackwardAttr)) marked.insert(&op);
    if (marked.empty()) return;
    FailureOr<ir::DimAnalysis> dims = ir::DimAnalysis::run(function);
    if (failed(dims)) return signalPassFailure();
    llvm::SetVector<Operation*> backward = closeUnderDependence(function.getBody().front(), marked, {});
    const Handover handover = Chooser(function, backward, {}, *dims).run();
    if (handover.bytes < handover.bytesWithout) doAgain(handover.recomputed, backward);
    if (report)
      function.emitRemark() << "keeps " << handover.bytes << " bytes for the backward part instead of "
                            << handover.bytesWithout;
  }

  /// Clones ops to where the backward part first reads them.
  void doAgain(ArrayRef<Operation*> ops, llvm::SetVector<Operation*>& backward) {
    // Later ops first: then the readers of each are the backward part's own and the clones that are there already.
    for (Operation* op : llvm::reverse(ops)) {
      if (isa<ir::ConstantOp>(op)) continue; // is no computation
      llvm::SmallPtrSet<Operation*, 8> readers;
      Operation* first = nullptr;
      for (Operation* user : op->getUsers()) {
        if (!backward.contains(user)) continue;
        readers.insert(user);
        if (!first || user->isBeforeInBlock(first)) first = user;
      }
      if (!first) continue;
      Operation* clone = OpBuilder(first).clone(*op);
      for (StringRef mark : {kBackwardAttr, kRecomputedAttr})
        clone->setDiscardableAttr(mark, UnitAttr::get(&getContext()));
      backward.insert(clone);
      op->replaceUsesWithIf(clone, [&](OpOperand& use) { return readers.contains(use.getOwner()); });
    }
  }
};

} // namespace
} // namespace ogee::passes
