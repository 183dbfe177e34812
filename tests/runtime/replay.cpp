// Calls of programs that run again as they were recorded, on the fake machine: order, memory, keys, failures.
#include "runtime/replay.h"

#include "runtime/runtime.h"
#include "runtime/session.h"
#include "tests/cuda/machine.h"
#include "tests/runtime/programs.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;
using ogee::tests::FakeRecord;

namespace {

/// Kernels, and the transfer kernel as runtime/program.h wants it.
std::string text() {
  std::string parameters, calls;
  for (size_t i = 0; i < kTransfers; ++i) {
    const std::string n = std::to_string(i);
    parameters += concat(i ? ", " : "", "unsigned char* t", n, ", const unsigned char* f", n, ", unsigned long long v",
                         n, ", long long n", n);
    calls += concat("put(t", n, ", f", n, ", v", n, ", n", n, ");\n");
  }
  return R"(
static __device__ void put(unsigned char* to, const unsigned char* from, unsigned long long number, long long bytes) {
  for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < bytes; i += (long long)gridDim.x * blockDim.x)
    to[i] = from ? from[i] : (unsigned char)(number >> (8 * i));
}
extern "C" __global__ void scale(const float* x, const float rate, const float* rate_at, float* y, long long n) {
  for (long long i = threadIdx.x; i < n; i += blockDim.x) y[i] = x[i] * (rate_at ? *rate_at : rate);
}
extern "C" __global__ void add(const float* x, const float* y, float* z, long long n) {
  for (long long i = threadIdx.x; i < n; i += blockDim.x) z[i] = x[i] + y[i];
}
extern "C" __global__ void less(const float* x, const float* y, unsigned char* is_less) {
  if (threadIdx.x == 0) is_less[0] = x[0] < y[0];
}
)" + ("extern \"C\" __global__ void transfer(" + parameters + ") {\n" + calls + "}\n");
}

enum Kernel : uint32_t { scale, add, less, transfer };

CudaModuleRef code() {
  static const CudaModuleRef module = [] {
    CudaModule made;
    made.architecture = "sm_90";
    made.code = ogee::tests::compiled(text());
    made.entries = {"scale", "add", "less", "transfer"};
    return std::make_shared<const CudaModule>(std::move(made));
  }();
  return module;
}

cuda::Gpu& gpu() { return cuda::Gpu::get(0); }

/// Programs of the kernels above.
struct GpuBuilder : Builder {
  GpuBuilder() {
    program.name = "step";
    program.device = Device::Kind::cuda;
    program.modules.push_back(code());
    program.transfer = {0, transfer};
  }
  void launch(LaunchList& list, Kernel kernel, std::vector<uint32_t> buffers, const Shape& sizes = {}) {
    CudaLaunch made;
    made.entry = kernel;
    made.buffers = std::move(buffers);
    made.sizes = slots(sizes);
    made.blocks = this->sizes.slot(1);
    made.threads = 32;
    made.name = code()->entries[kernel];
    list.push_back({made});
  }
  void launch(Kernel kernel, std::vector<uint32_t> buffers, const Shape& sizes = {}) {
    launch(program.launches, kernel, std::move(buffers), sizes);
  }
};

/// w += rate * x, and y = the new w + x; w is state.
GpuBuilder training(const Dim& length = n) {
  GpuBuilder b;
  const uint32_t x = b.arg("x", {length}), rate = b.arg("rate", {}), w = b.arg("w", {length});
  b.program.args[1].host = true;
  b.program.args[2].role = Role::captured;
  const uint32_t next = b.result("", {length}), y = b.result("y", {length});
  b.program.results[0].writes = 2;
  b.program.results[0].in_place = true;
  const uint32_t change = b.arena(length * 4, 0, 1), copy = b.arena(length * 4, 2, 3);
  b.launch(scale, {x, rate, change}, {length});
  b.launch(add, {change, w, next}, {length});
  b.program.launches.push_back({CopyLaunch{next, copy, b.sizes.slot(length * 4)}});
  b.launch(add, {copy, x, y}, {length});
  return b;
}

struct OnGpu {
  OwnedBlock block;
  std::vector<int64_t> dims;

