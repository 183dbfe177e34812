// Streams, the order between them, and running them.
#include "tests/cuda/fake/queue.h"

#include <algorithm>
#include <cstdlib>

namespace ogee::fake {
namespace {

constexpr size_t kLongest = 16384; ///< operations that wait on a stream

bool reverse() {
  static const bool on = [] {
    const char* value = std::getenv("OGEE_FAKE_CUDA_REVERSE");
    return value && *value == '1';
  }();
  return on;
}

/// A stream whose work in `before` another one, at `now`, is not behind; -1 if it is behind all of it.
int unordered(const Clock& before, const Clock& now, int self) {
  for (const auto& [stream, tick] : before) {
    if (stream == self) continue;
    const auto found = now.find(stream);
    if (found == now.end() || found->second < tick) return stream;
  }
  return -1;
}

} // namespace

std::string name(StreamHandle stream) { return stream ? "s" + std::to_string(stream->number) : "s?"; }
std::string name(EventHandle event) { return event ? "e" + std::to_string(event->number) : "e?"; }

Queue& Queue::get() {
  static Queue* const queue = new Queue;
  return *queue;
}

Stream_* Queue::make_stream(Context_& context) {
  auto stream = std::make_unique<Stream_>();
  stream->number = int(streams_.size()) + 1;
  stream->context = &context;
  handles_.insert(stream.get());
  return streams_.emplace_back(std::move(stream)).get();
}

Event_* Queue::make_event(Context_& context, bool timed) {
  auto event = std::make_unique<Event_>();
  event->number = int(events_.size()) + 1;
  event->context = &context;
  event->timed = timed;
  handles_.insert(event.get());
  return events_.emplace_back(std::move(event)).get();
}

Stream_& Queue::stream(const char* function, StreamHandle handle) {
  if (!handle) violation("%s: the null stream, which waits for others, is not to be used", function);
  if (!handles_.contains(handle)) violation("%s: a handle that is no stream", function);
  if (!handle->live) violation("%s: stream %s was destroyed", function, name(handle).c_str());
  if (handle->context != &current(function))
    violation("%s: stream %s is of another context", function, name(handle).c_str());
  return *handle;
}

Event_& Queue::event(const char* function, EventHandle handle) {
  if (!handle || !handles_.contains(handle)) violation("%s: a handle that is no event", function);
  if (!handle->live) violation("%s: event %s was destroyed", function, name(handle).c_str());
  return *handle;
}

void Queue::use(Stream_& stream, const Use& use, const std::string& what) {
  Memory& memory = Memory::get();
  Allocation* const found = memory.find(use.address, use.bytes);
  const std::string who = what + " on " + name(&stream);
  if (!found)
    violation("%s: %zu bytes at %#llx are in no allocation", who.c_str(), use.bytes, (unsigned long long)use.address);
  Allocation& allocation = *found;
  if (allocation.freed) violation("%s uses an allocation of %zu bytes that was freed", who.c_str(), allocation.bytes);
  const auto created = stream.clock.find(allocation.stream);
  if (allocation.stream != stream.number && (created == stream.clock.end() || created->second < allocation.created))
    violation("%s uses memory of s%d without waiting for its allocation", who.c_str(), allocation.stream);
  if (const int other = unordered(allocation.writes, stream.clock, stream.number); other >= 0)
    violation("%s uses memory that s%d writes, without waiting for it", who.c_str(), other);
  if (use.writes)
    if (const int other = unordered(allocation.reads, stream.clock, stream.number); other >= 0)
      violation("%s writes memory that s%d reads, without waiting for it", who.c_str(), other);
  (use.writes ? allocation.writes : allocation.reads)[stream.number] = stream.clock[stream.number];
}

void Queue::end_use(Stream_& stream, Allocation& allocation) {
  merge(stream.clock, Machine::get().host);
  for (const Clock* uses : {&allocation.reads, &allocation.writes})
    if (const int other = unordered(*uses, stream.clock, stream.number); other >= 0)
      violation("memory of %zu bytes is freed on %s while s%d may still use it", allocation.bytes,
                name(&stream).c_str(), other);
}

void Queue::enqueue(Stream_& stream, Operation operation) {
  if (stream.capture) return stream.capture->operations.push_back(std::move(operation));
  merge(stream.clock, Machine::get().host);
  stream.clock[stream.number] = ++stream.enqueued;
  for (const Use& item : operation.uses) use(stream, item, operation.what);
  stream.queue.push_back(std::move(operation));
  if (stream.queue.size() > kLongest) run(stream, stream.done + kLongest / 2); // a device does not wait forever
}

bool Queue::is_capturing(const Context_& context) const {
  return std::ranges::any_of(streams_,
                             [&](const auto& stream) { return stream->context == &context && stream->capture; });
}

void Queue::run(Stream_& stream, uint64_t until) {
  while (stream.done < until && !stream.queue.empty()) {
    Operation operation = std::move(stream.queue.front());
    stream.queue.pop_front();
    Machine::get().record("run " + name(&stream) + ": " + operation.what);
    if (!Machine::get().lost) operation.run();
    ++stream.done;
  }
}

void Queue::run_all() {
  const auto run_one = [&](Stream_& stream) { run(stream, stream.enqueued); };
  if (reverse())
    std::for_each(streams_.rbegin(), streams_.rend(), [&](auto& stream) { run_one(*stream); });
  else
    std::for_each(streams_.begin(), streams_.end(), [&](auto& stream) { run_one(*stream); });
}

void Queue::wait(Stream_& stream) {
  run(stream, stream.enqueued);
  merge(Machine::get().host, stream.clock);
}

void Queue::wait(Event_& event) {
  if (!event.stream) return;
  run(*event.stream, event.at);
  merge(Machine::get().host, event.clock);
}

void Queue::wait_all() {
  run_all();
  for (const auto& stream : streams_) merge(Machine::get().host, stream->clock);
}

bool Queue::uses_host(const void* memory, size_t bytes) const {
  const char *begin = static_cast<const char*>(memory), *end = begin + bytes;
  for (const auto& stream : streams_)
    for (const Operation& operation : stream->queue)
      for (const HostUse& use : operation.host) {
        const char* const at = static_cast<const char*>(use.memory);
        if (at < end && begin < at + use.bytes) return true;
      }
  return false;
}

bool Queue::uses_module(ModuleHandle module) const {
  for (const auto& stream : streams_)
    for (const Operation& operation : stream->queue)
      if (operation.module == module) return true;
  return false;
}

bool Queue::is_idle() const {
  return std::all_of(streams_.begin(), streams_.end(), [](auto& stream) { return stream->queue.empty(); });
}

std::string Queue::leaks() const {
  const auto count = [](const auto& list) {
    return std::count_if(list.begin(), list.end(), [](auto& item) { return item->live; });
  };
  std::string all;
  if (const auto streams = count(streams_)) all += text("%td streams ", streams);
  if (const auto events = count(events_)) all += text("%td events ", events);
  return all;
}

} // namespace ogee::fake
