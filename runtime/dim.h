// `Dim`: a size that is a number or an expression over named sizes, in a normal form, so that B * T and T * B are the
// same.
//
// The normal form is a polynomial with integer coefficients over atoms: symbols, and quotients, remainders, minima and
// maxima of other Dims. Arithmetic never throws: an overflow, a division by the number 0 or an expression of absurd
// size gives an invalid Dim, and so does everything computed from it. Only what asks for an answer that does not exist
// raises an Error: the conversion to int64_t, and the comparison operators. Code that may not throw (ir/) asks
// `is_number`, `same`, `try_equal` and `try_less`.
#pragma once

#include "runtime/checked.h"
#include "runtime/result.h"

#include <atomic>
#include <bit>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogee::runtime {

/// The values a Dim can take: lo <= value <= hi. The extreme numbers of int64_t stand for "no bound".
struct DimRange {
  static constexpr int64_t kNoLower = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kNoUpper = std::numeric_limits<int64_t>::max();
  int64_t lo = kNoLower;
  int64_t hi = kNoUpper;
  friend bool operator==(const DimRange&, const DimRange&) = default;
};

/// A named size. The name is its identity: equal names are equal sizes.
struct DimSymbol {
  std::string name;
  DimRange range;
};

/// The operations an expression is made of; quotients round down, remainders have the sign of the divisor.
enum class DimOp : uint8_t { add, sub, mul, floordiv, mod, min, max };

namespace detail {
constexpr Checked apply(DimOp op, Checked a, Checked b) noexcept {
  switch (op) {
  case DimOp::add: return a + b;
  case DimOp::sub: return a - b;
  case DimOp::mul: return a * b;
  case DimOp::floordiv: return a / b;
  case DimOp::mod: return a % b;
  case DimOp::min: return min(a, b);
  case DimOp::max: return max(a, b);
  }
  return Checked::invalid();
}

struct DimExpr;
void retain(const DimExpr* expr) noexcept;
void release(const DimExpr* expr) noexcept;
} // namespace detail

class Dim {
public:
  /// The number 0.
  Dim() noexcept = default;
  template <std::integral T>
  Dim(T value) noexcept : Dim(Checked(value)) {}
  explicit Dim(Checked value) noexcept
      : number_(value.valid() ? value.value() : 0), expr_(value.valid() ? nullptr : bad()) {
    if (expr_) detail::retain(expr_);
  }
  Dim(const Dim& other) noexcept : number_(other.number_), expr_(other.expr_) {
    if (expr_) detail::retain(expr_);
  }
  Dim(Dim&& other) noexcept : number_(other.number_), expr_(std::exchange(other.expr_, nullptr)) {}
  Dim& operator=(const Dim& other) noexcept { return *this = Dim(other); }
  Dim& operator=(Dim&& other) noexcept {
    number_ = other.number_;
    std::swap(expr_, other.expr_);
    return *this;
  }
  ~Dim() {
    if (expr_) detail::release(expr_);
  }

  /// A named size within [lo, hi]; the number itself when lo == hi, invalid when lo > hi.
  static Dim symbol(std::string_view name, int64_t lo = 0, int64_t hi = DimRange::kNoUpper);
  /// What an overflow gives.
  static Dim invalid() { return Dim(Checked::invalid()); }

  bool is_number() const noexcept { return expr_ == nullptr; }
  bool is_symbolic() const noexcept { return expr_ != nullptr && expr_ != bad(); }
  bool valid() const noexcept { return expr_ == nullptr || expr_ != bad(); }
  /// The number; only when `is_number()`.
  int64_t number() const noexcept {
    assert(is_number());
    return number_;
  }
  /// The number; an Error when there is none.
  operator int64_t() const { return is_number() ? number_ : no_number(); }
  /// The same size; if it is symbolic, Errors about it and what is computed from it name `line`: where it was asked
  /// for, since operators cannot tell where they stand.
  Dim at(std::source_location line) const {
    Dim located = *this;
    if (!is_number()) located.number_ = std::bit_cast<int64_t>(line);
    return located;
  }
  /// The symbol when the Dim is nothing but one, else null.
  const DimSymbol* as_symbol() const noexcept;

  /// The values it can take, by interval arithmetic; everything when invalid.
  DimRange range() const noexcept;
  /// "32", "batch", "batch*seq + 2*batch - 1", "(n + 3)//4", "n % 4", "min(n, 5)".
  std::string to_string() const;
  /// Equal for same Dims, in every process.
  uint64_t hash() const noexcept;