  explicit OnGpu(const std::vector<float>& values)
      : block(values.size() * sizeof(float), gpu()), dims{static_cast<int64_t>(values.size())} {
    cuda::copy_to_device(gpu(), block.data(), values.data(), block.bytes());
  }
  TensorArg arg() { return {block.data(), dims.data(), nullptr, 1, DType::f32}; }
  std::vector<float> values() const {
    std::vector<float> out(block.bytes() / sizeof(float));
    cuda::copy_to_host(gpu(), out.data(), block.data(), block.bytes());
    return out;
  }
};

/// A program with its state, and what that should be.
struct Trainer {
  OnGpu w;
  TensorArg bound[1] = {w.arg()};
  Executable executable;
  std::vector<float> expected;

  explicit Trainer(size_t length) : w(ramp(length)), executable(training().finish(), bound), expected(ramp(length)) {}

  /// A step, checked; x and the memory of y are new ones each time.
  void run(const float rate, float first) {
    OnGpu x(ramp(expected.size(), first)), y(ramp(expected.size()));
    float now = rate;
    const TensorArg args[] = {x.arg(), {&now, nullptr, nullptr, 0, DType::f32}};
    void* const results[] = {w.block.data(), y.block.data()};
    executable.run({args}, results);
    now = -1; // it was read when the program was called
    std::vector<float> sums;
    for (size_t i = 0; i < expected.size(); ++i) {
      expected[i] += rate * (first + float(i));
      sums.push_back(expected[i] + first + float(i));
    }
    CHECK(y.values() == sums);
    CHECK(w.values() == expected);
  }
};

uint64_t graphs() { return Runtime::get().counters().graph_launches.load(); }

size_t count(const std::string& record, const std::string& what) {
  size_t found = 0;
  for (size_t at = record.find(what); at != std::string::npos; at = record.find(what, at + 1)) ++found;
  return found;
}

} // namespace

TEST_CASE("replay: a step runs, is tried in memory of its own, recorded, and run again") {
  Trainer trainer(5);
  const uint64_t before = graphs();
  for (int step = 0; step < 10; ++step) trainer.run(float(step), float(2 * step));
  CHECK(graphs() - before == 8);
}

TEST_CASE("replay: nothing is allocated, and three launches are enqueued") {
  Trainer trainer(5);
  for (int step = 0; step < 3; ++step) trainer.run(1, 1);
  OnGpu x(ramp(5)), y(ramp(5));
  float rate = 2;
  const TensorArg args[] = {x.arg(), {&rate, nullptr, nullptr, 0, DType::f32}};
  void* const results[] = {trainer.w.block.data(), y.block.data()};
  const uint64_t launches = stats().launches;
  FakeRecord record;
  trainer.executable.run({args}, results);
  const std::string text = record.take();
  CHECK(count(text, "cuMem") == 0);
  CHECK(count(text, "cuLaunchKernel(transfer") == 2);
  CHECK(count(text, "cuLaunchKernel") == 2);
  CHECK(count(text, "cuGraphLaunch") == 1);
  CHECK(count(text, "Synchronize") == 0);
  CHECK(stats().launches - launches == 4); // as many as there are in it
}

TEST_CASE("replay: each tuple of sizes has its own") {
  GpuBuilder b; // z = (x + x) + (x + x), sizes as they come
  const uint32_t x = b.arg("x", {n}), z = b.result("z", {n}), first = b.arena(n * 4, 0, 2),
                 second = b.arena(n * 4, 1, 2);
  b.launch(add, {x, x, first}, {n});
  b.launch(add, {x, x, second}, {n});
  b.launch(add, {first, second, z}, {n});
  const Executable executable(b.finish());
  const uint64_t before = graphs();
  for (int round = 0; round < 5; ++round)
    for (const size_t length : {1, 7, 300, 40}) {
      OnGpu in(ramp(length, float(round))), out(ramp(length));
      const TensorArg args[] = {in.arg()};
      void* const results[] = {out.block.data()};
      executable.run({args}, results);
      std::vector<float> expected = ramp(length, float(round));
      for (float& value : expected) value *= 4;
      CHECK(out.values() == expected);
    }
  CHECK(graphs() - before == 4 * 3);
}

