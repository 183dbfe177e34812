// Memory whose last byte (or first) lies at a page that cannot be touched: what AddressSanitizer does not see in
// generated code becomes a segmentation fault.
#pragma once

#include <cstddef>

namespace ogee::tests {

/// Which end of a buffer lies at the guard page.
enum class Guard { end, start };

/// `bytes` bytes between two guard pages, filled with a pattern that is no plausible value. The mappings are reused.
class Guarded {
public:
  Guarded(size_t bytes, Guard guard);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  Guarded(Guarded&& other) noexcept;

  std::byte* data() const { return data_; }

private:
  std::byte* mapping_ = nullptr;
  size_t pages_ = 0; ///< that can be touched
  std::byte* data_ = nullptr;
};

} // namespace ogee::tests
