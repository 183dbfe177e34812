// GPUs through the runtime; its Errors get the user's line.
#include "frontend/cuda.h"

#include "frontend/failure.h"
#include "runtime/cuda/memory.h"
#include "runtime/runtime.h"

namespace ogee {

using detail::calling;
using runtime::cuda::Gpu;

namespace {

/// The GPU of a device; Error for the CPU.
Gpu& gpu_of(Device device) {
  if (!device.is_cuda()) runtime::raise(runtime::ErrorCode::invalid_argument, "needs a CUDA device, not ", device);
  return Gpu::get(device.index());
}

} // namespace

DeviceProperties device_properties(Device device, Loc loc) {
  return calling("device_properties", loc, [&] {
    const runtime::cuda::Properties& from = gpu_of(device).properties();
    return DeviceProperties{from.name,
                            from.major,
                            from.minor,
                            from.multiprocessors,
                            int64_t(from.memory_bytes),
                            int64_t(from.l2_bytes),
                            int64_t(from.shared_bytes_per_block)};
  });
}

MemoryStats memory_stats(Device device, Loc loc) {
  return calling("memory_stats", loc, [&] {
    if (device.is_cpu()) {
      const runtime::Allocator& cpu = runtime::Runtime::get().allocator();
      return MemoryStats{cpu.bytes_live(), cpu.bytes_peak(), cpu.bytes_cached()};
    }
    const runtime::cuda::MemoryStats stats = runtime::cuda::memory_stats(Gpu::get(device.index()));
    return MemoryStats{stats.bytes_live, stats.bytes_peak, stats.bytes_cached};
  });
}

void reset_peak_memory(Device device, Loc loc) {
  calling("reset_peak_memory", loc, [&] {
    if (device.is_cpu()) return runtime::Runtime::get().allocator().reset_peak();
    runtime::cuda::reset_peak(Gpu::get(device.index()));
  });
}

void empty_cache(Device device, Loc loc) {
  calling("empty_cache", loc, [&] {
    if (device.is_cpu()) return runtime::Runtime::get().allocator().release_cached();
    runtime::cuda::release_cached(Gpu::get(device.index()));
  });
}

void synchronize(Device device, Loc loc) {
  calling("synchronize", loc, [&] {
    if (device.is_cuda()) Gpu::get(device.index()).synchronize();
  });
}

// --- events ---------------------------------------------------------------------------------------------------------

Event::Event(Device device, bool timed, Loc loc)
    : impl_(calling("Event", loc, [&] { return std::make_shared<runtime::cuda::Event>(gpu_of(device), timed); })) {}

void Event::record(const Stream& stream, Loc loc) {
  calling("record", loc, [&] { impl_->record(*stream.impl_); });
}

void Event::record(Loc loc) {
  calling("record", loc, [&] { impl_->record(impl_->gpu().stream()); });
}

bool Event::done(Loc loc) const {
  return calling("done", loc, [&] { return impl_->done(); });
}

void Event::synchronize(Loc loc) const {
  calling("synchronize", loc, [&] { impl_->synchronize(); });
}

float Event::milliseconds_since(const Event& from, Loc loc) const {
  return calling("milliseconds_since", loc, [&] { return impl_->milliseconds_since(*from.impl_); });
}

// --- streams --------------------------------------------------------------------------------------------------------

Stream::Stream(Device device, Loc loc)
    : impl_(calling("Stream", loc, [&] { return std::make_shared<runtime::cuda::Stream>(gpu_of(device)); })) {}

Device Stream::device() const { return impl_->gpu().device(); }

bool Stream::done(Loc loc) const {
  return calling("done", loc, [&] { return impl_->done(); });
}

void Stream::synchronize(Loc loc) const {
  calling("synchronize", loc, [&] { impl_->synchronize(); });
}

void Stream::wait(const Event& event, Loc loc) const {
  calling("wait", loc, [&] { impl_->wait(*event.impl_); });
}

void Stream::wait(const Stream& other, Loc loc) const {
  calling("wait", loc, [&] { impl_->wait(*other.impl_); });
}

void set_allow_tf32(bool on) noexcept { runtime::Runtime::get().set_allows_tf32(on); }
bool is_tf32_allowed() noexcept { return runtime::Runtime::get().allows_tf32(); }

Stream current_stream(Device device, Loc loc) {
  return calling("current_stream", loc, [&] { // not its owner: the GPU is, or a guard
    return Stream({std::shared_ptr<void>(), &gpu_of(device).stream()});
  });
}

StreamGuard::StreamGuard(const Stream& stream, Loc loc)
    : stream_(stream.impl_),
      guard_(calling("StreamGuard", loc, [&] { return std::make_unique<runtime::cuda::StreamGuard>(*stream.impl_); })) {
}

StreamGuard::~StreamGuard() = default;

} // namespace ogee
