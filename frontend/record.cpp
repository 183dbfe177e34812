// OpCalls for the operations of the dialect.
#include "frontend/record.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/trace.h"
#include "ir/shapes.h"

namespace ogee::detail {

namespace {

std::vector<ValueId> read_all(std::span<const Tensor> operands, const char* op, Loc loc) {
  std::vector<ValueId> ids;
  for (const Tensor& operand : operands) ids.push_back(Trace::current()->read(operand, op, loc));
  return ids;
}

} // namespace

Tensor record_constant(const Scalar& value, DType dtype, Loc loc, Device device) {
  return Trace::current()->record(
      {"constant", {}, dtype, {}, {{"value", ConstantData{scalar_bytes(value, dtype), true}}}, {}, loc, {}, device});
}

Tensor record_size(const Dim& size, Loc loc) {
  if (size.is_number()) return record_constant(size.number(), DType::i64, loc);
  return Trace::current()->record({"from_index", {}, DType::i64, {}, {}, {}, loc, {size}});
}

Tensor record_pointwise(const char* mnemonic, std::span<const Tensor> operands, DType result, Loc loc,
                        std::vector<Attribute> attributes) {
  std::vector<ValueId> ids = read_all(operands, mnemonic, loc);
  return Trace::current()->record(
      {mnemonic, std::move(ids), result, operands[0].shape(loc), std::move(attributes), {}, loc});
}

Tensor record_convert(const Tensor& x, DType dtype, Loc loc) {
  return x.dtype(loc) == dtype ? x : record_pointwise("convert", {&x, 1}, dtype, loc);
}

Tensor record_reduction(const char* mnemonic, const Tensor& x, const std::vector<int64_t>& axes, DType result,
                        Loc loc) {
  const Shape shape = unwrap(ir::reductionShape(mnemonic, x.shape(loc), axes), loc);
  return Trace::current()->record(
      {mnemonic, {Trace::current()->read(x, mnemonic, loc)}, result, shape, {{"axes", axes}}, {}, loc});
}

Tensor record_creation(const char* mnemonic, std::span<const Tensor> operands, DType dtype, const Shape& shape,
                       Device device, Loc loc, std::vector<Attribute> attributes) {
  std::vector<ValueId> ids = read_all(operands, mnemonic, loc);
  return Trace::current()->record(
      {mnemonic, std::move(ids), dtype, shape, std::move(attributes), {{"staticSizes", shape}}, loc, {}, device});
}

Tensor record_compare(Comparison comparison, const Tensor& x, const Tensor& y, Loc loc) {
  const Tensor operands[] = {x, y};
  return record_pointwise("compare", operands, DType::boolean, loc, {{"comparison", static_cast<int32_t>(comparison)}});
}

} // namespace ogee::detail
