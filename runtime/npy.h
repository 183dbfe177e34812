// NumPy's files: one array (.npy), or many by name (.npz: a zip file, stored or deflated).
#pragma once

#include "runtime/dtype.h"
#include "runtime/storage.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ogee::runtime {

/// A dense row-major array.
struct HostArray {
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  StorageRef storage;
};

/// A dense row-major array of someone else.
struct HostView {
  DType dtype = DType::f32;
  std::span<const int64_t> shape;
  const void* data = nullptr;
};

using NamedArrays = std::vector<std::pair<std::string, HostArray>>;

// All of these raise Errors (io, corrupt, unsupported) that begin with the function and the path: `load_npy: x.npy:
// truncated: needs 4096 bytes, has 100`. Files in Fortran order and of the other byte order are converted. bf16 has no
// form in NumPy: saving it is an Error.

HostArray load_npy(const std::string& path);
void save_npy(const std::string& path, const HostView& array);

/// In the order of the file; names without `.npy`.
NamedArrays load_npz(const std::string& path);
/// The bytes of such a file, the same for the same arrays.
std::vector<uint8_t> encode_npz(std::span<const std::pair<std::string, HostView>> arrays, bool compress = false);
void save_npz(const std::string& path, std::span<const std::pair<std::string, HostView>> arrays, bool compress = false);

} // namespace ogee::runtime
