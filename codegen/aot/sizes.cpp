// Interval arithmetic over size steps, and size steps as C.
#include "codegen/aot/sizes.h"

#include "runtime/size_steps.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ogee::codegen::aot {

using namespace mlir;
using runtime::Checked;
using runtime::SizeOp;
using runtime::SizeStep;
using runtime::Slot;

namespace {

/// The bounds of a op b: each op is monotone in each operand as long as the other one keeps its sign, so the corners
/// decide, and 0 where it lies inside.
std::optional<Bounds> apply(SizeOp op, Bounds a, Bounds b) {
  if (op == SizeOp::eq || op == SizeOp::lt) return Bounds{0, 1};
  const bool divides = op == SizeOp::floordiv || op == SizeOp::ceildiv || op == SizeOp::mod;
  if (divides && b.lo <= 0 && b.hi >= 0) return std::nullopt;
  if (op == SizeOp::mod) return b.lo > 0 ? Bounds{0, b.hi - 1} : Bounds{b.lo + 1, 0};
  std::optional<Bounds> bounds;
  for (int64_t x : {a.lo, a.hi})
    for (int64_t y : {b.lo, b.hi}) {
      const Checked value = runtime::evaluate(op, x, y);
      if (!value.valid()) return std::nullopt;
      if (!bounds) bounds = Bounds{value.value(), value.value()};
      bounds->lo = std::min(bounds->lo, value.value());
      bounds->hi = std::max(bounds->hi, value.value());
    }
  return bounds;
}

std::string call(StringRef function, const std::string& a, const std::string& b) {
  return ("name_" + function + "(" + a + ", " + b + ")").str();
}

std::string expressionOf(SizeOp op, const std::string& a, const std::string& b) {
  switch (op) {
  case SizeOp::add: return "(" + a + " + " + b + ")";
  case SizeOp::sub: return "(" + a + " - " + b + ")";
  case SizeOp::mul: return "(" + a + " * " + b + ")";
  case SizeOp::floordiv: return call("floordiv", a, b);
  case SizeOp::mod: return call("mod", a, b);
  case SizeOp::min: return call("min", a, b);
  case SizeOp::max: return call("max", a, b);
  case SizeOp::ceildiv: return call("ceildiv", a, b);
  case SizeOp::eq: return "(int64_t)(" + a + " == " + b + ")";
  case SizeOp::lt: return "(int64_t)(" + a + " < " + b + ")";
  }
  llvm_unreachable("all size ops are listed");
}

} // namespace

LogicalResult Sizes::run(Location location) {
  for (int64_t value : program_.values.initial) bounds_.push_back({value, value});
  Identifiers names;
  for (const runtime::Symbol& symbol : program_.values.symbols) identifiers_.push_back(names(symbol.name));
  for (const runtime::Symbol& symbol : program_.values.symbols) {
    if (symbol.hi == INT64_MAX)
      return emitError(location) << "size " << symbol.name
                                 << " has no upper bound, which code without malloc needs; give its range";
    bounds_[symbol.slot] = {symbol.lo, symbol.hi};
  }
  if (!runSteps(program_.values.steps) || !runLoops(program_.launches))
    return emitError(location) << "a size overflows, or is divided by zero, for some sizes in the ranges; narrow them";
  return success();
}

bool Sizes::runSteps(const std::vector<SizeStep>& steps) {
  return llvm::all_of(steps, [&](const SizeStep& step) {
    const std::optional<Bounds> bounds = apply(step.op, bounds_[step.a], bounds_[step.b]);
    if (bounds) bounds_[step.out] = *bounds;
    return bounds.has_value();
  });
}

bool Sizes::runLoops(const runtime::LaunchList& list) {
  return llvm::all_of(list, [&](const runtime::Entry& entry) {
    if (const auto* branch = std::get_if<runtime::IfEntry>(&entry.launch))
      return runLoops(branch->then) && runLoops(branch->otherwise);
    if (const auto* loop = std::get_if<runtime::WhileEntry>(&entry.launch))
      return runLoops(loop->before) && runLoops(loop->body);
    const auto* loop = std::get_if<runtime::ForEntry>(&entry.launch);
    if (!loop) return true;
    bounds_[loop->induction] = {0, std::max<int64_t>(bounds_[loop->count].hi - 1, 0)};
    return runSteps(loop->steps) && runLoops(loop->body);
  });
}

std::string Sizes::expression(Slot slot) const {
  for (auto [symbol, identifier] : llvm::zip_equal(program_.values.symbols, identifiers_))
    if (symbol.slot == slot) return identifier;
  for (const SizeStep& step : program_.values.steps)
    if (step.out == slot) return expressionOf(step.op, expression(step.a), expression(step.b));
  const int64_t value = bounds_[slot].lo;
  return value < 0 ? "(" + std::to_string(value) + ")" : std::to_string(value);
}

std::string Sizes::withExpressions(const std::string& message) const {
  std::string text;
  for (StringRef rest = message; !rest.empty();) {
    const auto [before, after] = rest.split('{');
    text += before;
    if (before.size() == rest.size()) break;
    const auto [number, behind] = after.split('}');
    Slot slot = 0;
    if (number.getAsInteger(10, slot) || slot >= bounds_.size()) {
      text += '{';
      rest = after;
      continue;
    }
    text += expression(slot);
    rest = behind;
  }
  return text;
}

std::string Identifiers::operator()(const std::string& name) {
  const std::string base = identifierOf(name);
  std::string identifier = base;
  for (int again = 2; !used_.insert(identifier).second; ++again) identifier = base + "_" + std::to_string(again);
  return identifier;
}

std::string identifierOf(const std::string& name) {
  static const llvm::StringSet<> words = [] {
    llvm::StringSet<> set;
    for (StringRef word :
         {"alignas",   "alignof",      "and",           "asm",      "auto",      "bool",     "break",    "case",
          "catch",     "char",         "class",         "const",    "constexpr", "continue", "default",  "delete",
          "do",        "double",       "else",          "enum",     "explicit",  "export",   "extern",   "false",
          "float",     "for",          "friend",        "goto",     "if",        "inline",   "int",      "long",
          "mutable",   "namespace",    "new",           "noexcept", "not",       "nullptr",  "operator", "or",
          "private",   "protected",    "public",        "register", "requires",  "restrict", "return",   "short",
          "signed",    "sizeof",       "static",        "struct",   "switch",    "template", "this",     "throw",
          "true",      "try",          "typedef",       "typeid",   "typename",  "union",    "unsigned", "using",
          "virtual",   "void",         "volatile",      "wchar_t",  "while",     "xor",      "concept",  "co_await",
          "ctx",       "tensors_",     "dims_",         "dims",     "sizes",     "memory",   "compl",    "bitand",
          "bitor",     "thread_local", "static_assert", "decltype", "typeof",    "main",     "errno",    "NULL",
          "linux",     "unix",         "co_return",     "co_yield", "assert",    "int8_t",   "int32_t",  "int64_t",
          "uint8_t",   "size_t",       "memcpy",        "std",      "char8_t",   "uint16_t", "uint32_t", "uint64_t",
          "uintptr_t", "stdin",        "stdout",        "stderr",   "EOF",       "BUFSIZ",   "FILE",     "offsetof",
          "Model",     "Status",       "ctx_",          "memory_",  "status_"})
      set.insert(word);
    return set;
  }();
  std::string text;
  for (char c : name) text += llvm::isAlnum(c) ? c : '_';
  if (text.empty() || llvm::isDigit(text.front()) || text.front() == '_') text = "x" + text;
  if (words.contains(text)) text += "_";
  return text;
}

} // namespace ogee::codegen::aot
