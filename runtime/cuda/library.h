// Finding and opening CUDA's libraries: the driver, NVRTC, cuBLASLt. None is linked; each is looked for at its first
// use.
#pragma once

#include "runtime/result.h"

#include <span>
#include <string>
#include <vector>

namespace ogee::runtime::cuda {

/// An opened library; it stays for as long as the process runs.
struct Library {
  void* handle = nullptr;
  std::string path; ///< the file
};

/// The folder that a user adds to those that are searched: OGEE_CUDA_PATH, "" where it is not set.
std::string named_folder();

/// The files to try, in order: under `folder` (a toolkit's, one of Python packages, or the libraries' own; "": none),
/// bare names, which the system looks for, and in /usr/local/cuda.
std::vector<std::string> candidates(std::span<const char* const> names, const std::string& folder);

/// Opens a file. Its Failure says what the system's loader says.
Result<Library> open_file(const std::string& file);

/// Opens the first of the candidates that is a library. A Failure (of the code) says that `what` is missing and where
/// it was looked for.
Result<Library> open_library(const char* what, std::span<const char* const> names, const std::string& folder,
                             ErrorCode code);

/// "CUDA: what is missing: no name or name in …": the one line for a library that is not there.
std::string missing_library(const char* what, std::span<const char* const> names, const std::string& folder);

/// Looks the functions of a library up by name, and notes the first that it lacks.
class Symbols {
public:
  explicit Symbols(void* handle) : handle_(handle) {}
  template <class Function>
  void find(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(address(name));
  }
  /// "" if it has all.
  const std::string& missing() const noexcept { return missing_; }

private:
  void* address(const char* name);

  void* handle_;
  std::string missing_;
};

/// The file that holds an address, `otherwise` where it is unknown.
std::string file_of(const void* address, const std::string& otherwise);

} // namespace ogee::runtime::cuda
