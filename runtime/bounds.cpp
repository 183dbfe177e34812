// Sizes of buffers and windows, without overflow.
#include "runtime/bounds.h"

#include "runtime/checked.h"

namespace ogee::runtime {
namespace {

/// The elements of a tensor from the one at its start to the last, or to the first and the last of all.
struct Extent {
  Checked low = 0, high = 0; ///< the outermost elements, counted from the start
  bool empty = false;

  void add(int64_t dim, Checked stride) {
    empty |= dim <= 0;
    const Checked far = Checked(dim) - 1;
    low = low + min(far * stride, 0);
    high = high + max(far * stride, 0);
  }
};

Checked dense_bytes(const std::vector<Slot>& dims, DType dtype, const int64_t* values) {
  Checked bytes = item_size(dtype);
  for (const Slot dim : dims) bytes = values[dim] < 0 ? Checked::invalid() : bytes * values[dim];
  return bytes;
}

Checked argument_bytes(const ArgSpec& arg, const int64_t* values) {
  if (arg.strides.empty()) return dense_bytes(arg.dims, arg.dtype, values);
  Extent extent;
  for (size_t axis = 0; axis < arg.dims.size(); ++axis) extent.add(values[arg.dims[axis]], values[arg.strides[axis]]);
  return extent.empty ? Checked(0) : (extent.high + 1) * item_size(arg.dtype);
}

} // namespace

int64_t buffer_bytes(const Program& program, const Buffer& buffer, const int64_t* values) noexcept {
  Checked bytes = 0;
  switch (buffer.kind) {
  case Buffer::Kind::argument: bytes = argument_bytes(program.args[buffer.index], values); break;
  case Buffer::Kind::result: {
    const ResultSpec& result = program.results[buffer.index];
    bytes = dense_bytes(result.dims, result.dtype, values);
    break;
  }
  case Buffer::Kind::constant: bytes = program.constants[buffer.index].size(); break;
  case Buffer::Kind::arena: bytes = values[buffer.bytes]; break;
  }
  return bytes.valid() ? bytes.value() : 0;
}

bool lies_within(const Window& window, int64_t bytes, const int64_t* values) noexcept {
  Extent extent;
  for (size_t axis = 0; axis < window.dims.size(); ++axis)
    extent.add(values[window.dims[axis]], values[window.strides[axis]]);
  if (extent.empty) return true;
  const int64_t item = static_cast<int64_t>(item_size(window.dtype));
  const Checked from = (extent.low + values[window.offset]) * item, count = (extent.high - extent.low + 1) * item;
  return from.valid() && count.valid() && lies_within(from.value(), count.value(), bytes);
}

} // namespace ogee::runtime
