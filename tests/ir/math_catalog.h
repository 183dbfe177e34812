// Every function of ir/math.h and ir/philox.h on every element type, by name: what the tests of targets and widths
// walk.
#pragma once

#include "tests/ir/math_jit.h"

#include <string>
#include <vector>

namespace ogee::ir::tests {

struct CatalogEntry {
  std::string name;
  Lanes lanes;
  Body body;
  /// Functions of the C library that it may call.
  std::vector<std::string> calls;
};

const std::vector<CatalogEntry>& catalog();

/// A body of one function.
Body unary(Value (*function)(Builder&, Value));
Body binary(Value (*function)(Builder&, Value, Value));

/// Bytes of one element in memory.
size_t byteSize(Lane lane);

/// The results for n elements whose arguments are special values and random bits; every NaN has the same bits.
std::vector<uint64_t> runOnMixedInputs(const CatalogEntry& entry, const JitOptions& options, size_t n);

} // namespace ogee::ir::tests
