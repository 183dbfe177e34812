// Gradients against differences: whether what the transforms derive, and what the tape computes, is the derivative.
//
// The function is called as it is, on tensors with data, for central differences; traced, for its vector-Jacobian
// product; and called on leaves that require gradients, for those of the tape. So it must be differentiable and smooth
// around the inputs, and give the same on every call.
#pragma once

#include "frontend/compile.h"

#include <functional>
#include <tuple>
#include <type_traits>

namespace ogee {

struct GradcheckOptions {
  double eps = 1e-6;  ///< how far an element is moved either way
  double atol = 1e-5; ///< allowed: |analytic - numeric| <= atol + rtol |numeric|
  double rtol = 1e-3;
  bool check_traced = true;      ///< what transforms derive from its trace; false for a function that cannot be traced
  bool check_tape = true;        ///< what the tape computes, on leaves that lie in memory as the inputs do
  bool check_forward_ad = false; ///< Jacobian-vector products of the trace too
  bool raise_exception = true;   ///< a mismatch is an Error; false: the check returns false
};

namespace detail {

/// A function from the tensors among its inputs to those of its result.
using FlatFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

struct FlatInputs {
  std::vector<Tensor> tensors;
  std::vector<std::string> names; ///< "arg0", "arg1.w"
};

FlatInputs flat_inputs(std::vector<Leaf> leaves);

bool gradcheck(const FlatFunction& fn, const FlatInputs& inputs, const GradcheckOptions& options, Loc loc);
bool gradgradcheck(const FlatFunction& fn, const FlatInputs& inputs, const GradcheckOptions& options, Loc loc);

/// A tuple of arguments stays one; anything else is the only argument.
template <class T>
struct ArgumentTuple {
  using type = std::tuple<T>;
};
template <class... T>
struct ArgumentTuple<std::tuple<T...>> {
  using type = std::tuple<T...>;
};

template <class F, class Arguments>
FlatFunction flatten(const F& fn, const Arguments& arguments) {
  return [fn, arguments](const std::vector<Tensor>& tensors) {
    Arguments copy = arguments;
    Replacer replacer{tensors};
    std::apply([&](auto&... argument) { (visit_leaves(replacer, argument), ...); }, copy);
    auto result = std::apply(fn, copy);
    Collector collector;
    visit_leaves(collector, result);
    return std::move(collector.tensors);
  };
}

template <class Arguments>
FlatInputs list_inputs(const Arguments& arguments) {
  LeafLister lister;
  size_t i = 0;
  const auto list = [&](const auto& argument) {
    lister.enter(i++);
    visit_leaves(lister, argument);
    lister.leave();
  };
  std::apply([&](const auto&... argument) { (list(argument), ...); }, arguments);
  return flat_inputs(lister.take());
}

} // namespace detail

/// Whether the derivatives of every float in fn's result with respect to every float among the inputs, which are f64,
/// agree with central differences; else an Error that names the first that does not. `inputs` is one argument, or a
/// std::tuple of several. Costs two calls per element of the inputs, and a product per element of the result.
template <class F, class Inputs>
bool gradcheck(const F& fn, const Inputs& inputs, const GradcheckOptions& options = {}, Loc loc = Loc::current()) {
  const typename detail::ArgumentTuple<Inputs>::type arguments(inputs);
  return detail::gradcheck(detail::flatten(fn, arguments), detail::list_inputs(arguments), options, loc);
}

/// The same for second derivatives: those of the vector-Jacobian product with respect to the inputs and its cotangents,
/// which are `cotangent0` … in texts. On the tape it is that of `create_graph`.
template <class F, class Inputs>
bool gradgradcheck(const F& fn, const Inputs& inputs, const GradcheckOptions& options = {}, Loc loc = Loc::current()) {
  const typename detail::ArgumentTuple<Inputs>::type arguments(inputs);
  return detail::gradgradcheck(detail::flatten(fn, arguments), detail::list_inputs(arguments), options, loc);
}

} // namespace ogee
