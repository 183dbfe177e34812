// The nest's text and its canonical form.
#include "codegen/nest.h"

#include "codegen/phases.h"

#include "mlir/IR/Operation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace ogee::codegen {

namespace {

bool isNumber(const Dim& dim, int64_t number) { return dim.is_number() && dim.number() == number; }

/// Calls `visit` with every affine function of the nest but those of a contraction, which have a stride more.
template <class NestT, class Visit>
void forEachAffine(NestT& nest, Visit visit) {
  for (auto& node : nest.nodes) {
    if (node.kind == Node::Kind::load) visit(node.access.at);
    for (auto& coordinate : node.coordinates) visit(coordinate);
  }
  for (auto& store : nest.stores) visit(store.access.at);
}

void eraseDim(Nest& nest, unsigned dim) {
  nest.extents.erase(nest.extents.begin() + dim);
  nest.reduced.erase(nest.reduced.begin() + dim);
  forEachAffine(nest, [&](Affine& at) { at.strides.erase(at.strides.begin() + dim); });
}

/// Erases a batch dim of a contraction.
void eraseBatchDim(Nest& nest, unsigned dim) {
  eraseDim(nest, dim);
  for (Access* access : {&nest.contraction->lhs, &nest.contraction->rhs})
    access->at.strides.erase(access->at.strides.begin() + dim);
}

/// Whether stepping `dim` once is stepping `dim + 1` over its whole extent.
bool mergeable(const Affine& at, unsigned dim, const Dim& innerExtent) {
  return same(at.strides[dim], at.strides[dim + 1] * innerExtent);
}

void dropUnitDims(Nest& nest) {
  for (unsigned dim = nest.rank(); dim-- > 0;)
    if (isNumber(nest.extents[dim], 1) && (!nest.reduced[dim] || llvm::count(nest.reduced, true) > 1))
      eraseDim(nest, dim);
}

void mergeDims(Nest& nest) {
  for (unsigned dim = nest.rank() < 2 ? 0 : nest.rank() - 1; dim-- > 0;) {
    bool ok = nest.reduced[dim] == nest.reduced[dim + 1];
    forEachAffine(nest, [&](Affine& at) { ok = ok && mergeable(at, dim, nest.extents[dim + 1]); });
    if (!ok) continue;
    nest.extents[dim + 1] = nest.extents[dim] * nest.extents[dim + 1];
    eraseDim(nest, dim);
  }
}

/// Contractions keep m and n apart. Batch dims of size 1 go, and those along which rhs does not change become rows
/// where all else allows it.
void canonicalizeContraction(Nest& nest) {
  const Contraction& c = *nest.contraction;
  for (unsigned dim = nest.rank() - 2; dim-- > 0;) {
    const unsigned next = dim + 1;
    bool rows =
        next == nest.rank() - 2 && isNumber(c.rhs.at.strides[dim], 0) && mergeable(c.lhs.at, dim, nest.extents[next]);
    forEachAffine(nest, [&](Affine& at) { rows = rows && mergeable(at, dim, nest.extents[next]); });
    if (rows) nest.extents[next] = nest.extents[dim] * nest.extents[next];
    if (rows || isNumber(nest.extents[dim], 1)) eraseBatchDim(nest, dim);
  }
}

/// Moves the dim in which most loads have stride 1 to the end. Those that stand still along other dims are few bytes.
void chooseVectorDim(Nest& nest) {
  llvm::SmallVector<unsigned> votes(nest.rank(), 0);
  auto vote = [&](const Affine& at, unsigned weight) {
    for (unsigned dim = 0; dim < nest.rank(); ++dim) votes[dim] += isNumber(at.strides[dim], 1) ? weight : 0;
  };
  for (const Node& node : nest.nodes)
    if (node.kind == Node::Kind::load) {
      const bool isWhole = llvm::none_of(node.access.at.strides, [](const Dim& stride) { return isNumber(stride, 0); });
      vote(node.access.at, isWhole ? 4 : 1);
    }
  for (const Store& store : nest.stores) vote(store.access.at, store.perPoint ? 6 : 0);
  const unsigned last = nest.rank() - 1;
  unsigned best = last;
  for (unsigned dim = 0; dim < nest.rank(); ++dim) best = votes[dim] > votes[best] ? dim : best;
  if (best == last) return;
  auto rotate = [&](auto& list) { std::rotate(list.begin() + best, list.begin() + best + 1, list.end()); };
  rotate(nest.extents);
  rotate(nest.reduced);
  forEachAffine(nest, [&](Affine& at) { rotate(at.strides); });
}

void print(llvm::raw_ostream& out, const Affine& at) {
  out << "[" << at.offset.to_string();
  for (const Dim& stride : at.strides) out << ", " << stride.to_string();
  out << "]";
  for (const Start& start : at.starts)
    out << " from b" << start.buffer << "[" << start.at.to_string() << "] to " << start.most.to_string() << " times "
        << start.stride.to_string();
}

void print(llvm::raw_ostream& out, const Access& access) {
  out << "b" << access.buffer;
  print(out, access.at);
}

void print(llvm::raw_ostream& out, const Node& node) {
  switch (node.kind) {
  case Node::Kind::load:
    out << "load ";
    print(out, node.access);
    break;
  case Node::Kind::product: out << "product"; break;
  case Node::Kind::scalar:
  case Node::Kind::reduce:
    out << (node.kind == Node::Kind::reduce ? "reduce " : "") << node.op->getName().stripDialect();
    break;
  }
  for (unsigned arg : node.args) out << " %" << arg;
  if (node.op)
    for (mlir::NamedAttribute attribute : node.op->getAttrDictionary())
      out << " " << attribute.getName().getValue() << "=" << attribute.getValue();
  for (const Affine& coordinate : node.coordinates) {
    out << " at ";
    print(out, coordinate);
  }
  out << " : " << node.element << (node.varies ? "" : " kept") << "\n";
}

} // namespace

