// GPUs: what they are, errors that come late, and the end of CUDA in a process.
#include "runtime/cuda/device.h"

#include "runtime/copy.h"
#include "runtime/cuda/graph.h"
#include "runtime/cuda/memory.h"
#include "tests/cuda/machine.h"

#include <cstring>
#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

namespace {

const std::string kText = R"(
extern "C" __global__ void one(unsigned* y) { y[0] = 1; }
extern "C" __global__ void two(unsigned* y) { y[0] = 2; }
)";

/// Launches `one`, `two`, and waits; what is raised.
std::string two_launches(const std::vector<uint8_t>& code) {
  Gpu& gpu = Gpu::get(0);
  const Module module(gpu, code);
  const StorageRef y = Storage::allocate(4, gpu.device());
  void* to = y->data();
  void* params[] = {&to};
  return error_of([&] {
    launch(gpu, module.function("one"), 1, 1, 0, params, LaunchNote("one", "add", "model.cpp:7"));
    launch(gpu, module.function("two"), 1, 1, 0, params, LaunchNote("two", "", ""));
    gpu.synchronize();
  });
}

const char* const kIllegal = "CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)";

} // namespace

TEST_CASE("device: statuses by who is to blame") {
  CHECK(blame_of(0) == Blame::none);
  CHECK(blame_of(600) == Blame::none);
  CHECK(blame_of(2) == Blame::memory);
  for (int status : {34, 100, 209, 218, 221, 222, 803, 804}) CHECK(blame_of(status) == Blame::world);
  for (int status : {214, 700, 702, 716, 719}) CHECK(blame_of(status) == Blame::lost);
  CHECK(blame_of(1) == Blame::call);
}

TEST_CASE("device: properties of what is there, one line for what is not") {
  const auto outcome = in_child({{"OGEE_FAKE_CUDA_CAPABILITY", "12.0"}}, [] {
    const Properties& properties = Gpu::get(1).properties();
    std::printf("%d %s %s %d %zu\n", device_count(), properties.name.c_str(), properties.architecture().c_str(),
                properties.multiprocessors, properties.memory_bytes);
    std::puts(error_of([] { Gpu::get(2); }).c_str());
    std::puts(error_of([] { Gpu::get(-1); }).c_str());
    std::puts(error_of([] { Gpu::get(1000); }).c_str());
  });
  CHECK(outcome.output == "2 Fake GPU 1 sm_120 8 17179869184\n"
                          "there is no device cuda:2: CUDA has 2 devices\n"
                          "there is no device cuda:-1: CUDA has 2 devices\n"
                          "there is no device cuda:1000: CUDA has 2 devices\n");
}

TEST_CASE("device: without a usable driver there is none, and one line says why") {
  const auto outcome = in_child({{"CUDA_VISIBLE_DEVICES", ""}}, [] {
    std::printf("%d\n", device_count());
    std::puts(error_of([] { Gpu::get(0); }).c_str());
  });
  CHECK_THAT(outcome.output, Catch::Matchers::StartsWith("0\nthere is no device cuda:0: CUDA: the driver 13.0 (") &&
                                 Catch::Matchers::ContainsSubstring("finds no device; CUDA_VISIBLE_DEVICES is ''\n"));
}

TEST_CASE("device: nothing is opened before the first use") {
  const auto outcome = in_child({}, [] {
    Storage::allocate(8);
    std::printf("%d\n", dlopen(OGEE_FAKE_CUDA "/libcuda.so.1", RTLD_NOW | RTLD_NOLOAD) != nullptr);
  });
  CHECK(outcome.output == "0\n");
}

TEST_CASE("device: an error that nobody can place names the launches since the last check") {
  const std::vector<uint8_t> code = compiled(kText);
  const auto outcome = in_child({{"OGEE_FAKE_CUDA_FAIL", "kernel:2:700"}}, [&] {
    std::puts(two_launches(code).c_str());
    std::puts(error_of([] { Gpu::get(0); }).c_str());
    std::printf("%d\n", device_count());
  });
  const std::string said = "CUDA: cuda:0: waiting for the device failed: " + std::string(kIllegal) +
                           "; launches since the last check: one (add at model.cpp:7), two";
  CHECK(outcome.output == said + "; CUDA cannot be used any more in this process\n" +
                              "CUDA cannot be used any more in this process: " + said + "\n0\n");
}

