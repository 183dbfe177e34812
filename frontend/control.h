// Choices and loops that depend on values, as functions of lambdas. Eagerly they are plain C++. In a trace (`compile`,
// `grad` …) each lambda is recorded once, as a region, and the program runs what the values say, without coming back to
// C++. Lambdas may use tensors from outside, write to them in place and draw random numbers, as everywhere. Being
// recorded, all of them run as C++: variables from outside cannot be assigned there (`r = a` in one branch and `r = b`
// in the other would give b); what a lambda gives is its result.
//
// What is carried or returned is a tensor or anything made of tensors (a struct, a tuple, a vector …). A carried value
// keeps its shape and dtype; plain values in it keep their value.
#pragma once

#include "frontend/compile.h"

#include <concepts>
#include <functional>
#include <optional>
#include <utility>

namespace ogee {

/// How `while_loop` runs.
struct WhileOptions {
  /// The loop ends after so many trips at the latest. Gradients need it: so many values of what is carried are kept.
  std::optional<int64_t> max_trips = {};
};

namespace detail {

/// The value of a condition; an Error unless it is one bool.
bool condition_value(const char* function, const Tensor& condition, Loc loc);
void check_max_trips(const WhileOptions& options, Loc loc);
/// How many parts the tensors have along their first dim: an Error where they differ or there are none.
int64_t count_parts(const std::vector<Tensor>& xs, Loc loc);
/// Error where a carried value has another shape or dtype than before.
void check_kept(const char* function, const std::vector<Tensor>& before, const std::vector<Tensor>& after, Loc loc);

/// A lambda of a region: from stand-ins to tensors.
using RegionFunction = std::function<std::vector<Tensor>(std::span<const Tensor>)>;
std::vector<Tensor> record_cond(const Tensor& condition, const RegionFunction& then, const RegionFunction& otherwise,
                                Loc loc);
std::vector<Tensor> record_while(const std::vector<Tensor>& inits, const RegionFunction& test,
                                 const RegionFunction& body, const WhileOptions& options, Loc loc);
/// The carried values at the end, then what was stacked.
std::vector<Tensor> record_scan(const std::vector<Tensor>& inits, const std::vector<Tensor>& xs,
                                const RegionFunction& body, Loc loc);
/// What a scan over tensors without parts stacks: the body is traced to know the shapes, and does not run.
std::vector<Tensor> empty_stacks(const std::vector<Tensor>& inits, const std::vector<Tensor>& xs,
                                 const RegionFunction& body, Loc loc);

/// Error where two values are not made of tensors and plain values in the same way.
void check_form(const char* function, const std::vector<Leaf>& first, const std::vector<Leaf>& second, Loc loc);

template <class T>
std::vector<Tensor> tensors_of(const T& value) {
  Collector collector;
  visit_leaves(collector, const_cast<T&>(value));
  return std::move(collector.tensors);
}
template <class T>
std::vector<Leaf> form_of(const T& value) {
  LeafLister lister;
  visit_leaves(lister, value);
  return lister.take();
}
template <class T>
T with_those(T value, std::span<const Tensor> tensors) {
  Replacer replacer{tensors};
  visit_leaves(replacer, value);
  return value;
}

/// f(value), or f of a tuple's elements.
template <class F, class T>
decltype(auto) call_on(F& f, const T& value) {
  if constexpr (is_a<T, std::tuple> && !std::invocable<F&, const T&>)
    return std::apply(f, value);
  else
    return f(value);
}

/// What a function without result gives.
using Nothing = std::tuple<>;
template <class F>
auto call_or_nothing(F& f) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
    f();
    return Nothing();
  } else {
    return f();
  }
}

} // namespace detail

/// `condition ? f() : g()`: both give the same type, or nothing. In a trace both give tensors of the same shapes and
/// dtypes. Error unless the condition is one bool.
template <class F, class G>
auto cond(const Tensor& condition, F f, G g, Loc loc = Loc::current()) {
  using R = std::decay_t<std::invoke_result_t<F&>>;
  static_assert(std::same_as<R, std::decay_t<std::invoke_result_t<G&>>>, "both branches of cond give the same type");
  if (!detail::is_tracing()) {
    if (detail::condition_value("cond", condition, loc)) return static_cast<R>(f());
    return static_cast<R>(g());
  } else {
    std::optional<decltype(detail::call_or_nothing(f))> first, second;
    const std::vector<Tensor> results = detail::record_cond(
        condition, [&](auto) { return detail::tensors_of(first.emplace(detail::call_or_nothing(f))); },
        [&](auto) {
          second.emplace(detail::call_or_nothing(g));
          detail::check_form("cond", detail::form_of(*first), detail::form_of(*second), loc);
          return detail::tensors_of(*second);
        },
        loc);
    if constexpr (!std::is_void_v<R>) return detail::with_those(std::move(*first), results);
  }
}

