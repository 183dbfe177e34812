// cuBLASLt, the library of products: opened at the first use, through declarations of our own. A struct of function
// pointers by the names that the library has them under; what they mean is NVIDIA's "cuBLAS Library" documentation.
#pragma once

#include "runtime/cuda/driver.h"

namespace ogee::runtime::cuda {

using LtHandle = struct LtHandle_*;
using LtDescription = struct LtDescription_*;
using LtLayout = struct LtLayout_*;
using LtPreference = struct LtPreference_*;

/// An algorithm, opaque: of one version of the library, for one kind of device.
struct LtAlgorithm {
  uint64_t data[8] = {};
};

/// What the library answers when it is asked for algorithms.
struct LtHeuristic {
  LtAlgorithm algorithm;
  size_t workspace = 0;
  int status = 0;
  float waves = 0;
  int reserved[4] = {};
};
static_assert(sizeof(LtHeuristic) == 96);

/// X(result, name, parameters); those that give a status give 0 where they succeed.
#define OGEE_CUBLASLT(X)                                                                                               \
  X(size_t, cublasLtGetVersion, (void))                                                                                \
  X(const char*, cublasLtGetStatusString, (int status))                                                                \
  X(int, cublasLtCreate, (LtHandle * handle))                                                                          \
  X(int, cublasLtDestroy, (LtHandle handle))                                                                           \
  X(int, cublasLtMatmulDescCreate, (LtDescription * description, int compute, int scale_type))                         \
  X(int, cublasLtMatmulDescDestroy, (LtDescription description))                                                       \
  X(int, cublasLtMatmulDescSetAttribute, (LtDescription description, int attribute, const void* value, size_t bytes))  \
  X(int, cublasLtMatrixLayoutCreate, (LtLayout * layout, int type, uint64_t rows, uint64_t columns, int64_t ld))       \
  X(int, cublasLtMatrixLayoutDestroy, (LtLayout layout))                                                               \
  X(int, cublasLtMatrixLayoutSetAttribute, (LtLayout layout, int attribute, const void* value, size_t bytes))          \
  X(int, cublasLtMatmulPreferenceCreate, (LtPreference * preference))                                                  \
  X(int, cublasLtMatmulPreferenceDestroy, (LtPreference preference))                                                   \
  X(int, cublasLtMatmulPreferenceSetAttribute,                                                                         \
    (LtPreference preference, int attribute, const void* value, size_t bytes))                                         \
  X(int, cublasLtMatmulAlgoGetHeuristic,                                                                               \
    (LtHandle handle, LtDescription description, LtLayout a, LtLayout b, LtLayout c, LtLayout d,                       \
     LtPreference preference, int asked, LtHeuristic* results, int* found))                                            \
  X(int, cublasLtMatmulAlgoCheck,                                                                                      \
    (LtHandle handle, LtDescription description, LtLayout a, LtLayout b, LtLayout c, LtLayout d,                       \
     const LtAlgorithm* algorithm, LtHeuristic* result))                                                               \
  X(int, cublasLtMatmul,                                                                                               \
    (LtHandle handle, LtDescription description, const void* alpha, const void* a, LtLayout a_layout, const void* b,   \
     LtLayout b_layout, const void* beta, const void* c, LtLayout c_layout, void* d, LtLayout d_layout,                \
     const LtAlgorithm* algorithm, void* workspace, size_t workspace_bytes, StreamHandle stream))

enum LtType : int { kLtF32 = 0, kLtF64 = 1 };
enum LtCompute : int { kLtF32Pedantic = 69, kLtF64Pedantic = 71, kLtF32AsTF32 = 77 };
enum LtDescriptionAttribute : int { kLtTransposeA = 3, kLtTransposeB = 4, kLtEpilogue = 7, kLtBias = 8 };
enum LtLayoutAttribute : int { kLtBatchCount = 5, kLtBatchStride = 6 };
enum LtPreferenceAttribute : int { kLtMostWorkspace = 1, kLtAlignmentA = 5 }; ///< of B, C, D: the ones after it
enum LtEpilogue : uint32_t {
  kLtPlain = 1,
  kLtRelu = 2,
  kLtBiasOnly = 4,
  kLtReluBias = 6,
  kLtGelu = 32,
  kLtGeluBias = 36
};

struct CublasLt {
#define OGEE_DECLARE(result, name, parameters) result(*name) parameters = nullptr;
  OGEE_CUBLASLT(OGEE_DECLARE)
#undef OGEE_DECLARE

  size_t version = 0; ///< 130000
  std::string path;   ///< the file

  /// The library of this process, looked for at the first call: the same answer ever after. A Failure (unsupported)
  /// names what is missing.
  static const Result<CublasLt>& get();
  /// The same, anew, with the extra folder ("": none) given.
  static Result<CublasLt> open(const std::string& folder);

  std::string describe(int status) const;
};

} // namespace ogee::runtime::cuda
