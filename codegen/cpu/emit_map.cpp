// Nests that reduce nothing: units are blocks of the innermost dim, vectors along it, one masked tail.
#include "codegen/cpu/emit.h"
#include "codegen/cpu/loops.h"

namespace ogee::codegen::cpu {

using namespace mlir;

void forVectors(Kernel& kernel, Value from, Value to, unsigned width, llvm::function_ref<void(Value, Value)> body,
                bool oneLoop) {
  if (width == 1) {
    kernel.forLoop(from, to, 1, [&](Value first) { body(first, Value()); });
    return;
  }
  if (oneLoop) {
    kernel.forLoop(from, to, width,
                   [&](Value first) { body(first, kernel.min(kernel.index(width), kernel.sub(to, first))); });
    return;
  }
  Value rest = kernel.rem(kernel.sub(to, from), kernel.index(width));
  Value whole = kernel.sub(to, rest);
  kernel.forLoop(from, whole, width, [&](Value first) { body(first, Value()); });
  kernel.ifThen(kernel.less(kernel.index(0), rest), [&] { body(whole, rest); });
}

namespace {

/// Evaluates what does not differ along the innermost dim before the loop over it.
void hoist(Body& body, const Nest& nest, Scope& scope) {
  for (unsigned node = 0; node < nest.nodes.size(); ++node)
    if (invariantAlong(nest, node, nest.vectorDim())) body.evaluate(node, scope);
}

/// Whether elements come from nothing (random numbers, positions): then a mask costs a store, and one loop with a mask
/// in every round is half the code.
bool loadsNothing(const Nest& nest) {
  return llvm::none_of(llvm::seq<unsigned>(0, nest.nodes.size()), [&](unsigned node) {
    return nest.nodes[node].kind == Node::Kind::load && !invariantAlong(nest, node, nest.vectorDim());
  });
}

} // namespace

void emitMap(Kernel& kernel) {
  const Nest& nest = kernel.nest;
  Body body(kernel);
  const unsigned last = nest.vectorDim(), width = chooseWidth(nest, kernel.target);
  kernel.forLoop(kernel.begin(), kernel.end(), 1, [&](Value unit) {
    SmallVector<Value> extents;
    for (unsigned dim = 0; dim < last; ++dim) extents.push_back(kernel.index(nest.extents[dim]));
    Value inner = kernel.index(nest.extents[last]);
    extents.push_back(kernel.ceilDiv(inner, kMapBlock));
    Scope scope;
    scope.point = kernel.delinearize(unit, extents);
    Value from = kernel.mul(scope.point[last], kernel.index(kMapBlock));
    Value to = kernel.min(inner, kernel.add(from, kernel.index(kMapBlock)));
    scope.point[last] = from;
    hoist(body, nest, scope);
    auto storeLanes = [&](Value first, Value count) {
      Scope lanes = scope;
      lanes.point[last] = first;
      lanes.width = width;
      if (count) body.setCount(lanes, count);
      body.storeAll(lanes);
    };
    forVectors(kernel, from, to, width, storeLanes, kernel.target.cheapMasks && loadsNothing(nest));
  });
  kernel.finish();
}

} // namespace ogee::codegen::cpu
