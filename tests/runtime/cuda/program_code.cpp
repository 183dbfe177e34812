// Programs on a GPU, made by hand: every kind of launch, host arguments, faults, streams, threads, state. On the fake
// machine, whose memory the host cannot reach and whose work waits until somebody does.
#include "runtime/cuda/program_code.h"

#include "runtime/copy.h"
#include "runtime/session.h"
#include "tests/cuda/machine.h"
#include "tests/runtime/programs.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;
using ogee::tests::compiled;
using ogee::tests::FakeRecord;

namespace {

const std::string kText = R"(
#define EACH for (long long i = blockIdx.x * 32 + threadIdx.x; i < n; i += gridDim.x * 32)
extern "C" __global__ void scale(const float* x, const float rate, const float* rate_at, float* y, long long n) {
  EACH y[i] = x[i] * (rate_at ? *rate_at : rate);
}
extern "C" __global__ void add(const float* x, const float* y, float* z, long long n) { EACH z[i] = x[i] + y[i]; }
extern "C" __global__ void count(long long* at, const long long* end, unsigned char* goes_on) {
  if (blockIdx.x == 0 && threadIdx.x == 0) { at[0] += 1; goes_on[0] = at[0] < end[0]; }
}
extern "C" __global__ void gather(const float* x, const long long* at, float* y, long long n, unsigned int* fault) {
  EACH { if (at[i] < 0 || at[i] >= n) atomicCAS(fault, 0u, 1u); else y[i] = x[at[i]]; }
}
extern "C" __global__ void next_number(const long long number, const long long* number_at, long long* next) {
  if (blockIdx.x == 0 && threadIdx.x == 0) next[0] = (number_at ? *number_at : number) + 1;
}
)";

enum Kernel : uint32_t { scale, add, count, gather, next_number };

CudaModuleRef code(const std::string& architecture = "sm_90") {
  static std::map<std::string, CudaModuleRef> modules;
  CudaModuleRef& module = modules[architecture];
  if (module) return module;
  CudaModule made;
  made.architecture = architecture;
  made.code = compiled(kText, architecture);
  made.entries = {"scale", "add", "count", "gather", "next_number"};
  return module = std::make_shared<const CudaModule>(std::move(made));
}

CudaLaunch launch(Builder& b, Kernel kernel, std::vector<uint32_t> buffers, const Dim& blocks,
                  const Shape& sizes = {}) {
  CudaLaunch made = b.launch(code(), std::move(buffers), blocks, sizes);
  made.entry = kernel;
  made.threads = 32;
  return made;
}

cuda::Gpu& gpu() { return cuda::Gpu::get(0); }

/// A tensor on the GPU.
template <class T>
struct OnGpu {
  StorageRef storage;
  std::vector<int64_t> dims;

  explicit OnGpu(const std::vector<T>& values, std::vector<int64_t> shape = {-1})
      : storage(Storage::allocate(values.size() * sizeof(T), gpu().device())), dims(std::move(shape)) {
    if (dims == std::vector<int64_t>{-1}) dims = {static_cast<int64_t>(values.size())};
    cuda::copy_to_device(gpu(), storage->data(), values.data(), storage->bytes());
  }
  TensorArg arg(DType dtype) {
    return {storage->data(), dims.data(), nullptr, static_cast<uint32_t>(dims.size()), dtype};
  }
};

template <class T>
TensorArg on_host(T& number, DType dtype) {
  return {&number, nullptr, nullptr, 0, dtype};
}

/// Memory on the GPU for results.
class GpuSink final : public ResultSink {
public:
  std::vector<StorageRef> results;
  std::vector<std::vector<int64_t>> dims;

  void* memory(uint32_t result, std::span<const int64_t> shape, int64_t bytes) override {
    results.resize(std::max<size_t>(results.size(), result + 1));
    dims.resize(results.size());
    dims[result].assign(shape.begin(), shape.end());
    return (results[result] = Storage::allocate(static_cast<size_t>(bytes), gpu().device()))->data();
  }
  template <class T>
  std::vector<T> values(size_t result) const {
    std::vector<T> out(results[result]->bytes() / sizeof(T));
    cuda::copy_to_host(gpu(), out.data(), results[result]->data(), results[result]->bytes());
    return out;
  }
};