TEST_CASE("replay: large arguments and results are used where they are, and other addresses run plainly") {
  constexpr size_t kLarge = (1 << 18) + 1;
  GpuBuilder b;
  const uint32_t x = b.arg("x", {n}), z = b.result("z", {n}), sum = b.arena(n * 4, 0, 1);
  b.launch(add, {x, x, sum}, {n});
  b.launch(add, {sum, x, z}, {n});
  const Executable executable(b.finish());
  OnGpu first(ramp(kLarge)), second(ramp(kLarge, 1)), out(ramp(kLarge));
  const auto run = [&](OnGpu& in) {
    const TensorArg args[] = {in.arg()};
    void* const results[] = {out.block.data()};
    FakeRecord record;
    executable.run({args}, results);
    const std::string text = record.take();
    CHECK(count(text, "transfer") == 0);
    CHECK(out.values()[7] == 3 * in.values()[7]);
    return count(text, "cuGraphLaunch");
  };
  CHECK(run(first) == 0);
  CHECK(run(second) == 0);
  CHECK(run(first) == 0);
  CHECK(run(first) == 1);
  CHECK(run(second) == 0);
  CHECK(run(second) == 1);
  CHECK(run(first) == 1);
}

TEST_CASE("replay: what the host reads splits a run, and loops run each part again") {
  GpuBuilder b; // while (x < end) x = (x + one) + zero
  const uint32_t start = b.arg("start", {1}), end = b.arg("end", {1}), one = b.arg("one", {1}), x = b.result("x", {1});
  const uint32_t goes_on = b.arena(1, 0, 9), next = b.arena(4, 0, 9), zero = b.arena(4, 0, 9);
  const Slot four = b.sizes.slot(4);
  b.program.launches.push_back({FillLaunch{zero, four, 0, 4}});
  b.program.launches.push_back({CopyLaunch{start, x, four}});
  WhileEntry loop;
  b.launch(loop.before, less, {x, end, goes_on});
  loop.condition = {Condition::Kind::buffer, goes_on};
  b.launch(loop.body, add, {x, one, next}, {1});
  b.launch(loop.body, add, {next, zero, x}, {1});
  b.program.launches.push_back({loop});
  const Executable executable(b.finish());
  for (int call = 0; call < 4; ++call) {
    OnGpu from({0}), to({float(call)}), step({1}), out({0});
    const TensorArg args[] = {from.arg(), to.arg(), step.arg()};
    void* const results[] = {out.block.data()};
    const uint64_t before = graphs();
    executable.run({args}, results);
    CHECK(out.values() == std::vector<float>{float(call)});
    // The first part runs for the first time in memory of its own in call 1, and so does the body.
    CHECK(graphs() - before == (call < 2 ? 0 : 1 + uint64_t(call)));
  }
}

TEST_CASE("replay: what sizes decide is decided when it is recorded") {
  GpuBuilder b; // z = x + x, or 2 (x + x) from 10 elements on
  const uint32_t x = b.arg("x", {n}), z = b.result("z", {n}), sum = b.arena(n * 4, 0, 3);
  b.launch(add, {x, x, sum}, {n});
  IfEntry branch;
  branch.condition = {Condition::Kind::size, b.sizes.slot(n / 10)};
  b.launch(branch.then, add, {sum, sum, z}, {n});
  branch.otherwise.push_back({CopyLaunch{sum, z, b.sizes.slot(n * 4)}});
  b.program.launches.push_back({branch});
  const Executable executable(b.finish());
  const uint64_t before = graphs();
  for (int call = 0; call < 8; ++call) {
    const size_t length = call % 2 ? 30 : 5;
    OnGpu in(ramp(length)), out(ramp(length));
    const TensorArg args[] = {in.arg()};
    void* const results[] = {out.block.data()};
    executable.run({args}, results);
    CHECK(out.values()[2] == (call % 2 ? 8 : 4));
  }
  CHECK(graphs() - before == 2 * 2);
}

