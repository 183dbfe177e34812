// Nests whose innermost dim is reduced: a unit is one row. Each pass goes over the row in chunks of 4096 elements with
// 64 virtual lanes; lanes, then chunks are combined by fixed trees. Costly values that a later pass reads again stay in
// scratch memory.
#include "codegen/cpu/emit.h"
#include "codegen/cpu/loops.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

/// Longest scalar bodies, all together, that a pass unrolls; and that it unrolls once more for the rest of a row.
constexpr unsigned kLongBody = 60, kShortBody = 12;

/// Accumulators of all reductions of a pass, for each part of the virtual lanes: partials[reduction][part].
using Partials = SmallVector<SmallVector<Partial>>;

class RowEmitter {
public:
  explicit RowEmitter(Kernel& kernel)
      : kernel_(kernel), nest_(kernel.nest), body_(kernel), plan_(kernel.nest, kernel.target), last_(nest_.vectorDim()),
        width_(chooseWidth(nest_, kernel.target)),
        lanes_(onlyPositions(nest_) ? std::max<unsigned>(kPositionLanes, width_) : kVirtualLanes),
        parts_(lanes_ / width_), length_(kernel.index(nest_.extents[last_])), chunks_{kernel, length_, kChunkElements} {
  }

  void emit() {
    kernel_.forLoop(kernel_.begin(), kernel_.end(), 1, [&](Value unit) {
      SmallVector<Value> extents;
      for (unsigned dim = 0; dim < last_; ++dim) extents.push_back(kernel_.index(nest_.extents[dim]));
      if (nest_.chunks == Chunks::partials) extents.push_back(chunks_.count());
      Scope row;
      row.point = kernel_.delinearize(unit, extents);
      if (nest_.chunks != Chunks::partials) row.point.push_back(kernel_.index(0));
      emitUnit(unit, row);
    });
    kernel_.finish();
  }

private:
  void emitUnit(Value unit, Scope& row) {
    if (nest_.chunks == Chunks::partials) {
      emitPartials(unit, row);
      return;
    }
    if (nest_.chunks == Chunks::combine)
      combinePartials(unit, row);
    else
      for (unsigned phase = 0; phase < plan_.phases.size(); ++phase) emitPhase(phase, row);
    body_.store(plan_.keptStores, row);
  }

  /// One chunk of one row: its states go into the partial buffers, at the number of the unit.
  void emitPartials(Value unit, Scope& row) {
    Value chunk = row.point[last_];
    row.point[last_] = kernel_.index(0);
    const RowPlan::Phase& phase = plan_.phases[0];
    const Scope pass = hoisted(kernel_, body_, phase, row, last_);
    std::vector<Reducer> reducers = reducersOf(kernel_, body_, phase);
    unsigned next = 0;
    for (auto [reducer, partial] :
         llvm::zip_equal(reducers, reduceRange(0, pass, reducers, chunks_.begin(chunk), chunks_.end(chunk))))
      reducer.store(partialBuffers(kernel_, reducer, next), unit, partial, Scope());
  }

  void combinePartials(Value unit, Scope& row) {
    Value first = kernel_.mul(unit, chunks_.count());
    std::vector<Reducer> reducers = reducersOf(kernel_, body_, plan_.phases[0]);
    reduceAll(reducers, row, [&](Value chunk) {
      unsigned next = 0;
      return llvm::map_to_vector(reducers, [&](Reducer& reducer) {
        return reducer.load(partialBuffers(kernel_, reducer, next), kernel_.add(first, chunk), Scope());
      });
    });
  }

  /// Reduces over all chunks; the results are known in `row` from then on.
  void reduceAll(std::vector<Reducer>& reducers, Scope& row,
                 llvm::function_ref<SmallVector<Partial>(Value)> partialsOf) {
    for (Reducer& reducer : reducers)
      if (!reducer.isExact()) reducer.placeStack(plan_.offsetOf(reducer.node(), kernel_), 1);
    for (auto [reducer, total] :
         llvm::zip_equal(reducers, reduceChunks(kernel_, reducers, 1, chunks_.count(), partialsOf)))
      row.known[reducer.node()] = reducer.result(total);
  }

  void emitPhase(unsigned index, Scope& row) {
    const RowPlan::Phase& phase = plan_.phases[index];
    const Scope pass = hoisted(kernel_, body_, phase, row, last_);
    if (phase.reductions.empty()) {
      emitRange(index, pass, kernel_.index(0), length_);
      return;
    }
    std::vector<Reducer> reducers = reducersOf(kernel_, body_, phase);
    if (hasOneChunk(nest_)) {
      for (auto [reducer, partial] :
           llvm::zip_equal(reducers, reduceRange(index, pass, reducers, kernel_.index(0), length_)))
        row.known[reducer.node()] = reducer.result(partial);
      return;
    }
    reduceAll(reducers, row, [&](Value chunk) {
      return reduceRange(index, pass, reducers, chunks_.begin(chunk), chunks_.end(chunk));
    });
  }

