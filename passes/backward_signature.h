// How a backward function meets the function that it belongs to. No MLIR: the front end calls by it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace ogee::passes {

/// What an argument of a backward function is.
struct BackwardInput {
  enum class Kind : uint8_t {
    argument,  ///< argument `index` of the function, a tensor
    index,     ///< argument `index` of the function, an index value
    size,      ///< the size of axis `axis` of argument `index`, a tensor that is not read itself
    result,    ///< result `index` of the forward function
    cotangent, ///< the cotangent of result `index`
  };
  Kind kind = Kind::argument;
  unsigned index = 0;
  unsigned axis = 0;
};

/// What becomes of one argument that is differentiated.
struct BackwardGradient {
  enum class Kind : uint8_t {
    zero,      ///< no result depends on the argument
    result,    ///< result `index` of the backward function
    cotangent, ///< the cotangent of result `index`, as it is
  };
  Kind kind = Kind::zero;
  unsigned index = 0;
};

struct BackwardSignature {
  std::vector<BackwardInput> inputs; ///< in the order of the backward function's arguments
  std::vector<BackwardGradient> gradients;
};

/// What the backward function may read besides arguments.
enum class Saved : uint8_t {
  results, ///< results of the function; all else is computed again: for operations that have run already
  chosen,  ///< what costs least: the forward function gives it as further results
};

} // namespace ogee::passes
