// What shape rules are written with: one application of a rule decides what the sizes allow to decide and defers the
// rest.
#pragma once

#include "ir/shapes.h"

#include <optional>
#include <string>
#include <utility>

namespace ogee::ir {

using runtime::Failure;
using runtime::Status;

/// "[32, batch]".
inline std::string text(Dims dims) { return Shape(dims).to_string(); }
inline std::string text(Axes axes) { return runtime::to_string(axes); }

/// The product of the dims, invalid when it overflows.
inline Dim numel(Dims dims) { return Shape(dims).numel(); }

class Rule {
public:
  Rule(std::string_view op, Requirements* requirements = nullptr) : op_(op), requirements_(requirements) {}

  /// A failure whose text starts with the op's name.
  template <class... Parts>
  Failure fail(const Parts&... parts) const {
    return runtime::failure(op_, ": ", parts...);
  }

  /// Whether left == right can hold; `message()` gives the parts of the text for when it does not.
  template <class Message>
  Status equal(const Dim& left, const Dim& right, const Message& message) const {
    if (same(left, right)) return {};
    return decide(Requirement::Kind::equal, try_equal(left, right), left, right, message);
  }

  /// Whether left <= right can hold.
  template <class Message>
  Status atMost(const Dim& left, const Dim& right, const Message& message) const {
    std::optional<bool> greater = try_less(right, left);
    if (greater) greater = !*greater;
    return decide(Requirement::Kind::atMost, greater, left, right, message);
  }

  /// Whether all sizes can be 0 or more, and none is too large to be computed.
  Status notNegative(Dims sizes) const {
    for (const Dim& size : sizes) {
      if (!size.valid()) return fail("a size is too large");
      auto message = [&] { return runtime::concat("a size is negative: ", text(sizes)); };
      if (Status status = atMost(0, size, message); !status) return status;
    }
    return {};
  }

  /// Whether every axis is within [0, rank) and each is greater than the one before it.
  Status ascendingAxes(Axes axes, size_t rank) const {
    if (Status status = axesInRange(axes, rank); !status) return status;
    for (size_t i = 1; i < axes.size(); ++i)
      if (axes[i - 1] >= axes[i]) return fail("axes ", text(axes), " do not ascend");
    return {};
  }

  Status axesInRange(Axes axes, size_t rank) const {
    for (int64_t axis : axes)
      if (axis < 0 || std::cmp_greater_equal(axis, rank))
        return fail("axis ", axis, " is out of range for rank ", rank);
    return {};
  }

  /// Whether there are as many `what` as the operand has dims.
  Status perDim(std::string_view what, size_t count, size_t rank) const {
    if (count == rank) return {};
    return fail(count, " ", what, " for rank ", rank);
  }

private:
  template <class Message>
  Status decide(Requirement::Kind kind, std::optional<bool> holds, const Dim& left, const Dim& right,
                const Message& message) const {
    if (!left.valid() || !right.valid()) return fail("a size is too large");
    if (holds && !*holds) return fail(message());
    if (!holds && requirements_) requirements_->push_back({kind, left, right, fail(message()).message});
    return {};
  }

  std::string_view op_;
  Requirements* requirements_;
};

} // namespace ogee::ir