int Nest::reducedDim() const {
  auto it = llvm::find(reduced, true);
  return it == reduced.end() ? -1 : static_cast<int>(it - reduced.begin());
}

unsigned bufferIn(Nest& nest, unsigned value, mlir::Type element) {
  for (auto [index, buffer] : llvm::enumerate(nest.buffers))
    if (buffer.value == value && buffer.element == element) return index;
  nest.buffers.push_back({value, element});
  return nest.buffers.size() - 1;
}

void dropUnusedBuffers(Nest& nest) {
  llvm::SmallVector<unsigned> numbers(nest.buffers.size(), ~0u);
  std::vector<NestBuffer> kept;
  const auto keep = [&](unsigned& buffer) {
    if (numbers[buffer] == ~0u) {
      numbers[buffer] = kept.size();
      kept.push_back(nest.buffers[buffer]);
    }
    buffer = numbers[buffer];
  };
  const auto keepAll = [&](Access& access) {
    keep(access.buffer);
    for (Start& start : access.at.starts) keep(start.buffer);
  };
  if (nest.contraction) {
    keepAll(nest.contraction->lhs);
    keepAll(nest.contraction->rhs);
  }
  for (Node& node : nest.nodes)
    if (node.kind == Node::Kind::load) keepAll(node.access);
  for (Store& store : nest.stores) keepAll(store.access);
  for (unsigned& buffer : nest.partials) keep(buffer);
  nest.buffers = std::move(kept);
}

std::string toString(const Nest& nest) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "nest (";
  for (unsigned dim = 0; dim < nest.rank(); ++dim)
    out << (dim ? ", " : "") << nest.extents[dim].to_string() << (nest.reduced[dim] ? " reduced" : "");
  const int reduced = nest.reducedDim();
  out << (reduced >= 0 && !nest.extents[reduced].is_number() && hasOneChunk(nest) ? " in one chunk)\n" : ")\n");
  for (auto [index, buffer] : llvm::enumerate(nest.buffers))
    out << "  b" << index << " : " << buffer.element << (buffer.byValue ? " by value\n" : "\n");
  if (const auto& c = nest.contraction) {
    out << "  product over " << c->k.to_string();
    if (const auto& tile = c->microKernel)
      out << " in tiles of " << tile->rows << " x " << tile->columns() << ", blocks of " << tile->blockRows << " rows"
          << (tile->packed ? ", packed" : ",");
    out << " ";
    print(out, c->lhs);
    out << " x ";
    print(out, c->rhs);
    out << "\n";
  }
  if (nest.pack) out << "  pack panels of " << nest.pack->columns << "\n";
  if (nest.chunks != Chunks::all)
    out << (nest.chunks == Chunks::partials ? "  partial results of chunks to"
                                            : "  combine partial results of chunks from");
  for (unsigned buffer : nest.partials) out << " b" << buffer;
  out << (nest.partials.empty() ? "" : "\n");
  for (auto [index, node] : llvm::enumerate(nest.nodes)) {
    out << "  %" << index << " = ";
    print(out, node);
  }
  for (const Store& store : nest.stores) {
    out << "  store %" << store.node << " -> ";
    print(out, store.access);
    out << (store.perPoint ? "\n" : " kept\n");
  }
  return text;
}

bool canonicalize(Nest& nest, unsigned& blockingBuffer) {
  if (nest.contraction) {
    canonicalizeContraction(nest);
    return true;
  }
  dropUnitDims(nest);
  mergeDims(nest);
  if (llvm::count(nest.reduced, true) > 1) {
    for (const Node& node : nest.nodes)
      if (node.kind == Node::Kind::load)
        for (unsigned dim = 0; dim + 1 < nest.rank(); ++dim)
          if (nest.reduced[dim] && nest.reduced[dim + 1] && !mergeable(node.access.at, dim, nest.extents[dim + 1])) {
            blockingBuffer = node.access.buffer;
            return false;
          }
    llvm_unreachable("reduced dims are adjacent, and fuse lets nothing but loads keep them apart");
  }
  if (nest.extents.empty()) {
    nest.extents.push_back(1);
    nest.reduced.push_back(false);
    forEachAffine(nest, [](Affine& at) { at.strides.push_back(1); });
  }
  chooseVectorDim(nest);
  return true;
}

std::vector<Dim> runtimeSizes(const Nest& nest) {
  std::vector<Dim> sizes;
  auto add = [&](const Dim& dim) {
    if (!dim.is_number() && llvm::none_of(sizes, [&](const Dim& known) { return same(known, dim); }))
      sizes.push_back(dim);
  };
  auto addAffine = [&](const Affine& at) {
    add(at.offset);
    llvm::for_each(at.strides, add);
    for (const Start& start : at.starts)
      for (const Dim& dim : {start.at, start.most, start.stride}) add(dim);
  };
  llvm::for_each(nest.extents, add);
  forEachAffine(nest, addAffine);
  if (nest.contraction) {
    add(nest.contraction->k);
    addAffine(nest.contraction->lhs.at);
    addAffine(nest.contraction->rhs.at);
  }
  return sizes;
}

} // namespace ogee::codegen
