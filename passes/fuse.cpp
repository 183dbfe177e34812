// Forms groups: sets of ops that become one kernel each. Before: a function of pointwise, reduction, contraction,
// movement, creation and random ops, decomposed. After: every computing op stands in exactly one `ogee.group`; movement
// ops that are plain views of a buffer (and ops on index values) stand between the groups. The meaning of the function
// does not change.
// What can stand in one group is said in kernel_form.h.
#include "ir/dialect.h"
#include "ir/dims.h"
#include "passes/check_numbers.h"
#include "passes/kernel_form.h"
#include "passes/passes.h"
#include "passes/rematerialize.h"

#include "mlir/IR/PatternMatch.h"

#include "llvm/ADT/SetVector.h"

namespace ogee::passes {

#define GEN_PASS_DEF_FUSEPASS
#include "passes/passes.h.inc"

using namespace mlir;

namespace {

/// Larger groups compile slowly and run out of registers.
constexpr size_t kMaxOps = 96;
/// A group is named after its first ops.
constexpr size_t kNamedOps = 4;

/// One future group.
struct Cluster {
  SmallVector<Operation*> ops;
  std::optional<KernelForm> form; ///< none: not to be a group
  int parent = -1;                ///< the cluster it was merged into
  /// The last of the positions of its ops and of those of the clusters that it needs, transitively.
  unsigned reach = 0;
};

class Fuser {
public:
  Fuser(Block& block, const ir::DimAnalysis& dims, bool merge) : block_(block), dims_(dims), merge_(merge) {}

  void run() {
    for (Operation& op : block_.without_terminator()) {
      position_[&op] = position_.size();
      place(&op);
    }
    for (Operation& op : llvm::reverse(block_.without_terminator())) shed(&op);
    materialize();
  }

private:
  int find(int cluster) const {
    while (clusters_[cluster].parent >= 0) cluster = clusters_[cluster].parent;
    return cluster;
  }

  /// The cluster that makes `value`, -1 for block arguments.
  int clusterOf(Value value) const {
    auto it = cluster_.find(value.getDefiningOp());
    return it == cluster_.end() ? -1 : find(it->second);
  }

  /// Whether `op`, which reads a result of the cluster, can be computed in it. What is computed again, so that it need
  /// not be kept, is not computed where it was the first time.
  bool accepts(const Cluster& cluster, Operation* op) const {
    return cluster.form && cluster.ops.size() < kMaxOps && cluster.form->accepts(op, dims_) &&
           (!isRecomputed(op) || llvm::any_of(cluster.ops, isRecomputed)) &&
           (merge_ || isCheckPart(cluster.ops.front()));
  }

  static bool isRecomputed(Operation* op) { return op->hasAttr(kRecomputedAttr); }
  static bool isCheckPart(Operation* op) { return op->hasAttr(kCheckPartAttr); }

  bool compatible(const Cluster& a, const Cluster& b) const {
    return a.form && b.form && a.ops.size() + b.ops.size() < kMaxOps && a.form->compatible(*b.form);
  }

  // --- cycles

  /// Whether cluster `from` needs a result of `target` (transitively).
  bool needs(int from, int target, llvm::SmallDenseSet<int>& seen) const {
    if (from == target) return true;
    if (clusters_[from].reach < position_.lookup(clusters_[target].ops.front())) return false; // all of it comes before
    if (!seen.insert(from).second) return false;
    for (Operation* op : clusters_[from].ops)
      for (Value operand : op->getOperands())
        if (int next = clusterOf(operand); next >= 0 && next != from && needs(next, target, seen)) return true;
    return false;
  }

  /// Whether joining `target` with something that reads `operands` closes a cycle: one of them comes from outside and
  /// needs `target`.
  bool closesCycle(ValueRange operands, int target, int other = -1) const {
    for (Value operand : operands) {
      const int source = clusterOf(operand);
      llvm::SmallDenseSet<int> seen;
      if (source >= 0 && source != target && source != other && needs(source, target, seen)) return true;
    }
    return false;
  }

