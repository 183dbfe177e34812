// Streams and events: what runs after what.
#include "runtime/cuda/stream.h"

#include "runtime/copy.h"
#include "runtime/cuda/memory.h"
#include "tests/cuda/machine.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

TEST_CASE("stream: a guard chooses the stream of this thread, and only there", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  Stream &own = gpu.own_stream(), a(gpu), b(gpu);
  CHECK(&gpu.stream() == &own);
  {
    const StreamGuard first(a);
    CHECK(&gpu.stream() == &a);
    CHECK(&Gpu::get(1).stream() == &Gpu::get(1).own_stream());
    {
      const StreamGuard second(b);
      CHECK(&gpu.stream() == &b);
      Stream* elsewhere = nullptr;
      std::thread([&] { elsewhere = &gpu.stream(); }).join();
      CHECK(elsewhere == &own);
    }
    CHECK(&gpu.stream() == &a);
  }
  CHECK(&gpu.stream() == &own);
}

TEST_CASE("stream: work runs when something waits for it, in the order of its stream", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  const StorageRef x = Storage::allocate(4, gpu.device());
  gpu.synchronize();
  FakeRecord record;
  fill(gpu, x->data(), 4, 1, 4);
  fill(gpu, x->data(), 4, 2, 4);
  CHECK(record.take().find("run ") == std::string::npos);
  CHECK_FALSE(gpu.stream().done());
  gpu.stream().synchronize();
  CHECK(gpu.stream().done());
  const std::string ran = record.take();
  const std::string line = "run s1: cuMemsetD32Async 4 bytes\n";
  CHECK(ran.find(line) != std::string::npos);
  CHECK(ran.find(line) != ran.rfind(line));
}

TEST_CASE("stream: events order streams, of two GPUs as well", "[fake]") {
  Gpu &gpu = Gpu::get(0), &second = Gpu::get(1);
  Stream a(gpu), b(second);
  const StorageRef x = Storage::allocate(4, gpu.device()), y = Storage::allocate(4, second.device());
  uint32_t result = 0;
  Event written(gpu);
  CHECK(written.done()); // never recorded
  {
    const StreamGuard guard(a);
    fill(gpu, x->data(), 4, 42, 4);
    written.record(a);
  }
  CHECK_FALSE(written.done());
  gpu.own_stream().wait(written); // the copy reads on the GPU's own stream
  copy_bytes(*y, 0, *x, 0, 4);
  b.wait(second.own_stream());
  {
    const StreamGuard guard(b);
    copy_to_host(second, &result, y->data(), 4);
  }
  CHECK(result == 42);
  CHECK(written.done());
  CHECK(error_of([&] { Event(gpu).record(b); }) == "an event of cuda:0 cannot be recorded on a stream of cuda:1");
}

TEST_CASE("stream: time between events") {
  Gpu& gpu = Gpu::get(0);
  Event first(gpu, true), second(gpu, true), plain(gpu);
  first.record(gpu.stream());
  second.record(gpu.stream());
  plain.record(gpu.stream());
  CHECK(error_of([&] { second.milliseconds_since(plain); }) == "an event of cuda:0 was not made to be timed");
  CHECK(error_of([&] { second.milliseconds_since(Event(gpu, true)); }) == "an event of cuda:0 was not recorded");
  CHECK(error_of([&] { second.milliseconds_since(first); }) == "an event of cuda:0 is not done; hint: synchronize()");
  plain.synchronize();
  CHECK(second.milliseconds_since(first) >= 0);
}

TEST_CASE("stream: streams and events are given back", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  { const Stream warm(gpu); }
  const StorageRef x = Storage::allocate(4, gpu.device()); // behind several streams
  const std::string before = fake_leaks();
  {
    Stream a(gpu);
    Event e(gpu), f(std::move(e));
    f.record(a);
    e = std::move(f);
    a.wait(e);
  }
  CHECK(fake_leaks() == before);
}
