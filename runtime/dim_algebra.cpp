// Polynomials over atoms: sums, products and division with remainder, in graded lexicographic order.
#include "runtime/dim_algebra.h"

#include <algorithm>
#include <numeric>

namespace ogee::runtime::detail {
namespace {

constexpr size_t kMaxTerms = 256;

uint64_t degree(const DimTerm& term) noexcept {
  uint64_t sum = 0;
  for (const DimFactor& factor : term.factors) sum += factor.power;
  return sum;
}

/// Negative when the monomial of `a` stands before that of `b`: higher degree first, then by the first atom in which
/// they differ.
int compare_monomials(const DimTerm& a, const DimTerm& b) noexcept {
  const uint64_t da = degree(a), db = degree(b);
  if (da != db) return da > db ? -1 : 1;
  for (size_t i = 0; i < std::min(a.factors.size(), b.factors.size()); ++i) {
    if (const int order = compare(*a.factors[i].atom, *b.factors[i].atom)) return order;
    if (a.factors[i].power != b.factors[i].power) return a.factors[i].power > b.factors[i].power ? -1 : 1;
  }
  return 0; // of equal degree, so neither is a part of the other
}

int compare_terms(const Terms& a, const Terms& b) noexcept {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const int order = compare_monomials(a[i], b[i])) return order;
    if (a[i].coefficient != b[i].coefficient) return a[i].coefficient < b[i].coefficient ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

/// The product of two monomials: factors merged by atom.
std::vector<DimFactor> multiply_factors(const std::vector<DimFactor>& a, const std::vector<DimFactor>& b) {
  std::vector<DimFactor> product;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const int order = i == a.size() ? 1 : j == b.size() ? -1 : compare(*a[i].atom, *b[j].atom);
    product.push_back(order <= 0 ? a[i] : b[j]);
    if (order == 0) product.back().power += b[j].power;
    i += order <= 0;
    j += order >= 0;
  }
  return product;
}

/// The part of `a` that `b` has too.
std::vector<DimFactor> common_factors(const std::vector<DimFactor>& a, const std::vector<DimFactor>& b) {
  std::vector<DimFactor> common;
  for (const DimFactor& x : a)
    for (const DimFactor& y : b)
      if (compare(*x.atom, *y.atom) == 0) common.push_back({x.atom, std::min(x.power, y.power)});
  return common;
}

/// a / b where b divides a.
std::vector<DimFactor> divide_factors(const std::vector<DimFactor>& a, const std::vector<DimFactor>& b) {
  std::vector<DimFactor> quotient;
  for (const DimFactor& x : a) {
    uint32_t power = x.power;
    for (const DimFactor& y : b)
      if (compare(*x.atom, *y.atom) == 0) power -= y.power;
    if (power != 0) quotient.push_back({x.atom, power});
  }
  return quotient;
}

/// a / b, if the coefficient and all factors of b divide those of a.
std::optional<DimTerm> divide_exactly(const DimTerm& a, const DimTerm& b) {
  const Checked quotient = Checked(a.coefficient) / b.coefficient;
  if (!quotient.valid() || a.coefficient % b.coefficient != 0) return std::nullopt;
  uint64_t shared = 0;
  for (const DimFactor& factor : common_factors(a.factors, b.factors)) shared += factor.power;
  if (shared != degree(b)) return std::nullopt;
  return DimTerm{quotient.value(), divide_factors(a.factors, b.factors)};
}

/// The next step of a division: the part of `term` that is a multiple of `leading`. A constant over a constant is split
/// by rounding down.
std::optional<DimTerm> quotient_of(const DimTerm& term, const DimTerm& leading) {
  if (!term.factors.empty() || !leading.factors.empty()) return divide_exactly(term, leading);
  const Checked quotient = Checked(term.coefficient) / leading.coefficient;
  if (!quotient.valid() || quotient.value() == 0) return std::nullopt;
  return DimTerm{quotient.value(), {}};
}

} // namespace

