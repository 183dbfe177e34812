// The fake machine finds what is planted: each fault ends its process with one line.
#include "runtime/copy.h"
#include "runtime/cuda/memory.h"
#include "runtime/cuda/module.h"
#include "tests/cuda/machine.h"

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

namespace {

const std::string kText = R"(
extern "C" __global__ void __launch_bounds__(256) write(unsigned* y, long long at) {
  y[at] = threadIdx.x + blockDim.x * gridDim.y;
}
extern "C" __global__ void read(const unsigned* x, unsigned* y) { y[0] = x[0]; }
extern "C" __global__ void lost_barrier(unsigned* y) {
  if (threadIdx.x > 3) __syncthreads();
  y[0] = 1;
}
)";

/// What a test does wrong, with the driver's own functions.
struct Bad {
  Gpu& gpu = Gpu::get(0);
  const Driver& driver = gpu.driver();
  StreamHandle stream = gpu.own_stream().handle();
  Module module;
  Function write = module.function("write"), read = module.function("read");

  explicit Bad(const std::vector<uint8_t>& code) : module(gpu, code) {}

  Address memory(size_t bytes) const {
    Address address = 0;
    gpu.check(driver.cuMemAllocAsync(&address, bytes, stream), "allocating");
    return address;
  }
  StreamHandle another() const {
    StreamHandle made = nullptr;
    gpu.check(driver.cuStreamCreate(&made, kStreamNonBlocking), "making a stream");
    return made;
  }
  void launch(Function function, Address first, uint64_t second, StreamHandle on) const {
    void* params[] = {&first, &second};
    driver.cuLaunchKernel(function.handle, 1, 1, 1, 32, 1, 1, 0, on, params, nullptr);
  }
};

const std::vector<uint8_t>& code() {
  static const std::vector<uint8_t> bytes = compiled(kText);
  return bytes;
}

/// What the fake machine says of it.
std::string said_of(const std::function<void(const Bad&)>& body) {
  const Outcome outcome = in_child({}, [&] {
    const Bad bad(code());
    body(bad);
    bad.driver.cuCtxSynchronize();
    std::puts("found nothing");
    std::fflush(stdout);
    _exit(0);
  });
  return outcome.output;
}

} // namespace

TEST_CASE("strictness: what is right is let through") {
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64), y = bad.memory(4);
          bad.launch(bad.write, x, 15, bad.stream);
          bad.launch(bad.read, x, y, bad.stream);
          bad.driver.cuMemFreeAsync(x, bad.stream);
        }) == "found nothing\n");
}

TEST_CASE("strictness: lifetimes") {
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64);
          bad.driver.cuMemFreeAsync(x, bad.stream);
          bad.launch(bad.write, x, 0, bad.stream);
        }) == "fake CUDA: write on s1 uses an allocation of 64 bytes that was freed\n");
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64);
          bad.driver.cuMemFreeAsync(x, bad.stream);
          bad.driver.cuMemFreeAsync(x, bad.stream);
        }) == "fake CUDA: cuMemFreeAsync: memory of 64 bytes is freed twice\n");
  CHECK(said_of([](const Bad& bad) { bad.driver.cuMemFreeAsync(bad.memory(64) + 8, bad.stream); }) ==
        "fake CUDA: cuMemFreeAsync: an address that was not allocated\n");
  CHECK(said_of([](const Bad& bad) {
          bad.launch(bad.write, bad.memory(64), 0, bad.stream);
          ModuleHandle module = nullptr;
          bad.driver.cuModuleLoadDataEx(&module, code().data(), 0, nullptr, nullptr);
          FunctionHandle function = nullptr;
          bad.driver.cuModuleGetFunction(&function, module, "write");
          bad.launch({function}, bad.memory(64), 0, bad.stream);
          bad.driver.cuModuleUnload(module);
        }) == "fake CUDA: cuModuleUnload: a kernel of the module is still enqueued\n");
  CHECK(said_of([](const Bad& bad) {
          void* pinned = nullptr;
          bad.driver.cuMemHostAlloc(&pinned, 64, 0);
          bad.driver.cuMemcpyHtoDAsync_v2(bad.memory(64), pinned, 64, bad.stream);
          bad.driver.cuMemFreeHost(pinned);
        }) == "fake CUDA: cuMemFreeHost: enqueued work still uses it\n");
  CHECK(said_of([](const Bad& bad) {
          const StreamHandle other = bad.another();
          bad.driver.cuStreamDestroy_v2(other);
          bad.driver.cuStreamSynchronize(other);
        }) == "fake CUDA: cuStreamSynchronize: stream s2 was destroyed\n");
}

