// Streams, events, and freeing behind all streams.
#include "runtime/cuda/stream.h"

#include "runtime/cuda/device.h"

#include <algorithm>
#include <utility>

namespace ogee::runtime::cuda {
namespace {

thread_local Stream* thread_streams[Devices::kMost];

constexpr size_t kNamedLaunches = 8; ///< of those that a stream records

uint64_t next_id() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

// --- events ---------------------------------------------------------------------------------------------------------

Event::Event(Gpu& gpu, bool timed) : gpu_(&gpu), timed_(timed) {
  Devices::get().check();
  gpu.activate();
  gpu.check(gpu.driver().cuEventCreate(&handle_, timed ? kEventDefault : kEventDisableTiming), "making an event");
}

Event::Event(Event&& other) noexcept
    : gpu_(other.gpu_), handle_(std::exchange(other.handle_, nullptr)), timed_(other.timed_),
      recorded_(other.recorded_) {}

Event& Event::operator=(Event&& other) noexcept {
  std::swap(gpu_, other.gpu_);
  std::swap(handle_, other.handle_);
  std::swap(timed_, other.timed_);
  std::swap(recorded_, other.recorded_);
  return *this;
}

Event::~Event() {
  if (handle_ && gpu_->try_activate()) gpu_->note(gpu_->driver().cuEventDestroy_v2(handle_), "giving back an event");
}

void Event::record(Stream& stream) {
  Devices::get().check();
  if (gpu_ != &stream.gpu())
    raise(ErrorCode::invalid_argument, "an event of ", gpu_->device(), " cannot be recorded on a stream of ",
          stream.gpu().device());
  gpu_->activate();
  gpu_->check(gpu_->driver().cuEventRecord(handle_, stream.handle()), "recording an event");
  recorded_ = true;
}

bool Event::done() const {
  Devices::get().check();
  gpu_->activate();
  const int status = gpu_->driver().cuEventQuery(handle_);
  if (status == kNotReady) return false;
  gpu_->check(status, "asking for an event");
  return true;
}

void Event::synchronize() const {
  Devices::get().check();
  gpu_->activate();
  gpu_->check(gpu_->driver().cuEventSynchronize(handle_), "waiting for an event");
}

float Event::milliseconds_since(const Event& from) const {
  const auto need = [&](bool holds, const char* problem) {
    if (!holds) raise(ErrorCode::state, "an event of ", gpu_->device(), " ", problem);
  };
  for (const Event* event : {this, &from}) {
    need(event->timed_, "was not made to be timed");
    need(event->recorded_, "was not recorded");
  }
  need(done() && from.done(), "is not done; hint: synchronize()");
  float time = 0;
  gpu_->check(gpu_->driver().cuEventElapsedTime(&time, from.handle_, handle_), "reading the time between two events");
  return time;
}

// --- streams --------------------------------------------------------------------------------------------------------

Stream::Stream(Gpu& gpu, Use use) : gpu_(gpu), use_(use), id_(next_id()) {
  Devices::get().check();
  gpu.activate();
  gpu.check(gpu.driver().cuStreamCreate(&handle_, kStreamNonBlocking), "making a stream");
  if (use == Use::work) gpu.streams().add(*this); // nothing may be enqueued on the other kind from outside
}

Stream::~Stream() {
  gpu_.streams().remove(*this);
  if (gpu_.try_activate()) gpu_.note(gpu_.driver().cuStreamDestroy_v2(handle_), "giving back a stream");
}

bool Stream::done() const {
  Devices::get().check();
  gpu_.activate();
  const int status = gpu_.driver().cuStreamQuery(handle_);
  if (status == kNotReady) return false;
  gpu_.check(status, "asking for a stream's work");
  return true;
}

void Stream::synchronize() { gpu_.synchronize(*this); }

void Stream::refuse_recording(const char* what) const {
  if (is_recording()) raise(ErrorCode::state, "CUDA: ", gpu_.device(), ": ", what, " cannot be part of a graph");
}

void Stream::record(std::string_view launch) {
  if (recorded_count_++ < kNamedLaunches) recorded_ += concat(recorded_.empty() ? "" : ", ", launch);
}

std::string Stream::recorded() const {
  if (recorded_count_ <= kNamedLaunches) return recorded_;
  return concat(recorded_, " and ", recorded_count_ - kNamedLaunches, " more");
}

void Stream::wait(const Event& event) {
  Devices::get().check();
  gpu_.activate();
  gpu_.check(gpu_.driver().cuStreamWaitEvent(handle_, event.handle(), 0), "ordering streams");
  note_work();
}

void Stream::wait(Stream& other) {
  if (&other == this) return;
  Event event(other.gpu());
  event.record(other);
  wait(event);
}

StreamGuard::StreamGuard(Stream& stream) : index_(stream.gpu().index()), before_(thread_stream(index_)) {
  stream.wait(stream.gpu().stream());
  set_thread_stream(index_, &stream);
}

StreamGuard::~StreamGuard() { set_thread_stream(index_, before_); }

Stream* thread_stream(int gpu) noexcept { return thread_streams[gpu]; }
Stream* set_thread_stream(int gpu, Stream* stream) noexcept { return std::exchange(thread_streams[gpu], stream); }

// --- all streams of a GPU -------------------------------------------------------------------------------------------

void StreamTable::add(Stream& stream) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({&stream, 0});
}

void StreamTable::remove(Stream& stream) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.stream == &stream; });
  if (found == entries_.end()) return;
  // What it holds may use memory that is freed later.
  if (last_ && stream.gpu().try_activate()) join(stream.gpu(), *found);
  entries_.erase(found);
}

bool StreamTable::join(Gpu& gpu, const Entry& entry) noexcept {
  const Driver& driver = gpu.driver();
  return driver.cuEventRecord(event_, entry.stream->handle()) == 0 && driver.cuStreamWaitEvent(last_, event_, 0) == 0;
}

bool StreamTable::behind_all(Gpu& gpu, Stream& own, void (*free)(void*, StreamHandle), void* context) noexcept {
  const std::lock_guard lock(mutex_);
  if (!last_ && entries_.size() == 1) {
    free(context, own.handle());
    return true;
  }
  const Driver& driver = gpu.driver();
  if (!event_ && driver.cuEventCreate(&event_, kEventDisableTiming) != 0) return false;
  if (!last_ && driver.cuStreamCreate(&last_, kStreamNonBlocking) != 0) return false;
  for (Entry& entry : entries_) {
    const uint64_t work = entry.stream->work();
    if (work == entry.joined) continue;
    if (!join(gpu, entry)) return false;
    entry.joined = work;
  }
  free(context, last_);
  return true;
}

} // namespace ogee::runtime::cuda
