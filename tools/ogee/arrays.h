// Arrays of the tools: made, found, compared, described.
#pragma once

#include "runtime/npy.h"

#include <span>
#include <string>
#include <vector>

namespace ogee::tools {

using runtime::HostArray;

/// Uninitialised.
HostArray allocate(runtime::DType dtype, std::span<const int64_t> shape, runtime::Device device = {});
/// The same array on another device.
HostArray copyTo(runtime::Device device, const HostArray& array);
/// Seeded: floats from [-1, 1), integers from [0, 8), bools.
HostArray randomArray(runtime::DType dtype, std::span<const int64_t> shape, uint64_t seed);

int64_t numel(const HostArray& array);

/// The array of that name, or null.
const HostArray* find(const runtime::NamedArrays& arrays, const std::string& name);

/// An element is right when it is within `relative` * |expected| + `absolute` of what is expected; other dtypes than
/// floats have to be equal, and so have infinities. NaN equals NaN.
struct Tolerance {
  double relative = 1e-4;
  double absolute = 1e-5;
};

/// How two arrays differ in one line, "" when they do not.
std::string difference(const HostArray& actual, const HostArray& expected, const Tolerance& tolerance);

/// "f32 [32, 784]".
std::string describe(const HostArray& array);

} // namespace ogee::tools
