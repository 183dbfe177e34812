// How scalar bodies are spelled in CUDA C++: types, literals, and the one table from ops to expressions.
//
// Integers are unsigned whatever they stand for, so that all arithmetic wraps; where an op is signed its operands are
// converted. Floats are added, multiplied and divided as they stand: text is compiled without contraction, and an FMA
// is written where an op says so.
#pragma once

#include "codegen/cuda/text.h"

#include "mlir/IR/Block.h"
#include "mlir/IR/BuiltinAttributes.h"

#include "llvm/ADT/DenseMap.h"

namespace ogee::codegen::cuda {

/// The type of a value: f32, f64, u8, u32, u64, bool.
std::string typeName(mlir::Type type);
/// The type of an element in memory: bools are bytes.
std::string storageName(mlir::Type element);
unsigned storageBytes(mlir::Type element);

/// A number that stands for itself; floats by their bits where decimals would not do (hexadecimal, NaN, infinity).
std::string literal(mlir::TypedAttr number);
/// The zero of a type.
std::string zero(mlir::Type type);

using Names = llvm::DenseMap<mlir::Value, std::string>;

/// Writes the lines of a scalar body that stands in `block` (arith, math and scf ops); `names` knows what comes from
/// outside, and all of the block's values afterwards. An op without a spelling is a diagnostic at the op.
llvm::LogicalResult spell(mlir::Block& block, Names& names, Text& text);

/// What every program begins with: the types and the functions that spellings use. Nothing else is included or
/// declared.
llvm::StringRef prelude();

} // namespace ogee::codegen::cuda
