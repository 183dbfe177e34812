// Problems as cuBLASLt has them, and the choice of algorithms.
//
// The library's matrices are column-major: what it sees are the transposes of ours, out' = rhs' * lhs', so that its m
// is our n, and the bias, one element per row of out', one per column of ours.
#include "runtime/cuda/matmul.h"

#include "runtime/build_id.h"
#include "runtime/cuda/memory.h"
#include "runtime/hash.h"
#include "runtime/runtime.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace ogee::runtime::cuda {
namespace {

constexpr uint64_t kMostWorkspace = 32 << 20;
constexpr size_t kMostPlans = 4096;
constexpr uint32_t kMostAlignment = 256; ///< in bytes; what the library takes for granted unless it is told

/// A handle of the library with its destructor.
template <class Handle>
class Owned {
public:
  Owned() = default;
  Owned(Owned&& other) noexcept { swap(other); }
  Owned& operator=(Owned&& other) noexcept {
    Owned(std::move(other)).swap(*this);
    return *this;
  }
  ~Owned() {
    if (handle_) destroy_(handle_);
  }
  void swap(Owned& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(destroy_, other.destroy_);
  }
  Handle* to_make(int (*destroy)(Handle)) {
    destroy_ = destroy;
    return &handle_;
  }
  operator Handle() const { return handle_; }

private:
  Handle handle_ = nullptr;
  int (*destroy_)(Handle) = nullptr;
};

/// The largest power of two, at most kMostAlignment, that divides an address.
uint32_t alignment_of(const void* address) {
  const uint64_t bits = reinterpret_cast<uint64_t>(address) | kMostAlignment;
  return static_cast<uint32_t>(bits & (~bits + 1));
}

bool is_nan(DType dtype, const std::byte* at) {
  double wide = 0;
  float narrow = 0;
  std::memcpy(&wide, at, sizeof wide);
  std::memcpy(&narrow, at, sizeof narrow);
  return dtype == DType::f64 ? std::isnan(wide) : std::isnan(narrow);
}

uint32_t epilogue_of(const MatmulProblem& problem) {
  switch (problem.function) {
  case MatmulFunction::none: return problem.has_bias ? kLtBiasOnly : kLtPlain;
  case MatmulFunction::relu: return problem.has_bias ? kLtReluBias : kLtRelu;
  case MatmulFunction::gelu_tanh: return problem.has_bias ? kLtGeluBias : kLtGelu;
  }
  return kLtPlain;
}

/// Whether the library's layouts can say where a matrix of ours lies.
bool can_lie(const MatmulMatrix& matrix, int64_t rows, int64_t columns) {
  return matrix.ld >= (matrix.transposed ? rows : columns);
}

bool can_be_asked(const MatmulProblem& p) {
  return p.m > 0 && p.n > 0 && p.k > 0 && p.batch > 0 && p.batch <= INT32_MAX && can_lie(p.lhs, p.m, p.k) &&
         can_lie(p.rhs, p.k, p.n) && can_lie(p.out, p.m, p.n) && (!p.has_residual || can_lie(p.residual, p.m, p.n));
}

} // namespace

/// What an algorithm depends on: addresses by their alignment.
struct Matmuls::Key {
  MatmulProblem problem;
  std::array<uint32_t, 4> alignment{}; ///< of the library's A, B, C, D
  friend bool operator==(const Key&, const Key&) = default;

  std::string text() const {
    const MatmulProblem& p = problem;
    std::string text = concat(name(p.dtype), " function ", int(p.function), " bias ", p.has_bias, " residual ",
                              p.has_residual, " tf32 ", p.tf32, " sizes ", p.batch, " ", p.m, " ", p.n, " ", p.k);
    for (const MatmulMatrix* matrix : {&p.lhs, &p.rhs, &p.residual, &p.out})
      text += concat(" matrix ", matrix->ld, " ", matrix->batch_stride, " ", matrix->transposed);
    for (const uint32_t bytes : alignment) text += concat(" aligned ", bytes);
    return text;
  }
};

struct Matmuls::Plan {
  bool usable = false;
  DType dtype = DType::f32;
  bool has_bias = false, has_residual = false;
  Owned<LtDescription> description;
  Owned<LtLayout> a, b, c, d;
  LtAlgorithm algorithm;
  size_t workspace = 0;
};

struct Matmuls::Plans {
  struct Hash {
    size_t operator()(const Key& key) const {
      const MatmulProblem& p = key.problem;
      uint64_t hash =
          static_cast<uint64_t>(p.dtype) | static_cast<uint64_t>(epilogue_of(p)) << 8 | key.alignment[0] << 16;
      for (const int64_t size : {p.batch, p.m, p.n, p.k, p.lhs.ld, p.rhs.ld, p.out.ld, p.lhs.transposed})
        hash = (hash ^ static_cast<uint64_t>(size)) * 0x9e3779b97f4a7c15u;
      return hash;
    }
  };
  std::unordered_map<Key, std::shared_ptr<Plan>, Hash> by_key;
};

