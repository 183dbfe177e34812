// Nests whose innermost dim is reduced. A warp reduces one chunk at a time: two of the 64 virtual lanes in each of its
// lanes. A row that is one chunk belongs to a warp; a longer one to a block, whose warps take chunks in turn and
// combine them by the fixed tree. Passes read their operands again: rows lie in the caches.
#include "codegen/cuda/emit.h"
#include "codegen/cuda/reducer.h"
#include "codegen/phases.h"

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

class RowEmitter {
public:
  RowEmitter(Kernel& kernel, Body& body)
      : kernel_(kernel), text_(kernel.text), nest_(kernel.nest), body_(body), phases_(nest_), last_(nest_.vectorDim()),
        index_(kernel.indexName().str()), length_(kernel.index(nest_.extents[last_])) {
    const runtime::DimRange range = nest_.extents[last_].range();
    if (nest_.chunks == Chunks::partials || (nest_.chunks == Chunks::all && range.hi <= kChunkElements))
      team_ = "1";
    else if (nest_.chunks == Chunks::combine || range.lo > kChunkElements)
      team_ = std::to_string(kWarps);
  }

  void emit() {
    text_.line("const i32 lane = (i32)threadIdx.x % 32, warp = (i32)threadIdx.x / 32;");
    if (!isWarp() && !isBlock())
      text_.line("const i32 team = " + length_ + " > " + std::to_string(kChunkElements) + " ? " +
                 std::to_string(kWarps) + " : 1;"); // warps that share a row
    if (nest_.chunks != Chunks::partials) text_.line("const i32 member = " + choose("lane", "(i32)threadIdx.x") + ";");
    for (const Phase& phase : phases_.list) {
      reducers_.emplace_back();
      for (unsigned node : phase.reductions) reducers_.back().emplace_back(kernel_, body_, node);
    }
    declareTrees();
    chunks_ = kernel_.named(kernel_.ceilDiv(length_, kChunkElements));
    Point extents;
    for (unsigned dim = 0; dim < last_; ++dim) extents.push_back(kernel_.index(nest_.extents[dim]));
    if (nest_.chunks == Chunks::partials) extents.push_back(chunks_);
    const std::string block = "(" + index_ + ")blockIdx.x", blocks = "(" + index_ + ")gridDim.x";
    const std::string warps = std::to_string(kWarps);
    const Index unit =
        kernel_.openLoop(isBlock() ? block : "(" + block + " * " + warps + " + warp)" + (isWarp() ? "" : " / team"),
                         kernel_.named(kernel_.productOf(extents)),
                         isBlock() ? blocks : blocks + " * " + warps + (isWarp() ? "" : " / team"));
    Scope row;
    row.point = kernel_.delinearize(unit, extents);
    if (nest_.chunks == Chunks::partials) {
      emitPartials(unit, row);
    } else {
      row.point.push_back("0");
      if (nest_.chunks == Chunks::combine)
        combinePartials(unit, row);
      else
        for (auto [phase, reducers] : llvm::zip_equal(phases_.list, reducers_)) emitPhase(phase, reducers, row);
      storeKept(row);
    }
    text_.close();
  }

private:
  bool isWarp() const { return team_ == "1"; }
  bool isBlock() const { return team_ == std::to_string(kWarps); }
  std::string choose(const std::string& warp, const std::string& block) const {
    return isWarp() ? warp : isBlock() ? block : "team == 1 ? " + warp + " : " + block;
  }
  void synchronize() {
    if (isWarp())
      text_.line("__syncwarp();");
    else if (isBlock())
      text_.line("__syncthreads();");
    else
      text_.line("if (team == 1) __syncwarp(); else __syncthreads();");
  }

  void declareTrees() {
    if (isWarp()) return;
    const int64_t slots = nest_.chunks == Chunks::combine ? kThreads : kWarps;
    for (std::vector<Reducer>& reducers : reducers_) trees_.emplace_back(kernel_, reducers, slots);
  }

  /// The scope of a pass: what does not differ along the row stands before its loop.
  Scope hoisted(const Phase& phase, const Scope& row) {
    Scope pass = row;
    if (nest_.extents[last_].range().lo <= 0) pass.guard = length_ + " > 0";
    body_.hoist(rootsOf(nest_, phase), last_, pass);
    pass.guard.clear();
    return pass;
  }

  /// The states of the elements [from, to) in lane 0 of the warp.
  SmallVector<State> reduceChunk(const Phase& phase, const Scope& pass, MutableArrayRef<Reducer> reducers,
                                 const Index& from, const Index& to) {
    SmallVector<State> lanes, folded;
    for (Reducer& reducer : reducers) lanes.push_back(reducer.declare(kVirtualLanes / kWarp));
    const Index first = kernel_.openLoop(kernel_.add(from, "lane"), to, std::to_string(kVirtualLanes));
    text_.line("#pragma unroll");
    text_.open("for (i32 part = 0; part < 2; ++part)");
    const Index i = kernel_.named(first + " + part * 32");
    text_.open("if (" + i + " < " + to + ")");
    Scope point = pass;
    point.point[last_] = i;
    for (auto [reducer, state] : llvm::zip_equal(reducers, lanes)) {
      const std::string element = body_.evaluate(nest_.nodes[reducer.node()].args[0], point);
      reducer.next(Reducer::at(state, "part"), element, i);
    }
    body_.store(phase.stores, point);
    text_.close();
    text_.close();
    text_.close();
    for (auto [reducer, state] : llvm::zip_equal(reducers, lanes)) {
      folded.push_back(Reducer::at(state, "0"));
      reducer.join(folded.back(), Reducer::at(state, "1"));
      reducer.foldWarp(folded.back());
    }
    return folded;
  }