/// `while (test(state)) state = body(state); return state;`: the test gives one bool. A tuple is handed over element by
/// element where the lambdas take it so. Error where the body gives another shape or dtype than it got.
template <class Test, class Body, class Carry>
Carry while_loop(Test test, Body body, Carry init, WhileOptions options = {}, Loc loc = Loc::current()) {
  detail::check_max_trips(options, loc);
  if (!detail::is_tracing()) {
    for (int64_t trip = 0; trip != options.max_trips.value_or(-1); ++trip) {
      if (!detail::condition_value("while_loop", detail::call_on(test, init), loc)) break;
      Carry next = detail::call_on(body, init);
      detail::check_kept("while_loop", detail::tensors_of(init), detail::tensors_of(next), loc);
      init = std::move(next);
    }
    return init;
  }
  const auto state = [&](std::span<const Tensor> tensors) { return detail::with_those(init, tensors); };
  const std::vector<Tensor> results = detail::record_while(
      detail::tensors_of(init),
      [&](std::span<const Tensor> tensors) { return std::vector<Tensor>{detail::call_on(test, state(tensors))}; },
      [&](std::span<const Tensor> tensors) {
        const Carry next = detail::call_on(body, state(tensors));
        detail::check_form("while_loop", detail::form_of(init), detail::form_of(next), loc);
        return detail::tensors_of(next);
      },
      options, loc);
  return state(results);
}

/// f(carry, part) for each part of `xs` along the first dim, in order: f gives {the next carry, y}. Gives {the last
/// carry, the ys stacked along a new first dim}. Error where f gives a carry of another shape or dtype than it got.
template <class F, class Carry, class Xs>
auto scan(F f, Carry init, Xs xs, Loc loc = Loc::current()) {
  using Y = std::decay_t<decltype(std::get<1>(f(init, xs)))>;
  const std::vector<Tensor> whole = detail::tensors_of(xs);
  std::optional<Y> y;
  const std::vector<Tensor> inits = detail::tensors_of(init);
  const auto record = [&](std::span<const Tensor> tensors) {
    const Carry carry = detail::with_those(init, tensors);
    const Xs part = detail::with_those(xs, tensors.subspan(inits.size()));
    auto [next, given] = f(carry, part);
    detail::check_form("scan", detail::form_of(init), detail::form_of(next), loc);
    std::vector<Tensor> all = detail::tensors_of(next);
    for (const Tensor& tensor : detail::tensors_of(given)) all.push_back(tensor);
    y.emplace(std::move(given));
    return all;
  };
  if (detail::is_tracing()) {
    const std::vector<Tensor> results = detail::record_scan(inits, whole, record, loc);
    const std::span<const Tensor> all(results);
    return std::pair<Carry, Y>(detail::with_those(init, all),
                               detail::with_those(std::move(*y), all.subspan(inits.size())));
  }
  std::vector<std::vector<Tensor>> stacked;
  const int64_t count = detail::count_parts(whole, loc);
  if (count == 0) {
    const std::vector<Tensor> ys = detail::empty_stacks(inits, whole, record, loc);
    return std::pair<Carry, Y>(std::move(init), detail::with_those(std::move(*y), ys));
  }
  for (int64_t i = 0; i < count; ++i) {
    std::vector<Tensor> parts;
    for (const Tensor& tensor : whole) parts.push_back(tensor.select(0, i, loc));
    auto [next, given] = f(std::as_const(init), detail::with_those(xs, parts));
    detail::check_kept("scan", detail::tensors_of(init), detail::tensors_of(next), loc);
    init = std::move(next);
    const std::vector<Tensor> tensors = detail::tensors_of(given);
    stacked.resize(tensors.size());
    for (size_t k = 0; k < tensors.size(); ++k) stacked[k].push_back(tensors[k]);
    y.emplace(std::move(given));
  }
  std::vector<Tensor> ys;
  for (const std::vector<Tensor>& parts : stacked) ys.push_back(stack(parts, 0, loc));
  return std::pair<Carry, Y>(std::move(init), detail::with_those(std::move(*y), ys));
}

} // namespace ogee
