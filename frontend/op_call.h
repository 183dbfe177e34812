// One operation of the dialect, as the front end hands it to a graph under construction.
#pragma once

#include "frontend/scope.h"
#include "frontend/tensor.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ogee::detail {

/// A value of a graph under construction.
using ValueId = uint32_t;

/// Elements of a constant: dense row-major, one value for all when `splat`.
struct ConstantData {
  std::vector<std::byte> bytes;
  bool splat = false;
};

struct Attribute {
  const char* name;
  /// `int32_t` is the case of an enumeration.
  std::variant<int64_t, std::vector<int64_t>, int32_t, ConstantData> value;
};

/// A list of sizes that may be symbolic: `static_name` is the attribute that holds its numbers.
struct Mixed {
  const char* static_name;
  Shape values;
};

struct OpCall {
  const char* name; ///< mnemonic in the dialect: "add"
  std::vector<ValueId> operands;
  DType dtype = DType::f32; ///< of the result
  Shape shape;              ///< of the result
  std::vector<Attribute> attributes;
  std::vector<Mixed> mixed;
  Loc loc;
  std::vector<Dim> indices{};     ///< operands that are index values, after the tensors
  std::optional<Device> device{}; ///< of the result, where it does not follow from the operands
};

} // namespace ogee::detail
