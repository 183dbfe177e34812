// Copies that a GPU has a part in. Private to the front end.
#pragma once

#include "frontend/tensor_impl.h"

namespace ogee::detail {

/// Copies the elements of `from` to `to`, which has the same sizes and dtype and does not overlap it; not both are on
/// the CPU. What ends on the CPU is there on return.
void copy_through_devices(const TensorImpl& to, const TensorImpl& from, Loc loc);

} // namespace ogee::detail
