// Streams and events: the order of work on a GPU.
#pragma once

#include "runtime/cuda/driver.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace ogee::runtime::cuda {

class Gpu;
class Stream;

/// A point in the work of a stream.
class Event {
public:
  explicit Event(Gpu& gpu, bool timed = false);
  ~Event();
  Event(Event&& other) noexcept;
  Event& operator=(Event&& other) noexcept;

  Gpu& gpu() const noexcept { return *gpu_; }
  EventHandle handle() const noexcept { return handle_; }
  /// Moves it behind all that is on the stream now.
  void record(Stream& stream);
  /// Whether the work before it is done; true if it was never recorded.
  bool done() const;
  void synchronize() const;
  /// Milliseconds from another event to this one; both timed, recorded and done, else an Error(state).
  float milliseconds_since(const Event& from) const;

private:
  Gpu* gpu_;
  EventHandle handle_ = nullptr;
  bool timed_ = false, recorded_ = false;
};

/// Work that runs in order, beside that of other streams. What it still holds when it is destroyed is done all the
/// same.
class Stream {
public:
  enum class Use : uint8_t {
    work,
    recording, ///< for Graph alone: what is enqueued is noted and does not run
  };
  explicit Stream(Gpu& gpu, Use use = Use::work);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Gpu& gpu() const noexcept { return gpu_; }
  StreamHandle handle() const noexcept { return handle_; }
  /// Of this stream alone, as long as the process runs; handles are used again.
  uint64_t id() const noexcept { return id_; }
  /// Whether all of its work is done.
  bool done() const;
  /// Waits, then raises the faults of kernels and asynchronous errors.
  void synchronize();
  /// What is enqueued from now on runs after the event, also one of another GPU.
  void wait(const Event& event);
  /// What is enqueued from now on runs after all that is on the other stream now.
  void wait(Stream& other);

  /// Something was enqueued: whoever does so by a call of the driver says it here.
  void note_work() noexcept { work_.fetch_add(1, std::memory_order_release); }
  uint64_t work() const noexcept { return work_.load(std::memory_order_acquire); }

  bool is_recording() const noexcept { return use_ == Use::recording; }
  /// Error(state) if it records: for what must not be recorded ("allocating memory").
  void refuse_recording(const char* what) const;
  /// The names of recorded launches: "a, b, c and 12 more".
  void record(std::string_view launch);
  std::string recorded() const;

private:
  Gpu& gpu_;
  const Use use_;
  const uint64_t id_;
  StreamHandle handle_ = nullptr;
  std::atomic<uint64_t> work_{0};
  std::string recorded_;
  size_t recorded_count_ = 0;
};

/// While it lives, this thread's work on the stream's GPU goes to that stream, and runs after what it enqueued before.
/// Work that follows the guard does not wait for the stream's: say `wait` before its results are used elsewhere.
class StreamGuard {
public:
  explicit StreamGuard(Stream& stream);
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

private:
  int index_;
  Stream* before_;
};

/// This thread's stream on a GPU, null for the GPU's own.
Stream* thread_stream(int gpu) noexcept;
/// Sets it: the one before. What orders the two is the caller's affair.
Stream* set_thread_stream(int gpu, Stream* stream) noexcept;

/// The streams of a GPU. Memory may have been used on any of them, so it is freed behind the work of all: on the GPU's
/// own stream while there is no other, else on one that waits for what each holds (and that nothing waits for).
class StreamTable {
public:
  void add(Stream& stream);
  void remove(Stream& stream) noexcept;
  /// Calls `free(stream)` with a stream that is behind all work so far. False if that cannot be had.
  bool behind_all(Gpu& gpu, Stream& own, void (*free)(void*, StreamHandle), void* context) noexcept;

private:
  struct Entry {
    Stream* stream;
    uint64_t joined; ///< of its work
  };
  bool join(Gpu& gpu, const Entry& entry) noexcept;

  std::mutex mutex_;
  std::vector<Entry> entries_;
  StreamHandle last_ = nullptr; ///< where memory is freed once there were several streams
  EventHandle event_ = nullptr;
};

} // namespace ogee::runtime::cuda
