// Settings, the record, injected failures, violations.
#include "tests/cuda/fake/machine.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace ogee::fake {
namespace {

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

std::string formatted(const char* format, va_list arguments) {
  char line[1024];
  std::vsnprintf(line, sizeof line, format, arguments);
  return line;
}

} // namespace

void merge(Clock& into, const Clock& from) {
  for (const auto& [stream, tick] : from) {
    uint64_t& mine = into[stream];
    if (mine < tick) mine = tick;
  }
}

void violation(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const std::string line = formatted(format, arguments);
  va_end(arguments);
  std::fprintf(stderr, "fake CUDA: %s\n", line.c_str());
  std::fflush(nullptr);
  std::abort();
}

std::string text(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string line = formatted(format, arguments);
  va_end(arguments);
  return line;
}

bool loses_context(int status) {
  return status == 214 || status == 702 || status == 719 || status == 700 || (status >= 714 && status <= 718);
}

Machine& Machine::get() {
  static Machine* const machine = new Machine;
  return *machine;
}

Machine::Machine() {
  version = std::stoi(environment("OGEE_FAKE_CUDA_VERSION", "13000"));
  const std::string capability = environment("OGEE_FAKE_CUDA_CAPABILITY", "9.0");
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  const int count = visible && !*visible ? 0 : std::stoi(environment("OGEE_FAKE_CUDA_DEVICES", "1"));
  for (int i = 0; i < count; ++i) {
    Device device;
    device.name = "Fake GPU " + std::to_string(i);
    device.major = std::stoi(capability);
    device.minor = std::stoi(capability.substr(capability.find('.') + 1));
    device.memory = std::stoull(environment("OGEE_FAKE_CUDA_MEMORY", "17179869184"));
    devices.push_back(device);
    contexts.push_back(std::make_unique<Context_>(Context_{i}));
  }
  std::istringstream list(environment("OGEE_FAKE_CUDA_FAIL", ""));
  for (std::string item; std::getline(list, item, ',');) {
    const size_t first = item.find(':'), second = item.find(':', first + 1);
    if (second == item.npos) violation("OGEE_FAKE_CUDA_FAIL: '%s' is not function:call:status", item.c_str());
    fail(item.substr(0, first), std::stoull(item.substr(first + 1)), std::stoi(item.substr(second + 1)));
  }
}

void Machine::record(const std::string& line) {
  if (recording_) record_.push_back(line);
}

std::string Machine::take_record() {
  std::string all;
  for (const std::string& line : record_) all += line + "\n";
  record_.clear();
  return all;
}

void Machine::fail(const std::string& function, uint64_t call, int status) {
  injections_.push_back({function, calls_[function] + call, status});
}

int Machine::injected(const char* function) {
  const uint64_t number = ++calls_[function];
  for (const Injection& injection : injections_)
    if (injection.call == number && injection.function == function) return injection.status;
  return 0;
}

uint64_t Machine::calls(const std::string& function) const {
  const auto found = calls_.find(function);
  return found == calls_.end() ? 0 : found->second;
}

} // namespace ogee::fake