TEST_CASE("strictness: the order of streams") {
  CHECK(said_of([](const Bad& bad) { bad.launch(bad.write, bad.memory(64), 0, bad.another()); }) ==
        "fake CUDA: write on s2 uses memory of s1 without waiting for its allocation\n");
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64), y = bad.memory(4);
          const StreamHandle other = bad.another();
          bad.driver.cuStreamSynchronize(bad.stream);
          bad.launch(bad.read, x, y, other);
          bad.driver.cuMemFreeAsync(x, bad.stream);
        }) == "fake CUDA: memory of 64 bytes is freed on s1 while s2 may still use it\n");
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64), y = bad.memory(4);
          const StreamHandle other = bad.another();
          bad.driver.cuStreamSynchronize(bad.stream);
          bad.launch(bad.write, x, 0, bad.stream);
          bad.launch(bad.read, x, y, other);
        }) == "fake CUDA: read on s2 uses memory that s1 writes, without waiting for it\n");
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64), y = bad.memory(4);
          const StreamHandle other = bad.another();
          EventHandle event = nullptr;
          bad.driver.cuEventCreate(&event, 0);
          bad.launch(bad.write, x, 0, bad.stream);
          bad.driver.cuEventRecord(event, bad.stream);
          bad.driver.cuStreamWaitEvent(other, event, 0);
          bad.launch(bad.read, x, y, other); // ordered
          bad.launch(bad.write, x, 0, bad.stream);
        }) == "fake CUDA: write on s1 writes memory that s2 reads, without waiting for it\n");
}

TEST_CASE("strictness: what kernels and the host may touch") {
  CHECK(said_of([](const Bad& bad) { bad.launch(bad.write, bad.memory(60), 15, bad.stream); }) ==
        "fake CUDA: write has written byte 60 of an allocation of 60 bytes\n");
  CHECK(said_of([](const Bad& bad) { bad.launch(bad.write, bad.memory(64), uint64_t(-1), bad.stream); }) ==
        "fake CUDA: write has written byte -4 of an allocation of 64 bytes\n");
  CHECK(said_of([](const Bad& bad) { bad.launch(bad.write, bad.memory(64), 1 << 20, bad.stream); }) ==
        "fake CUDA: write touches an address that it was given no pointer to\n");
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64);
          bad.driver.cuCtxSynchronize();
          *reinterpret_cast<volatile char*>(x) = 1;
        }) == "fake CUDA: the host touches device memory\n");
  static unsigned host = 0;
  CHECK(said_of([](const Bad& bad) { bad.launch(bad.write, reinterpret_cast<uintptr_t>(&host), 0, bad.stream); }) ==
        "fake CUDA: write: argument 0 is an address of the host\n");
  CHECK(said_of([](const Bad& bad) {
          void* params[] = {nullptr};
          Address y = bad.memory(4);
          params[0] = &y;
          bad.driver.cuLaunchKernel(bad.module.function("lost_barrier").handle, 1, 1, 1, 32, 1, 1, 0, bad.stream,
                                    params, nullptr);
        }).find("threads wait for others that have left, or that wait elsewhere") != std::string::npos);
}