/// z = x * rate + (1, 2, 3 …), by way of the arena.
Builder scaled_sum() {
  Builder b;
  b.program.name = "scaled";
  const uint32_t x = b.arg("x", {n}), rate = b.arg("rate", {}), z = b.result("z", {n});
  b.program.args[1].host = true;
  std::vector<uint8_t> ones(400);
  const std::vector<float> values = ramp(100, 1);
  std::memcpy(ones.data(), values.data(), ones.size());
  const uint32_t gap = b.constant({7}), table = b.constant(ones), scaled = b.arena(n * 4, 0, 1);
  static_cast<void>(gap);
  b.program.launches.push_back({launch(b, scale, {x, rate, scaled}, ceil_div(n, 32), {n})});
  b.program.launches.push_back({launch(b, add, {scaled, table, z}, 1, {n})});
  return b;
}

std::vector<float> run(const Executable& executable, const std::vector<float>& x, float rate) {
  OnGpu<float> on_gpu(x);
  const TensorArg args[] = {on_gpu.arg(DType::f32), on_host(rate, DType::f32)};
  GpuSink sink;
  executable.run({args}, sink);
  rate = -1; // it was read when the program was called
  CHECK(sink.dims[0] == on_gpu.dims);
  return sink.values<float>(0);
}

} // namespace

TEST_CASE("program code: kernels, constants, the arena, and numbers of the host") {
  const Executable executable(scaled_sum().finish());
  CHECK(executable.device() == Device("cuda:0"));
  CHECK(run(executable, {1, 2, 3}, 10) == std::vector<float>{11, 22, 33});
  CHECK(run(executable, {1, 2, 3}, 100) == std::vector<float>{101, 202, 303});
  const std::vector<float> more = run(executable, ramp(100), 2);
  for (int i = 0; i < 100; ++i) REQUIRE(more[size_t(i)] == float(3 * i + 1));
  const Executable second(scaled_sum().finish(), {}, Device("cuda:0"));
  CHECK(run(second, {1}, 1) == std::vector<float>{2});
}

TEST_CASE("program code: nothing is launched for tensors without elements", "[fake]") {
  Builder b;
  const uint32_t x = b.arg("x", {n}), z = b.result("z", {n});
  b.program.launches.push_back({launch(b, add, {x, x, z}, ceil_div(n - 1, 32), {n - 1})});
  const Executable executable(b.finish());
  OnGpu<float> one(std::vector<float>{1});
  const TensorArg args[] = {one.arg(DType::f32)};
  GpuSink sink;
  FakeRecord record;
  executable.run({args}, sink);
  CHECK(record.take().find("cuLaunchKernel") == std::string::npos);
}

TEST_CASE("program code: copies and fills") {
  Builder b;
  const uint32_t number = b.arg("number", {}, DType::i64), out = b.result("out", {64}, DType::u8);
  b.program.args[0].host = true;
  b.program.device = Device::Kind::cuda;
  const auto slot = [&](int64_t size) { return b.sizes.slot(size); };
  const auto copy = [&](uint32_t from, uint32_t to, int64_t bytes, int64_t at, int64_t put) {
    b.program.launches.push_back({CopyLaunch{from, to, slot(bytes), slot(at), slot(put)}});
  };
  b.program.launches.push_back({FillLaunch{out, slot(64), 0xab, 1}});
  b.program.launches.push_back({FillLaunch{out, slot(15), 0x01020304, 4}}); // three times
  b.program.launches.push_back({FillLaunch{out, slot(0), 1, 8}});
  copy(number, out, 8, 0, 16);
  copy(out, out, 20, 0, 30);  // apart
  copy(out, out, 20, 30, 34); // overlapping
  copy(out, out, 0, 0, 0);
  const Executable executable(b.finish());
  int64_t seven = 0x0707070707070707;
  const TensorArg args[] = {on_host(seven, DType::i64)};
  GpuSink sink;
  executable.run({args}, sink);
  std::vector<uint8_t> expected(64, 0xab);
  for (int i = 0; i < 12; ++i) expected[size_t(i)] = uint8_t(4 - i % 4);
  std::fill_n(expected.begin() + 16, 8, 7);
  std::copy_n(expected.begin(), 20, expected.begin() + 30);
  std::vector<uint8_t> moved(expected.begin() + 30, expected.begin() + 50);
  std::copy(moved.begin(), moved.end(), expected.begin() + 34);
  CHECK(sink.values<uint8_t>(0) == expected);
}

