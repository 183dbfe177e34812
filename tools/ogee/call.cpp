// Arguments and results where the program runs.
#include "tools/ogee/call.h"

#include <algorithm>

namespace ogee::tools {

/// Gives results the memory that they had in the call before where it fits.
struct Call::Sink : runtime::ResultSink {
  explicit Sink(Call& call) : call(call) {}

  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t) override {
    HostArray& array = call.results_[result];
    if (!array.storage || !std::ranges::equal(array.shape, dims))
      array = allocate(call.executable_.program().results[result].dtype, dims, call.executable_.device());
    return array.storage->data();
  }

  Call& call;
};

Call::Call(const runtime::Executable& executable, std::vector<HostArray> tensors, std::vector<int64_t> indices)
    : executable_(executable), tensors_(std::move(tensors)), indices_(std::move(indices)),
      results_(executable.program().results.size()) {
  const auto& specs = executable.program().args;
  for (size_t i = 0; i < std::min(specs.size(), tensors_.size()); ++i)
    if (executable.device().is_cuda() && !specs[i].host) tensors_[i] = copyTo(executable.device(), tensors_[i]);
  for (const HostArray& tensor : tensors_)
    args_.push_back({.data = tensor.storage->data(),
                     .sizes = tensor.shape.data(),
                     .rank = uint32_t(tensor.shape.size()),
                     .dtype = tensor.dtype});
}

void Call::run() {
  Sink sink(*this);
  executable_.run({.tensors = args_, .indices = indices_}, sink);
}

std::vector<HostArray> Call::results() const {
  std::vector<HostArray> copies;
  for (const HostArray& result : results_) copies.push_back(copyTo({}, result));
  return copies;
}

} // namespace ogee::tools
