// Threads that run the chunks of a kernel: they spin while a program runs, so that a hand-off costs 0.1 µs, and park
// after it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace ogee::runtime {

/// Part of a parallel loop: units [begin, end). `worker` < the `workers` given to `run` is different for all chunks
/// that run at the same time: it selects a scratch block. Returns 0 or a fault; must not throw.
using ChunkFn = int32_t (*)(void* context, int64_t begin, int64_t end, unsigned worker);

class ThreadPool {
public:
  /// `threads` threads work together, the calling one included; they are started when a loop first needs them.
  explicit ThreadPool(unsigned threads) : threads_(threads) {}
  ~ThreadPool() { stop_workers(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Threads that work together, the caller of `run` included.
  unsigned threads() const noexcept { return threads_.load(std::memory_order_relaxed); }
  /// Changes their number (at least 1); waits for the loop being run.
  void set_threads(unsigned threads);

  /// Runs fn on [0, units) in chunks of `chunk` units, with at most `workers` threads; the caller takes part. A caller
  /// that finds the pool busy runs all its chunks itself (worker 0). Returns the fault of the lowest faulty chunk, 0 if
  /// there is none; chunks above it may be left out.
  int32_t run(int64_t units, int64_t chunk, unsigned workers, ChunkFn fn, void* context);

  /// While one of these lives, waiting threads spin instead of parking: a program holds one for its run.
  class KeepAwake {
  public:
    explicit KeepAwake(ThreadPool& pool) noexcept : pool_(pool) {
      pool_.awake_.fetch_add(1, std::memory_order_relaxed);
    }
    ~KeepAwake() { pool_.awake_.fetch_sub(1, std::memory_order_relaxed); }
    KeepAwake(const KeepAwake&) = delete;
    KeepAwake& operator=(const KeepAwake&) = delete;

  private:
    ThreadPool& pool_;
  };

private:
  struct Job {
    ChunkFn fn = nullptr;
    void* context = nullptr;
    int64_t units = 0, chunk = 0;
    unsigned workers = 0;
    alignas(64) std::atomic<int64_t> next{0}; ///< the next chunk that nobody has taken
    std::atomic<uint64_t> fault{0};           ///< the lowest faulty chunk << 32 | its fault; kNoFault
  };

  void start_workers();
  void stop_workers();
  void work(unsigned worker, uint32_t seen);
  bool wait_for_job(uint32_t& seen);
  bool keep_spinning(uint32_t& spins) const;
  void announce();
  bool enter() noexcept;
  void close() noexcept;
  void run_chunks(unsigned worker) noexcept;
  void acquire() noexcept;

  std::atomic<unsigned> threads_;
  std::atomic<int> awake_{0};
  std::atomic<bool> busy_{false}; ///< owned by the caller whose loop runs, or who changes the number of threads
  std::vector<std::thread> workers_;
  Job job_;

  // How a loop is handed over: the caller fills job_, opens it (inside_ = kOpen) and counts epoch_ up. A waiting thread
  // that sees a new epoch enters (inside_ + 1) if the job is open, takes chunks, and leaves. The caller closes the job
  // and waits until nobody is inside. So threads that come late, or never (after a fork), do no harm.
  alignas(64) std::atomic<uint32_t> epoch_{0};
  alignas(64) std::atomic<uint32_t> inside_{0};
  std::mutex park_mutex_;
  std::condition_variable park_;
  std::atomic<unsigned> parked_{0};
  std::atomic<bool> stop_{false};
};

} // namespace ogee::runtime