  bool mergeClosesCycle(int a, int b) const {
    for (auto [from, to] : {std::pair(a, b), std::pair(b, a)})
      for (Operation* op : clusters_[from].ops)
        if (closesCycle(op->getOperands(), to, from)) return true;
    return false;
  }

  unsigned reachOf(Operation* op) const {
    unsigned reach = position_.lookup(op);
    for (Value operand : op->getOperands())
      if (int source = clusterOf(operand); source >= 0) reach = std::max(reach, clusters_[source].reach);
    return reach;
  }

  /// A cluster, and so all that need it, reach that far at least.
  void raiseReach(int cluster, unsigned reach) {
    SmallVector<int> open{cluster};
    while (!open.empty()) {
      const int next = open.pop_back_val();
      if (clusters_[next].reach >= reach && reach > 0) continue;
      clusters_[next].reach = reach;
      for (Operation* op : clusters_[next].ops)
        for (Operation* user : op->getUsers())
          if (auto reader = cluster_.find(user); reader != cluster_.end() && find(reader->second) != next)
            open.push_back(find(reader->second));
    }
  }

  // --- placing

  /// A cluster of its own for `op`.
  int start(Operation* op) {
    Cluster cluster;
    cluster.ops.push_back(op);
    cluster.form = KernelForm::startingWith(op, dims_);
    clusters_.push_back(std::move(cluster));
    raiseReach(clusters_.size() - 1, reachOf(op));
    return clusters_.size() - 1;
  }

  void place(Operation* op) {
    int home = -1;
    if ((merge_ || isCheckPart(op)) && !isa<ir::DotOp, ir::ConstantOp>(op))
      for (Value operand : op->getOperands()) {
        const int source = clusterOf(operand);
        if (source < 0 || source == home || !accepts(clusters_[source], op) || closesCycle(op->getOperands(), source))
          continue;
        if (home < 0)
          home = source;
        else if (compatible(clusters_[home], clusters_[source]) && !mergeClosesCycle(home, source))
          merge(home, source);
      }
    if (home < 0) {
      cluster_[op] = start(op);
      return;
    }
    Cluster& cluster = clusters_[home];
    cluster.ops.push_back(op);
    cluster.form->add(op);
    cluster_[op] = home;
    raiseReach(home, reachOf(op));
  }

  void merge(int into, int from) {
    Cluster &target = clusters_[into], &source = clusters_[from];
    target.ops.append(source.ops);
    llvm::sort(target.ops, [](Operation* a, Operation* b) { return a->isBeforeInBlock(b); });
    target.form->merge(*source.form);
    source.ops.clear();
    source.parent = into;
    const unsigned reach = std::max(target.reach, source.reach);
    target.reach = 0; // so that the readers of both hear of it
    raiseReach(into, reach);
  }

  /// Takes a broadcast out of a cluster in which nothing reads it: those that do repeat what is there once, which is
  /// less to write and to read.
  void shed(Operation* op) {
    auto place = cluster_.find(op);
    if (!isa<ir::BroadcastOp>(op) || place == cluster_.end()) return;
    const int home = find(place->second);
    Cluster& cluster = clusters_[home];
    if (!cluster.form || cluster.ops.size() < 2 || clusterOf(op->getOperand(0)) != home) return;
    const bool isRead = llvm::any_of(op->getUsers(), [&](Operation* user) {
      const auto reader = cluster_.find(user);
      return reader == cluster_.end() || find(reader->second) == home; // or the function ends with it
    });
    if (isRead) return;
    llvm::erase(cluster.ops, op);
    place->second = clusters_.size();
    clusters_.push_back({{op}, std::nullopt, -1, cluster.reach});
  }

  // --- building the groups

