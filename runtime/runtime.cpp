// The global object, the default generator, and the small functions on them.
#include "runtime/runtime.h"

#include "runtime/cuda/device.h"
#include "runtime/environment.h"
#include "runtime/thread_count.h"

#include <random>

namespace ogee::runtime {
namespace {

uint64_t random_key() {
  std::random_device device;
  return uint64_t(device()) << 32 | device();
}

} // namespace

GeneratorState Generator::state() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Generator::set_state(GeneratorState state) noexcept {
  const std::lock_guard lock(mutex_);
  state_ = state;
}

GeneratorState Generator::draw(uint64_t count) noexcept {
  const std::lock_guard lock(mutex_);
  const GeneratorState first = state_;
  state_.number += count;
  return first;
}

Runtime::Runtime()
    : pool_(default_threads()), kernels_(DiskCacheOptions::from_environment(), counters_), generator_(random_key()),
      detects_anomalies_(is_switched_on("OGEE_NAN", false)), gpus_(std::make_unique<cuda::Devices>()) {}

Runtime::~Runtime() = default;

Runtime& Runtime::get() {
  static Runtime* const runtime = new Runtime;
  return *runtime;
}

void set_num_threads(int threads) {
  if (threads < 1 || threads > kMaxThreads)
    raise(ErrorCode::invalid_argument, "set_num_threads: ", threads, " is not a number from 1 to ", kMaxThreads);
  Runtime::get().pool().set_threads(static_cast<unsigned>(threads));
}

int num_threads() { return static_cast<int>(Runtime::get().pool().threads()); }

Stats stats() {
  Runtime& runtime = Runtime::get();
  const Counters& counters = runtime.counters();
  const Allocator& allocator = runtime.allocator();
  return {counters.kernels_compiled.load(std::memory_order_relaxed),
          counters.cache_hits.load(std::memory_order_relaxed),
          counters.launches.load(std::memory_order_relaxed),
          counters.graph_launches.load(std::memory_order_relaxed),
          allocator.bytes_live(),
          allocator.bytes_peak(),
          allocator.bytes_cached()};
}

void reset_stats() {
  Runtime& runtime = Runtime::get();
  Counters& counters = runtime.counters();
  for (std::atomic<uint64_t>* counter :
       {&counters.kernels_compiled, &counters.cache_hits, &counters.launches, &counters.graph_launches})
    counter->store(0, std::memory_order_relaxed);
  runtime.allocator().reset_peak();
}

} // namespace ogee::runtime
