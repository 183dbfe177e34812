// Nests that reduce a dim other than the innermost: a thread for each kept point, neighbours side by side, one
// accumulator, rows in order, in chunks of 256 rows that a fixed tree combines.
#include "codegen/cuda/emit.h"
#include "codegen/cuda/reducer.h"
#include "codegen/phases.h"

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

class ColumnEmitter {
public:
  ColumnEmitter(Kernel& kernel, Body& body)
      : kernel_(kernel), text_(kernel.text), nest_(kernel.nest), body_(body), phases_(nest_), last_(nest_.vectorDim()),
        reduced_(nest_.reducedDim()), index_(kernel.indexName().str()), rows_(kernel.index(nest_.extents[reduced_])) {}

  void emit() {
    for (const Phase& phase : phases_.list) {
      reducers_.emplace_back();
      for (unsigned node : phase.reductions) reducers_.back().emplace_back(kernel_, body_, node);
    }
    chunks_ = kernel_.named(kernel_.ceilDiv(rows_, kChunkRows));
    columns_ = kernel_.index(nest_.extents[last_]);
    // Units are numbered as [outer kept dims…, chunk, column]; the chunk takes the place of the reduced dim.
    Point extents;
    for (unsigned dim = 0; dim < last_; ++dim)
      if (dim != reduced_) extents.push_back(kernel_.index(nest_.extents[dim]));
    extents.push_back(nest_.chunks == Chunks::partials ? chunks_ : "1");
    extents.push_back(columns_);
    const std::string threads = std::to_string(kThreads);
    const Index unit =
        kernel_.openLoop("(" + index_ + ")blockIdx.x * " + threads + " + (" + index_ + ")threadIdx.x",
                         kernel_.named(kernel_.productOf(extents)), "(" + index_ + ")gridDim.x * " + threads);
    Scope column;
    column.point = kernel_.delinearize(unit, extents);
    const Index chunk = column.point[last_ - 1];
    column.point.erase(column.point.begin() + last_ - 1);
    column.point.insert(column.point.begin() + reduced_, "0");
    if (nest_.chunks == Chunks::partials) {
      emitPartials(unit, chunk, column);
    } else {
      if (nest_.chunks == Chunks::combine)
        combinePartials(unit, column);
      else
        for (auto [phase, reducers] : llvm::zip_equal(phases_.list, reducers_)) emitPhase(phase, reducers, column);
      body_.store(phases_.keptStores, column);
    }
    text_.close();
  }

private:
  Scope hoisted(const Phase& phase, const Scope& column) {
    Scope pass = column;
    if (nest_.extents[reduced_].range().lo <= 0) pass.guard = rows_ + " > 0";
    body_.hoist(rootsOf(nest_, phase), reduced_, pass);
    pass.guard.clear();
    return pass;
  }

  SmallVector<State> reduceRows(const Phase& phase, const Scope& pass, MutableArrayRef<Reducer> reducers,
                                const Index& from, const Index& to) {
    SmallVector<State> states;
    for (Reducer& reducer : reducers) states.push_back(reducer.declare());
    Scope point = pass;
    const Index row = point.point[reduced_] = kernel_.openLoop(from, to, "1");
    for (auto [reducer, state] : llvm::zip_equal(reducers, states))
      reducer.next(state, body_.evaluate(nest_.nodes[reducer.node()].args[0], point), row);
    body_.store(phase.stores, point);
    text_.close();
    return states;
  }

  void emitPhase(const Phase& phase, MutableArrayRef<Reducer> reducers, Scope& column) {
    const Scope pass = hoisted(phase, column);
    if (phase.reductions.empty()) {
      Scope point = pass;
      point.point[reduced_] = kernel_.openLoop("0", rows_, "1");
      body_.store(phase.stores, point);
      text_.close();
      return;
    }
    if (nest_.extents[reduced_].range().hi <= kChunkRows) {
      for (auto [reducer, state] : llvm::zip_equal(reducers, reduceRows(phase, pass, reducers, "0", rows_)))
        column.known[reducer.node()] = Reducer::result(state);
      return;
    }
    reduceAll(reducers, column, [&](const Index& chunk) {
      const auto [from, to] = rangeOf(chunk);
      return reduceRows(phase, pass, reducers, from, to);
    });
  }

  std::pair<Index, Index> rangeOf(const Index& chunk) {
    const Index from = kernel_.named(kernel_.mul(chunk, std::to_string(kChunkRows)));
    return {from, kernel_.named(kernel_.min(kernel_.add(from, std::to_string(kChunkRows)), rows_))};
  }

  /// Reduces over all chunks; the results are known in `column` from then on.
  void reduceAll(MutableArrayRef<Reducer> reducers, Scope& column,
                 llvm::function_ref<SmallVector<State>(const Index&)> statesOf) {
    SmallVector<State> totals, stacks;
    const int64_t levels = levelsFor(ceil_div(nest_.extents[reduced_], Dim(kChunkRows)));
    for (Reducer& reducer : reducers) {
      totals.push_back(reducer.declare());
      stacks.push_back(isExact(nest_, reducer.node()) ? State() : reducer.declareArray(levels));
      column.known[reducer.node()] = Reducer::result(totals.back());
    }
    const Index chunk = kernel_.openLoop("0", chunks_, "1");
    for (auto [reducer, state, total, stack] : llvm::zip_equal(reducers, statesOf(chunk), totals, stacks))
      stack.empty() ? reducer.join(total, state) : reducer.push(stack, chunk, state);
    text_.close();
    for (auto [reducer, total, stack] : llvm::zip_equal(reducers, totals, stacks))
      if (!stack.empty()) reducer.pop(stack, chunks_, total);
  }

  State partialAt(const Reducer& reducer, const Index& at, unsigned& next) const {
    State state;
    for (unsigned value = 0; value < reducer.values(); ++value)
      state.push_back(kernel_.bufferName(nest_.partials[next++]) + "[" + at + "]");
    return state;
  }

  void emitPartials(const Index& unit, const Index& chunk, Scope& column) {
    const Scope pass = hoisted(phases_.list[0], column);
    const auto [from, to] = rangeOf(chunk);
    unsigned next = 0;
    for (auto [reducer, state] :
         llvm::zip_equal(reducers_[0], reduceRows(phases_.list[0], pass, reducers_[0], from, to)))
      reducer.assign(partialAt(reducer, unit, next), state);
  }

  void combinePartials(const Index& unit, Scope& column) {
    const Index outer = kernel_.named("(" + unit + " / " + columns_ + ") * " + chunks_);
    reduceAll(reducers_[0], column, [&](const Index& chunk) {
      const Index at = kernel_.named("(" + outer + " + " + chunk + ") * " + columns_ + " + " + unit + " % " + columns_);
      unsigned next = 0;
      return llvm::map_to_vector(reducers_[0], [&](Reducer& reducer) { return partialAt(reducer, at, next); });
    });
  }

  Kernel& kernel_;
  Text& text_;
  const Nest& nest_;
  Body& body_;
  Phases phases_;
  const unsigned last_, reduced_;
  const std::string index_;
  const Index rows_;
  Index chunks_, columns_;
  std::vector<std::vector<Reducer>> reducers_; ///< of each phase
};

} // namespace

void emitColumns(Kernel& kernel, Body& body) { ColumnEmitter(kernel, body).emit(); }

} // namespace ogee::codegen::cuda
