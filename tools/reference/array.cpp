// Tensors of the interpreter: storage and the walk over indices.
#include "tools/reference/array.h"

namespace ogee::reference {

Array::Array(DType dtype, Index shape) : dtype(dtype), shape(std::move(shape)) {
  bytes.resize(size_t(numel()) * runtime::item_size(dtype));
}

int64_t Array::numel() const {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  return count;
}

std::string toString(const Index& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

int64_t offsetOf(const Index& index, const Index& shape) {
  int64_t offset = 0;
  for (size_t i = 0; i < shape.size(); ++i) offset = offset * shape[i] + index[i];
  return offset;
}

void forEachIndex(const Index& shape, const std::function<void(const Index&)>& f) {
  for (int64_t size : shape)
    if (size == 0) return;
  Index index(shape.size(), 0);
  while (true) {
    f(index);
    size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

} // namespace ogee::reference
