// Nests that reduce nothing: a thread handles a few elements side by side, so that dense operands are read and written
// 16 bytes at a time where rows and pointers begin at multiples of them, and element by element elsewhere; the
// arithmetic stands there once for both.
#include "codegen/cuda/body.h"
#include "codegen/cuda/emit.h"
#include "codegen/cuda/spell.h"
#include "codegen/phases.h"

#include <set>

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

constexpr int64_t kAccessBytes = 16;

bool isNumber(const Dim& dim, int64_t number) { return dim.is_number() && dim.number() == number; }

bool isDense(const Nest& nest, const Access& access) { return isNumber(access.at.strides[nest.vectorDim()], 1); }

std::vector<const Access*> denseAccesses(const Nest& nest) {
  std::vector<const Access*> dense;
  const auto add = [&](const Access& access) {
    if (isDense(nest, access)) dense.push_back(&access);
  };
  for (const Node& node : nest.nodes)
    if (node.kind == Node::Kind::load) add(node.access);
  for (const Store& store : nest.stores) add(store.access);
  return dense;
}

class MapEmitter {
public:
  MapEmitter(Kernel& kernel, Body& body)
      : kernel_(kernel), text_(kernel.text), nest_(kernel.nest), body_(body), last_(nest_.vectorDim()),
        width_(mapWidth(nest_)), index_(kernel.indexName().str()), inner_(kernel.index(nest_.extents[last_])) {
    for (auto [number, store] : llvm::enumerate(nest_.stores)) roots_.push_back(store.node);
    for (unsigned node : neededBy(nest_, roots_))
      if (nest_.nodes[node].kind == Node::Kind::load && !invariantAlong(nest_, node, last_)) loads_.push_back(node);
  }

  void emit() {
    if (width_ > 1) text_.line("const bool aligned = " + alignment() + ";");
    Point extents;
    for (unsigned dim = 0; dim < last_; ++dim) extents.push_back(kernel_.index(nest_.extents[dim]));
    extents.push_back(kernel_.named(kernel_.ceilDiv(inner_, width_)));
    const Index units = kernel_.named(kernel_.productOf(extents));
    const Index unit =
        kernel_.openLoop("(" + index_ + ")blockIdx.x * " + std::to_string(kThreads) + " + (" + index_ + ")threadIdx.x",
                         units, "(" + index_ + ")gridDim.x * " + std::to_string(kThreads));
    Scope scope;
    scope.point = kernel_.delinearize(unit, extents);
    scope.point[last_] = kernel_.named(kernel_.mul(scope.point[last_], std::to_string(width_)));
    body_.hoist(roots_, last_, scope);
    width_ == 1 ? body_.storeAll(scope) : emitLanes(scope);
    text_.close();
  }

private:
  /// Whether all dense accesses begin at multiples of their pieces, whatever the point.
  std::string alignment() {
    std::set<std::string> conditions;
    const Point origin(nest_.rank(), "0");
    for (const Access* access : denseAccesses(nest_)) {
      conditions.insert("is_aligned(" +
                        kernel_.add(kernel_.bufferName(access->buffer), kernel_.evaluate(access->at, origin)) + ", " +
                        bytesOf(nest_.buffers[access->buffer].element) + ")");
      for (unsigned dim = 0; dim < last_; ++dim)
        if (const Dim& stride = access->at.strides[dim]; !stride.is_number())
          conditions.insert(kernel_.rem(kernel_.index(stride), std::to_string(width_)) + " == 0");
    }
    return llvm::join(conditions, " && ");
  }

  /// Of the piece that a thread reads or writes at a time.
  std::string bytesOf(Type element) const { return std::to_string(width_ * storageBytes(element)); }

  std::string openLanes() {
    text_.line("#pragma unroll");
    text_.open("for (i32 j = 0; j < " + std::to_string(width_) + "; ++j)");
    return "j";
  }

  std::string array(Type element) {
    std::string name = text_.fresh();
    text_.line("__align__(16) " + storageName(element) + " " + name + "[" + std::to_string(width_) + "];");
    return name;
  }

  /// The element of lane j, given the index of the first one.
  std::string lane(const Access& access, const Index& first) {
    return kernel_.bufferName(access.buffer) + "[" +
           kernel_.add(first, kernel_.mul("j", kernel_.index(access.at.strides[last_]))) + "]";
  }

