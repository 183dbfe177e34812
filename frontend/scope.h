// What a trace knows beyond tensors: the module path of its operations, and host state that it has read.
#pragma once

#include "frontend/scalar.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace ogee {

/// While it lives, operations of this thread carry its name: in graphs, in errors ("… at model.cpp:27 in net.fc2").
/// Scopes nest.
class Scope {
public:
  explicit Scope(std::string_view name);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// The names of the live scopes of this thread, joined by points; "" outside of any.
  static const std::string& path() noexcept;

private:
  size_t outer_length_;
};

namespace detail {

/// Host state as bits, with the knowledge whether a compiled function has read it. Guards share it.
struct StateCell {
  std::string name;
  std::atomic<uint64_t> bits;
  std::atomic<bool> guarded = false;
  std::string (*text)(uint64_t bits) = nullptr; ///< the value for people
};

class StateBase {
public:
  const std::string& name() const noexcept { return cell_->name; }

protected:
  StateBase(std::string name, uint64_t bits, std::string (*text)(uint64_t))
      : cell_(std::make_shared<StateCell>(std::move(name), bits, false, text)) {}
  StateBase(const StateBase& other) : StateBase(other.name(), other.cell_->bits.load(), other.cell_->text) {}
  StateBase& operator=(const StateBase& other) {
    write(other.cell_->bits.load());
    return *this;
  }
  /// The value; inside a trace also a guard on it.
  uint64_t read() const;
  void write(uint64_t bits);

private:
  std::shared_ptr<StateCell> cell_;
};

} // namespace detail

/// Host state that functions may depend on, such as a train/eval flag. A compiled function that read it keeps one
/// variant per value and looks again when it changes.
template <class T>
class State : public detail::StateBase {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>, "State holds a flag, a number or an enum");

public:
  State(std::string name, T value) : StateBase(std::move(name), pack(value), text) {}
  T get() const { return unpack(read()); }
  void set(T value) { write(pack(value)); }

private:
  static uint64_t pack(T value) {
    uint64_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    return bits;
  }
  static std::string text(uint64_t bits) {
    if constexpr (std::is_arithmetic_v<T>)
      return Scalar(unpack(bits)).to_string();
    else
      return std::to_string(bits);
  }
  static T unpack(uint64_t bits) {
    T value;
    __builtin_memcpy(&value, &bits, sizeof(T));
    return value;
  }
};

} // namespace ogee
