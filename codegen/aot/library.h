// What an object file offers, as data: entries with their arguments, the state they share, the memory they need. The
// header, the C++ header, the manifest and the golden file are written from it.
#pragma once

#include "runtime/program.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ogee::codegen::aot {

/// A size in C: a number, or an expression of the entry's dims.
struct Extent {
  std::string text;
  int64_t most = 0; ///< over the ranges of the dims
  bool isNumber() const { return text.find_first_not_of("0123456789") == std::string::npos; }
};

/// A tensor argument of an entry: what it reads, what it gives, or both.
struct Tensor {
  enum class Use { input, output, inOut };
  std::string name, identifier; ///< as the user has it, and as C has it
  runtime::DType dtype = runtime::DType::f32;
  Use use = Use::input;
  std::vector<Extent> dims;
};

/// A size that each call gives, and its range.
struct DimArgument {
  std::string name, identifier;
  int64_t lo = 0, hi = 0;
};

/// What must hold between dims: a C condition, and what is said where it does not.
struct SizeCondition {
  std::string condition, message;
};

struct Entry {
  std::string name;
  std::vector<DimArgument> dims;
  std::vector<Tensor> tensors; ///< inputs first
  std::vector<SizeCondition> conditions;
  std::vector<std::string> checks; ///< texts of the program's own checks
  bool writesState = false;
  double flop = 0, bytes = 0; ///< of a call with the largest dims
};

/// A tensor of the state: shared by all entries that use one of this name.
struct StateTensor {
  std::string name;
  runtime::DType dtype = runtime::DType::f32;
  runtime::Role role = runtime::Role::captured;
  std::vector<int64_t> dims;
  uint64_t offset = 0, bytes = 0;
};

/// Code for one CPU.
struct Variant {
  std::string name, identifier; ///< "x86-64-v3", "x86_64_v3"
  std::string triple, cpu, features;
  std::vector<uint8_t> object;
  std::vector<std::string> undefined; ///< symbols that the object needs, sorted
  uint64_t codeBytes = 0;             ///< of its executable sections
  std::string assembly;               ///< where asked for
  std::string report;                 ///< kernels, their sizes and launches, as text
};

struct Library {
  std::string name;
  std::vector<Entry> entries;
  std::vector<StateTensor> state; ///< captured tensors by name, then those of optimizers, then the generator's
  uint64_t stateBytes = 0;
  uint64_t arenaBytes = 0;       ///< of the workspace, once
  uint64_t scratchBytes = 0;     ///< of the workspace, for each worker
  bool embedded = false;         ///< the object holds the state's first elements
  std::vector<Variant> variants; ///< the most demanding one first
  uint32_t abi = 0;              ///< of header and object: differs where they do not fit
};

inline constexpr uint64_t kAlignment = 64; ///< of state, workspace and the tensors in them

} // namespace ogee::codegen::aot
