// Images: checks, import slots, and mapping.
#include "runtime/image.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace ogee::runtime {
namespace {

using Functions = std::unordered_map<std::string_view, const void*>;

template <class Float>
void add(Functions& functions, std::string_view name, Float (*function)(Float)) {
  functions[name] = reinterpret_cast<const void*>(function);
}
template <class Float>
void add(Functions& functions, std::string_view name, Float (*function)(Float, Float)) {
  functions[name] = reinterpret_cast<const void*>(function);
}

Functions importable_functions() {
  Functions table;
#define OGEE_F(name) add<double>(table, #name, ::name), add<float>(table, #name "f", ::name##f)
  OGEE_F(exp), OGEE_F(exp2), OGEE_F(expm1), OGEE_F(log), OGEE_F(log1p), OGEE_F(log2), OGEE_F(log10);
  OGEE_F(sin), OGEE_F(cos), OGEE_F(tan), OGEE_F(asin), OGEE_F(acos), OGEE_F(atan), OGEE_F(atan2);
  OGEE_F(sinh), OGEE_F(cosh), OGEE_F(tanh), OGEE_F(asinh), OGEE_F(acosh), OGEE_F(atanh);
  OGEE_F(erf), OGEE_F(erfc), OGEE_F(cbrt), OGEE_F(pow), OGEE_F(fmod), OGEE_F(hypot);
#undef OGEE_F
  return table;
}

/// `OGEE_PERF_MAP=1`: tells `perf` the names of kernels, as its tools/perf/Documentation/jit-interface.txt says.
void write_perf_map(const ImageData& data, const std::byte* code) {
  static std::FILE* const file = [] {
    const char* const wanted = std::getenv("OGEE_PERF_MAP");
    const bool on = wanted && *wanted && std::string_view(wanted) != "0";
    return on ? std::fopen(concat("/tmp/perf-", getpid(), ".map").c_str(), "ae") : nullptr;
  }();
  if (!file) return;
  for (const ImageEntry& entry : data.entries) {
    uint64_t end = data.bytes.size();
    for (const ImageEntry& other : data.entries)
      if (other.offset > entry.offset && other.offset < end) end = other.offset;
    std::fprintf(file, "%zx %zx %s\n", reinterpret_cast<size_t>(code) + entry.offset, size_t(end - entry.offset),
                 entry.name.c_str());
  }
  std::fflush(file);
}

} // namespace

const void* importable_function(std::string_view name) noexcept {
  static const Functions functions = importable_functions();
  const auto found = functions.find(name);
  return found == functions.end() ? nullptr : found->second;
}

Status Image::check() const {
  const auto corrupt = [](auto&&... parts) { return Failure{concat("image: ", parts...), ErrorCode::corrupt}; };
  if (!data_.functions.empty()) {
    if (data_.functions.size() != data_.entries.size()) return corrupt("as many functions as entries are needed");
    return {};
  }
  for (const ImageEntry& entry : data_.entries)
    if (entry.offset >= data_.bytes.size()) return corrupt("entry ", entry.name, " lies outside");
  for (const ImageImport& import : data_.imports) {
    if (import.offset % 8 != 0 || import.offset > data_.bytes.size() || data_.bytes.size() - import.offset < 8)
      return corrupt("the slot of ", import.function, " lies outside");
    if (!importable_function(import.function)) return corrupt("may not call ", import.function);
  }
  return {};
}

namespace {
Failure unsupported(const auto&... parts) { return Failure{concat(parts...), ErrorCode::unsupported}; }
} // namespace

Status Image::check_machine() const {
  if (!data_.functions.empty()) return {};
  if (data_.architecture != host_architecture())
    return unsupported("the code is for ", data_.architecture, ", this machine is ", host_architecture());
  if (const CpuFeatures host = CpuFeatures::host(); !host.contains(data_.features))
    return unsupported("the code needs CPU features that this machine lacks: ", data_.features.without(host));
  return {};
}

Status Image::map() const {
  if (code_.data()) return {};
  if (Status runs = check_machine(); !runs) return runs;
  std::vector<uint8_t> bytes = data_.bytes;
  for (const ImageImport& import : data_.imports) {
    const void* const function = importable_function(import.function);
    std::memcpy(bytes.data() + import.offset, &function, sizeof function);
  }
  CodeBlock code(bytes);
  if (!code.data()) return unsupported("the system gives no executable memory (", bytes.size(), " bytes)");
  write_perf_map(data_, code.data());
  code_ = std::move(code);
  return {};
}

Result<KernelFn> Image::function(size_t index) const {
  if (!data_.functions.empty()) return data_.functions[index];
  const std::lock_guard lock(mutex_);
  if (Status mapped = map(); !mapped) return mapped.failure();
  return reinterpret_cast<KernelFn>(reinterpret_cast<uintptr_t>(code_.data()) + data_.entries[index].offset);
}

} // namespace ogee::runtime
