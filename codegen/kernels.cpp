// Several kernels at a time.
#include "codegen/kernels.h"

#include "runtime/runtime.h"

#include <atomic>
#include <future>

namespace ogee::codegen {

void forEachOnThreads(size_t count, llvm::function_ref<void(size_t)> body) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::future<void>> others;
  for (size_t threads = std::min<size_t>(count, runtime::Runtime::get().pool().threads()); threads > 1; --threads)
    others.push_back(std::async(std::launch::async, work));
  work();
  for (std::future<void>& other : others) other.get();
}

} // namespace ogee::codegen
