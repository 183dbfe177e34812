// Streams and events of the fake driver.
#include "tests/cuda/fake/queue.h"

#include <chrono>

using namespace ogee::fake;

namespace {

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace

extern "C" {

int cuStreamCreate(StreamHandle* stream, unsigned flags) {
  return call(__func__, text("%u", flags), [&](Machine&) {
    if (flags != kStreamNonBlocking) violation("cuStreamCreate: a stream that waits for the null stream");
    *stream = Queue::get().make_stream(current("cuStreamCreate"));
    return 0;
  });
}

int cuStreamDestroy_v2(StreamHandle handle) {
  return call(__func__, name(handle), [&](Machine&) {
    Stream_& stream = Queue::get().stream("cuStreamDestroy_v2", handle);
    stream.live = false; // its work is done all the same
    stream.capture.reset();
    return 0;
  });
}

int cuStreamSynchronize(StreamHandle handle) {
  return call(__func__, name(handle), [&](Machine& machine) -> int {
    Stream_& stream = Queue::get().stream("cuStreamSynchronize", handle);
    if (stream.capture) return kCaptureUnsupported;
    Queue::get().wait(stream);
    return machine.lost;
  });
}

int cuStreamQuery(StreamHandle handle) {
  return call(__func__, name(handle), [&](Machine& machine) -> int {
    Stream_& stream = Queue::get().stream("cuStreamQuery", handle);
    if (stream.capture) return kCaptureUnsupported;
    if (stream.queue.empty()) {
      Queue::get().wait(stream);
      return machine.lost;
    }
    Queue::get().run(stream, stream.done + 1); // who asks again and again comes to an end
    return kNotReady;
  });
}

int cuStreamWaitEvent(StreamHandle handle, EventHandle event_handle, unsigned) {
  return call(__func__, name(handle) + ", " + name(event_handle), [&](Machine&) {
    Queue& queue = Queue::get();
    Stream_& stream = queue.stream("cuStreamWaitEvent", handle);
    Event_& event = queue.event("cuStreamWaitEvent", event_handle);
    if (!event.stream) return 0; // never recorded: nothing to wait for
    merge(stream.clock, event.clock);
    queue.enqueue(stream, {.what = "wait for " + name(event.stream),
                           .run = [from = event.stream, at = event.at] { Queue::get().run(*from, at); }});
    return 0;
  });
}

int cuEventCreate(EventHandle* event, unsigned flags) {
  return call(__func__, text("%u", flags), [&](Machine&) {
    *event = Queue::get().make_event(current("cuEventCreate"), !(flags & kEventDisableTiming));
    return 0;
  });
}

int cuEventDestroy_v2(EventHandle handle) {
  return call(__func__, name(handle), [&](Machine&) {
    current("cuEventDestroy_v2");
    Queue::get().event("cuEventDestroy_v2", handle).live = false;
    return 0;
  });
}

int cuEventRecord(EventHandle handle, StreamHandle stream_handle) {
  return call(__func__, name(handle) + ", " + name(stream_handle), [&](Machine&) {
    Queue& queue = Queue::get();
    Event_& event = queue.event("cuEventRecord", handle);
    Stream_& stream = queue.stream("cuEventRecord", stream_handle);
    if (event.context != stream.context) violation("cuEventRecord: event and stream are of different contexts");
    queue.enqueue(stream, {.what = "record " + name(&event), .run = [&event] { event.time = now(); }});
    event.stream = &stream;
    event.at = stream.enqueued;
    event.clock = stream.clock;
    return 0;
  });
}

int cuEventQuery(EventHandle handle) {
  return call(__func__, name(handle), [&](Machine& machine) -> int {
    current("cuEventQuery");
    Event_& event = Queue::get().event("cuEventQuery", handle);
    if (!event.stream || event.stream->done >= event.at) {
      Queue::get().wait(event);
      return machine.lost;
    }
    Queue::get().run(*event.stream, event.stream->done + 1);
    return kNotReady;
  });
}

int cuEventSynchronize(EventHandle handle) {
  return call(__func__, name(handle), [&](Machine& machine) {
    current("cuEventSynchronize");
    Queue::get().wait(Queue::get().event("cuEventSynchronize", handle));
    return machine.lost;
  });
}

int cuEventElapsedTime(float* milliseconds, EventHandle from, EventHandle to) {
  return call(__func__, name(from) + ", " + name(to), [&](Machine&) -> int {
    Event_ &first = Queue::get().event("cuEventElapsedTime", from),
           &second = Queue::get().event("cuEventElapsedTime", to);
    for (const Event_* event : {&first, &second}) {
      if (!event->timed || !event->stream) return kInvalidHandle;
      if (event->stream->done < event->at) return kNotReady;
    }
    *milliseconds = float(second.time - first.time);
    return 0;
  });
}

} // extern "C"
