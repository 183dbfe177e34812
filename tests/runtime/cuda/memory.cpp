// Memory of GPUs, copies, and pinned memory.
#include "runtime/cuda/memory.h"

#include "runtime/cuda/module.h"
#include "tests/cuda/machine.h"

#include <cstring>
#include <numeric>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

namespace {

/// Device memory of a test.
class Memory {
public:
  Memory(Gpu& gpu, size_t bytes) : gpu_(gpu), data_(allocate(gpu, bytes)), bytes_(bytes) {}
  ~Memory() { deallocate(gpu_, data_, bytes_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  std::byte* data() const { return data_; }

  std::string text() const {
    std::string bytes(bytes_, '?');
    copy_to_host(gpu_, bytes.data(), data_, bytes_);
    return bytes;
  }

private:
  Gpu& gpu_;
  std::byte* data_;
  size_t bytes_;
};

} // namespace

TEST_CASE("memory: it is counted, aligned, and kept for reuse") {
  Gpu& gpu = Gpu::get(0);
  release_cached(gpu);
  const MemoryStats before = memory_stats(gpu);
  reset_peak(gpu);
  {
    const Memory a(gpu, 1000), b(gpu, 1), c(gpu, 0);
    for (const Memory* memory : {&a, &b}) CHECK(reinterpret_cast<uintptr_t>(memory->data()) % 256 == 0);
    CHECK(c.data() == nullptr);
    CHECK(memory_stats(gpu).bytes_live == before.bytes_live + 1001);
  }
  const MemoryStats after = memory_stats(gpu);
  CHECK(after.bytes_live == before.bytes_live);
  CHECK(after.bytes_peak == before.bytes_live + 1001);
  CHECK(after.bytes_cached >= before.bytes_cached + 1001);
  release_cached(gpu);
  CHECK(memory_stats(gpu).bytes_cached == before.bytes_cached);
}

TEST_CASE("memory: a request that is too large is an Error, and leaves the device usable", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  const MemoryStats before = memory_stats(gpu);
  const std::string said = error_of([&] { allocate(gpu, size_t(1) << 50); });
  CHECK_THAT(said, Catch::Matchers::StartsWith("CUDA: cuda:0 has no memory left for 1125899906842624 bytes; ") &&
                       Catch::Matchers::EndsWith(" of 17179869184 are live in this process"));
  CHECK(memory_stats(gpu).bytes_live == before.bytes_live);
  fake_fail("cuMemAllocAsync", 1, 2); // what is kept is given back, then there is enough
  CHECK(Memory(gpu, 64).text().size() == 64);
}

TEST_CASE("memory: copies of all sizes, whose source may change at once") {
  Gpu& gpu = Gpu::get(0);
  for (const size_t bytes : {1, 255, 4096, 4 << 20, (4 << 20) + 1, 9 << 20}) {
    std::string values(bytes, '?');
    for (size_t i = 0; i < bytes; ++i) values[i] = char(i * 7 + i / 251);
    const std::string wanted = values;
    const Memory a(gpu, bytes), b(gpu, bytes);
    copy_to_device(gpu, a.data(), values.data(), bytes);
    values.assign(bytes, '!');
    copy_on_device(gpu, b.data(), a.data(), bytes);
    CHECK((b.text() == wanted));
  }
  const Memory none(gpu, 0);
  copy_to_device(gpu, none.data(), nullptr, 0);
  copy_on_device(gpu, none.data(), nullptr, 0);
  CHECK(none.text().empty());
}

TEST_CASE("memory: fills by patterns of all widths") {
  Gpu& gpu = Gpu::get(0);
  for (const size_t bytes : {8, 24, 4096, 5000, 20000}) {
    const Memory memory(gpu, bytes);
    for (const unsigned width : {1, 2, 4, 8})
      for (const uint64_t pattern : {uint64_t(0), uint64_t(0x0807060504030201), uint64_t(0x1111111111111111)}) {
        fill(gpu, memory.data(), int64_t(bytes), pattern, width);
        const std::string text = memory.text();
        bool same = true;
        for (size_t i = 0; i < bytes; ++i) same = same && text[i] == char(pattern >> 8 * (i % width));
        INFO(bytes << " bytes, width " << width);
        CHECK(same);
      }
  }
  fill(gpu, nullptr, 0, 1, 4);
}

TEST_CASE("memory: what is freed while work on another stream uses it stays right") {
  Gpu& gpu = Gpu::get(0);
  Stream other(gpu);
  Memory result(gpu, 4);
  {
    const Memory source(gpu, 4);
    copy_to_device(gpu, source.data(), "abcd", 4);
    const StreamGuard guard(other);
    copy_on_device(gpu, result.data(), source.data(), 4);
  } // freed here: not before the other stream's copy has run
  gpu.own_stream().wait(other);
  CHECK(result.text() == "abcd");
  gpu.synchronize();
}

TEST_CASE("memory: a stream that is gone may still use what is freed") {
  Gpu& gpu = Gpu::get(0);
  Memory result(gpu, 4);
  {
    const Memory source(gpu, 4);
    copy_to_device(gpu, source.data(), "abcd", 4);
    Stream other(gpu);
    {
      const StreamGuard guard(other);
      copy_on_device(gpu, result.data(), source.data(), 4);
    }
    gpu.own_stream().wait(other);
  }
  CHECK(result.text() == "abcd");
}

TEST_CASE("memory: pinned blocks copy asynchronously, and are used again when that is done", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  gpu.synchronize();
  release_cached(gpu);
  const Memory memory(gpu, 4096);
  std::byte* first = nullptr;
  Event copied(gpu);
  {
    PinnedBlock from(gpu, 4096);
    first = from.data();
    std::memset(from.data(), 'x', 4096);
    copy_to_device(gpu, memory.data(), from, 0, 4096);
    copied.record(gpu.stream());
  }
  { CHECK(PinnedBlock(gpu, 4096).data() != first); } // it may still be read: not this one
  copied.synchronize();
  PinnedBlock a(gpu, 100), b(gpu, 4096), to(gpu, 4096);
  CHECK((a.data() == first || b.data() == first));
  std::memset(to.data(), 0, 4096);
  copy_to_host(gpu, to, 1, memory.data(), 4000);
  CHECK(to.data()[1] == std::byte(0)); // not done yet
  gpu.stream().synchronize();
  CHECK(to.data()[0] == std::byte(0));
  CHECK(to.data()[4000] == std::byte('x'));
  CHECK(to.data()[4001] == std::byte(0));
}

TEST_CASE("memory: uploads do not pile up pinned memory", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  gpu.synchronize();
  release_cached(gpu);
  const uint64_t before = fake_calls("cuMemHostAlloc");
  const size_t bytes = 4 << 20;
  const Memory memory(gpu, bytes);
  const std::string values(bytes, 'x');
  for (int i = 0; i < 50; ++i) copy_to_device(gpu, memory.data(), values.data(), bytes);
  CHECK(fake_calls("cuMemHostAlloc") - before <= PinnedPool::kMostBusy / bytes + 1);
  CHECK((memory.text() == values));
}

TEST_CASE("memory: pinned memory that cannot be had is an Error", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  CHECK(error_of([&] { PinnedBlock(gpu, size_t(1) << 60); }) ==
        "CUDA: no pinned host memory for 1152921504606846976 bytes");
  release_cached(gpu);
  fake_fail("cuMemHostAlloc", 1, 2);
  CHECK(error_of([&] { PinnedBlock(gpu, 12345); }) == "CUDA: no pinned host memory for 12345 bytes");
  CHECK(PinnedBlock(gpu, 12345).bytes() == 12345);
}
