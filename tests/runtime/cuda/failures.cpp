// Each call of each function of the driver fails once, in a process of its own: there is one Error, nothing is lost of
// what is given back, the next try works, and so does the CPU. After a failure that loses the context every further use
// of CUDA says so.
#include "runtime/copy.h"
#include "runtime/cuda/fault.h"
#include "runtime/cuda/memory.h"
#include "runtime/cuda/module.h"
#include "tests/cuda/machine.h"

#include <cstring>
#include <set>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

namespace {

const std::string kText = R"(
extern "C" __global__ void add(const unsigned* x, unsigned* y, unsigned* fault) {
  y[threadIdx.x] += x[threadIdx.x];
}
)";

/// Something of everything, on two GPUs; an Error(corrupt) for a wrong result.
void use_all(const std::vector<uint8_t>& code) {
  constexpr size_t kBytes = 1024;
  Gpu& gpu = Gpu::get(0);
  const StorageRef x = Storage::allocate(kBytes, gpu.device()), y = Storage::allocate(kBytes, gpu.device()),
                   z = Storage::allocate(kBytes, Device("cuda:1")), host = Storage::allocate(kBytes);
  std::memset(host->data(), 1, kBytes);
  copy_bytes(*x, 0, *host, 0, kBytes);
  fill(gpu, y->data(), kBytes, 0x0000000500000004, 8);
  fill(gpu, y->data(), 512, 0x02020202, 4);
  fill(gpu, y->data() + 512, 256, 0x03020100, 4);

  const Module module(gpu, code);
  const Function function = module.function("add");
  module.resources(function);
  const FaultWord fault(gpu, {"index out of range"});
  void *from = x->data(), *to = y->data(), *word = reinterpret_cast<void*>(fault.address());
  void* params[] = {&from, &to, &word};
  launch(gpu, function, 1, 256, 64 << 10, params, LaunchNote("add", "add", "model.cpp:1"));

  Stream stream(gpu);
  Event first(gpu, true), second(gpu, true);
  PinnedBlock pinned(gpu, kBytes);
  {
    const StreamGuard guard(stream);
    first.record(stream);
    copy_to_host(gpu, pinned, 0, y->data(), kBytes);
    second.record(stream);
  }
  const StorageRef other = Storage::allocate(kBytes, gpu.device());
  while (!stream.done() || !second.done()) {}
  second.synchronize();
  second.milliseconds_since(first);
  gpu.own_stream().wait(second);
  copy_bytes(*z, 0, *y, 0, kBytes);
  copy_bytes(*host, 0, *z, 0, kBytes);
  gpu.synchronize();
  memory_stats(gpu);

  const auto* results = reinterpret_cast<const uint32_t*>(host->data());
  const uint32_t expected[] = {0x03030303, 0x04030201, 0x01010105, 0x01010106};
  for (size_t i : {0, 128, 192, 193})
    if (results[i] != expected[i < 128 ? 0 : i < 192 ? 1 : i - 190]) raise(ErrorCode::corrupt, "wrong result at ", i);
  if (std::memcmp(pinned.data(), host->data(), kBytes) != 0) raise(ErrorCode::corrupt, "wrong copy");
}

/// Gives back what is kept, so that what is left is the same after any history.
void settle() {
  for (int i = 0; i < 2; ++i) {
    release_cached(Gpu::get(i));
    Gpu::get(i).synchronize();
  }
}

