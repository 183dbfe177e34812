// Calls of programs on arrays.
#pragma once

#include "runtime/executable.h"
#include "tools/ogee/arrays.h"

#include <vector>

namespace ogee::tools {

/// Runs a program on dense arrays. Where it runs on a device, they are copied there once. Keeps the memory of results
/// from call to call.
class Call {
public:
  Call(const runtime::Executable& executable, std::vector<HostArray> tensors, std::vector<int64_t> indices);

  void run();
  /// Copies of the results of the last run.
  std::vector<HostArray> results() const;

private:
  struct Sink;

  const runtime::Executable& executable_;
  std::vector<HostArray> tensors_;
  std::vector<runtime::TensorArg> args_;
  std::vector<int64_t> indices_;
  std::vector<HostArray> results_;
};

} // namespace ogee::tools