  friend Dim operator-(const Dim& a) { return combine(DimOp::sub, 0, a); }
  friend Dim min(const Dim& a, const Dim& b) { return combine(DimOp::min, a, b); }
  friend Dim max(const Dim& a, const Dim& b) { return combine(DimOp::max, a, b); }
  Dim& operator++() { return *this = combine(DimOp::add, *this, 1); }
  Dim& operator--() { return *this = combine(DimOp::sub, *this, 1); }

  /// `a op b`; the operators below are this.
  static Dim combine(DimOp op, const Dim& a, const Dim& b) {
    if (a.is_number() && b.is_number()) return Dim(detail::apply(op, a.number_, b.number_));
    return combine_symbolic(op, a, b).at(line_of(a, b));
  }

  /// Whether both have the same normal form. Never throws; an invalid Dim is the same as none.
  friend bool same(const Dim& a, const Dim& b) noexcept {
    return a.is_number() && b.is_number() ? a.number_ == b.number_ : same_expr(a, b);
  }
  /// a == b and a < b, where every value in range gives the same answer, else nothing. Never throw.
  friend std::optional<bool> try_equal(const Dim& a, const Dim& b);
  friend std::optional<bool> try_less(const Dim& a, const Dim& b);
  /// Whether a == b for all values in range.
  friend bool provably_equal(const Dim& a, const Dim& b) { return try_equal(a, b).value_or(false); }
  /// The same, but an Error where there is no answer.
  static bool equal(const Dim& a, const Dim& b) {
    return a.is_number() && b.is_number() ? a.number_ == b.number_ : decide(a, "==", b, try_equal(a, b));
  }
  static bool less(const Dim& a, const Dim& b) {
    return a.is_number() && b.is_number() ? a.number_ < b.number_ : decide(a, "<", b, try_less(a, b));
  }

private:
  explicit Dim(const detail::DimExpr* expr) noexcept : expr_(expr) {} // takes over one reference
  friend struct detail::DimExpr;

  static const detail::DimExpr* bad() noexcept;
  [[noreturn]] int64_t no_number() const;
  static Dim combine_symbolic(DimOp op, const Dim& a, const Dim& b);
  static bool decide(const Dim& a, const char* relation, const Dim& b, std::optional<bool> answer);
  static bool same_expr(const Dim& a, const Dim& b) noexcept;
  /// Line 0 where none is known.
  std::source_location line() const noexcept {
    return is_number() ? std::source_location() : std::bit_cast<std::source_location>(number_);
  }
  static std::source_location line_of(const Dim& a, const Dim& b) noexcept {
    return a.line().line() != 0 ? a.line() : b.line();
  }

  int64_t number_ = 0; ///< where there is an expression, the bits of the line that errors name
  const detail::DimExpr* expr_ = nullptr;
};

/// Dim with Dim, or Dim with an integer: templates, since a Dim also converts to an integer and the built-in operators
/// would compete.
template <class A, class B>
concept DimOperands =
    (std::same_as<A, Dim> && (std::same_as<B, Dim> || std::integral<B>)) || (std::integral<A> && std::same_as<B, Dim>);

template <class A, class B>
  requires DimOperands<A, B>
Dim operator+(const A& a, const B& b) {
  return Dim::combine(DimOp::add, a, b);
}
template <class A, class B>
  requires DimOperands<A, B>
Dim operator-(const A& a, const B& b) {
  return Dim::combine(DimOp::sub, a, b);
}
template <class A, class B>
  requires DimOperands<A, B>
Dim operator*(const A& a, const B& b) {
  return Dim::combine(DimOp::mul, a, b);
}
/// Rounds down, as `//` does in Python. An expression is simplified as if its divisor were not zero.
template <class A, class B>
  requires DimOperands<A, B>
Dim operator/(const A& a, const B& b) {
  return Dim::combine(DimOp::floordiv, a, b);
}
template <class A, class B>
  requires DimOperands<A, B>
Dim operator%(const A& a, const B& b) {
  return Dim::combine(DimOp::mod, a, b);
}
/// a / b rounded up.
Dim ceil_div(const Dim& a, const Dim& b);
template <class B>
  requires DimOperands<Dim, B>
Dim& operator+=(Dim& a, const B& b) {
  return a = a + b;
}
template <class B>
  requires DimOperands<Dim, B>
Dim& operator-=(Dim& a, const B& b) {
  return a = a - b;
}
template <class B>
  requires DimOperands<Dim, B>
Dim& operator*=(Dim& a, const B& b) {
  return a = a * b;
}

