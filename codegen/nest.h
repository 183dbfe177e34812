// A nest: one fused kernel as a plain struct, between the graph and the code of a target.
//
// A nest iterates over a box of integer points. Per point it reads elements of buffers at affine positions, computes
// scalar bodies, reduces along at most one dim, and stores. Sizes, strides and offsets are `Dim`s: constants where the
// graph knows them, run-time values where not; the emitters treat both alike. A nest owns no MLIR but refers to the ops
// of its group for their scalar bodies.
#pragma once

#include "runtime/dim.h"
#include "runtime/program.h"

#include "mlir/IR/Operation.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>
#include <vector>

namespace ogee::codegen {

using runtime::Dim;

/// A number that is read from a tensor of i64 where an access begins: element `at` of `buffer`, moved to between 0 and
/// `most`, times `stride`.
struct Start {
  unsigned buffer = 0;
  Dim at = 0, most = 0, stride = 0;
};

/// An affine function of a point of the nest: `offset + starts + sum over d of point[d] * strides[d]`.
struct Affine {
  Dim offset = 0;
  llvm::SmallVector<Dim, 4> strides;
  llvm::SmallVector<Start, 0> starts = {}; ///< of buffers by index into Nest::buffers
};

/// How a buffer is read or written: the affine function gives an element index.
struct Access {
  unsigned buffer = 0; ///< index into Nest::buffers
  Affine at;
};

/// A value computed by the nest.
struct Node {
  enum class Kind {
    load,    ///< an element read through `access`
    scalar,  ///< the scalar body of `op` on the values of `args`
    reduce,  ///< `op`'s reduction of args[0] along the reduced dim
    product, ///< the contraction's sum of products (contraction nests only)
  };
  Kind kind = Kind::scalar;
  mlir::Type element;
  mlir::Operation* op = nullptr; ///< scalar, reduce: whose body; others: null
  llvm::SmallVector<unsigned, 3> args;
  Access access; ///< load
  llvm::SmallVector<Affine, 1>
      coordinates;                     ///< scalar: what `ScalarBody::coordinate(axis)` yields, in the order of `axes`
  llvm::SmallVector<unsigned, 1> axes; ///< scalar: the axes asked for; `kLinear` stands for the linear index
  bool varies = true;                  ///< differs along the reduced dims (always true where nothing is reduced)

  static constexpr unsigned kLinear = ~0u;
};

/// A value written at every point, or (`perPoint` false) once per kept point, after the reductions.
struct Store {
  unsigned node = 0;
  Access access;
  bool perPoint = true;
};

/// A micro-kernel of `rows` x `vectors` * `lanes` accumulators in registers.
struct MicroKernel {
  int64_t rows = 1, vectors = 1, lanes = 1;
  int64_t blockRows = 1; ///< rows of one unit, a multiple of `rows`
  bool packed = true; ///< rhs was laid out by a pack nest as [batch][n / columns][k][columns]; its strides are those of
                      ///< that layout
  int64_t columns() const { return vectors * lanes; }
};

/// out[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n]. The nest's last two dims are m and n, those before them
/// batch dims; the affine functions have one stride more, that of k, at the end.
struct Contraction {
  Access lhs, rhs;
  Dim k = 0;
  std::optional<MicroKernel> microKernel; ///< of targets that pack (TargetInfo); others tile as they see fit
};

/// Lays out source[b, k, n] as [b][n / columns][k][columns], padded with zeros. The nest's last two dims are k and n;
/// it has one load.
struct Pack {
  int64_t columns = 1;
};

/// A buffer the nest touches: which one is decided by the plan.
struct NestBuffer {
  unsigned value = 0; ///< the plan's buffer
  mlir::Type element;
  bool byValue = false; ///< one element, which the kernel gets itself and not its address
};

/// What a nest that reduces does with the chunks of its reduced dim: everything; or one half of two launches, where
/// there are too few kept points to keep all threads busy. Both ways combine the same chunks in the same order.
enum class Chunks {
  all,      ///< a unit goes over all chunks of its kept points
  partials, ///< a unit reduces one chunk and stores the state in `partials`
  combine,  ///< a unit combines the states of all chunks, then computes and stores what follows
};

struct Nest {
  std::string name;
  llvm::SmallVector<Dim, 4> extents;  ///< outermost first
  llvm::SmallVector<bool, 4> reduced; ///< per dim; after `canonicalize` at most one is
  std::vector<NestBuffer> buffers;
  std::vector<Node> nodes; ///< each after its args
  std::vector<Store> stores;
  std::optional<Contraction> contraction;
  std::optional<Pack> pack;
  Chunks chunks = Chunks::all;
  /// Buffers of the states of chunks: for each reduction in order, for each value of its state, [kept point][chunk]
  /// where the innermost dim is reduced, else [outer kept point][chunk][column].
  llvm::SmallVector<unsigned> partials;

  unsigned rank() const { return extents.size(); }
  /// The innermost dim: the one that is vectorised.
  unsigned vectorDim() const { return rank() - 1; }
  /// The reduced dim, -1: none.
  int reducedDim() const;
};

/// Where a buffer of the plan stands among those of a nest; puts it there if it does not.
unsigned bufferIn(Nest& nest, unsigned value, mlir::Type element);

/// Drops the buffers that nothing in the nest reads or writes any more.
void dropUnusedBuffers(Nest& nest);

/// The nest as text: extents, then a line per buffer, node and store. Equal texts are equal kernels (locations are not
/// part of it).
std::string toString(const Nest& nest);

/// Drops dims of size 1, merges neighbouring dims wherever every access allows it, and puts a dim that most loads walk
/// by single steps innermost. Afterwards the nest has at least one dim and at most one reduced dim; false (and the load
/// at fault) where an access keeps reduced dims apart: the plan then makes that operand dense.
bool canonicalize(Nest& nest, unsigned& blockingBuffer);

/// The extents, strides and offsets that are no numbers, in the order in which the kernel finds them in its sizes.
std::vector<Dim> runtimeSizes(const Nest& nest);

} // namespace ogee::codegen
