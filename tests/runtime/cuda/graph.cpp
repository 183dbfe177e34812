// Recording launches and running them again; what may not be recorded.
#include "runtime/cuda/graph.h"

#include "runtime/cuda/memory.h"
#include "runtime/owned_block.h"
#include "tests/cuda/machine.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using ogee::tests::compiled;
using ogee::tests::error_of;
using ogee::tests::FakeRecord;

namespace {

constexpr size_t kBytes = 4 * sizeof(uint32_t);

Gpu& gpu() { return Gpu::get(0); }

std::vector<uint32_t> values(const OwnedBlock& block) {
  std::vector<uint32_t> found(kBytes / sizeof(uint32_t));
  copy_to_host(gpu(), found.data(), block.data(), kBytes);
  return found;
}

/// A kernel that adds 1 to four numbers, ready to launch.
struct Increment {
  Module module{gpu(), compiled(R"(
extern "C" __global__ void increment(unsigned* x) { x[threadIdx.x] += 1; }
)")};
  Function function = module.function("increment");
  LaunchNote note{"increment", "add", "model.cpp:3"};

  void launch(const OwnedBlock& block) const {
    void* to = block.data();
    void* params[] = {&to};
    cuda::launch(gpu(), function, 1, 4, 0, params, note);
  }
};

} // namespace

TEST_CASE("graph: recorded launches run when it is launched, in order, as often as that is") {
  const Increment increment;
  const OwnedBlock x(kBytes, gpu()), y(kBytes, gpu());
  fill(gpu(), x.data(), kBytes, 5, 4);
  const Graph graph(gpu(), "step", [&] {
    increment.launch(x);
    copy_on_device(gpu(), y.data(), x.data(), kBytes);
    fill(gpu(), x.data(), 4, 0, 4);
  });
  CHECK(values(x) == std::vector<uint32_t>(4, 5)); // nothing ran
  graph.launch();
  graph.launch();
  CHECK(values(x) == std::vector<uint32_t>{0, 7, 7, 7});
  CHECK(values(y) == std::vector<uint32_t>{1, 7, 7, 7});
  Stream stream(gpu());
  {
    const StreamGuard guard(stream); // runs after what was enqueued before
    graph.launch();
  }
  stream.synchronize();
  gpu().own_stream().wait(stream);
  CHECK(values(y) == std::vector<uint32_t>{1, 8, 8, 8});
}

TEST_CASE("graph: what waits, allocates or copies from the host cannot be recorded, and ends the recording") {
  const OwnedBlock x(kBytes, gpu());
  uint32_t here[4] = {};
  const auto refused = [](const std::function<void()>& body) { return error_of([&] { Graph(gpu(), "step", body); }); };
  const std::string rest = " cannot be part of a graph";
  CHECK(refused([&] { OwnedBlock(kBytes, gpu()); }) == "CUDA: cuda:0: allocating memory" + rest);
  CHECK(refused([&] { copy_to_device(gpu(), x.data(), here, kBytes); }) == "CUDA: cuda:0: a copy from the host" + rest);
  CHECK(refused([&] { copy_to_host(gpu(), here, x.data(), kBytes); }) == "CUDA: cuda:0: a copy to the host" + rest);
  CHECK(refused([&] { fill(gpu(), x.data(), kBytes, 0x100000002, 8); }) == "CUDA: cuda:0: a copy from the host" + rest);
  CHECK(refused([&] { gpu().synchronize(); }) == "CUDA: cuda:0: waiting" + rest);
  CHECK(refused([&] { gpu().synchronize(gpu().stream()); }) == "CUDA: cuda:0: waiting" + rest);
  CHECK(refused([&] { release_cached(gpu()); }) == "CUDA: cuda:0: giving back memory" + rest);
  CHECK(refused([] { raise(ErrorCode::io, "its own"); }) == "its own");
  gpu().synchronize();
}

TEST_CASE("graph: recording is felt by no other thread") {
  const Increment increment;
  const OwnedBlock x(kBytes, gpu()), z(kBytes, gpu());
  fill(gpu(), x.data(), kBytes, 0, 1);
  fill(gpu(), z.data(), kBytes, 0, 1);
  gpu().synchronize();
  std::atomic<bool> recording{false};
  std::atomic<int> rounds{0};
  std::thread other([&] {
    while (!recording) std::this_thread::yield();
    for (int round = 0; round < 10; ++round, ++rounds) {
      const OwnedBlock memory(kBytes, gpu());
      increment.launch(z);
      copy_on_device(gpu(), memory.data(), z.data(), kBytes);
      gpu().synchronize(gpu().own_stream());
    }
    gpu().synchronize(); // waits until the recording is done
  });
  const Graph graph(gpu(), "step", [&] {
    increment.launch(x);
    recording = true;
    while (rounds < 10) std::this_thread::yield();
    increment.launch(x);
  });
  other.join();
  CHECK(values(z) == std::vector<uint32_t>(4, 10));
  CHECK(values(x) == std::vector<uint32_t>(4, 0));
  graph.launch();
  CHECK(values(x) == std::vector<uint32_t>(4, 2));
}

TEST_CASE("graph: errors name its launches") {
  const Increment increment;
  const OwnedBlock x(kBytes, gpu());
  const Graph graph(gpu(), "train", [&] {
    for (int i = 0; i < 10; ++i) increment.launch(x);
  });
  ogee::tests::fake_fail("cuGraphLaunch", 1, 1);
  const std::string eight = [] {
    std::string text = "increment (add at model.cpp:3)";
    for (int i = 1; i < 8; ++i) text += ", increment (add at model.cpp:3)";
    return text;
  }();
  CHECK_THAT(error_of([&] { graph.launch(); }),
             Catch::Matchers::StartsWith("CUDA: cuda:0: launching train's graph (" + eight + " and 2 more) failed: "));
  graph.launch();
  CHECK_THAT(gpu().recent().text(),
             Catch::Matchers::ContainsSubstring("train's graph (increment (add at model.cpp:3), "));
  gpu().synchronize();
}

TEST_CASE("graph: calls of the driver that fail leave nothing behind") {
  const Increment increment;
  const OwnedBlock x(kBytes, gpu());
  for (const char* call : {"cuStreamCreate", "cuStreamBeginCapture_v2", "cuLaunchKernel", "cuStreamEndCapture",
                           "cuGraphInstantiateWithFlags"}) {
    ogee::tests::fake_fail(call, 1, 999);
    const std::string error = error_of([&] { Graph(gpu(), "step", [&] { increment.launch(x); }); });
    CHECK_THAT(error, Catch::Matchers::StartsWith("CUDA: cuda:0: ") && Catch::Matchers::ContainsSubstring(" failed: "));
    Graph(gpu(), "step", [&] { increment.launch(x); }).launch();
    gpu().synchronize();
  }
}
