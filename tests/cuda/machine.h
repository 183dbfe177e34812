// Tests on the fake CUDA machine: telling it things, and running them in a process of their own.
#pragma once

#include "runtime/cuda/library.h"
#include "runtime/cuda/module.h"
#include "runtime/cuda/nvrtc.h"
#include "tests/catch.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

namespace ogee::tests {

/// Programs that are started by hand run on the fake machine, too; it has two GPUs.
inline const bool on_fake_machine =
    setenv("OGEE_CUDA_PATH", OGEE_FAKE_CUDA, 0) == 0 && setenv("OGEE_FAKE_CUDA_DEVICES", "2", 0) == 0;

/// Whether the fake machine is the one at hand. On another, gpu-check runs the tests that are not tagged [fake]: those
/// neither look into the machine nor need two GPUs.
inline bool is_fake() { return runtime::cuda::named_folder() == OGEE_FAKE_CUDA; }

/// A function of the fake driver (control.h).
template <class Function>
Function* fake(const char* name) {
  void* const library = dlopen(OGEE_FAKE_CUDA "/libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  return reinterpret_cast<Function*>(dlsym(library, name));
}
inline void fake_fail(const char* function, uint64_t call, int status) {
  fake<void(const char*, unsigned long long, int)>("ogee_fake_cuda_fail")(function, call, status);
}
inline uint64_t fake_calls(const char* function) {
  return fake<unsigned long long(const char*)>("ogee_fake_cuda_calls")(function);
}
inline std::string fake_leaks() { return fake<const char*()>("ogee_fake_cuda_leaks")(); }

/// What is called and run while it lives.
class FakeRecord {
public:
  FakeRecord() { fake<void(int)>("ogee_fake_cuda_record")(1); }
  ~FakeRecord() {
    take();
    fake<void(int)>("ogee_fake_cuda_record")(0);
  }
  std::string take() { return fake<const char*()>("ogee_fake_cuda_take_record")(); }
};

/// Code for a device, by the NVRTC at hand.
inline std::vector<uint8_t> compiled(const std::string& text, const std::string& architecture = "sm_90") {
  auto code = runtime::cuda::Nvrtc::get();
  REQUIRE(code.ok());
  auto result = code->compile(text, architecture);
  if (!result) FAIL(result.message());
  return {result->cubin.begin(), result->cubin.end()};
}

/// A variable of the environment while it lives.
class Setting {
public:
  Setting(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Setting() { unsetenv(name_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

private:
  const char* name_;
};

/// The message of the Error that a call raises, "no error" without one.
inline std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const runtime::Error& error) { return error.what(); }
  return "no error";
}

/// What became of a process.
struct Outcome {
  int status = 0;     ///< 0: well; the number of the signal that ended it otherwise, or 1
  std::string output; ///< stdout and stderr
};

/// Runs a function in a process of its own: with other variables of the environment, or when it is to end badly. What
/// it says goes to stdout or stderr. This process must not have used CUDA, which does not survive a fork.
inline Outcome in_child(const std::map<std::string, std::string>& environment, const std::function<void()>& body) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    for (int signal : {SIGABRT, SIGSEGV, SIGBUS}) std::signal(signal, SIG_DFL); // Catch2's
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    int status = 0;
    try {
      body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "uncaught: %s\n", error.what());
      status = 1;
    }
    std::fflush(nullptr);
    _exit(status);
  }
  close(ends[1]);
  Outcome outcome;
  char bytes[4096];
  for (ssize_t count; (count = read(ends[0], bytes, sizeof bytes)) > 0;) outcome.output.append(bytes, size_t(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  outcome.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

} // namespace ogee::tests
