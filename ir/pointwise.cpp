// Pointwise ops: their shape rules and scalar bodies. Folds and canonicalisation are in pointwise_fold.cpp.
#include "ir/dialect.h"
#include "ir/math.h"
#include "ir/math_expr.h"
#include "ir/rule.h"

#include <numbers>

namespace ogee::ir {

using namespace mlir;
using math::Expr;

Result<Shape> pointwiseShape(std::string_view op, std::span<const Dims> operands, Requirements* requirements) {
  const Rule rule(op, requirements);
  Shape result(operands.front());
  for (Dims operand : operands.subspan(1)) {
    auto message = [&] { return runtime::concat("shapes differ: ", text(operands.front()), " and ", text(operand)); };
    if (operand.size() != result.size()) return rule.fail(message());
    for (size_t i = 0; i < result.size(); ++i) {
      if (Status status = rule.equal(result[i], operand[i], message); !status) return status.failure();
      if (operand[i].is_number()) result[i] = operand[i];
    }
  }
  return result;
}

Result<Shape> broadcastTogether(std::string_view op, Dims lhs, Dims rhs, Requirements* requirements) {
  const Rule rule(op, requirements);
  auto message = [&] { return runtime::concat("shapes do not broadcast: ", text(lhs), " and ", text(rhs)); };
  const size_t rank = std::max(lhs.size(), rhs.size());
  Shape result(rank, 1);
  for (size_t fromEnd = 1; fromEnd <= rank; ++fromEnd) {
    Dim& dim = result[rank - fromEnd];
    for (Dims side : {lhs, rhs}) {
      if (fromEnd > side.size()) continue;
      const Dim& other = side[side.size() - fromEnd];
      if (same(other, 1)) continue;
      if (!same(dim, 1))
        if (Status status = rule.equal(dim, other, message); !status) return status.failure();
      if (same(dim, 1) || other.is_number()) dim = other;
    }
  }
  return result;
}

void ConvertOp::build(OpBuilder& builder, OperationState& state, Value operand, Type element) {
  build(builder, state, cast<RankedTensorType>(operand.getType()).clone(element), operand);
}

void BitcastConvertOp::build(OpBuilder& builder, OperationState& state, Value operand, Type element) {
  build(builder, state, cast<RankedTensorType>(operand.getType()).clone(element), operand);
}

// --- scalar bodies, and under each its gradient
// ---------------------------------------------------------------------------------------------------

namespace {

/// The only, the first, the second operand's element.
Expr x(ScalarBody& body) { return {body.b, body.args[0]}; }
Expr y(ScalarBody& body) { return {body.b, body.args[1]}; }

/// Gives `operand` the cotangent where its value `mine` is above `other`, half of it where they are equal.
void giveLarger(Vjp& v, unsigned operand, const Term& mine, const Term& other) {
  if (v.wants(operand)) v.give(operand, where(mine < other, 0, where(mine == other, v.dy() * 0.5, v.dy())));
}

/// The predicate of arith that an ordered, signed comparison is; bools are compared as unsigned.
template <class Predicate>
Predicate pick(Comparison comparison, std::array<Predicate, 6> predicates) {
  return predicates[static_cast<unsigned>(comparison)];
}

} // namespace

Value AbsOp::buildScalarBody(ScalarBody& body) { return math::abs(body.b, x(body)); }
void AbsOp::buildVjp(Vjp& v) { v.give(0, v.dy() * apply<SignOp>(v.x())); }
Value NegOp::buildScalarBody(ScalarBody& body) { return -x(body); }
void NegOp::buildVjp(Vjp& v) { v.give(0, -v.dy()); }
Value SignOp::buildScalarBody(ScalarBody& body) { return math::sign(body.b, x(body)); }
void SignOp::buildVjp(Vjp&) {} // flat
Value ExpOp::buildScalarBody(ScalarBody& body) { return math::exp(body.b, x(body)); }
void ExpOp::buildVjp(Vjp& v) { v.give(0, v.dy() * v.y()); }
Value Expm1Op::buildScalarBody(ScalarBody& body) { return math::expm1(body.b, x(body)); }
void Expm1Op::buildVjp(Vjp& v) { v.give(0, v.dy() * (v.y() + 1)); }
Value LogOp::buildScalarBody(ScalarBody& body) { return math::log(body.b, x(body)); }
void LogOp::buildVjp(Vjp& v) { v.give(0, v.dy() / v.x()); }
Value Log2Op::buildScalarBody(ScalarBody& body) { return math::log2(body.b, x(body)); }
void Log2Op::buildVjp(Vjp& v) { v.give(0, v.dy() / (v.x() * std::numbers::ln2)); }
Value Log10Op::buildScalarBody(ScalarBody& body) { return math::log10(body.b, x(body)); }
void Log10Op::buildVjp(Vjp& v) { v.give(0, v.dy() / (v.x() * std::numbers::ln10)); }
Value Log1pOp::buildScalarBody(ScalarBody& body) { return math::log1p(body.b, x(body)); }
void Log1pOp::buildVjp(Vjp& v) { v.give(0, v.dy() / (v.x() + 1)); }
Value SqrtOp::buildScalarBody(ScalarBody& body) { return math::sqrt(body.b, x(body)); }
void SqrtOp::buildVjp(Vjp& v) { v.give(0, v.dy() * 0.5 / v.y()); }
Value RsqrtOp::buildScalarBody(ScalarBody& body) { return math::rsqrt(body.b, x(body)); }
void RsqrtOp::buildVjp(Vjp& v) { v.give(0, v.dy() * v.y() / v.x() * -0.5); }
Value CbrtOp::buildScalarBody(ScalarBody& body) { return math::cbrt(body.b, x(body)); }
void CbrtOp::buildVjp(Vjp& v) { v.give(0, v.dy() / (v.y() * v.y() * 3)); }
Value SinOp::buildScalarBody(ScalarBody& body) { return math::sin(body.b, x(body)); }
void SinOp::buildVjp(Vjp& v) { v.give(0, v.dy() * apply<CosOp>(v.x())); }
Value CosOp::buildScalarBody(ScalarBody& body) { return math::cos(body.b, x(body)); }
void CosOp::buildVjp(Vjp& v) { v.give(0, -(v.dy() * apply<SinOp>(v.x()))); }
Value TanOp::buildScalarBody(ScalarBody& body) { return math::tan(body.b, x(body)); }
void TanOp::buildVjp(Vjp& v) { v.give(0, v.dy() * (v.y() * v.y() + 1)); }
Value TanhOp::buildScalarBody(ScalarBody& body) { return math::tanh(body.b, x(body)); }
void TanhOp::buildVjp(Vjp& v) { v.give(0, v.dy() * (1 - v.y() * v.y())); }
Value LogisticOp::buildScalarBody(ScalarBody& body) { return math::logistic(body.b, x(body)); }
void LogisticOp::buildVjp(Vjp& v) { v.give(0, v.dy() * (v.y() * (1 - v.y()))); }
Value ErfOp::buildScalarBody(ScalarBody& body) { return math::erf(body.b, x(body)); }
void ErfOp::buildVjp(Vjp& v) { v.give(0, v.dy() * (apply<ExpOp>(-(v.x() * v.x())) * (2 * std::numbers::inv_sqrtpi))); }
Value FloorOp::buildScalarBody(ScalarBody& body) { return math::floor(body.b, x(body)); }
void FloorOp::buildVjp(Vjp&) {} // flat
Value CeilOp::buildScalarBody(ScalarBody& body) { return math::ceil(body.b, x(body)); }
void CeilOp::buildVjp(Vjp&) {} // flat
Value TruncOp::buildScalarBody(ScalarBody& body) { return math::trunc(body.b, x(body)); }
void TruncOp::buildVjp(Vjp&) {} // flat
Value RoundNearestEvenOp::buildScalarBody(ScalarBody& body) { return math::roundEven(body.b, x(body)); }
void RoundNearestEvenOp::buildVjp(Vjp&) {} // flat
Value RoundNearestAfzOp::buildScalarBody(ScalarBody& body) { return math::roundAfz(body.b, x(body)); }
void RoundNearestAfzOp::buildVjp(Vjp&) {} // flat
Value NotOp::buildScalarBody(ScalarBody& body) { return x(body) ^ -1; }
Value PopcntOp::buildScalarBody(ScalarBody& body) { return math::popcnt(body.b, x(body)); }
Value ClzOp::buildScalarBody(ScalarBody& body) { return math::clz(body.b, x(body)); }
Value IsFiniteOp::buildScalarBody(ScalarBody& body) { return math::isFinite(body.b, x(body)); }

Value ConvertOp::buildScalarBody(ScalarBody& body) {
  auto signedness = [](Type element) {
    return element.isUnsignedInteger() ? math::Signedness::isUnsigned : math::Signedness::isSigned;
  };
  const Type from = elementOf(getOperand()), to = elementOf(getResult());
  return math::convert(body.b, x(body), to, signedness(from), signedness(to));
}
void ConvertOp::buildVjp(Vjp& v) { v.give(0, v.b.create<ConvertOp>(v.dy().value(), elementOf(getOperand()))); }

Value BitcastConvertOp::buildScalarBody(ScalarBody& body) {
  const Type to = body.like(elementOf(getResult()));
  return body.args[0].getType() == to ? body.args[0] : body.b.create<arith::BitcastOp>(to, body.args[0]).getResult();
}

Value AddOp::buildScalarBody(ScalarBody& body) { return x(body) + y(body); }
void AddOp::buildVjp(Vjp& v) {
  v.give(0, v.dy());
  v.give(1, v.dy());
}

Value SubOp::buildScalarBody(ScalarBody& body) { return x(body) - y(body); }
void SubOp::buildVjp(Vjp& v) {
  v.give(0, v.dy());
  if (v.wants(1)) v.give(1, -v.dy());
}

Value MulOp::buildScalarBody(ScalarBody& body) { return x(body) * y(body); }
void MulOp::buildVjp(Vjp& v) {
  if (v.wants(0)) v.give(0, v.dy() * v.x(1));
  if (v.wants(1)) v.give(1, v.dy() * v.x(0));
}

Value DivOp::buildScalarBody(ScalarBody& body) { return math::div(body.b, x(body), y(body)); }
void DivOp::buildVjp(Vjp& v) {
  const Term part = v.dy() / v.x(1);
  v.give(0, part);
  if (v.wants(1)) v.give(1, -(part * v.y()));
}

Value RemOp::buildScalarBody(ScalarBody& body) { return math::rem(body.b, x(body), y(body)); }
void RemOp::buildVjp(Vjp& v) {
  v.give(0, v.dy());
  if (v.wants(1)) v.give(1, -(v.dy() * apply<TruncOp>(v.x(0) / v.x(1))));
}

Value PowOp::buildScalarBody(ScalarBody& body) { return math::pow(body.b, x(body), y(body)); }
void PowOp::buildVjp(Vjp& v) { // what is not chosen is made finite, as far as that goes
  const Term base = v.x(0), exponent = v.x(1);
  if (v.wants(0)) { // x^0 is 1 for every x; its derivative as y / x has the derivative 1 / x in y
    const Term constant = exponent == 0, flat = exponent / where(base == 0, 1, base);
    const Term slope = exponent * apply<PowOp>(where(constant, 1, base), exponent - 1);
    v.give(0, v.dy() * where(constant, flat, slope));
  }
  if (v.wants(1)) { // 0^y is 0 for every y above 0
    const Term constant = (base == 0) & (0 <= exponent);
    v.give(1, v.dy() * (v.y() * apply<LogOp>(where(constant, 1, base))));
  }
}

Value Atan2Op::buildScalarBody(ScalarBody& body) { return math::atan2(body.b, x(body), y(body)); }
void Atan2Op::buildVjp(Vjp& v) {
  const Term part = v.dy() / (v.x(0) * v.x(0) + v.x(1) * v.x(1));
  if (v.wants(0)) v.give(0, part * v.x(1));
  if (v.wants(1)) v.give(1, -(part * v.x(0)));
}

Value MaxOp::buildScalarBody(ScalarBody& body) { return math::max(body.b, x(body), y(body)); }
void MaxOp::buildVjp(Vjp& v) {
  giveLarger(v, 0, v.x(0), v.x(1));
  giveLarger(v, 1, v.x(1), v.x(0));
}

Value MinOp::buildScalarBody(ScalarBody& body) { return math::min(body.b, x(body), y(body)); }
void MinOp::buildVjp(Vjp& v) {
  giveLarger(v, 0, -v.x(0), -v.x(1));
  giveLarger(v, 1, -v.x(1), -v.x(0));
}

Value AndOp::buildScalarBody(ScalarBody& body) { return x(body) & y(body); }
Value OrOp::buildScalarBody(ScalarBody& body) { return x(body) | y(body); }
Value XorOp::buildScalarBody(ScalarBody& body) { return x(body) ^ y(body); }
Value ShlOp::buildScalarBody(ScalarBody& body) { return math::shl(body.b, x(body), y(body)); }
Value ShrArithOp::buildScalarBody(ScalarBody& body) { return math::shrArith(body.b, x(body), y(body)); }
Value ShrLogicOp::buildScalarBody(ScalarBody& body) { return math::shrLogic(body.b, x(body), y(body)); }

Value CompareOp::buildScalarBody(ScalarBody& body) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  const Value lhs = body.args[0], rhs = body.args[1];
  const Type element = elementOf(getLhs());
  if (isa<FloatType>(element))
    return body.b.create<arith::CmpFOp>(pick<F>(getComparison(), {F::OEQ, F::UNE, F::OLT, F::OLE, F::OGT, F::OGE}), lhs,
                                        rhs);
  const bool isUnsigned = element.isInteger(1) || element.isUnsignedInteger();
  const I predicate = isUnsigned ? pick<I>(getComparison(), {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge})
                                 : pick<I>(getComparison(), {I::eq, I::ne, I::slt, I::sle, I::sgt, I::sge});
  return body.b.create<arith::CmpIOp>(predicate, lhs, rhs);
}

Value SelectOp::buildScalarBody(ScalarBody& body) {
  return body.b.create<arith::SelectOp>(body.args[0], body.args[1], body.args[2]);
}
void SelectOp::buildVjp(Vjp& v) {
  if (v.wants(1)) v.give(1, where(v.x(0), v.dy(), 0));
  if (v.wants(2)) v.give(2, where(v.x(0), 0, v.dy()));
}

Value ClampOp::buildScalarBody(ScalarBody& body) {
  const Value raised = math::max(body.b, body.args[1], body.args[0]);
  return math::min(body.b, raised, body.args[2]);
}
void ClampOp::buildVjp(Vjp& v) {
  const Term lo = v.x(0), x = v.x(1), hi = v.x(2);
  // One of them gets the cotangent, x where it is equal to a limit.
  if (v.wants(0)) v.give(0, where((x < lo) & (lo <= hi), v.dy(), 0));
  if (v.wants(1)) v.give(1, where((lo <= x) & (x <= hi), v.dy(), 0));
  if (v.wants(2)) v.give(2, where(hi < apply<MaxOp>(x, lo), v.dy(), 0));
}

} // namespace ogee::ir