// Comparisons raise an Error where the values in range disagree.
template <class A, class B>
  requires DimOperands<A, B>
bool operator==(const A& a, const B& b) {
  return Dim::equal(a, b);
}
template <class A, class B>
  requires DimOperands<A, B>
bool operator<(const A& a, const B& b) {
  return Dim::less(a, b);
}
template <class A, class B>
  requires DimOperands<A, B>
bool operator>(const A& a, const B& b) {
  return Dim::less(b, a);
}
template <class A, class B>
  requires DimOperands<A, B>
bool operator<=(const A& a, const B& b) {
  return !Dim::less(b, a);
}
template <class A, class B>
  requires DimOperands<A, B>
bool operator>=(const A& a, const B& b) {
  return !Dim::less(a, b);
}

std::ostream& operator<<(std::ostream& out, const Dim& dim);

namespace detail {

/// A symbol, or a quotient, remainder, minimum or maximum of two Dims: `op` of `a` and `b`, and the symbol has no name.
struct DimAtom {
  DimSymbol symbol; ///< its range is that of the atom, whatever it is
  DimOp op = DimOp::add;
  Dim a, b;
  bool is_symbol() const noexcept { return !symbol.name.empty(); }
};

/// An atom to a power of at least one.
struct DimFactor {
  std::shared_ptr<const DimAtom> atom;
  uint32_t power = 1;
};

/// coefficient * product of factors; no factors: the constant.
struct DimTerm {
  int64_t coefficient = 0;
  std::vector<DimFactor> factors;
};

/// A polynomial in normal form that is no number: no zero coefficients, terms and factors in one fixed order.
struct DimExpr {
  std::vector<DimTerm> terms;
  DimRange range;
  uint64_t hash = 0;
  uint32_t weight = 0; ///< nodes of the expression written out as a tree: bounded, so that recursion over it is
  mutable std::atomic<uint32_t> refs{1};

  static const DimExpr* of(const Dim& dim) noexcept { return dim.expr_; }
  static Dim adopt(const DimExpr* expr) noexcept { return Dim(expr); }
};

template <class T, class Builder>
T fold_term(const DimTerm& term, int64_t coefficient, Builder& builder);
template <class T, class Builder>
T fold_atom(const DimAtom& atom, Builder& builder);

} // namespace detail

/// Rebuilds an expression bottom-up in another world: `T number(int64_t)`, `T symbol(const DimSymbol&)`, `T
/// apply(DimOp, T, T)`. Evaluation, substitution, text, size steps and index arithmetic in the IR are all this. Only
/// for valid Dims.
template <class T, class Builder>
T fold(const Dim& dim, Builder& builder) {
  assert(dim.valid());
  if (dim.is_number()) return builder.number(dim.number());
  std::optional<T> sum;
  for (const detail::DimTerm& term : detail::DimExpr::of(dim)->terms) {
    const bool subtract = sum && term.coefficient < 0 && term.coefficient != DimRange::kNoLower;
    T value = detail::fold_term<T>(term, subtract ? -term.coefficient : term.coefficient, builder);
    sum = sum ? builder.apply(subtract ? DimOp::sub : DimOp::add, std::move(*sum), std::move(value)) : std::move(value);
  }
  return std::move(*sum);
}

template <class T, class Builder>
T detail::fold_atom(const DimAtom& atom, Builder& builder) {
  if (atom.is_symbol()) return builder.symbol(atom.symbol);
  T a = fold<T>(atom.a, builder); // before b: compilers evaluate arguments in different orders
  T b = fold<T>(atom.b, builder);
  return builder.apply(atom.op, std::move(a), std::move(b));
}

template <class T, class Builder>
T detail::fold_term(const DimTerm& term, int64_t coefficient, Builder& builder) {
  std::optional<T> product;
  if (coefficient != 1 || term.factors.empty()) product = builder.number(coefficient);
  for (const DimFactor& factor : term.factors) {
    T value = fold_atom<T>(*factor.atom, builder);
    for (uint32_t i = 0; i < factor.power; ++i)
      product = product ? builder.apply(DimOp::mul, std::move(*product), value) : value;
  }
  return std::move(*product);
}

/// The names of the symbols in an expression, each once, in order of first use.
std::vector<std::string> symbols(const Dim& dim);
/// The expression with symbols replaced; a symbol for which `lookup` gives nothing stays.
Dim substitute(const Dim& dim, const std::function<std::optional<Dim>(const DimSymbol&)>& lookup);

} // namespace ogee::runtime
