// The table of spellings, and what is no expression: branches and loops.
#include "codegen/cuda/spell.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

/// An op as an expression. %0, %1, %2: operands; %i0, %i1: the same as signed integers; %t, %i: the type of the result,
/// and the signed one.
struct Spelling {
  StringRef op, text;
};

constexpr Spelling kSpellings[] = {
    // integers, which wrap
    {"arith.addi", "(%t)(%0 + %1)"},
    {"arith.subi", "(%t)(%0 - %1)"},
    {"arith.muli", "(%t)(%0 * %1)"},
    {"arith.divsi", "(%t)(%i0 / %i1)"},
    {"arith.remsi", "(%t)(%i0 % %i1)"},
    {"arith.andi", "(%t)(%0 & %1)"},
    {"arith.ori", "(%t)(%0 | %1)"},
    {"arith.xori", "(%t)(%0 ^ %1)"},
    {"arith.shli", "(%t)(%0 << %1)"},
    {"arith.shrsi", "(%t)(%i0 >> %1)"},
    {"arith.shrui", "(%t)(%0 >> %1)"},
    {"math.ctpop", "(%t)ones(%0)"},
    {"math.ctlz", "(%t)leading_zeros(%0)"},
    // floats
    {"arith.addf", "%0 + %1"},
    {"arith.subf", "%0 - %1"},
    {"arith.mulf", "%0 * %1"},
    {"arith.divf", "%0 / %1"},
    {"arith.negf", "-%0"},
    {"math.fma", "fused(%0, %1, %2)"},
    {"math.sqrt", "root(%0)"},
    {"math.absf", "magnitude(%0)"},
    {"math.copysign", "with_sign(%0, %1)"},
    {"math.floor", "down(%0)"},
    {"math.ceil", "up(%0)"},
    {"math.trunc", "toward_zero(%0)"},
    {"math.roundeven", "nearest(%0)"},
    // conversions; scalar bodies have brought floats into the range of integers before
    {"arith.extsi", "(%t)(%i)%i0"},
    {"arith.extui", "(%t)%0"},
    {"arith.trunci", "(%t)%0"},
    {"arith.sitofp", "(%t)%i0"},
    {"arith.uitofp", "(%t)%0"},
    {"arith.fptosi", "(%t)(%i)%0"},
    {"arith.fptoui", "(%t)%0"},
    {"arith.extf", "(%t)%0"},
    {"arith.truncf", "(%t)%0"},
    {"arith.bitcast", "%t_of(%0)"},
    {"arith.select", "%0 ? %1 : %2"},
};

/// What differs where an operand, or the result of trunci, is a bool.
constexpr Spelling kBoolSpellings[] = {
    {"arith.addi", "%0 != %1"},           {"arith.subi", "%0 != %1"}, {"arith.muli", "%0 && %1"},
    {"arith.andi", "%0 && %1"},           {"arith.ori", "%0 || %1"},  {"arith.xori", "%0 != %1"},
    {"arith.extsi", "(%t)(%0 ? -1 : 0)"}, {"arith.extui", "(%t)%0"},  {"arith.uitofp", "(%t)%0"},
    {"arith.trunci", "(%0 & 1u) != 0u"},  {"arith.bitcast", "%0"},    {"arith.select", "%0 ? %1 : %2"},
};

/// Functions of f64 that are left to the target's library; those of f32 have bodies of their own.
constexpr Spelling kF64Functions[] = {
    {"math.exp", "exp(%0)"},     {"math.expm1", "expm1(%0)"},     {"math.log", "log(%0)"}, {"math.log2", "log2(%0)"},
    {"math.log10", "log10(%0)"}, {"math.log1p", "log1p(%0)"},     {"math.sin", "sin(%0)"}, {"math.cos", "cos(%0)"},
    {"math.tan", "tan(%0)"},     {"math.tanh", "tanh(%0)"},       {"math.erf", "erf(%0)"}, {"math.powf", "pow(%0, %1)"},
    {"math.cbrt", "cbrt(%0)"},   {"math.atan2", "atan2(%0, %1)"},
};