  /// The lanes from `first` on, as a scope; kept nodes of earlier passes are read from scratch memory on the way.
  Scope lanesAt(unsigned phase, const Scope& row, Value first, Value count) {
    Scope lanes = row;
    lanes.point[last_] = first;
    lanes.width = width_;
    if (count) body_.setCount(lanes, count);
    for (unsigned earlier = 0; earlier < phase; ++earlier)
      for (unsigned node : plan_.phases[earlier].keeps)
        lanes.known[node] = body_.load(keptRow(node), nest_.nodes[node].element, first, Dim(1), lanes);
    return lanes;
  }

  Value keptRow(unsigned node) { return kernel_.scratch(nest_.nodes[node].element, plan_.offsetOf(node, kernel_)); }

  void storePoint(unsigned index, Scope& lanes) {
    const RowPlan::Phase& phase = plan_.phases[index];
    body_.store(phase.stores, lanes);
    for (unsigned node : phase.keeps)
      body_.storeVector(body_.evaluateWide(node, lanes), keptRow(node), lanes.point[last_], Dim(1), lanes);
  }

  void emitRange(unsigned index, const Scope& row, Value from, Value to) {
    forVectors(kernel_, from, to, width_, [&](Value first, Value count) {
      Scope lanes = lanesAt(index, row, first, count);
      storePoint(index, lanes);
    });
  }

  /// One step over (up to) `lanes_` elements from `first` on: `count` of them if given.
  Partials step(unsigned index, const Scope& row, std::vector<Reducer>& reducers, Value first, Value count,
                Partials partials) {
    for (unsigned part = 0; part < parts_; ++part) {
      Value skip = kernel_.index(part * width_);
      Value rest = count ? kernel_.min(kernel_.sub(count, skip), kernel_.index(width_)) : Value();
      if (count && isKnownEmpty(rest)) break;
      Scope lanes = lanesAt(index, row, kernel_.add(first, skip), rest);
      for (auto [reducer, partial] : llvm::zip_equal(reducers, partials)) accumulate(reducer, lanes, partial[part]);
      storePoint(index, lanes);
    }
    return partials;
  }

  void accumulate(Reducer& reducer, Scope& lanes, Partial& partial) {
    const Node& node = nest_.nodes[reducer.node()];
    Value element = body_.evaluateWide(node.args[0], lanes), position;
    if (reducer.needsIndex()) position = body_.positions(lanes, last_, begin_);
    Partial lifted = reducer.lift(element, position);
    if (!lanes.mask) {
      partial = reducer.combineNext(partial, lifted);
      return;
    }
    Partial before = partial.empty() ? reducer.neutralInChunk(width_) : partial;
    partial = reducer.select(lanes.mask, reducer.combineNext(before, lifted), before);
  }

  static SmallVector<Value> flatten(const Partials& partials) {
    SmallVector<Value> flat;
    for (const auto& parts : partials)
      for (const Partial& partial : parts) flat.append(partial.begin(), partial.end());
    return flat;
  }

  Partials unflatten(std::vector<Reducer>& reducers, ValueRange flat) {
    Partials partials;
    for (Reducer& reducer : reducers) {
      partials.emplace_back();
      for (unsigned part = 0; part < parts_; ++part) {
        partials.back().emplace_back(flat.begin(), flat.begin() + reducer.types().size());
        flat = flat.drop_front(reducer.types().size());
      }
    }
    return partials;
  }

  /// One pass over [from, to): the partial result of each reduction, as scalars.
  SmallVector<Partial> reduceRange(unsigned index, const Scope& row, std::vector<Reducer>& reducers, Value from,
                                   Value to) {
    begin_ = from;
    const Partials partials = loopsOverParts(index, kLongBody)
                                  ? accumulateInMemory(index, row, reducers, from, to, neutral(reducers))
                                  : accumulateInRegisters(index, row, reducers, from, to);
    SmallVector<Partial> folded;
    for (auto [reducer, parts] : llvm::zip_equal(reducers, partials))
      folded.push_back(reducer.fromChunk(reducer.foldLanes(parts), from));
    return folded;
  }

