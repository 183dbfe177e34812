// Operators are the functions of pointwise.cpp with operands that may be numbers.
#include "frontend/operators.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/record.h"
#include "frontend/trace.h"
#include "frontend/views.h"

namespace ogee {

namespace {

/// A size that is no number as a tensor of the trace.
Tensor size_tensor(const Operand& operand) {
  if (!Trace::current())
    detail::fail(operand.loc(), "an operator: the size ", *operand.size(), " has a value in a compiled function only");
  return detail::record_size(*operand.size(), operand.loc());
}

/// Calls f with two operands of which at least one is a tensor, at the line of the operator.
template <class F>
Tensor binary(const Operand& a, const Operand& b, const F& f) {
  const Loc loc = b.loc();
  if (a.size() || b.size()) {
    const Tensor x = a.size() ? size_tensor(a) : Tensor(), y = b.size() ? size_tensor(b) : Tensor();
    return binary(a.size() ? Operand(x, a.loc()) : a, b.size() ? Operand(y, loc) : b, f);
  }
  if (a.tensor()) return b.tensor() ? f(*a.tensor(), *b.tensor(), loc) : f(*a.tensor(), b.scalar(), loc);
  if (b.tensor()) return f(a.scalar(), *b.tensor(), loc);
  detail::fail(loc, "an operator needs a tensor");
}

/// Calls f with one operand, which is a tensor.
template <class F>
Tensor unary(const Operand& a, const F& f) {
  if (!a.tensor()) detail::fail(a.loc(), "an operator needs a tensor");
  return f(*a.tensor(), a.loc());
}

} // namespace

// Lambdas, since the functions are overloaded.
#define OGEE_BINARY_OPERATOR(symbol, f)                                                                                \
  Tensor operator symbol(const Operand& a, const Operand& b) {                                                         \
    return binary(a, b, [](const auto& x, const auto& y, Loc loc) { return f(x, y, loc); });                           \
  }
OGEE_BINARY_OPERATOR(+, add)
OGEE_BINARY_OPERATOR(-, sub)
OGEE_BINARY_OPERATOR(*, mul)
OGEE_BINARY_OPERATOR(/, div)
OGEE_BINARY_OPERATOR(%, remainder)
OGEE_BINARY_OPERATOR(==, eq)
OGEE_BINARY_OPERATOR(!=, ne)
OGEE_BINARY_OPERATOR(<, lt)
OGEE_BINARY_OPERATOR(<=, le)
OGEE_BINARY_OPERATOR(>, gt)
OGEE_BINARY_OPERATOR(>=, ge)
OGEE_BINARY_OPERATOR(&, bitwise_and)
OGEE_BINARY_OPERATOR(|, bitwise_or)
OGEE_BINARY_OPERATOR(^, bitwise_xor)
OGEE_BINARY_OPERATOR(<<, bitwise_left_shift)
OGEE_BINARY_OPERATOR(>>, bitwise_right_shift)
#undef OGEE_BINARY_OPERATOR

Tensor operator-(const Operand& a) {
  return unary(a, [](const Tensor& x, Loc loc) { return neg(x, loc); });
}
Tensor operator~(const Operand& a) {
  return unary(a, [](const Tensor& x, Loc loc) { return bitwise_not(x, loc); });
}

Tensor Tensor::operator!() const { return ogee::logical_not(*this, made_at()); }

#define OGEE_COMPOUND(symbol, method)                                                                                  \
  Tensor& Tensor::operator symbol(const Operand & other) {                                                             \
    if (other.size()) return method(size_tensor(other), other.loc());                                                  \
    return other.tensor() ? method(*other.tensor(), other.loc()) : method(other.scalar(), other.loc());                \
  }
OGEE_COMPOUND(+=, add_)
OGEE_COMPOUND(-=, sub_)
OGEE_COMPOUND(*=, mul_)
OGEE_COMPOUND(/=, div_)
OGEE_COMPOUND(%=, remainder_)
OGEE_COMPOUND(&=, bitwise_and_)
OGEE_COMPOUND(|=, bitwise_or_)
OGEE_COMPOUND(^=, bitwise_xor_)
OGEE_COMPOUND(<<=, bitwise_left_shift_)
OGEE_COMPOUND(>>=, bitwise_right_shift_)
#undef OGEE_COMPOUND

Tensor Tensor::operator[](const Index& index) const { return ogee::select(*this, 0, index.value(), index.loc()); }

void Tensor::operator=(const Operand& value) && {
  if (value.size())
    copy_(size_tensor(value), value.loc());
  else if (value.tensor())
    copy_(*value.tensor(), value.loc());
  else
    fill_(value.scalar(), value.loc());
}

Tensor& Tensor::copy_(const Tensor& source, Loc loc) { return assign(source, "copy_", loc); }

Tensor& Tensor::fill_(const Scalar& value, Loc loc) {
  detail::fill(*this, value, "fill_", loc);
  return *this;
}

Tensor& Tensor::assign(const Tensor& value, const char* op, Loc loc) {
  detail::assign(*this, value, op, loc);
  return *this;
}

} // namespace ogee