StringRef spellingOf(arith::CmpIPredicate predicate) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case P::eq: return "%0 == %1";
  case P::ne: return "%0 != %1";
  case P::slt: return "%i0 < %i1";
  case P::sle: return "%i0 <= %i1";
  case P::sgt: return "%i0 > %i1";
  case P::sge: return "%i0 >= %i1";
  case P::ult: return "%0 < %1";
  case P::ule: return "%0 <= %1";
  case P::ugt: return "%0 > %1";
  case P::uge: return "%0 >= %1";
  }
  llvm_unreachable("all predicates are listed");
}

StringRef spellingOf(arith::CmpFPredicate predicate) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::AlwaysFalse: return "false";
  case P::AlwaysTrue: return "true";
  case P::OEQ: return "%0 == %1";
  case P::OGT: return "%0 > %1";
  case P::OGE: return "%0 >= %1";
  case P::OLT: return "%0 < %1";
  case P::OLE: return "%0 <= %1";
  case P::ONE: return "%0 < %1 || %0 > %1";
  case P::ORD: return "%0 == %0 && %1 == %1";
  case P::UEQ: return "!(%0 < %1 || %0 > %1)";
  case P::UGT: return "!(%0 <= %1)";
  case P::UGE: return "!(%0 < %1)";
  case P::ULT: return "!(%0 >= %1)";
  case P::ULE: return "!(%0 > %1)";
  case P::UNE: return "%0 != %1";
  case P::UNO: return "%0 != %0 || %1 != %1";
  }
  llvm_unreachable("all predicates are listed");
}

template <size_t count>
StringRef lookUp(const Spelling (&table)[count], StringRef op) {
  const auto* found = llvm::find_if(table, [&](const Spelling& row) { return row.op == op; });
  return found == std::end(table) ? "" : found->text;
}

StringRef spellingOf(Operation* op) {
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) return spellingOf(compare.getPredicate());
  if (auto compare = dyn_cast<arith::CmpFOp>(op)) return spellingOf(compare.getPredicate());
  const StringRef name = op->getName().getStringRef();
  const Type result = op->getResult(0).getType(), operand = op->getOperand(0).getType();
  if (result.isInteger(1) || operand.isInteger(1)) return lookUp(kBoolSpellings, name);
  if (const StringRef text = lookUp(kSpellings, name); !text.empty()) return text;
  return result.isF64() ? lookUp(kF64Functions, name) : "";
}

/// The signed type of an integer.
std::string signedName(Type type) { return "i" + std::to_string(type.getIntOrFloatBitWidth()); }

std::string fill(StringRef spelling, Operation* op, const Names& names) {
  std::string text;
  const auto operandAt = [&](char digit) {
    const Value operand = op->getOperand(digit - '0');
    return std::pair(names.lookup(operand), operand.getType());
  };
  for (size_t i = 0; i < spelling.size(); ++i) {
    const char c = spelling[i];
    const char next = i + 1 < spelling.size() ? spelling[i + 1] : ' ';
    if (c != '%' || next == ' ') { // the operator %
      text += c;
    } else if (llvm::isDigit(next)) {
      text += operandAt(next).first;
      ++i;
    } else if (next == 't') {
      text += typeName(op->getResult(0).getType());
      ++i;
    } else if (i + 2 < spelling.size() && llvm::isDigit(spelling[i + 2])) {
      const auto [name, type] = operandAt(spelling[i + 2]);
      text += "(" + signedName(type) + ")" + name;
      i += 2;
    } else {
      text += signedName(op->getResult(0).getType());
      ++i;
    }
  }
  return text;
}

class Speller {
public:
  Speller(Names& names, Text& text) : names_(names), text_(text) {}

  LogicalResult block(Block& block) {
    for (Operation& op : block.without_terminator())
      if (failed(this->op(&op))) return failure();
    return success();
  }

  LogicalResult op(Operation* op) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      names_[constant] = literal(cast<TypedAttr>(constant.getValue()));
      return success();
    }
    if (auto branch = dyn_cast<scf::IfOp>(op)) return branchOf(branch);
    if (auto loop = dyn_cast<scf::WhileOp>(op)) return loopOf(loop);
    const StringRef spelling = op->getNumResults() == 1 && op->getNumOperands() > 0 ? spellingOf(op) : "";
    if (spelling.empty()) return op->emitError("has no spelling in CUDA C++");
    const Value result = op->getResult(0);
    names_[result] = text_.define(typeName(result.getType()), fill(spelling, op, names_));
    return success();
  }

