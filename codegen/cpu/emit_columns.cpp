// Nests that reduce a dim other than the innermost: a unit is a tile of columns, one accumulator per column, rows in
// order, in chunks of 256 rows that a fixed tree combines.
#include "codegen/cpu/emit.h"
#include "codegen/cpu/loops.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

class ColumnEmitter {
public:
  explicit ColumnEmitter(Kernel& kernel)
      : kernel_(kernel), nest_(kernel.nest), body_(kernel), plan_(kernel.nest, kernel.target), last_(nest_.vectorDim()),
        reduced_(nest_.reducedDim()), width_(chooseWidth(nest_, kernel.target)),
        rows_(kernel.index(nest_.extents[reduced_])), chunks_{kernel, rows_, kChunkRows} {}

  void emit() {
    kernel_.forLoop(kernel_.begin(), kernel_.end(), 1, [&](Value unit) {
      Value columns = kernel_.index(nest_.extents[last_]);
      // Units are walked as [outer kept dims…, chunk, tile of columns]; the chunk takes the place of the reduced dim.
      SmallVector<Value> extents;
      for (unsigned dim = 0; dim < last_; ++dim)
        if (dim != reduced_) extents.push_back(kernel_.index(nest_.extents[dim]));
      extents.push_back(nest_.chunks == Chunks::partials ? chunks_.count() : kernel_.index(1));
      extents.push_back(kernel_.ceilDiv(columns, width_));
      SmallVector<Value> at = kernel_.delinearize(unit, extents);
      Value chunk = at[last_ - 1], tileNumber = at[last_], outer = kernel_.div(unit, extents[last_]);
      at.erase(at.begin() + last_ - 1);
      at.insert(at.begin() + reduced_, kernel_.index(0));
      Scope tile;
      tile.point = at;
      tile.point[last_] = kernel_.mul(tileNumber, kernel_.index(width_));
      tile.width = width_;
      Value rest = kernel_.sub(columns, tile.point[last_]);
      const auto masked = [&](Value count) {
        Scope lanes = tile;
        if (width_ > 1) body_.setCount(lanes, count);
        emitTile(lanes, outer, chunk);
        return SmallVector<Value>();
      };
      if (masksEverything()) {
        masked(kernel_.min(rest, kernel_.index(width_)));
        return;
      }
      kernel_.ifElse(
          kernel_.less(rest, kernel_.index(width_)), [&] { return masked(rest); },
          [&] {
            emitTile(tile, outer, chunk);
            return SmallVector<Value>();
          });
    });
    kernel_.finish();
  }

private:
  /// Whether whole tiles have a mask too, which is half the code: a mask is made once per tile, and its loads cost what
  /// others do.
  bool masksEverything() const { return width_ > 1 && kernel_.target.cheapMasks && !nest_.extents[last_].is_number(); }

  /// `outer` numbers [outer kept dims…] or, where partial states are made, [outer kept dims…, chunk].
  void emitTile(Scope tile, Value outer, Value chunk) {
    if (nest_.chunks == Chunks::partials) {
      emitPartials(tile, outer, chunk);
      return;
    }
    if (nest_.chunks == Chunks::combine)
      combinePartials(tile, outer);
    else
      for (const RowPlan::Phase& phase : plan_.phases) emitPhase(phase, tile);
    body_.store(plan_.keptStores, tile);
  }

  /// Where the states of a tile lie, given the number of its row of states.
  Value partialIndex(Value row, const Scope& tile) {
    return kernel_.add(kernel_.mul(row, kernel_.index(nest_.extents[last_])), tile.point[last_]);
  }

  void emitPartials(Scope& tile, Value outer, Value chunk) {
    const RowPlan::Phase& phase = plan_.phases[0];
    const Scope pass = hoisted(kernel_, body_, phase, tile, reduced_);
    std::vector<Reducer> reducers = reducersOf(kernel_, body_, phase);
    unsigned next = 0;
    for (auto [reducer, partial] :
         llvm::zip_equal(reducers, reduceRange(phase, pass, reducers, chunks_.begin(chunk), chunks_.end(chunk))))
      reducer.store(partialBuffers(kernel_, reducer, next), partialIndex(outer, tile), partial, tile);
  }