int compare(const DimAtom& a, const DimAtom& b) noexcept {
  if (&a == &b) return 0;
  if (a.is_symbol() != b.is_symbol()) return a.is_symbol() ? -1 : 1;
  if (a.is_symbol()) return a.symbol.name.compare(b.symbol.name);
  if (a.op != b.op) return a.op < b.op ? -1 : 1;
  const int order = compare(a.a, b.a);
  return order != 0 ? order : compare(a.b, b.b);
}

int compare(const Dim& a, const Dim& b) noexcept {
  if (a.is_number() != b.is_number()) return a.is_number() ? -1 : 1;
  if (a.is_number()) return a.number() < b.number() ? -1 : a.number() > b.number();
  const DimExpr *x = DimExpr::of(a), *y = DimExpr::of(b);
  return x == y ? 0 : compare_terms(x->terms, y->terms);
}

Terms terms_of(const Dim& dim) {
  if (!dim.is_number()) return DimExpr::of(dim)->terms;
  return dim.number() == 0 ? Terms{} : Terms{{dim.number(), {}}};
}

std::optional<Terms> add_scaled(const Terms& a, int64_t scale, const Terms& b) {
  Terms sum;
  sum.reserve(a.size() + b.size());
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const int order = i == a.size() ? 1 : j == b.size() ? -1 : compare_monomials(a[i], b[j]);
    const Checked coefficient = (order <= 0 ? Checked(a[i].coefficient) : Checked(0)) +
                                (order >= 0 ? Checked(b[j].coefficient) * scale : Checked(0));
    if (!coefficient.valid()) return std::nullopt;
    if (coefficient.value() != 0) sum.push_back({coefficient.value(), order <= 0 ? a[i].factors : b[j].factors});
    i += order <= 0;
    j += order >= 0;
  }
  return sum;
}

std::optional<Terms> multiply(const Terms& a, const Terms& b) {
  if (a.size() * b.size() > kMaxTerms) return std::nullopt;
  Terms product;
  for (const DimTerm& x : a) {
    Terms row; // in order, since the order of monomials is kept by multiplication
    for (const DimTerm& y : b) {
      const Checked coefficient = Checked(x.coefficient) * y.coefficient;
      if (!coefficient.valid()) return std::nullopt;
      row.push_back({coefficient.value(), multiply_factors(x.factors, y.factors)});
    }
    std::optional<Terms> sum = add_scaled(product, 1, row);
    if (!sum) return std::nullopt;
    product = std::move(*sum);
  }
  return product;
}

std::optional<Division> divide(const Terms& a, const Terms& b) {
  Division result;
  Terms rest = a;
  for (size_t step = 0; !rest.empty(); ++step) {
    if (step > 2 * kMaxTerms) return std::nullopt;
    std::optional<DimTerm> quotient = quotient_of(rest.front(), b.front());
    if (!quotient) {
      result.remainder.push_back(std::move(rest.front()));
      rest.erase(rest.begin());
      continue;
    }
    const std::optional<Terms> part = multiply({*quotient}, b);
    std::optional<Terms> next = part ? add_scaled(rest, -1, *part) : std::nullopt;
    if (!next) return std::nullopt;
    rest = std::move(*next);
    result.quotient.push_back(std::move(*quotient));
  }
  return result;
}

DimTerm cancel_common(Terms& a, Terms& b) {
  DimTerm common{0, b.front().factors};
  for (const Terms* terms : {&a, &b})
    for (const DimTerm& term : *terms) {
      common.coefficient = std::gcd(common.coefficient, term.coefficient == INT64_MIN ? 1 : term.coefficient);
      common.factors = common_factors(common.factors, term.factors);
    }
  for (Terms* terms : {&a, &b})
    for (DimTerm& term : *terms) {
      term.coefficient /= common.coefficient;
      term.factors = divide_factors(term.factors, common.factors);
    }
  return common;
}

} // namespace ogee::runtime::detail
