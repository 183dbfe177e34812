// The library's matrices are column-major, so what it is asked for is the transpose: out' = rhs' * lhs'.
#include "tools/gpu_check/products.h"

#include "runtime/cuda/device.h"
#include "runtime/cuda/memory.h"
#include "runtime/error.h"

namespace ogee::gpu_check {
namespace {

using namespace runtime::cuda;

constexpr uint64_t kMostWorkspace = 32 << 20; ///< as much as ogee gives
constexpr int kF32 = 68, kF64 = 70;           ///< not pedantic; ogee asks for none of them

const void* address_of(const Tensor& tensor) {
  return tensor.dtype() == f64 ? static_cast<const void*>(tensor.data_ptr<double>()) : tensor.data_ptr<float>();
}

const CublasLt& library() {
  const auto& found = CublasLt::get();
  if (!found) runtime::raise(runtime::ErrorCode::unsupported, found.message());
  return *found;
}

void check(int status, const char* what) {
  if (status != 0)
    runtime::raise(runtime::ErrorCode::state, "cuBLASLt: ", what, " failed: ", library().describe(status));
}

/// The library's handle, kept for as long as the process runs.
LtHandle handle() {
  static const LtHandle made = [] {
    Gpu::get(0).activate();
    LtHandle handle = nullptr;
    check(library().cublasLtCreate(&handle), "cublasLtCreate");
    return handle;
  }();
  return made;
}

constexpr Precision kPrecisions[] = {{"f32 pedantic", f32, kLtF32Pedantic},
                                     {"f32", f32, kF32},
                                     {"TF32", f32, kLtF32AsTF32},
                                     {"f64 pedantic", f64, kLtF64Pedantic},
                                     {"f64", f64, kF64}};
constexpr Epilogue kEpilogues[] = {{"none", kLtPlain, false},
                                   {"bias", kLtBiasOnly, true},
                                   {"relu", kLtRelu, false},
                                   {"relu, bias", kLtReluBias, true},
                                   {"gelu, tanh form", kLtGelu, false},
                                   {"gelu, tanh form, bias", kLtGeluBias, true}};

} // namespace

std::span<const Precision> precisions() { return kPrecisions; }
std::span<const Epilogue> epilogues() { return kEpilogues; }

struct Product::State {
  State(const Precision& precision) : precision(precision), workspace(Gpu::get(0), kMostWorkspace) {}
  ~State() {
    const CublasLt& lt = library();
    for (const LtLayout layout : {a, b, d})
      if (layout) lt.cublasLtMatrixLayoutDestroy(layout);
    if (preference) lt.cublasLtMatmulPreferenceDestroy(preference);
    if (description) lt.cublasLtMatmulDescDestroy(description);
  }
  void lay(LtLayout& layout, int type, int64_t rows, int64_t columns) {
    check(library().cublasLtMatrixLayoutCreate(&layout, type, static_cast<uint64_t>(columns),
                                               static_cast<uint64_t>(rows), columns),
          "cublasLtMatrixLayoutCreate");
  }
  void set(int attribute, const auto& value) {
    check(library().cublasLtMatmulDescSetAttribute(description, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }

  const Precision& precision;
  DeviceBlock workspace;
  Tensor lhs, rhs, bias;
  LtDescription description = nullptr;
  LtLayout a = nullptr, b = nullptr, d = nullptr;
  LtPreference preference = nullptr;
};

Product::Product(const Precision& precision, const Epilogue& epilogue, const Tensor& lhs, const Tensor& rhs,
                 const Tensor& bias)
    : state_(std::make_unique<State>(precision)) {
  State& s = *state_;
  const CublasLt& lt = library();
  const int type = precision.dtype == f64 ? kLtF64 : kLtF32;
  const int64_t m = lhs.size(0), k = lhs.size(1), n = rhs.size(1);
  s.lhs = lhs, s.rhs = rhs, s.bias = bias;
  check(lt.cublasLtMatmulDescCreate(&s.description, precision.compute, type), "cublasLtMatmulDescCreate");
  s.set(kLtEpilogue, epilogue.number);
  if (epilogue.has_bias) s.set(kLtBias, address_of(bias));
  s.lay(s.a, type, k, n);
  s.lay(s.b, type, m, k);
  s.lay(s.d, type, m, n);
  check(lt.cublasLtMatmulPreferenceCreate(&s.preference), "cublasLtMatmulPreferenceCreate");
  check(lt.cublasLtMatmulPreferenceSetAttribute(s.preference, kLtMostWorkspace, &kMostWorkspace, sizeof kMostWorkspace),
        "cublasLtMatmulPreferenceSetAttribute");
}

Product::~Product() = default;

std::vector<LtHeuristic> Product::algorithms(int most) const {
  const State& s = *state_;
  std::vector<LtHeuristic> all(static_cast<size_t>(most)), usable;
  int found = 0;
  if (library().cublasLtMatmulAlgoGetHeuristic(handle(), s.description, s.a, s.b, s.d, s.d, s.preference, most,
                                               all.data(), &found) != 0)
    return {};
  for (int i = 0; i < found; ++i)
    if (all[static_cast<size_t>(i)].status == 0) usable.push_back(all[static_cast<size_t>(i)]);
  return usable;
}

bool Product::run(const LtHeuristic& algorithm, const Tensor& out) const {
  const State& s = *state_;
  Gpu& gpu = Gpu::get(0);
  gpu.activate();
  const double one = 1, zero = 0;
  const float narrow_one = 1, narrow_zero = 0;
  const bool wide = s.precision.dtype == f64;
  void* const to = const_cast<void*>(address_of(out));
  const int status = library().cublasLtMatmul(
      handle(), s.description, wide ? static_cast<const void*>(&one) : &narrow_one, address_of(s.rhs), s.a,
      address_of(s.lhs), s.b, wide ? static_cast<const void*>(&zero) : &narrow_zero, to, s.d, to, s.d,
      &algorithm.algorithm, s.workspace.data(), kMostWorkspace, gpu.stream().handle());
  gpu.stream().note_work();
  return status == 0;
}

} // namespace ogee::gpu_check
