// Code on a GPU, and launching it.
#pragma once

#include "runtime/cuda/device.h"

#include <cstdint>
#include <source_location>
#include <span>
#include <string>

namespace ogee::runtime::cuda {

/// What a kernel needs of a multiprocessor, per thread or block.
struct Resources {
  int registers = 0, local_bytes = 0, shared_bytes = 0;
};

/// A kernel of a loaded module.
struct Function {
  FunctionHandle handle = nullptr;
};

/// Code that is loaded on a GPU. Its destructor waits for what was launched.
class Module {
public:
  /// From a cubin, or PTX as text. Error(unsupported): not for this device or driver, or not readable.
  Module(Gpu& gpu, std::span<const uint8_t> code);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// Error(corrupt) if it has no such kernel.
  Function function(const std::string& name) const;
  Resources resources(Function function) const;

private:
  Gpu& gpu_;
  ModuleHandle handle_ = nullptr;
};

/// What errors say of a launch: "softmax (softmax at model.cpp:27)".
struct LaunchNote {
  std::string text;

  LaunchNote() = default;
  /// The kernel's name, the op, the user's line ("": unknown).
  LaunchNote(std::string_view name, std::string_view op, std::string_view line);
};

/// Enqueues a kernel on this thread's stream; no blocks: nothing. `params` are the addresses of its arguments, read
/// before it returns. With OGEE_CUDA_SYNC=1 it waits, and errors name this kernel.
void launch(Gpu& gpu, Function function, unsigned blocks, unsigned threads, unsigned shared_bytes, void** params,
            const LaunchNote& note);

/// While it lives, what this thread launches is for a line of the user that programs do not know: kernels of eager
/// operations are used by many. Errors that come later name it.
class LaunchLine {
public:
  explicit LaunchLine(std::source_location line) noexcept;
  ~LaunchLine();
  LaunchLine(const LaunchLine&) = delete;
  LaunchLine& operator=(const LaunchLine&) = delete;

private:
  const std::source_location line_;
  const LaunchLine* const outer_;
  friend std::string launch_line();
};
/// " at model.cpp:27" of the innermost one, "" without.
std::string launch_line();

/// What follows a launch on this thread's stream, by the driver or a library: errors that come later can name it. With
/// OGEE_CUDA_SYNC=1 it waits.
void note_launch(Gpu& gpu, const std::string& text);

/// OGEE_CUDA_SYNC=1: whether each launch is waited for. An Error where the variable is neither 0 nor 1.
bool checks_each_launch();

} // namespace ogee::runtime::cuda