Matmuls::Matmuls(Gpu& gpu) : gpu_(gpu), plans_(std::make_unique<Plans>()) {}

Matmuls::~Matmuls() {
  plans_.reset();
  if (handle_ && gpu_.try_activate()) library_->cublasLtDestroy(handle_);
}

bool Matmuls::start() {
  const std::lock_guard lock(mutex_);
  if (started_) return handle_ != nullptr;
  started_ = true;
  const Result<CublasLt>& library = CublasLt::get();
  std::string failed = library ? "" : library.message();
  if (library) {
    library_ = &*library;
    if (const int status = library_->cublasLtCreate(&handle_); status != 0) {
      failed = concat("CUDA: cuBLASLt does not start: ", library_->describe(status));
      handle_ = nullptr;
    }
  }
  if (!handle_)
    std::fprintf(stderr, "ogee: %s; products run on ogee's own kernels, which are slower\n", failed.c_str());
  return handle_ != nullptr;
}

bool Matmuls::run(const MatmulProblem& problem, const MatmulMemory& memory, OwnedBlock& workspace,
                  const LaunchNote& note) {
  Devices::get().check();
  if (!can_be_asked(problem)) return false;
  gpu_.activate();
  if (!start()) return false;
  const std::shared_ptr<Plan> plan = plan_of(problem, memory);
  if (!plan->usable) return false;
  provide(workspace, plan->workspace);
  const std::lock_guard lock(mutex_); // a description holds the address of the bias
  if (const int status = enqueue(*plan, memory, workspace, nullptr); status != 0)
    raise(ErrorCode::state, "CUDA: ", gpu_.device(), ": launching ", note.text,
          " failed: cuBLASLt: ", library_->describe(status));
  note_launch(gpu_, note.text);
  return true;
}

void Matmuls::provide(OwnedBlock& workspace, size_t bytes) {
  if (workspace.bytes() >= bytes) return;
  workspace = OwnedBlock(); // before the new one: they need not be there together
  workspace = OwnedBlock(bytes, gpu_);
}

std::shared_ptr<Matmuls::Plan> Matmuls::plan_of(const MatmulProblem& problem, const MatmulMemory& memory) {
  const void* const c = problem.has_residual ? memory.residual : memory.out;
  const Key key{problem,
                {alignment_of(memory.rhs), alignment_of(memory.lhs), alignment_of(c), alignment_of(memory.out)}};
  auto& plans = plans_->by_key;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = plans.find(key); known != plans.end()) return known->second;
  }
  std::shared_ptr<Plan> plan = make_plan(key); // it asks for memory, which may have to wait for others: no lock
  if (plan->usable && problem.function == MatmulFunction::relu) plan->usable = keeps_nan(*plan, problem, memory);
  const std::lock_guard lock(mutex_);
  if (plans.size() >= kMostPlans) plans.clear();
  return plans.try_emplace(key, std::move(plan)).first->second;
}

/// One that is not usable where the library refuses any part of it.
std::shared_ptr<Matmuls::Plan> Matmuls::make_plan(const Key& key) {
  const MatmulProblem& p = key.problem;
  const CublasLt& lt = *library_;
  auto plan = std::make_shared<Plan>();
  plan->dtype = p.dtype;
  plan->has_bias = p.has_bias;
  plan->has_residual = p.has_residual;
  const bool wide = p.dtype == DType::f64;
  const int type = wide ? kLtF64 : kLtF32;
  const int compute = wide ? kLtF64Pedantic : p.tf32 ? kLtF32AsTF32 : kLtF32Pedantic;
  if (lt.cublasLtMatmulDescCreate(plan->description.to_make(lt.cublasLtMatmulDescDestroy), compute, type) != 0)
    return plan;
  const auto set = [&](LtDescriptionAttribute attribute, auto value) {
    return lt.cublasLtMatmulDescSetAttribute(plan->description, attribute, &value, sizeof value) == 0;
  };
  const auto lay = [&](Owned<LtLayout>& layout, const MatmulMatrix& matrix, int64_t rows, int64_t columns) {
    const auto [fast, slow] = matrix.transposed ? std::pair(rows, columns) : std::pair(columns, rows);
    if (lt.cublasLtMatrixLayoutCreate(layout.to_make(lt.cublasLtMatrixLayoutDestroy), type, static_cast<uint64_t>(fast),
                                      static_cast<uint64_t>(slow), matrix.ld) != 0)
      return false;
    const auto count = static_cast<int32_t>(p.batch);
    return lt.cublasLtMatrixLayoutSetAttribute(layout, kLtBatchCount, &count, sizeof count) == 0 &&
           lt.cublasLtMatrixLayoutSetAttribute(layout, kLtBatchStride, &matrix.batch_stride,
                                               sizeof matrix.batch_stride) == 0;
  };
  // A matrix that we call transposed has the rows of ours as its columns: the library has to turn it.
  plan->usable = set(kLtTransposeA, static_cast<int32_t>(p.rhs.transposed)) &&
                 set(kLtTransposeB, static_cast<int32_t>(p.lhs.transposed)) && set(kLtEpilogue, epilogue_of(p)) &&
                 lay(plan->a, p.rhs, p.k, p.n) && lay(plan->b, p.lhs, p.m, p.k) &&
                 lay(plan->c, p.has_residual ? p.residual : p.out, p.m, p.n) && lay(plan->d, p.out, p.m, p.n) &&
                 choose(*plan, key);
  return plan;
}

