// What the fake NVRTC has to know of a program's text.
#pragma once

#include <string>
#include <vector>

namespace ogee::fake {

struct KernelText {
  std::string name;
  bool synchronises = false; ///< calls what waits for other threads, itself or through functions of the program
  unsigned most_threads = 1024;
};

/// The kernels that a program defines, in order.
std::vector<KernelText> kernels_of(const std::string& program);

/// The program as C++: declarations of dynamic shared memory become pointers to it.
std::string as_host_text(const std::string& program);

} // namespace ogee::fake
