// The table of eager kernels: a small cache per thread in front of one table for the process.
#include "frontend/kernel.h"

#include "codegen/target.h"
#include "frontend/autograd.h"
#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "frontend/target.h"
#include "frontend/trace.h"
#include "runtime/build_id.h"
#include "runtime/cuda/module.h"
#include "runtime/runtime.h"

#include <array>
#include <mutex>
#include <unordered_map>

namespace ogee::detail {

uint64_t KernelKey::hash() const noexcept {
  static_assert(sizeof(KernelKey) == 32);
  uint64_t words[4];
  std::memcpy(words, this, sizeof words);
  uint64_t h = 0;
  for (uint64_t word : words) {
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  return h;
}

std::string KernelKey::text(const char* name) const {
  std::string text =
      runtime::concat("eager ", name, " extra ", extra, " rank ", rank, " compute ", runtime::name(DType(compute)),
                      " result ", runtime::name(DType(result)), " more ", more);
  if (operands & kChecked) text += " checked";
  for (size_t i = 0; i < size_t(operands & ~kChecked); ++i)
    text += runtime::concat(" ", runtime::name(DType(operand[i] % 16)), "/", operand[i] / 16);
  return text;
}

namespace {

struct KeyHasher {
  size_t operator()(const KernelKey& key) const noexcept { return key.hash(); }
};

/// Every kernel of the process; lives until its end, since tensors may outlive everything else.
struct KernelTable {
  std::mutex mutex;
  std::unordered_map<KernelKey, std::unique_ptr<const runtime::Executable>, KeyHasher> kernels;
};

KernelTable& table() {
  static auto* table = new KernelTable;
  return *table;
}

/// What makes code differ between builds.
const std::string& builds_key() {
  static const std::string key =
      runtime::concat(runtime::build_id(reinterpret_cast<const void*>(&load_kernel)), " ",
                      runtime::build_id(reinterpret_cast<const void*>(&codegen::hostTarget)), " ");
  return key;
}

const runtime::Executable& find_in_table(const KernelKey& key, const char* name, const KernelBody& body, Loc loc) {
  {
    std::lock_guard lock(table().mutex);
    if (auto known = table().kernels.find(key); known != table().kernels.end()) return *known->second;
  }
  const Device device = device_of(key.device);
  const auto build = [&]() -> runtime::Result<runtime::Program> {
    return record_graph(name, device, body, loc)
        .impl()
        .compile(loc, /*eager=*/true, key.operands & KernelKey::kChecked);
  };
  const runtime::Hash128 hash = kernel_hash(key.text(name), device);
  auto executable = with_place(loc, [&] {
    return make_executable(unwrap(runtime::Runtime::get().kernels().program(hash, build), loc), {}, device);
  });
  std::lock_guard lock(table().mutex);
  return *table().kernels.try_emplace(key, std::move(executable)).first->second;
}

struct CachedKernel {
  KernelKey key;
  const runtime::Executable* kernel = nullptr;
};
constexpr size_t kCached = 256;
thread_local std::array<CachedKernel, kCached> cache;

} // namespace

Graph record_graph(const char* name, Device device, const KernelBody& body, Loc loc) {
  auto trace = std::make_shared<Trace>(name, Trace::Use::kernel, device);
  Trace::Recorder recorder(trace);
  const EnableGradGuard on; // the graph is the same whatever it is for
  const std::vector<Tensor> results = body();
  return trace->finish(results, loc).graph;
}

runtime::Hash128 kernel_hash(const std::string& text, Device device) {
  return runtime::hash128(text + " " + builds_key() + target_key(device));
}

const runtime::Executable* cached_kernel(const KernelKey& key) noexcept {
  if (is_anomaly_enabled()) [[unlikely]]
    return nullptr; // those are in the table alone
  const CachedKernel& cached = cache[key.hash() % kCached];
  return cached.kernel && cached.key == key ? cached.kernel : nullptr;
}

const runtime::Executable& load_kernel(const KernelKey& key, const char* name, const KernelBody& body, Loc loc) {
  if (is_anomaly_enabled()) {
    KernelKey checked = key;
    checked.operands |= KernelKey::kChecked;
    return find_in_table(checked, name, body, loc);
  }
  const runtime::Executable& kernel = find_in_table(key, name, body, loc);
  cache[key.hash() % kCached] = {key, &kernel};
  return kernel;
}

void run_kernel(const runtime::Executable& kernel, std::span<const runtime::TensorArg> args,
                std::span<void* const> results, Loc loc, std::span<const int64_t> indices) {
  if (kernel.device().is_cpu()) [[likely]]
    return with_place(loc, [&] { kernel.run({args, indices}, results); });
  const runtime::cuda::LaunchLine line(loc);
  with_place(loc, [&] { kernel.run({args, indices}, results); });
}

Shape kernel_dims(size_t rank, int64_t lowest) {
  Shape dims;
  for (size_t i = 0; i < rank; ++i) dims.push_back(Dim::symbol(runtime::concat("d", i), lowest));
  return dims;
}

Tensor kernel_argument(size_t index, DType dtype, const Shape& dims, StrideClass innermost, bool dense, Loc loc,
                       bool host) {
  GraphArgument argument{runtime::concat("x", index), dtype, {}, {}};
  argument.host = host;
  if (innermost != StrideClass::scalar) {
    argument.shape = dims;
    if (!dense) argument.strides.assign(dims.size(), -1);
    if (!dense && innermost != StrideClass::other) argument.strides.back() = innermost == StrideClass::one;
  }
  return Trace::current()->argument(argument, loc);
}

} // namespace ogee::detail