  void materialize() {
    SmallVector<int> order;
    llvm::SmallDenseSet<int> visited;
    for (Operation& op : block_.without_terminator()) visit(find(cluster_.lookup(&op)), visited, order);
    Operation* end = block_.getTerminator();
    for (int cluster : order)
      for (Operation* op : clusters_[cluster].ops) op->moveBefore(end);
    for (int cluster : order)
      if (clusters_[cluster].form && !isCheapConstant(clusters_[cluster].ops.front()))
        buildGroup(clusters_[cluster].ops);
    for (Operation& op : llvm::make_early_inc_range(llvm::reverse(block_)))
      if (isCheapConstant(&op) && op.use_empty()) op.erase();
  }

  /// Clusters in an order in which each comes after those it reads.
  void visit(int cluster, llvm::SmallDenseSet<int>& visited, SmallVector<int>& order) const {
    if (!visited.insert(cluster).second) return;
    for (Operation* op : clusters_[cluster].ops)
      for (Value operand : op->getOperands())
        if (int source = clusterOf(operand); source >= 0 && source != cluster) visit(source, visited, order);
    order.push_back(cluster);
  }

  static void buildGroup(ArrayRef<Operation*> ops) {
    llvm::SmallSetVector<Operation*, 8> members(ops.begin(), ops.end());
    llvm::SmallSetVector<Value, 8> inputs, outputs;
    SmallVector<Operation*> constants;
    SmallVector<Location> locations;
    for (Operation* op : ops) {
      locations.push_back(op->getLoc());
      for (Value operand : op->getOperands()) {
        if (members.contains(operand.getDefiningOp())) continue;
        if (isCheapConstant(operand.getDefiningOp()) && !isa<ir::DotOp>(op)) // a contraction reads memory
          constants.push_back(operand.getDefiningOp());
        else
          inputs.insert(operand);
      }
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation* user) { return !members.contains(user); }))
          outputs.insert(result);
    }
    OpBuilder builder(ops.back());
    std::string name;
    for (Operation* op : ArrayRef(ops).take_front(kNamedOps))
      name += (name.empty() ? "" : "_") + op->getName().stripDialect().str();
    Location loc = FusedLoc::get(builder.getContext(), locations);
    auto group =
        builder.create<ir::GroupOp>(loc, TypeRange(ValueRange(outputs.getArrayRef())), inputs.getArrayRef(), name);
    Block* body = &group.getBody().emplaceBlock();
    IRMapping mapping;
    for (Value input : inputs) mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
    builder.setInsertionPointToEnd(body);
    for (Operation* constant : constants)
      if (!mapping.contains(constant->getResult(0))) builder.clone(*constant, mapping);
    for (Operation* op : ops) // without marks: kernels are compared by their texts
      builder.clone(*op, mapping)->setDiscardableAttrs(builder.getDictionaryAttr({}));
    SmallVector<Value> yields;
    for (Value output : outputs) yields.push_back(mapping.lookup(output));
    builder.create<ir::YieldOp>(loc, yields);
    for (auto [from, to] : llvm::zip_equal(outputs, group.getResults()))
      Value(from).replaceUsesWithIf(to, [&](OpOperand& use) { return !members.contains(use.getOwner()); });
    for (Operation* op : llvm::reverse(ops)) op->erase();
  }

  Block& block_;
  const ir::DimAnalysis& dims_;
  const bool merge_;
  std::vector<Cluster> clusters_;
  llvm::DenseMap<Operation*, int> cluster_;
  llvm::DenseMap<Operation*, unsigned> position_; ///< in the block
};

struct FusePass : impl::FusePassBase<FusePass> {
  using FusePassBase::FusePassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal()) return;
    FailureOr<ir::DimAnalysis> dims = ir::DimAnalysis::run(function);
    if (failed(dims)) return signalPassFailure();
    fuseBlock(function.getBody().front(), *dims);
  }

  /// The regions of its ops first: they see nothing of what is around them.
  void fuseBlock(Block& block, const ir::DimAnalysis& dims) {
    for (Operation& op : block)
      if (!isa<ir::GroupOp>(op))
        for (Region& region : op.getRegions()) fuseBlock(region.front(), dims);
    Fuser(block, dims, merge).run();
  }
};

} // namespace
} // namespace ogee::passes
