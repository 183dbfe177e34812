// GPUs, their memory, streams and events, as users see them: on the fake machine, which has two.
#include "runtime/copy.h"
#include "runtime/cuda/memory.h"
#include "tests/frontend/support.h"

#include <cstdlib>
#include <thread>

using namespace ogee;
using namespace ogee::tests;
using runtime::Storage;
using runtime::StorageRef;

namespace {

const bool on_fake_machine =
    setenv("OGEE_CUDA_PATH", OGEE_FAKE_CUDA, 0) == 0 && setenv("OGEE_FAKE_CUDA_DEVICES", "2", 0) == 0;

void fill(const StorageRef& storage, uint64_t value) {
  runtime::cuda::fill(runtime::cuda::Gpu::get(storage->device().index()), storage->data(), int64_t(storage->bytes()),
                      value, 4);
}

uint32_t first_of(const StorageRef& storage) {
  const StorageRef host = Storage::allocate(4);
  runtime::copy_bytes(*host, 0, *storage, 0, 4);
  return *reinterpret_cast<const uint32_t*>(host->data());
}

} // namespace

TEST_CASE("cuda: which devices there are", "[fake]") {
  CHECK(cuda_is_available());
  CHECK(cuda_device_count() == 2);
  CHECK(cuda() == Device("cuda"));
  CHECK(cuda(1) == Device("cuda:1"));
  const DeviceProperties properties = device_properties(cuda(1));
  CHECK(properties.name == "Fake GPU 1");
  CHECK(properties.major == 9);
  CHECK(properties.multiprocessors == 8);
  CHECK(properties.memory_bytes == int64_t(16) << 30);
}

TEST_CASE("cuda: a device that is not there, or is none, is one line", "[fake]") {
  std::string here = OGEE_HERE, message = error_of([] { device_properties(cuda(2)); });
  CHECK(message == "device_properties: there is no device cuda:2: CUDA has 2 devices at " + here);
  here = OGEE_HERE, message = error_of([] { device_properties(Device("cpu")); });
  CHECK(message == "device_properties: needs a CUDA device, not cpu at " + here);
  CHECK(contains(error_of([] { Stream(cuda(7)); }), "Stream: there is no device cuda:7"));
  CHECK(contains(error_of([] { Event(Device("cpu")); }), "Event: needs a CUDA device, not cpu"));
  CHECK(contains(error_of([] { synchronize(cuda(2)); }), "synchronize: there is no device cuda:2"));
  synchronize(Device("cpu")); // everything is done there
}

TEST_CASE("cuda: memory is counted for each device", "[fake]") {
  const int64_t cpu = memory_stats(Device("cpu")).bytes_live, first = memory_stats().bytes_live;
  const MemoryStats before = memory_stats(cuda(1));
  reset_peak_memory(cuda(1));
  { const StorageRef x = Storage::allocate(4096, cuda(1)); }
  CHECK(memory_stats(cuda(1)).bytes_peak == before.bytes_live + 4096);
  CHECK(memory_stats(cuda(1)).bytes_cached >= 4096);
  empty_cache(cuda(1));
  CHECK(memory_stats(cuda(1)).bytes_cached == 0);
  CHECK(memory_stats(Device("cpu")).bytes_live == cpu);
  CHECK(memory_stats().bytes_live == first);
}

TEST_CASE("cuda: streams and events order work", "[fake]") {
  const StorageRef x = Storage::allocate(4, cuda());
  fill(x, 1);
  Stream side;
  CHECK(side.device() == cuda());
  Event done;
  {
    const StreamGuard guard(side); // behind the first fill
    fill(x, 2);
    done.record();
    CHECK_FALSE(done.done());
    CHECK_FALSE(side.done());
  }
  current_stream().wait(done);
  CHECK(first_of(x) == 2);
  CHECK(done.done());
  CHECK(side.done());
  {
    const StreamGuard guard(side);
    fill(x, 3);
  }
  current_stream().wait(side);
  CHECK(first_of(x) == 3);
  synchronize();
}

TEST_CASE("cuda: a guard is for its thread and device", "[fake]") {
  Stream side, other(cuda(1));
  const StorageRef x = Storage::allocate(4, cuda(1));
  const StreamGuard guard(side);
  std::thread([&] {
    const StreamGuard inner(other);
    fill(x, 5);
    CHECK_FALSE(other.done());
  }).join();
  other.synchronize();
  CHECK(first_of(x) == 5);
}

TEST_CASE("cuda: time between events") {
  Event first(cuda(), true), second(cuda(), true);
  first.record();
  second.record(current_stream());
  second.synchronize();
  CHECK(second.milliseconds_since(first) >= 0);
  const std::string here = OGEE_HERE, message = error_of([&] { second.milliseconds_since(Event()); });
  CHECK(message == "milliseconds_since: an event of cuda:0 was not made to be timed at " + here);
}