void use_cpu() {
  const StorageRef x = Storage::allocate(64), y = Storage::allocate(64);
  std::memset(x->data(), 7, 64);
  copy_bytes(*y, 0, *x, 0, 64);
  if (y->data()[63] != std::byte(7)) raise(ErrorCode::corrupt, "the CPU computes nonsense");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

/// Uses everything twice where a call fails: what was raised each time, by the CPU, when settling; what was not given
/// back.
std::vector<std::string> with_failure(const std::string& failure, const std::vector<uint8_t>& code) {
  const Outcome outcome = in_child({{"OGEE_FAKE_CUDA_FAIL", failure}}, [&] {
    for (int i = 0; i < 2; ++i) std::puts(error_of([&] { use_all(code); }).c_str());
    std::puts(error_of(use_cpu).c_str());
    std::puts(error_of(settle).c_str());
    std::puts(fake_leaks().c_str());
  });
  INFO(failure << "\n" << outcome.output);
  CHECK(outcome.status == 0);
  std::vector<std::string> lines = lines_of(outcome.output);
  REQUIRE(lines.size() == 5);
  CHECK(lines[2] == "no error");
  return lines;
}

/// How often each function is called where nothing fails.
std::vector<std::pair<std::string, uint64_t>> calls_of(const std::vector<uint8_t>& code) {
  const Outcome outcome = in_child({}, [&] {
    use_all(code);
#define OGEE_COUNT(name, parameters) std::printf("%s %d\n", #name, int(fake_calls(#name)));
    OGEE_CUDA_DRIVER(OGEE_COUNT)
#undef OGEE_COUNT
  });
  REQUIRE(outcome.status == 0);
  std::vector<std::pair<std::string, uint64_t>> calls;
  for (const std::string& line : lines_of(outcome.output)) {
    const size_t space = line.find(' ');
    calls.emplace_back(line.substr(0, space), std::stoull(line.substr(space)));
  }
  return calls;
}

/// What gives things back tells nobody that it failed, and leaves them.
const std::set<std::string> kGivesBack = {"cuMemFreeAsync",    "cuMemFreeHost",  "cuStreamDestroy_v2",
                                          "cuEventDestroy_v2", "cuModuleUnload", "cuDevicePrimaryCtxRelease_v2"};
/// What is asked once: a driver that does not start is none for as long as the process runs.
const std::set<std::string> kStarts = {"cuInit"};

} // namespace

TEST_CASE("failures: each call of the driver may fail once") {
  const std::vector<uint8_t> code = compiled(kText);
  const auto calls = calls_of(code);
  const std::string left = with_failure("none:1:1", code)[4];
  CHECK(with_failure("none:1:1", code)[0] == "no error");
  size_t unused = 0, cases = 0;
  for (const auto& [function, count] : calls) {
    unused += count == 0;
    for (uint64_t call = 1; call <= count; ++call) {
      // The first call fails in all ways, others in turn.
      for (const int status : {2, 999}) {
        if (call > 1 && status != (call % 2 ? 2 : 999)) continue;
        ++cases;
        const auto said = with_failure(concat(function, ":", call, ":", status), code);
        INFO(function << " " << call << " " << status << ": " << said[0]);
        if (kStarts.contains(function)) {
          CHECK_THAT(said[0], Catch::Matchers::StartsWith("there is no device cuda:0: CUDA: the driver 13.0 ("));
          CHECK(said[1] == said[0]);
          continue;
        }
        CHECK(said[1] == "no error");
        CHECK(said[3] == "no error");
        if (kGivesBack.contains(function)) {
          CHECK(said[0] == "no error");
          continue;
        }
        if (function != "cuCtxSynchronize") CHECK(said[4] == left); // a module is not unloaded while it may run
        if (said[0] == "no error") continue; // out of memory once: the second try works; orders by waiting
        CHECK_THAT(said[0], Catch::Matchers::StartsWith("CUDA: "));
        CHECK_THAT(said[0], Catch::Matchers::ContainsSubstring(status == 999 ? "CUDA_ERROR_UNKNOWN" : " memory"));
      }
    }
  }
  CHECK(unused < 18); // graphs, what only tells something, what is called when settling
  CHECK(cases > 100);
}

TEST_CASE("failures: after one that loses the context CUDA says so at once") {
  const std::vector<uint8_t> code = compiled(kText);
  for (const auto& [function, count] : calls_of(code)) {
    if (count == 0 || kStarts.contains(function) || function == "cuDriverGetVersion") continue;
    const auto said = with_failure(concat(function, ":", count, ":700"), code);
    INFO(function << ": " << said[0]);
    CHECK_THAT(said[1], Catch::Matchers::StartsWith("CUDA cannot be used any more in this process: CUDA: ") &&
                            Catch::Matchers::ContainsSubstring("CUDA_ERROR_ILLEGAL_ADDRESS"));
    CHECK(said[3] == said[1]);
    if (said[0] != "no error")
      CHECK_THAT(said[0], Catch::Matchers::ContainsSubstring(
                              "CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)"));
  }
}
