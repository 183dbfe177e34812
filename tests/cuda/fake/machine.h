// The fake machine behind the fake driver: what it is told, what it records, and what it holds against its caller.
//
// A violation (a use of freed memory, of a handle that is none, of a stream that does not wait for another …) prints
// one line and aborts. What a test tells it comes from the environment when the driver starts, or through the functions
// of control.h.
#pragma once

#include "runtime/cuda/driver.h"

#include <cstdarg>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace ogee::fake {

using namespace ogee::runtime::cuda;

enum Code : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kNotInitialized = 3,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kNoBinary = 209,
  kInvalidPtx = 218,
  kInvalidHandle = 400,
  kNotFound = 500,
  kIllegalAddress = 700,
  kTooManyResources = 701,
  kCaptureUnsupported = 900,
  kCaptureInvalidated = 901,
};

/// What happened before what: how far each stream, by number, had come.
using Clock = std::map<int, uint64_t>;
void merge(Clock& into, const Clock& from);

/// "fail call `call` of `function` with `status`"; the function `kernel` stands for the runs of kernels.
struct Injection {
  std::string function;
  uint64_t call = 0;
  int status = 0;
};

struct Device {
  std::string name;
  int major = 9, minor = 0;
  size_t memory = size_t(16) << 30;
  int retained = 0;
};

class Machine {
public:
  static Machine& get();

  std::recursive_mutex mutex;
  bool initialised = false;
  int lost = 0; ///< the status of everything since a context was lost
  int version = 13000;
  std::vector<Device> devices;
  std::vector<std::unique_ptr<Context_>> contexts;
  Clock host; ///< what the host knows to be done

  void record(const std::string& line);
  std::string take_record();
  void set_recording(bool on) { recording_ = on; }
  bool is_recording() const { return recording_; }
  void fail(const std::string& function, uint64_t call, int status);
  /// The status that was asked for at this call, or 0.
  int injected(const char* function);
  uint64_t calls(const std::string& function) const;

private:
  Machine();
  std::vector<std::string> record_;
  std::vector<Injection> injections_;
  std::map<std::string, uint64_t> calls_;
  bool recording_ = false;
};

[[noreturn, gnu::format(printf, 1, 2)]] void violation(const char* format, ...);
[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

/// The current context of this thread, which a call needs.
Context_& current(const char* function);

/// Whether a status loses the context: it is given ever after.
bool loses_context(int status);

/// A call of the driver: under the lock, refused when the driver has not started or the context is lost, recorded,
/// failed if asked for.
template <class Body>
int call(const char* function, const std::string& arguments, Body body) {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  if (machine.is_recording()) machine.record(std::string(function) + "(" + arguments + ")");
  if (!machine.initialised) return kNotInitialized;
  const int injected = machine.injected(function);
  if (machine.lost == 0 && loses_context(injected)) machine.lost = injected;
  if (machine.lost) return machine.lost;
  return injected ? injected : body(machine);
}

std::string name(StreamHandle stream);
std::string name(EventHandle event);

} // namespace ogee::fake

namespace ogee::runtime::cuda {

struct Context_ {
  int device = 0;
};

} // namespace ogee::runtime::cuda