TEST_CASE("strictness: calls that make no sense") {
  CHECK(said_of([](const Bad& bad) { bad.driver.cuMemsetD8Async(bad.memory(64), 0, 0, bad.stream); }) ==
        "fake CUDA: cuMemsetD8Async: 0 bytes\n");
  CHECK(said_of([](const Bad& bad) { bad.driver.cuMemsetD32Async(bad.memory(64) + 2, 0, 4, bad.stream); }) ==
        "fake CUDA: cuMemsetD32Async: the address is not aligned\n");
  CHECK(said_of([](const Bad& bad) {
          const Address x = bad.memory(64);
          bad.driver.cuMemcpyDtoDAsync_v2(x, x + 8, 32, bad.stream);
        }) == "fake CUDA: cuMemcpyDtoDAsync_v2: the ranges overlap\n");
  CHECK(said_of([](const Bad& bad) {
          bad.driver.cuStreamSynchronize(nullptr);
        }).starts_with("fake CUDA: cuStreamSynchronize: the null stream"));
  CHECK(said_of([](const Bad& bad) {
          bad.driver.cuCtxSetCurrent(nullptr);
          bad.driver.cuStreamSynchronize(bad.stream);
        }) == "fake CUDA: cuStreamSynchronize without a current context\n");
  CHECK(said_of([](const Bad& bad) {
          const StreamHandle other = Gpu::get(1).own_stream().handle();
          bad.gpu.activate();
          bad.driver.cuStreamSynchronize(other);
        }) == "fake CUDA: cuStreamSynchronize: stream s2 is of another context\n");
}

TEST_CASE("strictness: a stream that is captured runs nothing, its graph does") {
  CHECK(said_of([](const Bad& bad) {
          const Driver& driver = bad.driver;
          const Address x = bad.memory(4);
          driver.cuMemsetD32Async(x, 1, 1, bad.stream);
          driver.cuStreamBeginCapture_v2(bad.stream, 1);
          driver.cuMemsetD32Async(x, 2, 1, bad.stream);
          Address none = 0;
          std::printf("%d %d\n", driver.cuMemAllocAsync(&none, 4, bad.stream), driver.cuStreamSynchronize(bad.stream));
          GraphHandle graph = nullptr;
          driver.cuStreamEndCapture(bad.stream, &graph);
          unsigned value = 0;
          driver.cuMemcpyDtoHAsync_v2(&value, x, 4, bad.stream);
          GraphExecHandle exec = nullptr;
          driver.cuGraphInstantiateWithFlags(&exec, graph, 0);
          driver.cuGraphLaunch(exec, bad.stream);
          unsigned then = 0;
          driver.cuMemcpyDtoHAsync_v2(&then, x, 4, bad.stream);
          std::printf("%u %u\n", value, then);
          driver.cuGraphDestroy(graph);
          driver.cuGraphExecDestroy(exec);
          driver.cuGraphLaunch(exec, bad.stream);
        }) == "fake CUDA: cuGraphLaunch: a handle that is not, or no more\n900 900\n1 2\n");
}

TEST_CASE("strictness: graphs, their runs and their end") {
  struct Recorded {
    GraphExecHandle exec = nullptr;
    explicit Recorded(const Bad& bad) {
      const Address x = bad.memory(4);
      GraphHandle graph = nullptr;
      bad.driver.cuStreamSynchronize(bad.stream);
      bad.driver.cuStreamBeginCapture_v2(bad.stream, 1);
      bad.driver.cuMemsetD32Async(x, 2, 1, bad.stream);
      bad.driver.cuStreamEndCapture(bad.stream, &graph);
      bad.driver.cuGraphInstantiateWithFlags(&exec, graph, 0);
      bad.driver.cuGraphDestroy(graph);
    }
  };
  CHECK(said_of([](const Bad& bad) {
          const Recorded recorded(bad);
          StreamHandle other = nullptr;
          bad.driver.cuStreamCreate(&other, kStreamNonBlocking);
          bad.driver.cuGraphLaunch(recorded.exec, bad.stream);
          bad.driver.cuGraphLaunch(recorded.exec, other);
        }) == "fake CUDA: cuGraphLaunch: s2 does not wait for the run of the same graph on s1\n");
  CHECK(said_of([](const Bad& bad) {
          const Recorded recorded(bad);
          bad.driver.cuGraphLaunch(recorded.exec, bad.stream);
          bad.driver.cuGraphExecDestroy(recorded.exec);
        }) == "fake CUDA: cuGraphExecDestroy: the graph still runs\n");
  CHECK(said_of([](const Bad& bad) {
          bad.driver.cuStreamBeginCapture_v2(bad.stream, 1);
          bad.driver.cuCtxSynchronize();
        }) == "fake CUDA: cuCtxSynchronize while a stream is captured\n");
  CHECK(said_of([](const Bad& bad) {
          const Recorded recorded(bad);
          std::puts(fake_leaks().c_str());
        }).find("1 graphs") != std::string::npos);
}
