// Writing and reading binary files: little-endian, every count checked against the bytes that are left before it is
// used.
#pragma once

#include "runtime/result.h"

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace ogee::runtime {

static_assert(std::endian::native == std::endian::little,
              "files are little-endian, and so are all machines ogee knows");

template <class T>
concept Plain = std::is_arithmetic_v<T>;

// A type says its fields once, for both directions:  template <class A> void fields(A& archive, Point& p) {
// archive(p.x, p.y); } found by argument-dependent lookup.

class Writer {
public:
  std::vector<uint8_t> bytes;

  template <class... T>
  void operator()(const T&... values) {
    (write(values), ...);
  }
  /// An enum with values from 0 to `last`.
  template <class E>
  void choice(const E& value, E) {
    write(static_cast<uint8_t>(value));
  }
  /// A tag, the size of what `content` writes, and that.
  template <class Content>
  void section(uint32_t tag, Content content) {
    write(tag);
    const size_t at = bytes.size();
    write(uint64_t(0));
    content();
    const uint64_t size = bytes.size() - at - sizeof size;
    std::memcpy(bytes.data() + at, &size, sizeof size);
  }
  void raw(std::span<const uint8_t> data) { bytes.insert(bytes.end(), data.begin(), data.end()); }

private:
  template <Plain T>
  void write(const T& value) {
    uint8_t copy[sizeof value];
    std::memcpy(copy, &value, sizeof value);
    raw(copy);
  }
  void write(const std::string& text) {
    write(uint64_t(text.size()));
    raw(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }
  void write(const std::vector<uint8_t>& data) {
    write(uint64_t(data.size()));
    raw(data);
  }
  template <class T>
  void write(const std::optional<T>& value) {
    write(value.has_value());
    if (value) write(*value);
  }
  template <class T>
  void write(const std::vector<T>& items) {
    write(uint64_t(items.size()));
    for (const T& item : items) write(item);
  }
  template <class T>
    requires std::is_class_v<T>
  void write(const T& value) {
    fields(*this, const_cast<T&>(value)); // a Writer's fields are only read
  }
};

/// Reads what a Writer wrote. The first thing that does not fit makes it fail for good; values read afterwards mean
/// nothing.
class Reader {
public:
  explicit Reader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  bool ok() const noexcept { return ok_; }
  /// Whether everything was read, and nothing is left.
  bool finished() const noexcept { return ok_ && rest_.empty(); }
  void fail() noexcept { ok_ = false; }

  template <class... T>
  void operator()(T&... values) {
    (read(values), ...);
  }
  template <class E>
  void choice(E& value, E last) {
    uint8_t number = 0;
    read(number);
    if (number > static_cast<uint8_t>(last)) return fail();
    value = static_cast<E>(number);
  }
  /// Reads a section of this tag; `content` must use up all of it.
  template <class Content>
  void section(uint32_t tag, Content content) {
    uint32_t found = 0;
    uint64_t size = 0;
    (*this)(found, size);
    if (!ok_ || found != tag || size > rest_.size()) return fail();
    const std::span<const uint8_t> after = rest_.subspan(size);
    rest_ = rest_.first(size);
    content();
    if (!rest_.empty()) fail();
    rest_ = after;
  }
  /// Structures inside structures, as deep as programs may nest.
  template <class Content>
  void nested(Content content) {
    if (++depth_ > kMaxDepth) return fail();
    content();
    --depth_;
  }

  static constexpr int kMaxDepth = 64;

private:
  /// The next `count` bytes; empty after a failure.
  std::span<const uint8_t> take(uint64_t count) {
    if (!ok_ || count > rest_.size()) return fail(), std::span<const uint8_t>();
    const std::span<const uint8_t> taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  template <Plain T>
  void read(T& value) {
    const std::span<const uint8_t> from = take(sizeof value);
    if constexpr (std::same_as<T, bool>) {
      if (!ok_ || from[0] > 1) return fail();
    }
    if (ok_) std::memcpy(&value, from.data(), sizeof value);
  }
  void read(std::string& text) {
    uint64_t size = 0;
    read(size);
    const std::span<const uint8_t> from = take(size);
    text.assign(from.begin(), from.end());
  }
  void read(std::vector<uint8_t>& data) {
    uint64_t size = 0;
    read(size);
    const std::span<const uint8_t> from = take(size);
    data.assign(from.begin(), from.end());
  }
  template <class T>
  void read(std::optional<T>& value) {
    bool there = false;
    read(there);
    if (!ok_ || !there) return value.reset();
    read(value.emplace());
  }
  template <class T>
  void read(std::vector<T>& items) {
    uint64_t count = 0;
    read(count);
    items.clear();
    while (ok_ && items.size() < count)
      read(items.emplace_back()); // an item has a byte at least: a false count ends soon
  }
  template <class T>
    requires std::is_class_v<T>
  void read(T& value) {
    fields(*this, value);
  }

  std::span<const uint8_t> rest_;
  bool ok_ = true;
  int depth_ = 0;
};

} // namespace ogee::runtime