/// The first algorithm that the library proposes, or the one that it once did: kept on disk for its version and the
/// device.
bool Matmuls::choose(Plan& plan, const Key& key) {
  const CublasLt& lt = *library_;
  const Properties& device = gpu_.properties();
  DiskCache& disk = Runtime::get().kernels().disk();
  const Hash128 name =
      hash128(concat("cublasLt ", lt.version, " ", build_id(reinterpret_cast<const void*>(lt.cublasLtGetVersion)), " ",
                     device.name, " ", device.architecture(), " ", device.multiprocessors, "\n", key.text()));
  LtHeuristic result;
  if (const auto kept = disk.load(name); kept && kept->size() == sizeof result.algorithm) {
    std::memcpy(&result.algorithm, kept->data(), sizeof result.algorithm);
    if (lt.cublasLtMatmulAlgoCheck(handle_, plan.description, plan.a, plan.b, plan.c, plan.d, &result.algorithm,
                                   &result) == 0 &&
        result.workspace <= kMostWorkspace) {
      std::memcpy(&plan.algorithm, kept->data(), sizeof plan.algorithm);
      plan.workspace = result.workspace;
      return true;
    }
  }
  Owned<LtPreference> preference;
  if (lt.cublasLtMatmulPreferenceCreate(preference.to_make(lt.cublasLtMatmulPreferenceDestroy)) != 0) return false;
  bool set = lt.cublasLtMatmulPreferenceSetAttribute(preference, kLtMostWorkspace, &kMostWorkspace,
                                                     sizeof kMostWorkspace) == 0;
  for (size_t i = 0; i < key.alignment.size(); ++i)
    set = set && lt.cublasLtMatmulPreferenceSetAttribute(preference, kLtAlignmentA + int(i), &key.alignment[i],
                                                         sizeof key.alignment[i]) == 0;
  int found = 0;
  if (!set ||
      lt.cublasLtMatmulAlgoGetHeuristic(handle_, plan.description, plan.a, plan.b, plan.c, plan.d, preference, 1,
                                        &result, &found) != 0 ||
      found < 1 || result.status != 0)
    return false;
  plan.algorithm = result.algorithm;
  plan.workspace = result.workspace;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&plan.algorithm);
  disk.store(name, {bytes, sizeof plan.algorithm});
  return true;
}

/// `factor`: what the product is multiplied by, 1 if it is null.
int Matmuls::enqueue(const Plan& plan, const MatmulMemory& memory, const OwnedBlock& workspace, const double* factor) {
  const CublasLt& lt = *library_;
  if (plan.has_bias)
    if (const int status =
            lt.cublasLtMatmulDescSetAttribute(plan.description, kLtBias, &memory.bias, sizeof memory.bias);
        status != 0)
      return status;
  const double alpha = factor ? *factor : 1, beta = plan.has_residual ? 1 : 0;
  const float narrow_alpha = static_cast<float>(alpha), narrow_beta = static_cast<float>(beta);
  const bool wide = plan.dtype == DType::f64;
  const int status =
      lt.cublasLtMatmul(handle_, plan.description, wide ? static_cast<const void*>(&alpha) : &narrow_alpha, memory.rhs,
                        plan.a, memory.lhs, plan.b, wide ? static_cast<const void*>(&beta) : &narrow_beta,
                        plan.has_residual ? memory.residual : memory.out, plan.c, memory.out, plan.d, &plan.algorithm,
                        workspace.data(), plan.workspace, gpu_.stream().handle());
  return status;
}

/// Whether relu keeps NaN, which no document promises: a product that is NaN everywhere shows it, into memory aside.
bool Matmuls::keeps_nan(const Plan& plan, const MatmulProblem& problem, const MatmulMemory& memory) {
  const int64_t last =
      (problem.batch - 1) * problem.out.batch_stride + (problem.m - 1) * problem.out.ld + problem.n - 1;
  const auto item = static_cast<int64_t>(item_size(problem.dtype));
  const auto bytes = static_cast<size_t>((last + 1) * item);
  const DeviceBlock aside(gpu_, bytes);
  const OwnedBlock workspace(plan.workspace, gpu_);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  MatmulMemory probe = memory;
  probe.out = aside.data();
  bool kept = enqueue(plan, probe, workspace, &nan) == 0;
  for (const int64_t element : {int64_t(0), last}) {
    std::array<std::byte, 8> value{};
    if (kept) copy_to_host(gpu_, value.data(), aside.data() + element * item, static_cast<size_t>(item));
    kept = kept && is_nan(problem.dtype, value.data());
  }
  return kept;
}

} // namespace ogee::runtime::cuda
