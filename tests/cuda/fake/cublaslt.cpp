// libcublasLt.so.13 of the fake machine: one ascending chain of FMAs per element, as ogee's own kernels have it, then
// the epilogue. In the environment: OGEE_FAKE_CUBLASLT_REFUSE, a comma-separated list of `relu`, `bias`, `gelu`, `f64`,
// `batch`, `all` for which no algorithm is proposed; OGEE_FAKE_CUBLASLT_RELU=drops_nan.
#include "runtime/cuda/cublaslt.h"

#include "tests/cuda/fake/work.h"

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace ogee::runtime::cuda {

struct LtHandle_ {};
struct LtDescription_ {
  int compute = 0, type = 0;
  int32_t transpose_a = 0, transpose_b = 0;
  uint32_t epilogue = kLtPlain;
  const void* bias = nullptr;
};
struct LtLayout_ {
  int type = 0;
  int64_t rows = 0, columns = 0, ld = 0, batch_stride = 0;
  int32_t batch = 1;
  int64_t elements() const {
    return rows && columns && batch ? (batch - 1) * batch_stride + (columns - 1) * ld + rows : 0;
  }
};
struct LtPreference_ {
  uint64_t workspace = 0;
  uint32_t alignment[4] = {256, 256, 256, 256};
};

} // namespace ogee::runtime::cuda

namespace ogee::fake {
namespace {

using namespace ogee::runtime::cuda;

constexpr int kOk = 0, kInvalid = 7, kUnsupported = 15;

[[noreturn]] void violation(const char* what) {
  std::fprintf(stderr, "fake cuBLASLt: %s\n", what);
  std::abort();
}

bool refuses(const char* what) {
  const char* const list = std::getenv("OGEE_FAKE_CUBLASLT_REFUSE");
  return list && ("," + std::string(list) + ",").find("," + std::string(what) + ",") != std::string::npos;
}

bool drops_nan() {
  const char* const value = std::getenv("OGEE_FAKE_CUBLASLT_RELU");
  return value && std::string(value) == "drops_nan";
}

/// A multiplication that waits for its turn.
struct Work {
  LtDescription_ description;
  LtLayout_ a, b, c, d;
  double alpha = 1, beta = 0;
  bool reads_bias = false, reads_c = false, drops_nan = false;
};

template <class T>
T finished(T x, uint32_t epilogue, bool drops) {
  if (epilogue & kLtRelu) return x <= 0 || (drops && std::isnan(x)) ? T(0) : x;
  if (epilogue & kLtGelu) return T(0.5) * x * (T(1) + std::tanh(T(0.7978845608028654) * (x + T(0.044715) * x * x * x)));
  return x;
}

template <class T>
void multiply(const Work& work, char* const* memory) {
  const auto* const a = reinterpret_cast<const T*>(memory[0]);
  const auto* const b = reinterpret_cast<const T*>(memory[1]);
  auto* const d = reinterpret_cast<T*>(memory[2]);
  unsigned next = 3;
  const auto* const bias = work.reads_bias ? reinterpret_cast<const T*>(memory[next++]) : nullptr;
  const auto* const c = work.reads_c ? reinterpret_cast<const T*>(memory[next++]) : nullptr;
  const LtDescription_& how = work.description;
  const int64_t depth = how.transpose_a ? work.a.rows : work.a.columns;
  for (int64_t batch = 0; batch < work.d.batch; ++batch)
    for (int64_t column = 0; column < work.d.columns; ++column)
      for (int64_t row = 0; row < work.d.rows; ++row) {
        T sum = 0;
        for (int64_t k = 0; k < depth; ++k) {
          const int64_t at_a = how.transpose_a ? k + row * work.a.ld : row + k * work.a.ld;
          const int64_t at_b = how.transpose_b ? column + k * work.b.ld : k + column * work.b.ld;
          sum = std::fma(a[batch * work.a.batch_stride + at_a], b[batch * work.b.batch_stride + at_b], sum);
        }
        T value = T(work.alpha) * sum;
        if (c) value += T(work.beta) * c[batch * work.c.batch_stride + column * work.c.ld + row];
        if (bias) value += bias[row];
        d[batch * work.d.batch_stride + column * work.d.ld + row] = finished(value, how.epilogue, work.drops_nan);
      }
}

void run_work(void* context, char* const* memory) {
  const Work& work = *static_cast<const Work*>(context);
  work.d.type == kLtF64 ? multiply<double>(work, memory) : multiply<float>(work, memory);
}

/// The fake driver beside this library.
EnqueueWork* driver_enqueue() {
  static const auto enqueue = [] {
    Dl_info info;
    dladdr(reinterpret_cast<const void*>(&run_work), &info);
    const auto file = std::filesystem::path(info.dli_fname).parent_path() / "libcuda.so.1";
    void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) violation("the fake driver is not beside it");
    return reinterpret_cast<EnqueueWork*>(dlsym(library, "ogee_fake_cuda_enqueue"));
  }();
  return enqueue;
}

Address address_of(const void* at) { return reinterpret_cast<Address>(at); }

/// What a real library answers to sizes and types that do not fit.
bool fits(const LtDescription_& how, const LtLayout_& a, const LtLayout_& b, const LtLayout_& c, const LtLayout_& d) {
  const auto [m, k] = how.transpose_a ? std::pair(a.columns, a.rows) : std::pair(a.rows, a.columns);
  const auto [k2, n] = how.transpose_b ? std::pair(b.columns, b.rows) : std::pair(b.rows, b.columns);
  const auto same = [&](const LtLayout_& x) {
    return x.type == how.type && x.rows == m && x.columns == n && x.batch == d.batch;
  };
  return a.type == how.type && b.type == how.type && k == k2 && k > 0 && same(c) && same(d) && a.batch == d.batch &&
         b.batch == d.batch;
}

/// What an algorithm needs: more for larger results.
size_t workspace_of(const LtLayout_& d) { return 256 * (1 + size_t(d.elements()) / 1024); }

bool is_supported(const LtDescription_& how, const LtLayout_& d) {
  if (refuses("all") || (refuses("f64") && how.type == kLtF64) || (refuses("batch") && d.batch > 1)) return false;
  return !(refuses("relu") && how.epilogue & kLtRelu) && !(refuses("bias") && how.epilogue & kLtBiasOnly) &&
         !(refuses("gelu") && how.epilogue & kLtGelu);
}

} // namespace
} // namespace ogee::fake

