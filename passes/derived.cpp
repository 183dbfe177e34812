// Copies of functions: groups dissolved, arguments added and taken away with their attributes.
#include "passes/derived.h"

#include "ir/dialect.h"
#include "ir/signature.h"

#include "mlir/IR/IRMapping.h"

namespace ogee::passes {

using namespace mlir;

bool isFloatTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

void eraseDeadOps(Block& block) {
  for (Operation& op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op)) op.erase();
}

/// Puts the ops of groups in the place of the groups.
static void dissolveGroups(func::FuncOp function) {
  function.walk([](ir::GroupOp group) {
    IRMapping mapping;
    mapping.map(group.getBody().getArguments(), group.getInputs());
    OpBuilder builder(group);
    for (Operation& op : group.getBody().front().without_terminator()) builder.clone(op, mapping);
    for (auto [output, yielded] :
         llvm::zip_equal(group.getOutputs(), group.getBody().front().getTerminator()->getOperands()))
      output.replaceAllUsesWith(mapping.lookup(yielded));
    group.erase();
  });
}

Derived::Derived(func::FuncOp function, const Twine& name) {
  OpBuilder builder(function);
  builder.setInsertionPointAfter(function);
  function_ = cast<func::FuncOp>(builder.clone(*function));
  function_.setSymName(name.str());
  dissolveGroups(function_);
  function_.getAllArgAttrs(attributes_);
  attributes_.resize(function_.getNumArguments(), DictionaryAttr::get(function_.getContext()));
}

SmallVector<Value> Derived::arguments(ArrayRef<unsigned> numbers) {
  return llvm::map_to_vector(numbers, [&](unsigned number) { return Value(body().getArgument(number)); });
}

SmallVector<Value> Derived::results() { return llvm::to_vector(body().getTerminator()->getOperands()); }

Value Derived::addArgument(Value like, StringRef prefix, StringRef name) {
  NamedAttrList attributes;
  if (!name.empty()) attributes.set(ir::kNameAttr, StringAttr::get(function_.getContext(), prefix + "_" + name));
  attributes_.push_back(attributes.getDictionary(function_.getContext()));
  return body().addArgument(like.getType(), like.getLoc());
}

Value Derived::addIndexArgument(Location loc) {
  attributes_.push_back(DictionaryAttr::get(function_.getContext()));
  return body().addArgument(IndexType::get(function_.getContext()), loc);
}

func::FuncOp Derived::finish(ValueRange results, const llvm::BitVector& unread) {
  body().getTerminator()->setOperands(results);
  eraseDeadOps(body());
  if (unread.any()) body().eraseArguments(unread);
  SmallVector<DictionaryAttr> attributes;
  for (auto [i, ofArgument] : llvm::enumerate(attributes_))
    if (i >= unread.size() || !unread.test(i)) attributes.push_back(ofArgument);
  function_.setType(FunctionType::get(function_.getContext(), body().getArgumentTypes(),
                                      TypeRange(body().getTerminator()->getOperands())));
  function_.setAllArgAttrs(attributes);
  function_.removeResAttrsAttr();
  return function_;
}

Outputs addCotangents(Derived& derived, func::FuncOp function) {
  Outputs outputs;
  for (auto [i, result] : llvm::enumerate(derived.results()))
    if (isFloatTensor(result.getType())) {
      outputs.values.push_back(result);
      outputs.cotangents.push_back(derived.addArgument(result, "d", ir::resultName(function, i)));
      outputs.results.push_back(i);
    }
  return outputs;
}

} // namespace ogee::passes
