// The GPUs of this machine, and what became of CUDA in this process: nothing is opened or called before the first use,
// and nothing is called any more once a context is lost or the process ends.
#pragma once

#include "runtime/cuda/driver.h"
#include "runtime/cuda/stream.h"
#include "runtime/device.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ogee::runtime::cuda {

class PinnedPool;
class FaultWords;
class Matmuls;

struct Properties {
  std::string name;
  int major = 0, minor = 0; ///< compute capability
  int multiprocessors = 0;
  size_t memory_bytes = 0, l2_bytes = 0, shared_bytes_per_block = 0;
  /// "sm_90".
  std::string architecture() const { return concat("sm_", major, minor); }
};

/// Who is to blame for a status of the driver.
enum class Blame : uint8_t {
  none,   ///< success, or not ready yet
  memory, ///< the device or the host has none left
  world,  ///< no device, no code for it, a driver that does not fit
  lost,   ///< the context is gone: whatever is called gives the same status again
  call,   ///< this call alone
};
Blame blame_of(int status) noexcept;

/// Devices that can be used; 0 without CUDA.
int device_count() noexcept;

/// The launches since the last check, for the text of an error that nobody can place: the last few by name.
class RecentLaunches {
public:
  void add(StreamHandle stream, std::string_view text) noexcept;
  /// What was launched on this stream (null: on all) has been checked.
  void forget(StreamHandle stream) noexcept;
  /// "; launches since the last check: a, b, c"; "" if there are none.
  std::string text() const;

private:
  struct Entry {
    StreamHandle stream = nullptr;
    std::array<char, 120> text;
    size_t length = 0;
  };
  mutable std::mutex mutex_;
  std::array<Entry, 16> entries_;
  size_t next_ = 0;
  uint64_t count_ = 0;
};

/// Someone who keeps memory of a GPU for later use.
class Keeper {
public:
  /// Gives back what is in no use.
  virtual void reclaim() noexcept = 0;

protected:
  ~Keeper() = default;
};

/// One GPU. Made at its first use, never destroyed; its primary context is retained.
class Gpu {
public:
  /// Error(no_device): what is missing, or why CUDA cannot be used any more.
  static Gpu& get(int index);

  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;
  ~Gpu();

  int index() const noexcept { return index_; }
  Device device() const noexcept { return Device(Device::Kind::cuda, index_); }
  const Properties& properties() const noexcept { return properties_; }
  const Driver& driver() const noexcept { return driver_; }
  ContextHandle context() const noexcept { return context_; }
  PoolHandle pool() const noexcept { return pool_; }

  /// Where this thread's work goes: the device's own stream unless a StreamGuard says otherwise.
  Stream& stream();
  Stream& own_stream() noexcept { return *stream_; }
  /// Waits for all that was ever enqueued, then raises the faults of kernels and asynchronous errors.
  void synchronize();
  /// Waits for a stream, then raises the same.
  void synchronize(Stream& stream);
  /// Waits for all that was ever enqueued: the driver's status.
  int wait_for_all() noexcept;
  /// Held while a thread records a graph: the driver lets nobody wait for the whole device then.
  std::recursive_mutex& recordings() noexcept { return recordings_; }

  /// Makes its context the thread's: before any call that needs one.
  void activate();
  /// The same for giving things back: false if nothing may be called any more.
  bool try_activate() noexcept;
  /// Raises the Error of a status that is not 0: "CUDA: cuda:0: <what> failed: …".
  void check(int status, std::string_view what) {
    if (status != 0) [[unlikely]]
      fail(status, what);
  }
  /// The same for giving things back: nothing is raised, but a lost context is noted.
  void note(int status, std::string_view what) noexcept;

  RecentLaunches& recent() noexcept { return recent_; }
  PinnedPool& pinned() noexcept { return *pinned_; }
  FaultWords& faults() noexcept { return *faults_; }
  Matmuls& matmuls() noexcept { return *matmuls_; }
  StreamTable& streams() noexcept { return streams_; }

  /// Who is asked before memory is said to be out; `remove` it before it ends.
  void add(Keeper& keeper);
  void remove(Keeper& keeper) noexcept;
  void reclaim() noexcept;

  /// Bytes of tensors and running programs on the device.
  std::atomic<int64_t> bytes_live{0}, bytes_peak{0};

private:
  friend class Devices;
  Gpu(const Driver& driver, int index);
  [[noreturn]] void fail(int status, std::string_view what);

  const Driver& driver_;
  const int index_;
  int handle_ = 0;
  Properties properties_;
  ContextHandle context_ = nullptr;
  PoolHandle pool_ = nullptr;
  RecentLaunches recent_;
  StreamTable streams_;
  std::recursive_mutex recordings_;
  std::mutex keepers_mutex_;
  std::vector<Keeper*> keepers_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<PinnedPool> pinned_;
  std::unique_ptr<FaultWords> faults_;
  std::unique_ptr<Matmuls> matmuls_;
};

/// All GPUs, and whether CUDA may still be called: a part of runtime::Runtime.
class Devices {
public:
  static constexpr int kMost = 64;
  static Devices& get();

  Gpu& gpu(int index);
  /// The one that `gpu` has made, or null.
  Gpu* made(int index) noexcept;
  int count() noexcept;

  /// CUDA cannot be used in this process from now on, for this reason.
  void lose(const std::string& reason) noexcept;
  /// Raises the Error of what became of CUDA in this process, if anything did.
  void check() const;
  bool is_over() const noexcept { return over_.load(std::memory_order_acquire); }

private:
  const Driver& driver();

  std::array<std::atomic<Gpu*>, kMost> gpus_{};
  std::mutex mutex_;
  std::atomic<const char*> reason_{nullptr};
  std::atomic<bool> over_{false};
  bool watches_ = false; ///< the end of the process, forks
};

} // namespace ogee::runtime::cuda
