// What the tests of the interpreter share: running IR text, and comparing arrays by bits.
#pragma once

#include "tests/catch.h"
#include "tools/reference/array.h"

#include <limits>
#include <string>
#include <vector>

namespace ogee::reference {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// "tensor<2x3xf32>"
std::string typeOf(const Array& array);

/// The results of @main of a text of IR; the test fails when there are none.
std::vector<Array> run(const std::string& text, const std::vector<Array>& arguments);

/// The result of one op, written with its types; %0, %1 … are the arguments. Its type is the last one of the text.
Array evaluate(const std::string& op, const std::vector<Array>& arguments);

/// The result of a pointwise op whose text ends in the type of the last operand.
Array pointwise(const std::string& op, const std::vector<Array>& arguments);
/// The same for an op whose result is a tensor of bools.
Array predicate(const std::string& op, const std::vector<Array>& arguments);

/// The first diagnostic of a text that is parsed and run: "line:column: message". The test fails when there is none.
std::string errorOf(const std::string& text, const std::vector<Array>& arguments);

/// The same dtype, shape and bits; all NaNs are equal. The test fails, naming the elements, when they are not.
void checkEqual(const Array& actual, const Array& expected);

/// An array of rank 1.
template <class T>
Array vec(const std::vector<T>& elements) {
  return Array({int64_t(elements.size())}, elements);
}
inline Array floats(const std::vector<float>& elements) { return vec(elements); }
inline Array doubles(const std::vector<double>& elements) { return vec(elements); }
inline Array ints(const std::vector<int32_t>& elements) { return vec(elements); }
inline Array longs(const std::vector<int64_t>& elements) { return vec(elements); }
inline Array bools(const std::vector<bool>& elements) { return vec(elements); }
inline Array scalar(int64_t value) { return Array(Index{}, std::vector<int64_t>{value}); }

} // namespace ogee::reference
