// The C header and the C++ header of a library.
#pragma once

#include "codegen/aot/library.h"

#include <string>
#include <string_view>

namespace ogee::codegen::aot {

/// C99, C++11 and later: what is fixed (calls.h.in, weights.h.in), and the tables and functions of this library.
std::string cHeader(const Library& library);
/// C++20: the same with spans and references, on top of the C header.
std::string cppHeader(const Library& library);

/// Whether the fixed part of the C header gives `name_<entry>` to something else.
bool isTaken(std::string_view entry);

/// The state of a library as a safetensors file begins: the header, padded to a multiple of 8 bytes.
std::string weightsHeader(const Library& library);
/// What it says of a tensor whose elements begin `at` bytes after the header.
std::string weightEntry(const StateTensor& tensor, uint64_t at);

/// "float" for f32: the type of an element in C.
std::string_view cTypeOf(runtime::DType dtype);
/// "f32 [batch, 784]".
std::string describe(const Tensor& tensor);

} // namespace ogee::codegen::aot