TEST_CASE("replay: streams have their own, and threads do not meet in them") {
  GpuBuilder b;
  const uint32_t x = b.arg("x", {n}), rate = b.arg("rate", {}), z = b.result("z", {n});
  b.program.args[1].host = true;
  const uint32_t scaled = b.arena(n * 4, 0, 1), sum = b.arena(n * 4, 1, 2);
  b.launch(scale, {x, rate, scaled}, {n});
  b.launch(add, {scaled, x, sum}, {n});
  b.launch(add, {sum, sum, z}, {n});
  const Executable executable(b.finish());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      std::optional<cuda::Stream> stream;
      std::optional<cuda::StreamGuard> guard;
      if (thread % 2) guard.emplace(stream.emplace(gpu()));
      for (int round = 0; round < 30; ++round) {
        OnGpu in(ramp(50, float(thread))), outs[] = {OnGpu(ramp(50)), OnGpu(ramp(50))};
        for (int i = 0; i < 2; ++i) { // enqueued one after the other, read at the end
          float by = float(round + i);
          const TensorArg args[] = {in.arg(), {&by, nullptr, nullptr, 0, DType::f32}};
          void* const results[] = {outs[i].block.data()};
          executable.run({args}, results);
        }
        for (int i = 0; i < 2; ++i) {
          const std::vector<float> found = outs[i].values();
          for (size_t k = 0; k < 50; ++k) wrong += found[k] != 2 * (float(k) + float(thread)) * float(round + i + 1);
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("replay: what is kept is given back when memory is asked for") {
  gpu().synchronize();
  Trainer trainer(100);
  for (int step = 0; step < 4; ++step) trainer.run(1, 1);
  const int64_t kept = gpu().bytes_live.load();
  cuda::release_cached(gpu());
  CHECK(gpu().bytes_live.load() < kept);
  const uint64_t before = graphs();
  for (int step = 0; step < 4; ++step) trainer.run(1, 1);
  CHECK(graphs() - before == 2);
}

TEST_CASE("replay: a step that cannot be recorded runs all the same") {
  for (const char* call :
       {"cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphLaunch"}) {
    Trainer trainer(5);
    for (int step = 0; step < 2; ++step) trainer.run(1, 1);
    const uint64_t before = graphs();
    ogee::tests::fake_fail(call, 1, 2);
    for (int step = 0; step < 4; ++step) trainer.run(2, 1);
    CHECK(graphs() == before);
  }
}

TEST_CASE("replay: no memory for a replay is no error") {
  Trainer trainer(5);
  trainer.run(1, 1);
  const uint64_t before = graphs();
  OnGpu x(ramp(5)), y(ramp(5));
  float rate = 0;
  const TensorArg args[] = {x.arg(), {&rate, nullptr, nullptr, 0, DType::f32}};
  void* const results[] = {trainer.w.block.data(), y.block.data()};
  ogee::tests::fake_fail("cuMemAllocAsync", 1, 2);
  ogee::tests::fake_fail("cuMemAllocAsync", 2, 2); // also after what is kept has been given back
  trainer.executable.run({args}, results);
  for (int step = 0; step < 3; ++step) trainer.run(1, 1);
  CHECK(graphs() == before);
}

TEST_CASE("replay: a hundred training steps of a session, with failures") {
  struct : ResultSink {
    OnGpu y{ramp(5)};
    void* memory(uint32_t, std::span<const int64_t>, int64_t) override { return y.block.data(); }
  } sink;
  for (const char* call : {"cuGraphLaunch", "cuLaunchKernel", "cuCtxSetCurrent", "cuStreamBeginCapture_v2"}) {
    GpuBuilder b = training(5);
    b.program.state = {std::vector<uint8_t>(5 * sizeof(float))};
    Session session(b.finish());
    OnGpu x(ramp(5, 1));
    float done = 0, failed = 0;
    const uint64_t before = graphs();
    for (int step = 0; step < 100; ++step) {
      float rate = 1;
      const TensorArg args[] = {x.arg(), {&rate, nullptr, nullptr, 0, DType::f32}};
      if (step % 10 == 9) ogee::tests::fake_fail(call, 1 + uint64_t(step / 10) % 3, 1);
      try {
        session.run({args}, sink);
        ++done;
      } catch (const Error&) { ++failed; }
    }
    float state[5];
    std::memcpy(state, session.read_state(0).data(), sizeof state);
    for (int i = 0; i < 5; ++i) { // a step that failed was done or was not
      CHECK(state[i] >= done * float(i + 1));
      CHECK(state[i] <= (done + failed) * float(i + 1));
      CHECK(state[i] == state[0] * float(i + 1));
    }
    CHECK(done >= 80);
    CHECK(graphs() - before >= 50); // a call that fails is recorded again
  }
  CHECK(ogee::tests::error_of([] { gpu().synchronize(); }) == "no error");
}
