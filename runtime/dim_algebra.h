// The algebra behind Dim: polynomials over atoms in normal form, and the intervals of their values. Private to
// dim*.cpp.
#pragma once

#include "runtime/dim.h"

namespace ogee::runtime::detail {

using Terms = std::vector<DimTerm>;

/// The terms of a valid Dim; a number has at most the constant one.
Terms terms_of(const Dim& dim);
/// The Dim of terms in normal form; invalid when the expression has become absurdly large.
Dim from_terms(Terms terms);

/// A total order that depends on names and structure only: the same in every process.
int compare(const DimAtom& a, const DimAtom& b) noexcept;
int compare(const Dim& a, const Dim& b) noexcept;

/// a + scale * b; nothing on overflow.
std::optional<Terms> add_scaled(const Terms& a, int64_t scale, const Terms& b);
/// a * b; nothing on overflow or when there are too many terms.
std::optional<Terms> multiply(const Terms& a, const Terms& b);

/// a = quotient * b + remainder, where no term of the remainder is divisible by the leading term of b.
struct Division {
  Terms quotient, remainder;
};
std::optional<Division> divide(const Terms& a, const Terms& b);

/// Divides both by their largest common monomial (and the gcd of all coefficients), which is returned.
DimTerm cancel_common(Terms& a, Terms& b);

/// Intervals; bounds saturate to "no bound".
DimRange add(DimRange a, DimRange b) noexcept;
DimRange multiply(DimRange a, DimRange b) noexcept;
/// Of floordiv, mod, min or max.
DimRange combine(DimOp op, DimRange a, DimRange b) noexcept;

} // namespace ogee::runtime::detail