TEST_CASE("program code: fills begin anywhere") {
  const Executable code(scaled_sum().finish());
  const cuda::ProgramCode other(gpu(), code.program());
  const StorageRef memory = Storage::allocate(32, gpu().device());
  cuda::fill(gpu(), memory->data(), 32, 0, 1);
  other.fill(memory->data() + 1, 19, 0x1122334455667788, 8);
  std::vector<uint8_t> found(32), expected(32, 0);
  cuda::copy_to_host(gpu(), found.data(), memory->data(), 32);
  for (int i = 0; i < 16; ++i) expected[size_t(i + 1)] = uint8_t(0x11 * (8 - i % 8));
  CHECK(found == expected);
}

TEST_CASE("program code: conditions of buffers wait, those of the host and of sizes do not") {
  Builder b;
  const uint32_t end = b.arg("end", {}, DType::i64), wanted = b.arg("wanted", {}, DType::u8),
                 out = b.result("out", {}, DType::i64), kind = b.result("kind", {}, DType::u8);
  b.program.args[1].host = true;
  const uint32_t goes_on = b.arena(1, 0, 9);
  const auto slot = [&](int64_t size) { return b.sizes.slot(size); };
  b.program.launches.push_back({FillLaunch{out, slot(8), 0, 8}});
  WhileEntry loop; // at least once
  loop.before.push_back({launch(b, count, {out, end, goes_on}, 1)});
  loop.condition = {Condition::Kind::buffer, goes_on};
  b.program.launches.push_back({loop});
  IfEntry branch;
  branch.condition = {Condition::Kind::buffer, wanted};
  branch.then.push_back({FillLaunch{kind, slot(1), 1, 1}});
  branch.otherwise.push_back({FillLaunch{kind, slot(1), 2, 1}});
  b.program.launches.push_back({branch});
  IfEntry by_size;
  by_size.condition = {Condition::Kind::size, slot(0)};
  by_size.then.push_back({FillLaunch{kind, slot(1), 3, 1}});
  b.program.launches.push_back({by_size});
  const Executable executable(b.finish());
  for (const int64_t rounds : {1, 5}) {
    OnGpu<int64_t> last(std::vector<int64_t>{rounds}, {});
    uint8_t yes = rounds == 5;
    const TensorArg args[] = {last.arg(DType::i64), on_host(yes, DType::u8)};
    GpuSink sink;
    executable.run({args}, sink);
    CHECK(sink.values<int64_t>(0) == std::vector<int64_t>{rounds});
    CHECK(sink.values<uint8_t>(1) == std::vector<uint8_t>{uint8_t(yes ? 1 : 2)});
  }
}

TEST_CASE("program code: loops gather sizes for each launch") {
  Builder b;
  const uint32_t x = b.arg("x", {n}), y = b.result("y", {n});
  b.program.launches.push_back({CopyLaunch{x, y, b.sizes.slot(n * 4)}});
  ForEntry loop;
  loop.count = b.sizes.slot(n + 1);
  loop.induction = b.sizes.begin_loop();
  CudaLaunch kernel = launch(b, add, {x, y, y}, 1, {n});
  kernel.sizes = kernel.blocks == 0 ? kernel.sizes : std::vector<Slot>{loop.induction}; // the first i elements
  kernel.blocks = loop.induction;
  loop.steps = b.sizes.end_loop();
  loop.body.push_back({kernel});
  b.program.launches.push_back({loop});
  const Executable executable(b.finish());
  OnGpu<float> ones(std::vector<float>{1, 1, 1, 1});
  const TensorArg args[] = {ones.arg(DType::f32)};
  GpuSink sink;
  executable.run({args}, sink);
  CHECK(sink.values<float>(0) == std::vector<float>{5, 4, 3, 2});
}