TEST_CASE("device: only the last launches are named, and the others counted") {
  RecentLaunches recent;
  CHECK(recent.text().empty());
  for (int i = 0; i < 20; ++i) recent.add(nullptr, "k" + std::to_string(i));
  CHECK_THAT(recent.text(), Catch::Matchers::StartsWith("; launches since the last check: k4, k5, ") &&
                                Catch::Matchers::EndsWith(", k19 and 4 before"));
  recent.forget(nullptr);
  CHECK(recent.text().empty());
  recent.add(nullptr, std::string(1000, 'x'));
  CHECK(recent.text().size() < 200);
}

TEST_CASE("device: with OGEE_CUDA_SYNC=1 an error names its kernel") {
  const std::vector<uint8_t> code = compiled(kText);
  const auto outcome = in_child({{"OGEE_FAKE_CUDA_FAIL", "kernel:1:700"}, {"OGEE_CUDA_SYNC", "1"}},
                                [&] { std::puts(two_launches(code).c_str()); });
  CHECK(outcome.output == "CUDA: cuda:0: running one (add at model.cpp:7) failed: " + std::string(kIllegal) +
                              "; CUDA cannot be used any more in this process\n");
}

TEST_CASE("device: OGEE_CUDA_SYNC is 0 or 1") {
  const std::vector<uint8_t> code = compiled(kText);
  const auto outcome = in_child({{"OGEE_CUDA_SYNC", "yes"}}, [&] { std::puts(two_launches(code).c_str()); });
  CHECK(outcome.output == "OGEE_CUDA_SYNC: expected 0 or 1, got yes\n");
}

TEST_CASE("device: a launch that the driver refuses names the kernel, and leaves CUDA usable") {
  const std::vector<uint8_t> code = compiled(kText);
  const auto outcome = in_child({{"OGEE_FAKE_CUDA_FAIL", "cuLaunchKernel:2:701"}}, [&] {
    std::puts(two_launches(code).c_str());
    std::puts(two_launches(code).c_str());
  });
  CHECK(outcome.output == "CUDA: cuda:0: launching two failed: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (too many resources "
                          "requested for launch)\nno error\n");
}

TEST_CASE("device: threads find the same GPU") {
  const auto outcome = in_child({}, [] {
    std::array<Gpu*, 4> found{};
    std::vector<std::thread> threads;
    for (Gpu*& gpu : found) threads.emplace_back([&] { gpu = &Gpu::get(0); });
    for (std::thread& thread : threads) thread.join();
    std::printf("%d %d\n", std::count(found.begin(), found.end(), found[0]) == 4, int(fake_calls("cuInit")));
  });
  CHECK(outcome.output == "1 1\n");
}

TEST_CASE("device: what lives to the end of the process does not call a driver that may be gone") {
  const auto outcome = in_child({}, [] {
    static StorageRef left;
    static uint64_t calls = 0;
    std::atexit([] {
      std::printf("%d %s\n", fake_calls("cuMemFreeAsync") == calls, error_of([] { Gpu::get(0); }).c_str());
      std::fflush(stdout);
    });
    left = Storage::allocate(64, Device("cuda:0"));
    calls = fake_calls("cuMemFreeAsync");
    std::exit(0);
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "1 CUDA cannot be used any more in this process: the process ends\n");
}

TEST_CASE("device: a forked child says that CUDA does not survive it, and frees without it") {
  const auto outcome = in_child({}, [] {
    StorageRef x = Storage::allocate(64, Device("cuda:0"));
    const Outcome child = in_child({}, [&] {
      x = nullptr;
      std::puts(error_of([] { Storage::allocate(64, Device("cuda:0")); }).c_str());
    });
    std::fputs(child.output.c_str(), stdout);
    Gpu::get(0).synchronize();
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.output ==
        "CUDA cannot be used any more in this process: the process was forked after CUDA's first use\n");
}

TEST_CASE("device: OGEE_CUDA_GRAPH and OGEE_CUDA_SYNC decide whether graphs are recorded") {
  const auto says = [] { std::puts(records_graphs() ? "graphs" : "none"); };
  CHECK(in_child({}, says).output == "graphs\n");
  CHECK(in_child({{"OGEE_CUDA_GRAPH", "1"}}, says).output == "graphs\n");
  CHECK(in_child({{"OGEE_CUDA_GRAPH", "0"}}, says).output == "none\n");
  CHECK(in_child({{"OGEE_CUDA_SYNC", "1"}}, says).output == "none\n");
  CHECK(in_child({{"OGEE_CUDA_GRAPH", "yes"}}, says).output == "uncaught: OGEE_CUDA_GRAPH: expected 0 or 1, got yes\n");
}
