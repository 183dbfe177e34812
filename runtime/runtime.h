// The one global object of ogee: memory, threads, compiled code, counters, the epoch of guards, the default random
// generator.
#pragma once

#include "runtime/allocator.h"
#include "runtime/kernel_cache.h"
#include "runtime/stats.h"
#include "runtime/thread_pool.h"

#include <atomic>
#include <memory>
#include <mutex>

namespace ogee::runtime::cuda {
class Devices;
}

namespace ogee::runtime {

/// Philox's key and the number of the next draw.
struct GeneratorState {
  uint64_t key = 0;
  uint64_t number = 0;
  friend bool operator==(const GeneratorState&, const GeneratorState&) = default;
};

/// A source of draws: each random op takes one number, whatever its size. Thread-safe.
class Generator {
public:
  explicit Generator(uint64_t key = 0) noexcept : state_{key, 0} {}
  void manual_seed(uint64_t key) noexcept { set_state({key, 0}); }
  GeneratorState state() const noexcept;
  void set_state(GeneratorState state) noexcept;
  /// The state for one draw; the next one gets the next number.
  GeneratorState draw() noexcept { return draw(1); }
  /// The state for the first of `count` draws.
  GeneratorState draw(uint64_t count) noexcept;
  /// No other thread draws while it lives.
  std::unique_lock<std::recursive_mutex> hold() const { return std::unique_lock(mutex_); }

private:
  mutable std::recursive_mutex mutex_;
  GeneratorState state_;
};

class Runtime {
public:
  /// Made on first use and never destroyed: tensors may outlive everything else. An Error for bad environment
  /// variables.
  static Runtime& get();

  Allocator& allocator() noexcept { return allocator_; }
  ThreadPool& pool() noexcept { return pool_; }
  KernelCache& kernels() noexcept { return kernels_; }
  Counters& counters() noexcept { return counters_; }
  /// GPUs; nothing of CUDA is opened before the first one is asked for.
  cuda::Devices& gpus() noexcept { return *gpus_; }
  /// The default generator; its key is random until `manual_seed`.
  Generator& generator() noexcept { return generator_; }

  /// Grows when something changes that a live trace has read; compiled functions compare it on every call.
  uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }
  void bump_epoch() noexcept { epoch_.fetch_add(1, std::memory_order_acq_rel); }

  /// NaN mode: whether compiled code checks what each operation makes. OGEE_NAN=1 starts with it.
  bool detects_anomalies() const noexcept { return detects_anomalies_.load(std::memory_order_relaxed); }
  void set_detects_anomalies(bool on) noexcept { detects_anomalies_.store(on, std::memory_order_relaxed); }

  /// Whether products of f32 on a GPU may round their operands to TF32 (10 bits behind the point).
  bool allows_tf32() const noexcept { return allows_tf32_.load(std::memory_order_relaxed); }
  void set_allows_tf32(bool on) noexcept { allows_tf32_.store(on, std::memory_order_relaxed); }

private:
  Runtime();
  ~Runtime();

  Counters counters_;
  Allocator allocator_;
  ThreadPool pool_;
  KernelCache kernels_;
  Generator generator_;
  std::atomic<uint64_t> epoch_{1};
  std::atomic<bool> detects_anomalies_;
  std::atomic<bool> allows_tf32_{false};
  const std::unique_ptr<cuda::Devices> gpus_;
};

/// Threads that compute together, at least 1; bits never depend on it. Error(invalid_argument) below 1 or above 4096.
void set_num_threads(int threads);
int num_threads();

} // namespace ogee::runtime