TEST_CASE("program code: checks tell what they saw on the GPU") {
  Builder b;
  const uint32_t failed = b.arg("failed", {}, DType::boolean), x = b.arg("x", {n}), rate = b.arg("rate", {});
  b.program.args[2].host = true;
  b.program.device = Device::Kind::cuda;
  const Window all{x, DType::f32, b.sizes.slot(0), b.slots({n}), b.slots({1})}, one{rate, DType::f32, b.sizes.slot(0)};
  b.program.launches.push_back({CheckLaunch{failed, {all, one}, "x is {0}, rate {1}", "a.cpp:3", "scale it"}});
  const Executable executable(b.finish());
  OnGpu<float> values(std::vector<float>{3, -1, 2});
  float number = 0.5;
  GpuSink sink;
  for (const uint8_t fails : {0, 1}) {
    OnGpu<uint8_t> flag(std::vector<uint8_t>{fails}, {});
    const TensorArg args[] = {flag.arg(DType::boolean), values.arg(DType::f32), on_host(number, DType::f32)};
    CHECK(ogee::tests::error_of([&] { executable.run({args}, sink); }) ==
          (fails ? "x is [-1, 3], rate 0.5 at a.cpp:3; hint: scale it" : "no error"));
  }
}

TEST_CASE("program code: faults are raised by what waits, with the op's line") {
  Builder b;
  const uint32_t x = b.arg("x", {n}), at = b.arg("at", {n}, DType::i64), y = b.result("y", {n});
  CudaLaunch kernel = launch(b, gather, {x, at, y}, 1, {n});
  kernel.sites = {{"gather: index out of range", "model.cpp:9"}};
  b.program.launches.push_back({kernel});
  const Executable executable(b.finish());
  const auto gathered = [&](const std::vector<int64_t>& indices) {
    OnGpu<float> values(std::vector<float>{10, 20, 30});
    OnGpu<int64_t> on_gpu(indices);
    const TensorArg args[] = {values.arg(DType::f32), on_gpu.arg(DType::i64)};
    GpuSink sink;
    executable.run({args}, sink); // asynchronous: never raises it
    std::vector<float> result;
    const std::string error = ogee::tests::error_of([&] { result = sink.values<float>(0); });
    return std::pair(error, result);
  };
  CHECK(gathered({2, 0, 1}) == std::pair(std::string("no error"), std::vector<float>{30, 10, 20}));
  CHECK(gathered({2, 3, 1}).first == "gather: index out of range at model.cpp:9");
  CHECK(gathered({1, 1, 1}) == std::pair(std::string("no error"), std::vector<float>{20, 20, 20}));
}

TEST_CASE("program code: bound arguments") {
  Builder b;
  const uint32_t x = b.arg("x", {n}), w = b.arg("w", {n}), rate = b.arg("rate", {}), z = b.result("z", {n});
  b.program.args[2].host = true;
  const uint32_t sum = b.arena(n * 4, 0, 1);
  b.program.launches.push_back({launch(b, add, {x, w, sum}, 1, {n})});
  b.program.launches.push_back({launch(b, scale, {sum, rate, z}, 1, {n})});
  OnGpu<float> weights(std::vector<float>{1, 2});
  float number = 10;
  const TensorArg bound[] = {weights.arg(DType::f32), on_host(number, DType::f32)};
  const Executable executable(b.finish(), bound);
  OnGpu<float> values(std::vector<float>{5, 6});
  const TensorArg args[] = {values.arg(DType::f32)};
  for (const float now : {10.f, 2.f}) {
    number = now;
    GpuSink sink;
    executable.run({args}, sink);
    CHECK(sink.values<float>(0) == std::vector<float>{6 * now, 8 * now});
  }
}