  void emitLanes(Scope& scope) {
    const Dim& inner = nest_.extents[last_];
    const bool exact = inner.is_number() && inner.number() % width_ == 0; // no thread has lanes past the end
    const Index count =
        exact ? "" : kernel_.named(kernel_.min(std::to_string(width_), inner_ + " - " + scope.point[last_]));
    const std::string whole =
        exact ? "aligned" : text_.define("bool", "aligned && " + count + " == " + std::to_string(width_));
    const llvm::DenseMap<unsigned, std::string> arrays = loadLanes(scope, count, whole);

    SmallVector<std::string> results;
    for (const Store& store : nest_.stores) results.push_back(array(nest_.nodes[store.node].element));
    openLanes();
    Scope lanes = scope; // a multiple of the width shares no bits with j: NVRTC sees that they draw from one block
    lanes.point[last_] = "(" + scope.point[last_] + " | j)";
    for (unsigned node : loads_) {
      const Type element = nest_.nodes[node].element;
      lanes.known[node] = text_.define(typeName(element), Body::fromStorage(arrays.lookup(node) + "[j]", element));
    }
    for (auto [store, result] : llvm::zip_equal(nest_.stores, results))
      text_.line(result +
                 "[j] = " + Body::toStorage(body_.evaluate(store.node, lanes), nest_.nodes[store.node].element) + ";");
    text_.close();
    for (auto [store, result] : llvm::zip_equal(nest_.stores, results)) storeLanes(store, result, scope, count, whole);
  }

  llvm::DenseMap<unsigned, std::string> loadLanes(const Scope& scope, const Index& count, const std::string& whole) {
    llvm::DenseMap<unsigned, std::string> arrays;
    llvm::DenseMap<unsigned, Index> at;
    SmallVector<unsigned> dense, strided;
    for (unsigned node : loads_) {
      const Node& load = nest_.nodes[node];
      at[node] = kernel_.named(kernel_.evaluate(load.access.at, scope.point));
      arrays[node] = array(load.element);
      (isDense(nest_, load.access) ? dense : strided).push_back(node);
    }
    const auto byElement = [&](ArrayRef<unsigned> nodes) {
      openLanes();
      for (unsigned node : nodes) {
        const Node& load = nest_.nodes[node];
        const std::string element = lane(load.access, at[node]);
        text_.line(
            arrays[node] + "[j] = " +
            (count.empty() ? element : "j < " + count + " ? " + element + " : (" + storageName(load.element) + ")0") +
            ";");
      }
      text_.close();
    };
    if (!dense.empty()) {
      text_.open("if (" + whole + ")");
      for (unsigned node : dense) {
        const Node& load = nest_.nodes[node];
        text_.line("copy<" + bytesOf(load.element) + ">(" + arrays[node] + ", " +
                   kernel_.bufferName(load.access.buffer) + " + " + at[node] + ");");
      }
      text_.next("else");
      byElement(dense);
      text_.close();
    }
    if (!strided.empty()) byElement(strided);
    return arrays;
  }

  void storeLanes(const Store& store, const std::string& result, const Scope& scope, const Index& count,
                  const std::string& whole) {
    const Index at = kernel_.named(kernel_.evaluate(store.access.at, scope.point));
    const bool dense = isDense(nest_, store.access);
    if (dense) {
      text_.open("if (" + whole + ")");
      text_.line("copy<" + bytesOf(nest_.nodes[store.node].element) + ">(" + kernel_.bufferName(store.access.buffer) +
                 " + " + at + ", " + result + ");");
      text_.next("else");
    }
    openLanes();
    text_.line((count.empty() ? "" : "if (j < " + count + ") ") + lane(store.access, at) + " = " + result + "[j];");
    text_.close();
    if (dense) text_.close();
  }

  Kernel& kernel_;
  Text& text_;
  const Nest& nest_;
  Body& body_;
  const unsigned last_;
  const int64_t width_;
  const std::string index_;
  const Index inner_;
  SmallVector<unsigned> roots_, loads_; ///< what is stored; loads that differ along the innermost dim
};

} // namespace

int64_t mapWidth(const Nest& nest) {
  const std::vector<const Access*> dense = denseAccesses(nest);
  unsigned bytes = 0;
  for (const Access* access : dense) bytes = std::max(bytes, storageBytes(nest.buffers[access->buffer].element));
  int64_t width = bytes == 0 ? 1 : kAccessBytes / bytes;
  const Dim& inner = nest.extents.back();
  const auto canBeAligned = [&] {
    return llvm::all_of(dense, [&](const Access* access) {
      const auto multiple = [&](const Dim& dim) { return !dim.is_number() || dim.number() % width == 0; };
      return multiple(access->at.offset) && llvm::all_of(ArrayRef(access->at.strides).drop_back(), multiple);
    });
  };
  while (width > 1 && (inner.range().hi < width || !canBeAligned())) width /= 2;
  return width;
}

void emitMap(Kernel& kernel, Body& body) { MapEmitter(kernel, body).emit(); }

} // namespace ogee::codegen::cuda
