// Expressions of Dims: construction in normal form, comparison by ranges, text.
#include "runtime/dim.h"

#include "runtime/dim_algebra.h"
#include "runtime/hash.h"

#include <algorithm>
#include <ostream>

namespace ogee::runtime {
namespace detail {
namespace {

/// Beyond this an expression is refused: recursion over it stays shallow and cheap.
constexpr uint32_t kMaxWeight = 1000;

uint64_t mix(uint64_t hash, uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

uint32_t weight(const Dim& dim) noexcept { return dim.is_number() ? 1 : DimExpr::of(dim)->weight; }

uint64_t hash(const DimAtom& atom) noexcept {
  if (atom.is_symbol()) return hash128(atom.symbol.name).lo;
  return mix(mix(static_cast<uint64_t>(atom.op), atom.a.hash()), atom.b.hash());
}

DimRange range_of(const DimTerm& term) noexcept {
  DimRange range{term.coefficient, term.coefficient};
  for (const DimFactor& factor : term.factors)
    for (uint32_t i = 0; i < factor.power; ++i) range = multiply(range, factor.atom->symbol.range);
  return range;
}

Dim from_atom(DimAtom atom) { return from_terms({{1, {{std::make_shared<const DimAtom>(std::move(atom)), 1}}}}); }

} // namespace

void retain(const DimExpr* expr) noexcept { expr->refs.fetch_add(1, std::memory_order_relaxed); }

void release(const DimExpr* expr) noexcept {
  if (expr->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) delete expr;
}

Dim from_terms(Terms terms) {
  if (terms.empty()) return 0;
  if (terms.size() == 1 && terms[0].factors.empty()) return terms[0].coefficient;
  auto expr = std::make_unique<DimExpr>();
  uint64_t total = 0;
  expr->range = {0, 0};
  for (const DimTerm& term : terms) {
    expr->hash = mix(expr->hash, static_cast<uint64_t>(term.coefficient));
    total += 1;
    for (const DimFactor& factor : term.factors) {
      expr->hash = mix(mix(expr->hash, hash(*factor.atom)), factor.power);
      const uint64_t inside = factor.atom->is_symbol() ? 0 : weight(factor.atom->a) + weight(factor.atom->b);
      total += (1 + inside) * factor.power;
      if (total > kMaxWeight) return Dim::invalid();
    }
    expr->range = add(expr->range, range_of(term));
  }
  expr->weight = static_cast<uint32_t>(total);
  expr->terms = std::move(terms);
  return DimExpr::adopt(expr.release());
}

namespace {

Dim from_checked(std::optional<Terms> terms) { return terms ? from_terms(std::move(*terms)) : Dim::invalid(); }

/// Of a quotient whose divisor is a positive number: ((x / c) / d) is x / (c * d).
std::optional<Dim> flatten_quotient(const Dim& a, const Dim& b) {
  const Terms terms = terms_of(a);
  if (!b.is_number() || b.number() < 1 || terms.size() != 1 || terms[0].coefficient != 1) return std::nullopt;
  const std::vector<DimFactor>& factors = terms[0].factors;
  if (factors.size() != 1 || factors[0].power != 1 || factors[0].atom->is_symbol()) return std::nullopt;
  const DimAtom& inner = *factors[0].atom;
  if (inner.op != DimOp::floordiv || !inner.b.is_number() || inner.b.number() < 1) return std::nullopt;
  return inner.a / (inner.b * b);
}

/// Quotient or remainder by something that is not the number 0.
Dim divide_symbolic(DimOp op, const Dim& a, const Dim& b) {
  std::optional<Division> division = divide(terms_of(a), terms_of(b));
  if (!division) return Dim::invalid();
  const bool quotient = op == DimOp::floordiv;
  const Dim whole = from_terms(std::move(division->quotient));
  const Dim rest = from_terms(division->remainder);
  const bool below = rest.range().lo >= 0 && try_less(rest, b).value_or(false);
  if (below || same(rest, Dim(0))) return quotient ? whole : rest;
  const bool one_below = rest.range().hi < 0 && try_less(b, -rest) == false; // -b <= rest < 0
  if (one_below) return quotient ? whole - 1 : rest + b;

  Terms divisor = terms_of(b);
  const DimTerm common = cancel_common(division->remainder, divisor);
  const Dim x = from_terms(std::move(division->remainder)), y = from_terms(std::move(divisor));
  if (quotient)
    if (const std::optional<Dim> flat = flatten_quotient(x, y)) return whole + *flat;
  const Dim atom = from_atom({{"", combine(op, x.range(), y.range())}, op, x, y});
  return quotient ? whole + atom : from_terms(Terms{common}) * atom;
}

Dim extreme(DimOp op, const Dim& a, const Dim& b) {
  if (same(a, b)) return a;
  if (try_less(b, a) == false) return op == DimOp::min ? a : b;
  if (try_less(a, b) == false) return op == DimOp::min ? b : a;
  const bool ordered = compare(a, b) <= 0;
  return from_atom({{"", combine(op, a.range(), b.range())}, op, ordered ? a : b, ordered ? b : a});
}

} // namespace
} // namespace detail

const detail::DimExpr* Dim::bad() noexcept {
  static const detail::DimExpr* const expr = new detail::DimExpr; // never destroyed: Dims may live in static objects
  return expr;
}

Dim Dim::symbol(std::string_view name, int64_t lo, int64_t hi) {
  assert(!name.empty());
  if (lo >= hi) return lo == hi ? Dim(lo) : invalid();
  return detail::from_atom({{std::string(name), {lo, hi}}, DimOp::add, 0, 0});
}

Dim Dim::combine_symbolic(DimOp op, const Dim& a, const Dim& b) {
  using namespace detail;
  if (!a.valid() || !b.valid()) return invalid();
  switch (op) {
  case DimOp::add: return from_checked(add_scaled(terms_of(a), 1, terms_of(b)));
  case DimOp::sub: return from_checked(add_scaled(terms_of(a), -1, terms_of(b)));
  case DimOp::mul: return from_checked(multiply(terms_of(a), terms_of(b)));
  case DimOp::floordiv:
  case DimOp::mod: return b.is_number() && b.number() == 0 ? invalid() : divide_symbolic(op, a, b);
  case DimOp::min:
  case DimOp::max: return extreme(op, a, b);
  }
  return invalid();
}

Dim ceil_div(const Dim& a, const Dim& b) { return b.range().lo >= 1 ? (a + b - 1) / b : -(-a / b); }

const DimSymbol* Dim::as_symbol() const noexcept {
  if (!is_symbolic() || expr_->terms.size() != 1) return nullptr;
  const detail::DimTerm& term = expr_->terms[0];
  if (term.coefficient != 1 || term.factors.size() != 1 || term.factors[0].power != 1) return nullptr;
  return term.factors[0].atom->is_symbol() ? &term.factors[0].atom->symbol : nullptr;
}

DimRange Dim::range() const noexcept { return is_number() ? DimRange{number_, number_} : expr_->range; }

uint64_t Dim::hash() const noexcept {
  return is_number() ? detail::mix(0, static_cast<uint64_t>(number_)) : detail::mix(1, expr_->hash);
}

bool Dim::same_expr(const Dim& a, const Dim& b) noexcept {
  if (a.is_number() || b.is_number() || !a.valid() || !b.valid()) return false;
  return a.expr_ == b.expr_ || (a.expr_->hash == b.expr_->hash && detail::compare(a, b) == 0);
}

std::optional<bool> try_equal(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (!difference.valid()) return std::nullopt;
  if (difference.is_number()) return difference.number() == 0;
  const DimRange range = difference.range();
  if (range.lo > 0 || range.hi < 0) return false;
  return std::nullopt;
}

std::optional<bool> try_less(const Dim& a, const Dim& b) {
  const Dim difference = b - a;
  if (!difference.valid()) return std::nullopt;
  const DimRange range = difference.range();
  if (range.lo > 0) return true;
  if (range.hi <= 0) return false;
  return std::nullopt;
}

namespace {

class SymbolCollector {
public:
  std::vector<DimSymbol> found;
  struct Nothing {};
  Nothing number(int64_t) { return {}; }
  Nothing apply(DimOp, Nothing, Nothing) { return {}; }
  Nothing symbol(const DimSymbol& symbol) {
    if (std::ranges::none_of(found, [&](const DimSymbol& other) { return other.name == symbol.name; }))
      found.push_back(symbol);
    return {};
  }
};

/// Text with the strength of its outermost operator, for brackets.
struct Text {
  std::string text;
  int strength; // 0: sum, 1: product or quotient, 2: atom
};

class Printer {
public:
  Text number(int64_t value) { return {std::to_string(value), value < 0 ? 0 : 2}; }
  Text symbol(const DimSymbol& symbol) { return {symbol.name, 2}; }
  Text apply(DimOp op, const Text& a, const Text& b) {
    switch (op) {
    case DimOp::add: return {a.text + " + " + b.text, 0};
    case DimOp::sub: return {a.text + " - " + bracket(b, 1), 0};
    case DimOp::mul: return {(a.text == "-1" ? "-" : bracket(a, a.text[0] == '-' ? 0 : 1) + "*") + bracket(b, 2), 1};
    case DimOp::floordiv: return {bracket(a, 1) + "//" + bracket(b, 2), 1};
    case DimOp::mod: return {bracket(a, 1) + " % " + bracket(b, 2), 1};
    case DimOp::min: return {"min(" + a.text + ", " + b.text + ")", 2};
    case DimOp::max: return {"max(" + a.text + ", " + b.text + ")", 2};
    }
    return {};
  }

private:
  static std::string bracket(const Text& text, int strength) {
    return text.strength < strength ? "(" + text.text + ")" : text.text;
  }
};

class Substituter {
public:
  const std::function<std::optional<Dim>(const DimSymbol&)>& lookup;
  Dim number(int64_t value) { return value; }
  Dim apply(DimOp op, const Dim& a, const Dim& b) { return Dim::combine(op, a, b); }
  Dim symbol(const DimSymbol& symbol) {
    const std::optional<Dim> replacement = lookup(symbol);
    return replacement ? *replacement : Dim::symbol(symbol.name, symbol.range.lo, symbol.range.hi);
  }
};

std::vector<DimSymbol> collect(const Dim& dim) {
  SymbolCollector collector;
  if (dim.valid()) fold<SymbolCollector::Nothing>(dim, collector);
  return std::move(collector.found);
}

std::string describe(const DimRange& range) {
  if (range.lo == DimRange::kNoLower && range.hi == DimRange::kNoUpper) return "any number";
  if (range.hi == DimRange::kNoUpper) return concat("at least ", range.lo);
  if (range.lo == DimRange::kNoLower) return concat("at most ", range.hi);
  return concat(range.lo, " to ", range.hi);
}

/// "batch is 1 to 256, seq is at least 0"
std::string describe_symbols(const Dim& a, const Dim& b) {
  std::vector<DimSymbol> symbols = collect(a);
  for (DimSymbol& symbol : collect(b))
    if (std::ranges::none_of(symbols, [&](const DimSymbol& other) { return other.name == symbol.name; }))
      symbols.push_back(std::move(symbol));
  std::string text;
  for (const DimSymbol& symbol : symbols)
    text += concat(text.empty() ? "" : ", ", symbol.name, " is ", describe(symbol.range));
  return text;
}

constexpr const char* kInvalid = "a size overflows or is divided by zero";

} // namespace

std::string Dim::to_string() const {
  if (!valid()) return "invalid";
  Printer printer;
  return fold<Text>(*this, printer).text;
}

int64_t Dim::no_number() const {
  if (!valid()) raise(ErrorCode::invalid_argument, kInvalid);
  raise(ErrorCode::invalid_argument, "the size ", *this, " has no single value here (", describe_symbols(*this, 0), ")",
        place(line()), "; hint: keep it a Dim, or compile without symbolic sizes");
}

bool Dim::decide(const Dim& a, const char* relation, const Dim& b, std::optional<bool> answer) {
  if (answer) return *answer;
  if (!(a - b).valid()) raise(ErrorCode::invalid_argument, kInvalid);
  raise(ErrorCode::invalid_argument, "cannot decide ", a, " ", relation, " ", b, " once for all sizes (",
        describe_symbols(a, b), ")", place(line_of(a, b)), "; hint: use cond, or narrow the range");
}

std::ostream& operator<<(std::ostream& out, const Dim& dim) { return out << dim.to_string(); }

std::vector<std::string> symbols(const Dim& dim) {
  std::vector<std::string> names;
  for (DimSymbol& symbol : collect(dim)) names.push_back(std::move(symbol.name));
  return names;
}

Dim substitute(const Dim& dim, const std::function<std::optional<Dim>(const DimSymbol&)>& lookup) {
  if (!dim.valid()) return dim;
  Substituter substituter{lookup};
  return fold<Dim>(dim, substituter);
}

} // namespace ogee::runtime