using namespace ogee::fake;

extern "C" {

size_t cublasLtGetVersion() { return 130000; }
const char* cublasLtGetStatusString(int status) {
  return status == kOk ? "success" : status == kInvalid ? "invalid value" : "not supported";
}
int cublasLtCreate(LtHandle* handle) {
  *handle = new LtHandle_;
  return kOk;
}
int cublasLtDestroy(LtHandle handle) {
  delete handle;
  return kOk;
}

int cublasLtMatmulDescCreate(LtDescription* description, int compute, int type) {
  *description = new LtDescription_{.compute = compute, .type = type};
  return kOk;
}
int cublasLtMatmulDescDestroy(LtDescription description) {
  delete description;
  return kOk;
}
int cublasLtMatmulDescSetAttribute(LtDescription description, int attribute, const void* value, size_t bytes) {
  const auto take = [&](auto& field) {
    if (bytes != sizeof field) return kInvalid;
    std::memcpy(&field, value, bytes);
    return kOk;
  };
  switch (attribute) {
  case kLtTransposeA: return take(description->transpose_a);
  case kLtTransposeB: return take(description->transpose_b);
  case kLtEpilogue: return take(description->epilogue);
  case kLtBias: return take(description->bias);
  default: return kInvalid;
  }
}

int cublasLtMatrixLayoutCreate(LtLayout* layout, int type, uint64_t rows, uint64_t columns, int64_t ld) {
  if (ld < int64_t(rows)) violation("a layout whose columns overlap");
  *layout = new LtLayout_{.type = type, .rows = int64_t(rows), .columns = int64_t(columns), .ld = ld};
  return kOk;
}
int cublasLtMatrixLayoutDestroy(LtLayout layout) {
  delete layout;
  return kOk;
}
int cublasLtMatrixLayoutSetAttribute(LtLayout layout, int attribute, const void* value, size_t bytes) {
  if (attribute == kLtBatchCount && bytes == sizeof layout->batch)
    std::memcpy(&layout->batch, value, bytes);
  else if (attribute == kLtBatchStride && bytes == sizeof layout->batch_stride)
    std::memcpy(&layout->batch_stride, value, bytes);
  else
    return kInvalid;
  return kOk;
}

int cublasLtMatmulPreferenceCreate(LtPreference* preference) {
  *preference = new LtPreference_;
  return kOk;
}
int cublasLtMatmulPreferenceDestroy(LtPreference preference) {
  delete preference;
  return kOk;
}
int cublasLtMatmulPreferenceSetAttribute(LtPreference preference, int attribute, const void* value, size_t bytes) {
  if (attribute == kLtMostWorkspace && bytes == sizeof preference->workspace)
    std::memcpy(&preference->workspace, value, bytes);
  else if (attribute >= kLtAlignmentA && attribute < kLtAlignmentA + 4 && bytes == sizeof(uint32_t))
    std::memcpy(&preference->alignment[attribute - kLtAlignmentA], value, bytes);
  else
    return kInvalid;
  return kOk;
}

/// The algorithm holds the alignment that it was asked for.
int cublasLtMatmulAlgoGetHeuristic(LtHandle, LtDescription how, LtLayout a, LtLayout b, LtLayout c, LtLayout d,
                                   LtPreference preference, int asked, LtHeuristic* results, int* found) {
  *found = 0;
  if (asked < 1 || !fits(*how, *a, *b, *c, *d)) return kInvalid;
  if (!is_supported(*how, *d) || preference->workspace < workspace_of(*d)) return kUnsupported;
  *found = 1;
  results[0] = {};
  for (int i = 0; i < 4; ++i) results[0].algorithm.data[i] = preference->alignment[i];
  results[0].workspace = workspace_of(*d);
  return kOk;
}

int cublasLtMatmulAlgoCheck(LtHandle, LtDescription how, LtLayout a, LtLayout b, LtLayout c, LtLayout d,
                            const LtAlgorithm* algorithm, LtHeuristic* result) {
  if (!fits(*how, *a, *b, *c, *d) || algorithm->data[0] == 0) return kInvalid;
  if (!is_supported(*how, *d)) return kUnsupported;
  *result = {.algorithm = *algorithm, .workspace = workspace_of(*d)};
  return kOk;
}

int cublasLtMatmul(LtHandle, LtDescription how, const void* alpha, const void* a, LtLayout a_layout, const void* b,
                   LtLayout b_layout, const void* beta, const void* c, LtLayout c_layout, void* d, LtLayout d_layout,
                   const LtAlgorithm* algorithm, void* workspace, size_t workspace_bytes, StreamHandle stream) {
  if (!fits(*how, *a_layout, *b_layout, *c_layout, *d_layout)) return kInvalid;
  if (!is_supported(*how, *d_layout)) return kUnsupported;
  if (workspace_bytes < workspace_of(*d_layout) || !workspace) violation("less workspace than the algorithm needs");
  const void* const operands[] = {a, b, c, d};
  for (int i = 0; i < 4; ++i)
    if (algorithm->data[i] == 0 || address_of(operands[i]) % algorithm->data[i] != 0)
      violation("an operand is less aligned than its algorithm was told");
  const bool wide = how->type == kLtF64;
  const auto number = [&](const void* at) {
    return wide ? *static_cast<const double*>(at) : double(*static_cast<const float*>(at));
  };
  auto* const work = new Work{*how, *a_layout, *b_layout, *c_layout, *d_layout, number(alpha), number(beta)};
  work->reads_bias = (how->epilogue & kLtBiasOnly) != 0;
  work->reads_c = work->beta != 0;
  work->drops_nan = drops_nan();
  const size_t item = wide ? 8 : 4;
  const auto bytes = [&](const LtLayout_& layout) { return size_t(layout.elements()) * item; };
  std::vector<WorkUse> uses = {{address_of(a), bytes(*a_layout), false},
                               {address_of(b), bytes(*b_layout), false},
                               {address_of(d), bytes(*d_layout), true}};
  if (work->reads_bias) uses.push_back({address_of(how->bias), size_t(d_layout->rows) * item, false});
  if (work->reads_c) uses.push_back({address_of(c), bytes(*c_layout), false});
  uses.push_back({address_of(workspace), workspace_bytes, true});
  driver_enqueue()(
      stream, "cublasLtMatmul", uses.data(), unsigned(uses.size()), run_work,
      [](void* context) { delete static_cast<Work*>(context); }, work);
  return kOk;
}

} // extern "C"

#define OGEE_SAME(result, name, parameters) static_assert(std::is_same_v<decltype(&::name), decltype(CublasLt::name)>);
OGEE_CUBLASLT(OGEE_SAME)