  void emitPhase(const Phase& phase, MutableArrayRef<Reducer> reducers, Scope& row) {
    const Scope pass = hoisted(phase, row);
    if (phase.reductions.empty()) {
      const std::string step = choose(std::to_string(kWarp), std::to_string(kThreads));
      Scope point = pass;
      point.point[last_] = kernel_.openLoop("member", length_, "(" + step + ")");
      body_.store(phase.stores, point);
      text_.close();
      synchronize();
      return;
    }
    const SmallVector<State> totals = declareTotals(reducers, row);
    if (isWarp()) {
      toAllLanes(reducers, reduceChunk(phase, pass, reducers, "0", length_), totals);
      return;
    }
    BlockTree& tree = trees_[&phase - phases_.list.begin()];
    const std::string team = team_.empty() ? "team" : team_;
    const Index rounds = kernel_.named("(" + chunks_ + " + " + team + " - 1) / " + team);
    const Index round = kernel_.openLoop("0", rounds, "1");
    const Index chunk = kernel_.named(round + " * " + team + " + " + (isBlock() ? "warp" : "(team == 1 ? 0 : warp)"));
    const Index from = kernel_.named(kernel_.mul(chunk, std::to_string(kChunkElements)));
    const Index to = kernel_.named(kernel_.min(kernel_.add(from, std::to_string(kChunkElements)), length_));
    const SmallVector<State> states = reduceChunk(phase, pass, reducers, from, to);
    if (!isBlock()) {
      text_.open("if (team == 1)");
      toAllLanes(reducers, states, totals);
      text_.next("else");
    }
    text_.open("if (lane == 0)");
    for (auto [number, reducer] : llvm::enumerate(reducers)) reducer.assign(tree.slot(number, "warp"), states[number]);
    text_.close();
    tree.push(round, "(i32)" + kernel_.min(std::to_string(kWarps), chunks_ + " - " + round + " * " + team));
    if (!isBlock()) text_.close();
    text_.close();
    if (!isBlock()) text_.open("if (team > 1)");
    tree.pop(rounds, totals);
    if (!isBlock()) text_.close();
  }

  /// Variables for the results of the reductions, which are known in `row` from then on.
  SmallVector<State> declareTotals(MutableArrayRef<Reducer> reducers, Scope& row) {
    SmallVector<State> totals;
    for (Reducer& reducer : reducers) {
      totals.push_back(reducer.declare());
      row.known[reducer.node()] = Reducer::result(totals.back());
    }
    return totals;
  }

  void toAllLanes(MutableArrayRef<Reducer> reducers, ArrayRef<State> states, ArrayRef<State> totals) {
    for (auto [reducer, state, total] : llvm::zip_equal(reducers, states, totals)) reducer.fromFirstLane(total, state);
  }

  void storeKept(Scope& row) {
    if (phases_.keptStores.empty()) return;
    text_.open("if (member == 0)");
    body_.store(phases_.keptStores, row);
    text_.close();
  }

  /// The state in the partial buffers at an index: `next` walks over them.
  State partialAt(const Reducer& reducer, const Index& at, unsigned& next) const {
    State state;
    for (unsigned value = 0; value < reducer.values(); ++value)
      state.push_back(kernel_.bufferName(nest_.partials[next++]) + "[" + at + "]");
    return state;
  }

  /// One chunk of one row: its states go into the partial buffers, at the number of the unit.
  void emitPartials(const Index& unit, Scope& row) {
    const Index chunk = row.point[last_];
    row.point[last_] = "0";
    const Index from = kernel_.named(kernel_.mul(chunk, std::to_string(kChunkElements)));
    const Index to = kernel_.named(kernel_.min(kernel_.add(from, std::to_string(kChunkElements)), length_));
    const Scope pass = hoisted(phases_.list[0], row);
    const SmallVector<State> states = reduceChunk(phases_.list[0], pass, reducers_[0], from, to);
    text_.open("if (lane == 0)");
    unsigned next = 0;
    for (auto [reducer, state] : llvm::zip_equal(reducers_[0], states))
      reducer.assign(partialAt(reducer, unit, next), state);
    text_.close();
  }

  /// The states of all chunks of one row, one for each thread at a time.
  void combinePartials(const Index& unit, Scope& row) {
    MutableArrayRef<Reducer> reducers = reducers_[0];
    const SmallVector<State> totals = declareTotals(reducers, row);
    const std::string threads = std::to_string(kThreads);
    const Index rounds = kernel_.named(kernel_.ceilDiv(chunks_, kThreads));
    const Index round = kernel_.openLoop("0", rounds, "1");
    const Index chunk = kernel_.named(round + " * " + threads + " + (" + index_ + ")threadIdx.x");
    text_.open("if (" + chunk + " < " + chunks_ + ")");
    unsigned next = 0;
    for (auto [number, reducer] : llvm::enumerate(reducers))
      reducer.assign(trees_[0].slot(number, "threadIdx.x"),
                     partialAt(reducer, unit + " * " + chunks_ + " + " + chunk, next));
    text_.close();
    trees_[0].push(round, "(i32)" + kernel_.min(threads, chunks_ + " - " + round + " * " + threads));
    text_.close();
    trees_[0].pop(rounds, totals);
  }

  Kernel& kernel_;
  Text& text_;
  const Nest& nest_;
  Body& body_;
  Phases phases_;
  const unsigned last_;
  const std::string index_;
  const Index length_;
  Index chunks_;
  std::string team_;                           ///< warps that share a row: "1", "8", or "": only the run knows
  std::vector<std::vector<Reducer>> reducers_; ///< of each phase
  std::vector<BlockTree> trees_;
};

} // namespace

void emitRows(Kernel& kernel, Body& body) { RowEmitter(kernel, body).emit(); }

} // namespace ogee::codegen::cuda
