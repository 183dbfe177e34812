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

/// The bounds of a op b, nothing where it may overflow or divide by zero. Each op is monotone in each operand as long
/// as the other one keeps its sign, so the corners decide.
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

/// As the header of the library computes it.
std::string expressionOf(SizeOp op, const std::string& a, const std::string& b, const std::string& library) {
  const auto call = [&](const char* function) { return library + "_" + function + "(" + a + ", " + b + ")"; };
  switch (op) {
  case SizeOp::add: return "(" + a + " + " + b + ")";
  case SizeOp::sub: return "(" + a + " - " + b + ")";
  case SizeOp::mul: return "(" + a + " * " + b + ")";
  case SizeOp::floordiv: return call("floordiv");
  case SizeOp::mod: return call("mod");
  case SizeOp::min: return call("min");
  case SizeOp::max: return call("max");
  case SizeOp::ceildiv: return call("ceildiv");
  case SizeOp::eq: return "(int64_t)(" + a + " == " + b + ")";
  case SizeOp::lt: return "(int64_t)(" + a + " < " + b + ")";
  }
  llvm_unreachable("all size ops are listed");
}

/// Keywords of C and C++, macros of what the headers include, and their own names for arguments and members.
constexpr const char* kWords =
    "alignas alignof and and_eq asm assert auto bitand bitor bool break BUFSIZ case catch char char16_t char32_t "
    "char8_t class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit "
    "continue ctx ctx_ decltype default delete dims dims_ do double dynamic_cast else enum EOF errno explicit "
    "export extern false FILE float for friend goto if inline int int32_t int64_t int8_t linux long main memcpy memory "
    "memory_ Model mutable namespace new noexcept not not_eq NULL nullptr offsetof operator or or_eq private protected "
    "public register reinterpret_cast requires restrict return short signed size_t sizeof sizes static "
    "static_assert static_cast Status status_ std stderr stdin stdout struct switch template tensors_ this "
    "thread_local throw true try typedef typeid typename typeof uint16_t uint32_t uint64_t uint8_t uintptr_t union "
    "unix unsigned using virtual void "
    "volatile wchar_t while xor xor_eq";

bool isWordOfHeaders(StringRef text) {
  static const llvm::StringSet<> words = [] {
    llvm::SmallVector<StringRef, 128> list;
    llvm::SplitString(kWords, list, " ");
    llvm::StringSet<> set;
    for (const StringRef word : list) set.insert(word);
    return set;
  }();
  return words.contains(text);
}

} // namespace

LogicalResult Sizes::run(Location location) {
  for (int64_t value : program_.values.initial) bounds_.push_back({value, value});
  Identifiers names(library_);
  for (size_t i = 0; i < program_.values.symbols.size(); ++i) identifiers_.push_back(names(name(i)));
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

std::string Sizes::name(size_t index) const {
  const runtime::Symbol& symbol = program_.values.symbols[index];
  StringRef name = symbol.name; // `k.value` for an index argument k
  if (symbol.source.kind == runtime::SymbolSource::Kind::index) name.consume_back(".value");
  return name.str();
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
    if (step.out == slot) return expressionOf(step.op, expression(step.a), expression(step.b), library_);
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
  std::string base = identifierOf(name);
  for (const std::string& taken : {library_ + "_", std::string("name_")}) // what the headers' own names begin with
    if (StringRef(base).starts_with_insensitive(taken)) base = "x" + base;
  std::string identifier = base;
  for (int again = 2; !used_.insert(identifier).second; ++again) identifier = base + "_" + std::to_string(again);
  return identifier;
}

std::string identifierOf(const std::string& name) {
  std::string text;
  for (char c : name) text += llvm::isAlnum(c) ? c : '_';
  if (text.empty() || llvm::isDigit(text.front()) || text.front() == '_') text = "x" + text;
  while (isWordOfHeaders(text)) text += "_"; // dims, and dims_, too
  return text;
}

} // namespace ogee::codegen::aot