  /// Whether there is more than one step, and what each computes is longer than `limit`.
  bool loopsOverParts(unsigned index, unsigned limit) const {
    const Dim& length = nest_.extents[last_];
    if (parts_ == 1 || (length.is_number() && length.number() <= lanes_)) return false;
    SmallVector<unsigned> computed = neededBy(nest_, rootsOf(nest_, plan_.phases[index]));
    llvm::erase_if(computed, [&](unsigned node) { return !nest_.nodes[node].varies; });
    return bodyLength(nest_, computed) > limit;
  }

  Partials neutral(std::vector<Reducer>& reducers) const {
    Partials partials;
    for (Reducer& reducer : reducers) partials.emplace_back(parts_, reducer.neutralInChunk(width_));
    return partials;
  }

  /// All lanes in one step: what is computed stands there once for each part of them, and once more for the rest if it
  /// is short.
  Partials accumulateInRegisters(unsigned index, const Scope& row, std::vector<Reducer>& reducers, Value from,
                                 Value to) {
    Value rest = kernel_.rem(kernel_.sub(to, from), kernel_.index(lanes_));
    Value whole = kernel_.sub(to, rest);
    Partials partials(reducers.size(), SmallVector<Partial>(parts_));
    if (!isKnownEmpty(kernel_.sub(whole, from))) {
      partials = unflatten(
          reducers,
          kernel_.forLoop(from, whole, lanes_, flatten(neutral(reducers)), [&](Value first, ValueRange carried) {
            return flatten(step(index, row, reducers, first, Value(), unflatten(reducers, carried)));
          }));
      if (!nest_.extents[last_].is_number() && loopsOverParts(index, kShortBody))
        return accumulateInMemory(index, row, reducers, whole, to, partials);
    }
    if (partials[0][0].empty()) // only a rest: nothing is carried into it
      partials = step(index, row, reducers, whole, rest, partials);
    else
      partials = unflatten(reducers, kernel_.ifElse(
                                         kernel_.less(kernel_.index(0), rest),
                                         [&] { return flatten(step(index, row, reducers, whole, rest, partials)); },
                                         [&] { return flatten(partials); }));
    return partials;
  }

  /// One part of the lanes in a step, on accumulators on the stack: long bodies stand there once, and hide that.
  Partials accumulateInMemory(unsigned index, const Scope& row, std::vector<Reducer>& reducers, Value from, Value to,
                              const Partials& initial) {
    Scope part;
    part.width = width_;
    struct Array {
      Partial memrefs;
      SmallVector<Type, 2> elements;
    };
    SmallVector<Array> arrays;
    for (auto [reducer, states] : llvm::zip_equal(reducers, initial)) {
      Array& array = arrays.emplace_back();
      for (Value value : states[0]) {
        array.elements.push_back(getElementTypeOrSelf(value.getType()));
        array.memrefs.push_back(kernel_.stackArray(array.elements.back(), lanes_));
      }
      for (unsigned i = 0; i < parts_; ++i) reducer.store(array.memrefs, kernel_.index(i * width_), states[i], part);
    }
    const auto load = [&](const Array& array, Value at) {
      Partial partial;
      for (auto [memref, element] : llvm::zip_equal(array.memrefs, array.elements))
        partial.push_back(body_.load(memref, element, at, Dim(1), part));
      return partial;
    };
    const auto accumulateAt = [&](Value first, Value count) {
      Scope lanes = lanesAt(index, row, first, count);
      Value at = kernel_.rem(kernel_.sub(first, from), kernel_.index(lanes_));
      for (auto [reducer, array] : llvm::zip_equal(reducers, arrays)) {
        Partial partial = load(array, at);
        accumulate(reducer, lanes, partial);
        reducer.store(array.memrefs, at, partial, part);
      }
      storePoint(index, lanes);
    };
    forVectors(kernel_, from, to, width_, accumulateAt, kernel_.target.cheapMasks && !nest_.extents[last_].is_number());
    Partials partials;
    for (auto [reducer, array] : llvm::zip_equal(reducers, arrays)) {
      auto& parts = partials.emplace_back();
      for (unsigned i = 0; i < parts_; ++i) parts.push_back(load(array, kernel_.index(i * width_)));
    }
    return partials;
  }

  Kernel& kernel_;
  const Nest& nest_;
  Body body_;
  RowPlan plan_;
  unsigned last_, width_, lanes_, parts_;
  Value begin_; ///< of the chunk that is being reduced
  Value length_;
  Chunking chunks_;
};

} // namespace

void emitRows(Kernel& kernel) { RowEmitter(kernel).emit(); }

} // namespace ogee::codegen::cpu