TEST_CASE("program code: calls from threads and on streams do not meet in memory") {
  const Executable executable(scaled_sum().finish());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 20; ++round) {
        std::optional<cuda::Stream> stream;
        std::optional<cuda::StreamGuard> guard;
        if ((thread + round) % 3 == 0) guard.emplace(stream.emplace(gpu()));
        const size_t length = size_t(1 + (thread * 7 + round) % 90);
        OnGpu<float> x(ramp(length));
        GpuSink sinks[3]; // enqueued one after the other, read at the end
        float rates[3];
        for (int i = 0; i < 3; ++i) {
          rates[i] = float(thread + i);
          const TensorArg args[] = {x.arg(DType::f32), on_host(rates[i], DType::f32)};
          executable.run({args}, sinks[i]);
        }
        for (int i = 0; i < 3; ++i) {
          const std::vector<float> result = sinks[i].values<float>(0);
          for (size_t k = 0; k < length; ++k) wrong += result[k] != float(k) * float(thread + i) + float(k + 1);
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("program code: what cannot run here") {
  const auto error = [](Program program, Device device) {
    return ogee::tests::error_of([&] { Executable(std::move(program), {}, device); });
  };
  CHECK(error(add_program().finish(), Device("cuda:0")) == "program : is for the CPU and cannot run on cuda:0");
  CHECK_THAT(error(scaled_sum().finish(), Device("cuda:40")),
             Catch::Matchers::StartsWith("there is no device cuda:40: "));
  Program older = scaled_sum().finish();
  for (CudaModuleRef& module : older.modules) module = code("sm_80");
  CHECK_THAT(error(std::move(older), {}), Catch::Matchers::StartsWith("program scaled: is for sm_80, and cuda:0 (") &&
                                              Catch::Matchers::EndsWith(") is sm_90"));
  Program missing = scaled_sum().finish();
  CudaModule renamed = *missing.modules[0];
  renamed.entries[0] = "other";
  missing.modules[0] = std::make_shared<const CudaModule>(renamed);
  CHECK_THAT(error(std::move(missing), {}), Catch::Matchers::EndsWith("the code has no kernel other"));
  Builder b = scaled_sum();
  std::get<CudaLaunch>(b.program.launches[0].launch).shared_bytes = b.sizes.slot(int64_t(1) << 30);
  const Executable large(b.finish());
  CHECK_THAT(ogee::tests::error_of([&] { run(large, {1}, 1); }),
             Catch::Matchers::StartsWith("test: needs 1073741824 bytes of shared memory, and cuda:0 has "));
}

TEST_CASE("program code: a session keeps its state on the GPU, and numbers of the host there") {
  for (const bool in_place : {false, true}) {
    Builder b;
    b.program.name = "counting";
    const uint32_t x = b.arg("x", {3}), total = b.arg("total", {3}), number = b.arg("number", {}, DType::i64);
    b.program.args[1].role = Role::captured;
    b.program.args[2].role = Role::random;
    b.program.args[2].host = true;
    const uint32_t next = b.result("", {3}), later = b.result("", {}, DType::i64), copy = b.result("copy", {3});
    b.program.results[0].writes = 1;
    b.program.results[0].in_place = in_place;
    b.program.results[1].writes = 2;
    b.program.launches.push_back({CopyLaunch{total, copy, b.sizes.slot(12)}});
    b.program.launches.push_back({launch(b, add, {x, total, next}, 1, {3})});
    b.program.launches.push_back({launch(b, next_number, {number, later}, 1)});
    b.program.state = {std::vector<uint8_t>(12), {41, 0, 0, 0, 0, 0, 0, 0}};
    Session session(b.finish());
    CHECK(session.device() == Device("cuda"));
    OnGpu<float> values(std::vector<float>{1, 2, 3});
    const TensorArg args[] = {values.arg(DType::f32)};
    for (int round = 0; round < 3; ++round) {
      std::optional<cuda::Stream> stream;
      std::optional<cuda::StreamGuard> guard;
      if (round == 1) guard.emplace(stream.emplace(gpu()));
      GpuSink sink;
      session.run({args}, sink);
      guard.reset();
      const float before = float(round);
      CHECK(sink.values<float>(2) == std::vector<float>{before, 2 * before, 3 * before});
    }
    const auto state = [&](size_t index, auto kind) {
      const std::vector<std::byte> raw = session.read_state(index);
      std::vector<decltype(kind)> all(raw.size() / sizeof kind);
      std::memcpy(all.data(), raw.data(), raw.size());
      return all;
    };
    CHECK(state(0, 0.f) == std::vector<float>{3, 6, 9});
    CHECK(state(1, int64_t()) == std::vector<int64_t>{44});
  }
}

TEST_CASE("program code: nothing is left on the GPU") {
  gpu().synchronize();
  const int64_t live = gpu().bytes_live.load();
  {
    const Executable executable(scaled_sum().finish());
    run(executable, ramp(100), 1);
  }
  gpu().synchronize();
  CHECK(gpu().bytes_live.load() == live);
}
