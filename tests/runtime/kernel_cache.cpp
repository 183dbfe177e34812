// The kernel cache: memory, then disk, then build; counted, and built once.
#include "runtime/kernel_cache.h"

#include "tests/catch.h"
#include "tests/runtime/folder.h"
#include "tests/runtime/programs.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

Hash128 key(int i) { return hash128("kernel " + std::to_string(i)); }

/// A cache over a folder, and how often it had to build.
struct Setup {
  explicit Setup(const std::string& folder) : cache({folder}, counters) {}
  Counters counters;
  KernelCache cache;
  std::atomic<int> builds{0};

  Result<ImageRef> image(int i) {
    return cache.image(key(i), [&]() -> Result<ImageData> {
      ++builds;
      return store_size_image();
    });
  }
  uint64_t hits() const { return counters.cache_hits; }
  uint64_t compiled() const { return counters.kernels_compiled; }
};

} // namespace

TEST_CASE("kernel cache: memory, then disk, then build") {
  const Folder folder;
  Setup first(folder.path());
  const ImageRef image = first.image(1).take();
  CHECK((first.builds == 1 && first.compiled() == 1 && first.hits() == 0));
  CHECK(first.image(1).take() == image);
  CHECK((first.builds == 1 && first.hits() == 1));
  first.image(2).take();
  CHECK(first.builds == 2);
  first.cache.forget();
  const ImageRef again = first.image(1).take();
  CHECK(again != image);
  CHECK((first.builds == 2 && first.hits() == 2));
  CHECK(again->data().bytes == image->data().bytes);
  CHECK(again->function(0));

  Setup second(folder.path());
  second.image(1).take();
  CHECK((second.builds == 0 && second.compiled() == 0 && second.hits() == 1));
}

TEST_CASE("kernel cache: a file that is no image behind a right header is rebuilt") {
  const Folder folder;
  Setup setup(folder.path());
  const std::vector<uint8_t> nonsense = {1, 2, 3};
  setup.cache.disk().store(key(1), nonsense);
  setup.image(1).take();
  CHECK(setup.builds == 1);
  setup.cache.forget();
  setup.image(1).take();
  CHECK(setup.builds == 1);
}

TEST_CASE("kernel cache: modules are kept as images are, and never taken for them") {
  const Folder folder;
  Setup setup(folder.path());
  const auto module = [&] {
    return setup.cache.module(key(1), [&]() -> Result<CudaModule> {
      ++setup.builds;
      return *empty_module(3);
    });
  };
  const CudaModuleRef first = module().take();
  CHECK((setup.builds == 1 && setup.compiled() == 3 && setup.hits() == 0)); // kernels
  CHECK(module().take() == first);
  setup.cache.forget();
  CHECK(module().take()->entries == first->entries);
  CHECK((setup.builds == 1 && setup.hits() == 2));
  setup.image(1).take();
  CHECK(setup.builds == 2);
}

TEST_CASE("kernel cache: a failure is handed on and not kept") {
  Setup setup("");
  const auto fails = [&] {
    return setup.cache.image(key(1), []() -> Result<ImageData> { return failure("no registers left"); });
  };
  CHECK(fails().message() == "no registers left");
  CHECK(setup.compiled() == 0);
  CHECK_THROWS_AS(setup.cache.image(key(1), []() -> Result<ImageData> { throw std::bad_alloc(); }), std::bad_alloc);
  CHECK(setup.image(1)); // and nobody waits for it
}

TEST_CASE("kernel cache: in-process functions stay in memory") {
  const Folder folder;
  Setup setup(folder.path());
  setup.cache.image(key(1), []() -> Result<ImageData> { return in_process({add_kernel})->data(); }).take();
  CHECK_FALSE(setup.cache.disk().load(key(1)));
}

TEST_CASE("kernel cache: threads that want the same kernel get one, built once") {
  Setup setup("");
  std::vector<ImageRef> got(64);
  std::vector<std::thread> threads;
  for (size_t id = 0; id < 8; ++id)
    threads.emplace_back([&, id] {
      for (size_t i = 0; i < 8; ++i) {
        const auto slow = [&]() -> Result<ImageData> {
          ++setup.builds;
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
          return store_size_image();
        };
        got[id * 8 + i] = setup.cache.image(key(static_cast<int>(i)), slow).take();
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(setup.builds == 8);
  for (size_t id = 0; id < 8; ++id)
    for (size_t i = 0; i < 8; ++i) CHECK(got[id * 8 + i] == got[i]);
}

TEST_CASE("kernel cache: memory is bounded; what is in use stays usable") {
  Setup setup("");
  const auto large = [&](int i) {
    return setup.cache
        .image(key(i),
               [&]() -> Result<ImageData> {
                 ++setup.builds;
                 ImageData data = store_size_image();
                 data.bytes.resize(KernelCache::kMaxMemory / 3);
                 return data;
               })
        .take();
  };
  const ImageRef first = large(0);
  large(1);
  large(0); // recent again
  large(2); // pushes out 1
  CHECK(setup.builds == 3);
  CHECK(large(0) == first);
  CHECK(setup.builds == 3);
  large(1);
  CHECK(setup.builds == 4);
  CHECK(first->function(0));
}

TEST_CASE("kernel cache: whole programs, on disk") {
  const Folder folder;
  Setup setup(folder.path());
  const auto build = [&]() -> Result<Program> {
    ++setup.builds;
    Builder b;
    b.program.name = "p";
    return b.finish();
  };
  CHECK(setup.cache.program(key(1), build).take().name == "p");
  CHECK(setup.cache.program(key(1), build).take().name == "p");
  CHECK((setup.builds == 1 && setup.hits() == 1));
  const std::vector<uint8_t> nonsense = {1, 2, 3};
  setup.cache.disk().store(key(1), nonsense);
  CHECK(setup.cache.program(key(1), build).take().name == "p");
  CHECK(setup.builds == 2);
  CHECK(setup.cache.program(key(2), [] { return Result<Program>(failure("no")); }).message() == "no");
}
