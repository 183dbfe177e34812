// Words that kernels write.
#include "runtime/cuda/fault.h"

#include <cstring>

namespace ogee::runtime::cuda {
namespace {

constexpr size_t kPageBytes = 4096, kPageWords = kPageBytes / sizeof(uint32_t);

} // namespace

FaultWord::FaultWord(Gpu& gpu, std::vector<std::string> lines)
    : gpu_(gpu), index_(gpu.faults().take(gpu, std::move(lines))) {
  address_ = gpu.faults().address(index_);
}

FaultWord::~FaultWord() { gpu_.faults().retire(index_); }

size_t FaultWords::take(Gpu& gpu, std::vector<std::string> lines) {
  const std::lock_guard lock(mutex_);
  size_t index = 0;
  while (index < words_.size() && words_[index].use != Word::Use::none) ++index;
  if (index == words_.size()) {
    PinnedBlock block(gpu, kPageBytes);
    std::memset(block.data(), 0, kPageBytes);
    auto* const first = reinterpret_cast<uint32_t*>(block.data());
    blocks_.push_back(std::move(block));
    for (size_t i = 0; i < kPageWords; ++i) words_.emplace_back().at = first + i;
  }
  words_[index].lines = std::move(lines);
  words_[index].use = Word::Use::used;
  return index;
}

Address FaultWords::address(size_t index) const {
  const std::lock_guard lock(mutex_);
  return reinterpret_cast<uintptr_t>(words_[index].at);
}

void FaultWords::retire(size_t index) noexcept {
  const std::lock_guard lock(mutex_);
  words_[index].use = Word::Use::retired;
}

void FaultWords::check(bool idle) {
  const std::lock_guard lock(mutex_);
  std::string line;
  for (Word& word : words_) {
    if (word.use == Word::Use::none) continue;
    // The device wrote it; what waited for the device made it visible.
    if (const uint32_t site = std::atomic_ref(*word.at).exchange(0, std::memory_order_acquire); site && line.empty())
      line = site <= word.lines.size() ? word.lines[site - 1] : concat("CUDA: unknown fault ", site);
    if (idle && word.use == Word::Use::retired) word.use = Word::Use::none;
  }
  if (!line.empty()) throw Error(ErrorCode::invalid_argument, line);
}

} // namespace ogee::runtime::cuda
