// Loading and launching.
#include "runtime/cuda/module.h"

#include "runtime/cuda/fault.h"
#include "runtime/environment.h"

#include <array>

namespace ogee::runtime::cuda {

bool checks_each_launch() {
  static const bool checks = is_switched_on("OGEE_CUDA_SYNC", false);
  return checks;
}

namespace {

constexpr unsigned kPlainSharedBytes = 48 << 10; ///< more has to be asked for

bool is_cubin(std::span<const uint8_t> code) {
  return code.size() > 4 && code[0] == 0x7f && code[1] == 'E' && code[2] == 'L' && code[3] == 'F';
}

/// The first line of a log.
std::string first_line(const char* log) {
  const std::string_view text(log);
  return text.empty() ? "" : concat(": ", text.substr(0, text.find('\n')));
}

} // namespace

Module::Module(Gpu& gpu, std::span<const uint8_t> code) : gpu_(gpu) {
  Devices::get().check();
  gpu.activate();
  const std::string ptx = is_cubin(code) ? "" : std::string(code.begin(), code.end()); // ends in 0
  std::array<char, 4096> log{};
  int names[] = {kErrorLogBuffer, kErrorLogBufferBytes};
  void* values[] = {log.data(), reinterpret_cast<void*>(log.size() - 1)};
  const void* const image = is_cubin(code) ? static_cast<const void*>(code.data()) : ptx.c_str();
  const int status = gpu.driver().cuModuleLoadDataEx(&handle_, image, 2, names, values);
  if (status == 0) return;
  gpu.check(status, concat("loading ", is_cubin(code) ? "code" : "PTX", " on ", gpu.properties().architecture(),
                           first_line(log.data())));
}

Module::~Module() {
  if (!handle_ || !gpu_.try_activate()) return;
  const int status = gpu_.wait_for_all();
  gpu_.note(status, "waiting for the device");
  if (status != 0) return;
  gpu_.note(gpu_.driver().cuModuleUnload(handle_), "unloading code");
}

Function Module::function(const std::string& name) const {
  Devices::get().check();
  gpu_.activate();
  Function function;
  const int status = gpu_.driver().cuModuleGetFunction(&function.handle, handle_, name.c_str());
  constexpr int kNotFound = 500;
  if (status == kNotFound) raise(ErrorCode::corrupt, "CUDA: ", gpu_.device(), ": the code has no kernel ", name);
  gpu_.check(status, concat("finding the kernel ", name));
  return function;
}

Resources Module::resources(Function function) const {
  Devices::get().check();
  gpu_.activate();
  const auto attribute = [&](FunctionAttribute which) {
    int value = 0;
    gpu_.check(gpu_.driver().cuFuncGetAttribute(&value, which, function.handle), "reading a kernel's resources");
    return value;
  };
  return {attribute(kRegisters), attribute(kLocalBytes), attribute(kSharedBytes)};
}

LaunchNote::LaunchNote(std::string_view name, std::string_view op, std::string_view line) : text(name) {
  if (op.empty() && line.empty()) return;
  text += concat(" (", op, op.empty() || line.empty() ? "" : " ", line.empty() ? "" : "at ", line, ")");
}

void launch(Gpu& gpu, Function function, unsigned blocks, unsigned threads, unsigned shared_bytes, void** params,
            const LaunchNote& note) {
  Devices::get().check();
  if (blocks == 0) return;
  checks_each_launch(); // an Error of it before anything is enqueued
  gpu.activate();
  const Driver& driver = gpu.driver();
  Stream& stream = gpu.stream();
  const auto check = [&](int status, const char* what) {
    if (status != 0) [[unlikely]]
      gpu.check(status, concat(what, note.text));
  };
  if (shared_bytes > kPlainSharedBytes)
    check(driver.cuFuncSetAttribute(function.handle, kMaxDynamicSharedBytes, int(shared_bytes)), "preparing ");
  const int status = driver.cuLaunchKernel(function.handle, blocks, 1, 1, threads, 1, 1, shared_bytes, stream.handle(),
                                           params, nullptr);
  check(status, "launching ");
  note_launch(gpu, note.text);
}

namespace {
thread_local const LaunchLine* present_line = nullptr;
} // namespace

LaunchLine::LaunchLine(std::source_location line) noexcept : line_(line), outer_(present_line) { present_line = this; }
LaunchLine::~LaunchLine() { present_line = outer_; }

std::string launch_line() { return present_line ? place(present_line->line_) : ""; }

void note_launch(Gpu& gpu, const std::string& text) {
  Stream& stream = gpu.stream();
  if (stream.is_recording()) return stream.record(text);
  stream.note_work();
  if (!checks_each_launch()) return gpu.recent().add(stream.handle(), text + launch_line());
  if (const int status = gpu.driver().cuStreamSynchronize(stream.handle()); status != 0)
    gpu.check(status, concat("running ", text));
  gpu.faults().check(false);
}

} // namespace ogee::runtime::cuda