  void combinePartials(Scope& tile, Value outer) {
    Value first = kernel_.mul(outer, chunks_.count());
    const Scope lanes = tile;
    std::vector<Reducer> reducers = reducersOf(kernel_, body_, plan_.phases[0]);
    reduceAll(reducers, tile, [&](Value chunk) {
      unsigned next = 0;
      return llvm::map_to_vector(reducers, [&](Reducer& reducer) {
        return reducer.load(partialBuffers(kernel_, reducer, next), partialIndex(kernel_.add(first, chunk), lanes),
                            lanes);
      });
    });
  }

  /// Reduces over all chunks; the results are known in `tile` from then on.
  void reduceAll(std::vector<Reducer>& reducers, Scope& tile,
                 llvm::function_ref<SmallVector<Partial>(Value)> partialsOf) {
    for (Reducer& reducer : reducers)
      if (!reducer.isExact()) reducer.placeStack(plan_.offsetOf(reducer.node(), kernel_), width_);
    for (auto [reducer, total] :
         llvm::zip_equal(reducers, reduceChunks(kernel_, reducers, width_, chunks_.count(), partialsOf)))
      tile.known[reducer.node()] = reducer.result(total);
  }

  void emitPhase(const RowPlan::Phase& phase, Scope& tile) {
    const Scope pass = hoisted(kernel_, body_, phase, tile, reduced_);
    if (phase.reductions.empty()) {
      kernel_.forLoop(kernel_.index(0), rows_, 1, [&](Value row) {
        Scope point = rowAt(pass, row);
        storePoint(phase, point);
      });
      return;
    }
    std::vector<Reducer> reducers = reducersOf(kernel_, body_, phase);
    if (hasOneChunk(nest_)) {
      for (auto [reducer, partial] :
           llvm::zip_equal(reducers, reduceRange(phase, pass, reducers, kernel_.index(0), rows_)))
        tile.known[reducer.node()] = reducer.result(partial);
      return;
    }
    reduceAll(reducers, tile, [&](Value chunk) {
      return reduceRange(phase, pass, reducers, chunks_.begin(chunk), chunks_.end(chunk));
    });
  }

  Scope rowAt(const Scope& tile, Value row) const {
    Scope point = tile;
    point.point[reduced_] = row;
    return point;
  }

  void storePoint(const RowPlan::Phase& phase, Scope& point) { body_.store(phase.stores, point); }

  SmallVector<Partial> reduceRange(const RowPlan::Phase& phase, const Scope& tile, std::vector<Reducer>& reducers,
                                   Value from, Value to) {
    SmallVector<Value> init;
    for (Reducer& reducer : reducers) llvm::append_range(init, reducer.neutralInChunk(width_));
    SmallVector<Value> total = kernel_.forLoop(from, to, 1, init, [&](Value row, ValueRange carried) {
      Scope point = rowAt(tile, row);
      SmallVector<Value> next;
      for (Reducer& reducer : reducers) {
        Value element = body_.evaluateWide(nest_.nodes[reducer.node()].args[0], point), position;
        if (reducer.needsIndex()) position = body_.positions(point, reduced_, from);
        llvm::append_range(next, reducer.combineNext(llvm::to_vector(carried.take_front(reducer.types().size())),
                                                     reducer.lift(element, position)));
        carried = carried.drop_front(reducer.types().size());
      }
      storePoint(phase, point);
      return next;
    });
    SmallVector<Partial> partials;
    ArrayRef<Value> flat = total;
    for (Reducer& reducer : reducers) {
      const ArrayRef<Value> state = flat.take_front(reducer.types().size());
      partials.push_back(reducer.fromChunk(Partial(state), from));
      flat = flat.drop_front(reducer.types().size());
    }
    return partials;
  }

  Kernel& kernel_;
  const Nest& nest_;
  Body body_;
  RowPlan plan_;
  unsigned last_, reduced_, width_;
  Value rows_;
  Chunking chunks_;
};

} // namespace

void emitColumns(Kernel& kernel) { ColumnEmitter(kernel).emit(); }

} // namespace ogee::codegen::cpu
