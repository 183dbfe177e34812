// GPUs as a user sees them: which there are, their memory, waiting for them, and streams and events.
#pragma once

#include "frontend/device.h"

#include <cstdint>
#include <memory>
#include <string>

namespace ogee {

namespace runtime::cuda {
class Event;
class Stream;
class StreamGuard;
} // namespace runtime::cuda

/// The GPU of a number; says nothing about whether it is there.
constexpr Device cuda(int index = 0) noexcept { return {Device::Kind::cuda, index}; }

struct DeviceProperties {
  std::string name;
  int major = 0, minor = 0; ///< compute capability
  int multiprocessors = 0;
  int64_t memory_bytes = 0, l2_bytes = 0, shared_bytes_per_block = 0;
};
/// Error for the CPU, and for a device that is not there.
DeviceProperties device_properties(Device device = cuda(), Loc loc = Loc::current());

struct MemoryStats {
  int64_t bytes_live = 0;   ///< memory of tensors and running programs
  int64_t bytes_peak = 0;   ///< the most that bytes_live was
  int64_t bytes_cached = 0; ///< freed memory kept for reuse
};
MemoryStats memory_stats(Device device = cuda(), Loc loc = Loc::current());
/// The peak is what is live now.
void reset_peak_memory(Device device = cuda(), Loc loc = Loc::current());
/// Waits for the device, and gives all memory that is kept for reuse back to the system.
void empty_cache(Device device = cuda(), Loc loc = Loc::current());

/// Waits until all that a device was ever told to do is done (on the CPU everything is, always). Raises what went wrong
/// there since it was last waited for: an index out of range, at the line of its op; a kernel that failed.
void synchronize(Device device = cuda(), Loc loc = Loc::current());

/// Whether products of f32 on GPUs may round their operands to TF32, which has 10 bits behind the point: faster where
/// the hardware has it. Off until it is said; of the whole process.
void set_allow_tf32(bool on) noexcept;
bool is_tf32_allowed() noexcept;

class Stream;

/// A point in the work of a stream.
class Event {
public:
  /// `timed`: for milliseconds_since.
  explicit Event(Device device = cuda(), bool timed = false, Loc loc = Loc::current());

  /// Moves it behind all that is on a stream now; on this thread's current one.
  void record(const Stream& stream, Loc loc = Loc::current());
  void record(Loc loc = Loc::current());
  /// Whether the work before it is done; true if it was never recorded.
  bool done(Loc loc = Loc::current()) const;
  void synchronize(Loc loc = Loc::current()) const;
  /// Milliseconds from another event to this one; Error unless both are timed, recorded and done.
  float milliseconds_since(const Event& from, Loc loc = Loc::current()) const;

private:
  friend class Stream;
  std::shared_ptr<runtime::cuda::Event> impl_;
};

/// Work of a GPU that runs in order, beside that of other streams. Everything goes to the GPU's own stream unless a
/// StreamGuard says otherwise. A handle: copies are the same stream.
class Stream {
public:
  /// A new one.
  explicit Stream(Device device = cuda(), Loc loc = Loc::current());

  Device device() const;
  /// Whether all of its work is done.
  bool done(Loc loc = Loc::current()) const;
  /// Waits for its work, and raises what went wrong, as `ogee::synchronize` does.
  void synchronize(Loc loc = Loc::current()) const;
  /// What it is given from now on runs after the event; after all that is on another stream now.
  void wait(const Event& event, Loc loc = Loc::current()) const;
  void wait(const Stream& other, Loc loc = Loc::current()) const;

private:
  friend class Event;
  friend class StreamGuard;
  friend Stream current_stream(Device device, Loc loc);
  explicit Stream(std::shared_ptr<runtime::cuda::Stream> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<runtime::cuda::Stream> impl_;
};

/// Where this thread's work on a GPU goes.
Stream current_stream(Device device = cuda(), Loc loc = Loc::current());

/// While it lives, this thread's work on the stream's GPU goes to that stream, behind what went before it. Work after
/// it does not wait for that: say `current_stream().wait(stream)` before results are used.
///
///   Stream side;
///   Tensor y;
///   { StreamGuard guard(side); y = x.matmul(w); }
///   …                               // beside it
///   current_stream().wait(side);
///   print(y);
class StreamGuard {
public:
  explicit StreamGuard(const Stream& stream, Loc loc = Loc::current());
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

private:
  std::shared_ptr<runtime::cuda::Stream> stream_;
  std::unique_ptr<runtime::cuda::StreamGuard> guard_;
};

} // namespace ogee
