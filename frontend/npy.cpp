// NumPy's files as tensors.
#include "runtime/npy.h"

#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"

namespace ogee {

using namespace detail;

namespace {

runtime::HostView host_view(const Tensor& x, const char* op, Loc loc) {
  const TensorImpl& impl = checked_data(x, op, loc);
  return {impl.dtype, impl.sizes, impl.data()};
}

Tensor from_host(const runtime::HostArray& array) {
  return make_strided(array.storage, 0, array.shape, runtime::row_major_strides(array.shape), array.dtype);
}

/// A file's tensors are no values of a trace, and nobody would hold them after it.
void check_not_tracing(const char* op, Loc loc) {
  if (Trace::current())
    fail_with(ErrorCode::state, runtime::concat(op, ": not inside a compiled function; hint: load before, and capture"),
              loc);
}

} // namespace

void save_npy(const std::string& path, const Tensor& x, Loc loc) {
  checked(x, "save_npy", loc);
  const Tensor dense = on_host(x, loc).contiguous(loc);
  with_place(loc, [&] { runtime::save_npy(path, host_view(dense, "save_npy", loc)); });
}

Tensor load_npy(const std::string& path, Loc loc) {
  check_not_tracing("load_npy", loc);
  return with_place(loc, [&] { return from_host(runtime::load_npy(path)); });
}

void savez(const std::string& path, const std::map<std::string, Tensor>& tensors, Loc loc) {
  std::vector<Tensor> dense; // keeps the memory of the views alive
  std::vector<std::pair<std::string, runtime::HostView>> arrays;
  for (const auto& [name, tensor] : tensors) {
    checked(tensor, "savez", loc);
    dense.push_back(on_host(tensor, loc).contiguous(loc));
    arrays.emplace_back(name, host_view(dense.back(), "savez", loc));
  }
  with_place(loc, [&] { runtime::save_npz(path, arrays); });
}

std::map<std::string, Tensor> load_npz(const std::string& path, Loc loc) {
  check_not_tracing("load_npz", loc);
  return with_place(loc, [&] {
    std::map<std::string, Tensor> tensors;
    for (const auto& [name, array] : runtime::load_npz(path)) tensors.emplace(name, from_host(array));
    return tensors;
  });
}

} // namespace ogee
