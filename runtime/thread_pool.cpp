// The thread pool: chunks are taken from one counter by whoever is there; waiting is spinning, then parking.
#include "runtime/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>

namespace ogee::runtime {
namespace {

constexpr uint32_t kOpen = uint32_t(1) << 31;
constexpr uint64_t kNoFault = UINT64_MAX;
constexpr uint32_t kQuickSpins = 2000; ///< about 30 µs: after them a waiting thread lets others run
constexpr auto kLinger = std::chrono::microseconds(100);

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

/// One step of waiting: short waits stay on the core, long ones yield it.
void spin(uint32_t spins) noexcept {
  if (spins > kQuickSpins && spins % 64 == 0)
    sched_yield();
  else
    pause();
}

/// Blocks all signals while it lives: threads started meanwhile inherit that, so that signals go to the program's own
/// threads.
class SignalsBlocked {
public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
  sigset_t before_;
};

} // namespace

void ThreadPool::set_threads(unsigned threads) {
  assert(threads >= 1);
  acquire();
  stop_workers();
  threads_.store(threads, std::memory_order_relaxed);
  busy_.store(false, std::memory_order_release);
}

void ThreadPool::acquire() noexcept {
  for (uint32_t spins = 0; busy_.exchange(true, std::memory_order_acquire); ++spins) spin(spins);
}

void ThreadPool::start_workers() {
  const SignalsBlocked blocked;
  const uint32_t seen = epoch_.load(std::memory_order_relaxed);
  try {
    for (unsigned worker = 1; worker < threads(); ++worker) {
      workers_.emplace_back([this, worker, seen] { work(worker, seen); });
      pthread_setname_np(workers_.back().native_handle(), ("ogee-" + std::to_string(worker)).c_str());
    }
  } catch (const std::system_error&) { // the system has no more threads: those that are there do the work
  }
}

void ThreadPool::stop_workers() {
  {
    const std::lock_guard lock(park_mutex_);
    stop_.store(true);
  }
  park_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  stop_.store(false);
}

int32_t ThreadPool::run(int64_t units, int64_t chunk, unsigned workers, ChunkFn fn, void* context) {
  if (units <= 0) return 0;
  assert(chunk > 0 && (units - 1) / chunk < INT32_MAX);
  const int64_t chunks = (units - 1) / chunk + 1;
  workers = static_cast<unsigned>(std::min<int64_t>({workers, threads(), chunks}));
  if (workers <= 1 || busy_.exchange(true, std::memory_order_acquire)) return fn(context, 0, units, 0);
  if (workers_.empty()) start_workers();

  job_.fn = fn;
  job_.context = context;
  job_.units = units;
  job_.chunk = chunk;
  job_.workers = workers;
  job_.next.store(0, std::memory_order_relaxed);
  job_.fault.store(kNoFault, std::memory_order_relaxed);
  announce();
  run_chunks(0);
  close();
  const uint64_t fault = job_.fault.load(std::memory_order_relaxed);
  busy_.store(false, std::memory_order_release);
  return fault == kNoFault ? 0 : static_cast<int32_t>(static_cast<uint32_t>(fault));
}

void ThreadPool::announce() {
  inside_.store(kOpen, std::memory_order_release);
  epoch_.fetch_add(
      1); // sequentially consistent, as in wait_for_job: either we see who parks, or they see the new epoch
  if (parked_.load() == 0) return;
  const std::lock_guard lock(park_mutex_);
  park_.notify_all();
}

bool ThreadPool::enter() noexcept {
  uint32_t inside = inside_.load(std::memory_order_relaxed);
  while (inside & kOpen)
    if (inside_.compare_exchange_weak(inside, inside + 1, std::memory_order_acquire, std::memory_order_relaxed))
      return true;
  return false;
}

void ThreadPool::close() noexcept {
  inside_.fetch_and(~kOpen, std::memory_order_acq_rel);
  for (uint32_t spins = 0; inside_.load(std::memory_order_acquire) != 0; ++spins) spin(spins);
}

void ThreadPool::run_chunks(unsigned worker) noexcept {
  for (;;) {
    const int64_t index = job_.next.fetch_add(1, std::memory_order_relaxed);
    const int64_t begin = index * job_.chunk;
    if (begin >= job_.units) return;
    uint64_t lowest = job_.fault.load(std::memory_order_relaxed);
    if (static_cast<uint64_t>(index) > lowest >> 32) return; // all that is left lies above the fault
    const int64_t end = std::min(job_.units, begin + job_.chunk);
    const int32_t fault = job_.fn(job_.context, begin, end, worker);
    if (fault == 0) continue;
    const uint64_t packed = static_cast<uint64_t>(index) << 32 | static_cast<uint32_t>(fault);
    while (packed < lowest && !job_.fault.compare_exchange_weak(lowest, packed, std::memory_order_relaxed)) {}
  }
}

void ThreadPool::work(unsigned worker, uint32_t seen) {
  while (wait_for_job(seen)) {
    if (!enter()) continue;
    if (worker < job_.workers) run_chunks(worker);
    inside_.fetch_sub(1, std::memory_order_release);
  }
}

/// Waits for an epoch that is not `seen`; false when the thread is to end. Spins while a program runs, and lingers a
/// little after it, since the next eager op may be near; then parks.
bool ThreadPool::wait_for_job(uint32_t& seen) {
  const auto news = [&] { return epoch_.load() != seen || stop_.load(); };
  auto idle_since = std::chrono::steady_clock::now();
  for (uint32_t spins = 1; !news(); ++spins) {
    spin(spins);
    if (spins % 256 != 0) continue;
    const auto now = std::chrono::steady_clock::now();
    if (awake_.load(std::memory_order_relaxed) > 0) idle_since = now;
    if (now - idle_since < kLinger) continue;
    std::unique_lock lock(park_mutex_);
    parked_.fetch_add(1);
    park_.wait(lock, news);
    parked_.fetch_sub(1);
  }
  seen = epoch_.load(std::memory_order_acquire);
  return !stop_.load();
}

} // namespace ogee::runtime
