// NVRTC, the compiler of CUDA C++: opened at the first use, through declarations of our own. Needs neither a GPU nor a
// driver, a header or another compiler.
#pragma once

#include "runtime/result.h"

#include <memory>
#include <string>
#include <vector>

namespace ogee::runtime::cuda {

/// An opened library.
class Nvrtc {
public:
  /// The library of this process: where `OGEE_CUDA_PATH` says (a toolkit's folder, one of Python packages, or the
  /// libraries' own), where the system looks, /usr/local/cuda. The same answer for as long as the process runs: a
  /// Failure (unsupported) names what is missing, and where it was looked for.
  static const Result<Nvrtc>& get();
  /// The same, anew, with the extra folder ("": none) given.
  static Result<Nvrtc> open(const std::string& folder);

  int major() const noexcept { return major_; }
  int minor() const noexcept { return minor_; }
  /// "13.0".
  std::string version() const { return concat(major_, ".", minor_); }
  /// The version and the library's build id: what its code may be cached under.
  const std::string& identity() const noexcept { return identity_; }
  /// The file that was opened.
  const std::string& path() const noexcept { return path_; }
  /// The architectures that it compiles for, ascending: 75, 80, 90 …
  const std::vector<int>& architectures() const noexcept { return architectures_; }

  struct Code {
    std::vector<char> cubin; ///< none for "compute_90"
    std::string ptx;
    std::string log; ///< of ptxas: registers, shared memory and spills of each kernel
  };
  /// Compiles a program for an architecture: "sm_90", "sm_90a", or to PTX alone: "compute_90". Strict: no contraction,
  /// no flush of subnormals, exact division and roots. A Failure (unsupported) lists the architectures if this one is
  /// none of them; one (invalid_argument) holds the compiler's log.
  Result<Code> compile(const std::string& text, const std::string& architecture) const;

private:
  struct Functions;
  std::shared_ptr<const Functions> functions_;
  std::string path_, identity_;
  int major_ = 0, minor_ = 0;
  std::vector<int> architectures_;
};

} // namespace ogee::runtime::cuda
