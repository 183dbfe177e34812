// Shared ownership by a count inside the object: half the size of a std::shared_ptr, and one allocation.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace ogee::runtime {

/// The count that `Ref` uses; derive with `class T : public RefCounted<T>`.
template <class T>
class RefCounted {
public:
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void retain() const noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() const noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete static_cast<const T*>(this);
  }
  /// Owners at this moment; exact only when no other thread can copy one.
  uint32_t use_count() const noexcept { return refs_.load(std::memory_order_acquire); }

protected:
  RefCounted() = default;
  ~RefCounted() = default;

private:
  mutable std::atomic<uint32_t> refs_{0};
};

/// An owner of a RefCounted object, or null.
template <class T>
class Ref {
public:
  Ref() noexcept = default;
  Ref(std::nullptr_t) noexcept {}
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_) object_->retain();
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) object_->release();
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.object_ == b.object_; }

private:
  T* object_ = nullptr;
};

} // namespace ogee::runtime
