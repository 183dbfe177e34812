// `group` and `yield`: text form, verification, and removal of what is not used.
#include "ir/dialect.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace ogee::ir {

using namespace mlir;

void GroupOp::build(OpBuilder& builder, OperationState& state, TypeRange outputs, ValueRange inputs, StringRef name) {
  state.addTypes(outputs);
  state.addOperands(inputs);
  if (!name.empty()) state.getOrAddProperties<Properties>().name = builder.getStringAttr(name);
  state.addRegion();
}

// ogee.group "name" (%arg = %input, … : type, …) -> (type, …) attributes {…} { … }
ParseResult GroupOp::parse(OpAsmParser& parser, OperationState& result) {
  std::string name;
  if (succeeded(parser.parseOptionalString(&name)))
    result.getOrAddProperties<Properties>().name = parser.getBuilder().getStringAttr(name);

  SmallVector<OpAsmParser::Argument> args;
  SmallVector<OpAsmParser::UnresolvedOperand> inputs;
  SmallVector<Type> inputTypes;
  auto parseInput = [&] {
    return failure(parser.parseArgument(args.emplace_back()) || parser.parseEqual() ||
                   parser.parseOperand(inputs.emplace_back()));
  };
  if (parser.parseLParen()) return failure();
  const SMLoc inputsAt = parser.getCurrentLocation();
  if (failed(parser.parseOptionalRParen())) {
    if (parser.parseCommaSeparatedList(parseInput) || parser.parseColonTypeList(inputTypes) || parser.parseRParen())
      return failure();
  }
  if (parser.resolveOperands(inputs, inputTypes, inputsAt, result.operands)) return failure();
  for (auto [arg, type] : llvm::zip_equal(args, inputTypes)) arg.type = type;

  Region* body = result.addRegion();
  return failure(parser.parseOptionalArrowTypeList(result.types) ||
                 parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseRegion(*body, args));
}

void GroupOp::print(OpAsmPrinter& printer) {
  if (getNameAttr()) printer << ' ' << getNameAttr() << ' ';
  printer << '(';
  auto printInput = [&](auto pair) { printer << std::get<0>(pair) << " = " << std::get<1>(pair); };
  llvm::interleaveComma(llvm::zip_equal(getBody().getArguments(), getInputs()), printer, printInput);
  if (!getInputs().empty()) printer << " : " << getInputs().getTypes();
  printer << ')';
  printer.printOptionalArrowTypeList(getResultTypes());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"name"});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult GroupOp::verifyRegions() {
  Block& block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("has inputs of types (")
           << getInputs().getTypes() << ") but its body takes (" << block.getArgumentTypes() << ")";
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield) return emitOpError("must end in 'ogee.yield'");
  if (yield.getOperandTypes() != getResultTypes())
    return yield.emitOpError("gives (") << yield.getOperandTypes() << ") but the group has results ("
                                        << getResultTypes() << ")";
  for (Operation& op : block.without_terminator())
    if (isa<GroupOp>(op) || !isa_and_nonnull<OgeeDialect, arith::ArithDialect>(op.getDialect()))
      return op.emitOpError("cannot stand in a group");
  return success();
}

namespace {

/// Drops the inputs that the body does not read and the outputs that nobody reads, and unites inputs that are one
/// value.
struct TrimGroup : OpRewritePattern<GroupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GroupOp group, PatternRewriter& rewriter) const override {
    Block& block = group.getBody().front();
    llvm::BitVector dropped = uniteInputs(group, block, rewriter);
    SmallVector<Value> inputs, outputs, yields;
    for (auto [i, input] : llvm::enumerate(group.getInputs())) {
      if (block.getArgument(i).use_empty())
        dropped.set(i);
      else
        inputs.push_back(input);
    }
    auto yield = cast<YieldOp>(block.getTerminator());
    for (auto [output, value] : llvm::zip_equal(group.getOutputs(), yield.getOperands())) {
      if (output.use_empty()) continue;
      outputs.push_back(output);
      yields.push_back(value);
    }
    if (dropped.none() && outputs.size() == group.getNumResults()) return failure();

    rewriter.modifyOpInPlace(yield, [&] { yield.getOperandsMutable().assign(yields); });
    auto trimmed =
        rewriter.create<GroupOp>(group.getLoc(), TypeRange(ValueRange(outputs)), inputs, group.getName().value_or(""));
    trimmed->setDiscardableAttrs(group->getDiscardableAttrDictionary());
    rewriter.inlineRegionBefore(group.getBody(), trimmed.getBody(), trimmed.getBody().end());
    trimmed.getBody().front().eraseArguments(dropped);
    for (auto [from, to] : llvm::zip_equal(outputs, trimmed.getOutputs())) rewriter.replaceAllUsesWith(from, to);
    rewriter.eraseOp(group);
    return success();
  }

private:
  /// Lets the body read equal inputs through the first one; the others stay, unread.
  static llvm::BitVector uniteInputs(GroupOp group, Block& block, PatternRewriter& rewriter) {
    llvm::DenseMap<Value, unsigned> first;
    for (auto [i, input] : llvm::enumerate(group.getInputs())) {
      auto [it, isNew] = first.try_emplace(input, i);
      if (!isNew) rewriter.replaceAllUsesWith(block.getArgument(i), block.getArgument(it->second));
    }
    return llvm::BitVector(block.getNumArguments());
  }
};

} // namespace

void GroupOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext* context) {
  patterns.add<TrimGroup>(context);
}

} // namespace ogee::ir