private:
  /// A variable for each value, to be assigned later.
  template <class Values>
  SmallVector<std::string> declare(const Values& values) {
    SmallVector<std::string> variables;
    for (Value value : values) {
      variables.push_back(text_.fresh());
      text_.line(typeName(value.getType()) + " " + variables.back() + ";");
    }
    return variables;
  }

  /// Assigns all at once: a variable may stand among the values.
  void assign(ArrayRef<std::string> variables, ValueRange values) {
    SmallVector<std::string> copies;
    for (Value value : values)
      copies.push_back(values.size() == 1 ? names_[value] : text_.define(typeName(value.getType()), names_[value]));
    for (auto [variable, copy] : llvm::zip_equal(variables, copies)) text_.line(variable + " = " + copy + ";");
  }

  void bind(ValueRange values, ArrayRef<std::string> variables) {
    for (auto [value, variable] : llvm::zip_equal(values, variables)) names_[value] = variable;
  }

  LogicalResult branchOf(scf::IfOp branch) {
    const SmallVector<std::string> results = declare(branch.getResults());
    text_.open("if (" + names_[branch.getCondition()] + ")");
    if (failed(block(*branch.thenBlock()))) return failure();
    assign(results, branch.thenYield().getOperands());
    if (branch.elseBlock()) {
      text_.next("else");
      if (failed(block(*branch.elseBlock()))) return failure();
      assign(results, branch.elseYield().getOperands());
    }
    text_.close();
    bind(branch.getResults(), results);
    return success();
  }

  LogicalResult loopOf(scf::WhileOp loop) {
    const SmallVector<std::string> state = declare(loop.getInits());
    assign(state, loop.getInits());
    const SmallVector<std::string> results = declare(loop.getResults());
    text_.open("while (true)");
    bind(loop.getBeforeArguments(), state);
    if (failed(block(*loop.getBeforeBody()))) return failure();
    assign(results, loop.getConditionOp().getArgs());
    text_.line("if (!" + names_[loop.getConditionOp().getCondition()] + ") break;");
    bind(loop.getAfterArguments(), results);
    if (failed(block(*loop.getAfterBody()))) return failure();
    assign(state, loop.getYieldOp().getOperands());
    text_.close();
    bind(loop.getResults(), results);
    return success();
  }

  Names& names_;
  Text& text_;
};

} // namespace

std::string typeName(Type type) {
  if (type.isInteger(1)) return "bool";
  if (isa<IntegerType>(type)) return "u" + std::to_string(type.getIntOrFloatBitWidth());
  return "f" + std::to_string(type.getIntOrFloatBitWidth());
}

std::string storageName(Type element) { return element.isInteger(1) ? "u8" : typeName(element); }

unsigned storageBytes(Type element) { return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8); }

std::string literal(TypedAttr number) {
  const Type type = number.getType();
  std::string text;
  llvm::raw_string_ostream out(text);
  if (auto integer = dyn_cast<IntegerAttr>(number)) {
    const uint64_t value = integer.getValue().getZExtValue();
    const unsigned width = type.getIntOrFloatBitWidth();
    if (width == 1) return value ? "true" : "false";
    out << (width < 32 ? "(" + typeName(type) + ")" : "");
    value < 10000 ? void(out << value) : void(out << llvm::format_hex(value, 0));
    return text + (width == 64 ? "ull" : "u");
  }
  const llvm::APFloat value = cast<FloatAttr>(number).getValue();
  const bool isF64 = type.isF64();
  if (!value.isFinite()) {
    out << typeName(type) << "_of(" << llvm::format_hex(value.bitcastToAPInt().getZExtValue(), 0)
        << (isF64 ? "ull)" : "u)");
    return text;
  }
  out << (value.isNegative() ? "(" : "") << llvm::format("%a", isF64 ? value.convertToDouble() : value.convertToFloat())
      << (isF64 ? "" : "f") << (value.isNegative() ? ")" : "");
  return text;
}

std::string zero(Type type) {
  if (isa<FloatType>(type)) return literal(FloatAttr::get(type, 0.0));
  return literal(IntegerAttr::get(IntegerType::get(type.getContext(), type.getIntOrFloatBitWidth()), 0));
}

LogicalResult spell(Block& block, Names& names, Text& text) {
  Speller speller(names, text);
  for (Operation& op : block)
    if (failed(speller.op(&op))) return failure();
  return success();
}

} // namespace ogee::codegen::cuda
