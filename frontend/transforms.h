// Derivatives of functions, as functions: `grad(f)(x)`. Each transform gives a compiled function of the same parameters
// (and further ones where it says so); inside a trace it records its operations into that trace, so transforms compose
// with each other and with `compile`. Functions are differentiated as they are traced: branches on values are Errors.
//
// Which arguments are differentiated stands in angle brackets: `grad<1>(f)`, `grad<0, 2>(f)`; without, the first one.
// An argument is a tensor of floats or anything made of such tensors (a struct of weights, a vector …); its gradient
// has the same form. Several arguments give a tuple.
#pragma once

#include "frontend/compile.h"
#include "frontend/creation.h"

#include <utility>

namespace ogee {

namespace detail {

/// In a trace: the cotangents of `inputs`, given those of `outputs`; zeros where no output depends on an input. Error
/// where an operation on the way has no gradient, with its line.
std::vector<Tensor> pull_back(const char* function, std::span<const Tensor> outputs, std::span<const Tensor> cotangents,
                              std::span<const Tensor> inputs, Loc loc);

/// In a trace: a value of its own, so that what else reads x is no part of what is differentiated. Error unless its
/// elements are floats.
Tensor apart(const char* function, const Tensor& x, Loc loc);

/// Error unless y is one float.
void check_single(const char* function, const Tensor& y, Loc loc);

/// Row i of the identity, in the shape and dtype of x.
Tensor unit_like(const char* function, const Tensor& x, int64_t i, Loc loc);
/// The number of elements; Error where only a run knows it.
int64_t known_numel(const char* function, const Tensor& x, Loc loc);

/// Rows (axis 0) or columns (axis -1) of a Jacobian, flattened, as [y's shape, x's shape].
Tensor join_jacobian(const std::vector<Tensor>& parts, const Tensor& y, const Tensor& x, int64_t axis, Loc loc);

/// In a trace: what is recorded while it lives is computed again for gradients rather than kept.
class CheckpointScope {
public:
  CheckpointScope();
  ~CheckpointScope();
  CheckpointScope(const CheckpointScope&) = delete;
  CheckpointScope& operator=(const CheckpointScope&) = delete;

private:
  const bool before_;
};

/// In a trace: `value` with a gradient of its own.
Tensor with_vjp(std::span<const Tensor> inputs, const Tensor& value,
                const std::function<std::vector<Tensor>(std::span<const Tensor>)>& backward, Loc loc);

struct Apart {
  const char* function;
  Loc loc;
  void tensor(Tensor& x) const { x = apart(function, x, loc); }
  template <class T>
  void constant(const T&) const {}
  void text(std::string_view) const {}
  template <class Key>
  void enter(const Key&) const {}
  void leave() const {}
};

/// The tensors of some arguments, made values of their own.
template <class... T>
std::vector<Tensor> take_inputs(const char* function, Loc loc, T&... arguments) {
  Apart apart{function, loc};
  Collector collector;
  ((visit_leaves(apart, arguments), visit_leaves(collector, arguments)), ...);
  return std::move(collector.tensors);
}

/// Copies of arguments with other tensors in them: one, or a tuple.
template <class... T>
auto with_tensors(std::span<const Tensor> tensors, const T&... arguments) {
  std::tuple<std::decay_t<T>...> copies(arguments...);
  Replacer replacer{tensors};
  std::apply([&](auto&... copy) { (visit_leaves(replacer, copy), ...); }, copies);
  if constexpr (sizeof...(T) == 1)
    return std::get<0>(copies);
  else
    return copies;
}

/// A body that takes a tuple of references to the arguments, with the parameters of a list as its own.
template <class Body, class List>
struct WithParameters {
  Body body;
  template <class... P>
  auto operator()(P... args) {
    const EnableGradGuard on;
    return body(std::tie(args...));
  }
};
template <class Body, class... P>
struct WithParameters<Body, ParameterList<P...>> {
  Body body;
  auto operator()(std::decay_t<P>... args) {
    const EnableGradGuard on;
    return body(std::tie(args...));
  }
};

template <class List, class... More>
struct Extended {
  using type = void;
};
template <class... P, class... More>
struct Extended<ParameterList<P...>, More...> {
  using type = ParameterList<P..., More...>;
};

/// Compiles `body` as a function of the parameters of F, and of `More`.
template <class F, class... More, class Body>
auto compile_like(const char* name, Body body, Loc loc) {
  using List = typename Extended<typename ParametersOf<std::decay_t<F>>::type, More...>::type;
  return compile(WithParameters<Body, List>{std::move(body)}, {.name = name}, loc);
}

/// The arguments by number; the first one without numbers.
template <size_t... kArguments>
struct Chosen {
  template <class Arguments, class Use>
  static auto use(Arguments arguments, const Use& use) {
    if constexpr (sizeof...(kArguments) == 0)
      return use(std::get<0>(arguments));
    else
      return use(std::get<kArguments>(arguments)...);
  }
};

/// The first elements of a tuple of references.
template <class Tuple, size_t... I>
auto first_of(Tuple tuple, std::index_sequence<I...>) {
  return std::tie(std::get<I>(tuple)...);
}

/// The value of a function that gives one number, and its gradient.
template <size_t... kArguments, class F, class Arguments>
auto with_gradient(const char* function, F& fn, Arguments arguments, Loc loc) {
  return Chosen<kArguments...>::use(arguments, [&](auto&... chosen) {
    const std::vector<Tensor> inputs = take_inputs(function, loc, chosen...);
    const Tensor y = std::apply(fn, arguments);
    check_single(function, y, loc);
    const Tensor one = ones_like(y, {}, loc);
    return std::pair(y, with_tensors(pull_back(function, {&y, 1}, {&one, 1}, inputs, loc), chosen...));
  });
}

} // namespace detail

/// {f(x), its gradient}: f gives one number. Error where it does not, or where x is not of floats.
template <size_t... kArguments, class F>
auto value_and_grad(F fn, Loc loc = Loc::current()) {
  return detail::compile_like<F>(
      "value_and_grad",
      [fn, loc](auto arguments) mutable {
        return detail::with_gradient<kArguments...>("value_and_grad", fn, arguments, loc);
      },
      loc);
}

/// The gradient of a function that gives one number.
template <size_t... kArguments, class F>
auto grad(F fn, Loc loc = Loc::current()) {
  return detail::compile_like<F>(
      "grad",
      [fn, loc](auto arguments) mutable {
        return detail::with_gradient<kArguments...>("grad", fn, arguments, loc).second;
      },
      loc);
}

/// {f(x), the vector-Jacobian product}: takes after f's arguments the cotangent of its result, a tensor like it.
template <size_t... kArguments, class F>
auto vjp(F fn, Loc loc = Loc::current()) {
  return detail::compile_like<F, Tensor>(
      "vjp",
      [fn, loc](auto all) mutable {
        constexpr size_t count = std::tuple_size_v<decltype(all)> - 1;
        auto arguments = detail::first_of(all, std::make_index_sequence<count>{});
        const Tensor& cotangent = std::get<count>(all);
        return detail::Chosen<kArguments...>::use(arguments, [&](auto&... chosen) {
          const std::vector<Tensor> inputs = detail::take_inputs("vjp", loc, chosen...);
          const Tensor y = std::apply(fn, arguments);
          return std::pair(
              y, detail::with_tensors(detail::pull_back("vjp", {&y, 1}, {&cotangent, 1}, inputs, loc), chosen...));
        });
      },
      loc);
}

/// {f(x), the Jacobian-vector product} of a function whose first argument is a tensor: takes after f's arguments the
/// tangent of that one. It is the vector-Jacobian product, differentiated with respect to its cotangent.
template <class F>
auto jvp(F fn, Loc loc = Loc::current()) {
  return detail::compile_like<F, Tensor>(
      "jvp",
      [fn, loc](auto all) mutable {
        constexpr size_t count = std::tuple_size_v<decltype(all)> - 1;
        auto arguments = detail::first_of(all, std::make_index_sequence<count>{});
        const Tensor& tangent = std::get<count>(all);
        const std::vector<Tensor> inputs = detail::take_inputs("jvp", loc, std::get<0>(arguments));
        const Tensor y = std::apply(fn, arguments);
        const Tensor cotangent = detail::apart("jvp", zeros_like(y, {}, loc), loc);
        const std::vector<Tensor> product = detail::pull_back("jvp", {&y, 1}, {&cotangent, 1}, inputs, loc);
        return std::pair(y, detail::pull_back("jvp", product, {&tangent, 1}, {&cotangent, 1}, loc)[0]);
      },
      loc);
}

/// The Jacobian of a function from a tensor (its first argument) to a tensor, row by row: [f(x)'s shape, x's shape].
/// For functions of few results.
template <class F>
auto jacrev(F fn, Loc loc = Loc::current()) {
  return detail::compile_like<F>(
      "jacrev",
      [fn, loc](auto arguments) mutable {
        const std::vector<Tensor> inputs = detail::take_inputs("jacrev", loc, std::get<0>(arguments));
        const Tensor y = std::apply(fn, arguments);
        std::vector<Tensor> rows;
        for (int64_t i = 0; i < detail::known_numel("jacrev", y, loc); ++i) {
          const Tensor unit = detail::unit_like("jacrev", y, i, loc);
          rows.push_back(detail::pull_back("jacrev", {&y, 1}, {&unit, 1}, inputs, loc)[0]);
        }
        return detail::join_jacobian(rows, y, inputs[0], 0, loc);
      },
      loc);
}

/// The same, column by column. For functions of few arguments.
template <class F>
auto jacfwd(F fn, Loc loc = Loc::current()) {
  return detail::compile_like<F>(
      "jacfwd",
      [fn, loc](auto arguments) mutable {
        const std::vector<Tensor> inputs = detail::take_inputs("jacfwd", loc, std::get<0>(arguments));
        const Tensor y = std::apply(fn, arguments);
        const Tensor cotangent = detail::apart("jacfwd", zeros_like(y, {}, loc), loc);
        const std::vector<Tensor> product = detail::pull_back("jacfwd", {&y, 1}, {&cotangent, 1}, inputs, loc);
        std::vector<Tensor> columns;
        for (int64_t i = 0; i < detail::known_numel("jacfwd", inputs[0], loc); ++i) {
          const Tensor unit = detail::unit_like("jacfwd", inputs[0], i, loc);
          columns.push_back(detail::pull_back("jacfwd", product, {&unit, 1}, {&cotangent, 1}, loc)[0]);
        }
        return detail::join_jacobian(columns, y, inputs[0], -1, loc);
      },
      loc);
}

/// The same function, of which nothing is kept for gradients but its arguments and captured tensors: what it computes
/// in between, products and reductions included, is computed again when a gradient runs backward through it (Chen et
/// al. 2016, "Training deep nets with sublinear memory cost").
template <class F>
auto checkpoint(F fn, Loc loc = Loc::current()) {
  return detail::compile_like<F>(
      "checkpoint",
      [fn](auto arguments) mutable {
        const detail::CheckpointScope scope;
        return std::apply(fn, arguments);
      },
      loc);
}

/// A function from tensors to a tensor with a gradient of its own: `backward` takes the arguments, the result and its
/// cotangent, and gives the cotangents of the arguments of floats, a tensor or a tuple of them. What the functions
/// capture gets no gradient. Error where a cotangent does not have its argument's shape and dtype.
template <class F, class Backward>
auto custom_vjp(F fn, Backward backward, Loc loc = Loc::current()) {
  return detail::compile_like<F>(
      "custom_vjp",
      [fn, backward, loc](auto arguments) mutable {
        detail::Collector collector;
        std::apply([&](auto&... argument) { (detail::visit_leaves(collector, argument), ...); }, arguments);
        const std::vector<Tensor> inputs = std::move(collector.tensors);
        const Tensor value = std::apply(fn, arguments);
        const auto gradient = [&](std::span<const Tensor> tensors) {
          auto copies = std::apply([](auto&... argument) { return std::tuple(argument...); }, arguments);
          detail::Replacer replacer{tensors};
          std::apply([&](auto&... copy) { (detail::visit_leaves(replacer, copy), ...); }, copies);
          auto given = std::apply(backward, std::tuple_cat(copies, std::tuple(tensors[inputs.size()], tensors.back())));
          detail::Collector cotangents;
          detail::visit_leaves(cotangents, given);
          return std::move(cotangents.tensors);
        };
        return detail::with_vjp(inputs, value, gradient, loc);
      },
      loc);
}

/// The second derivatives of a function that gives one number: [x's shape, x's shape].
template <class F>
auto hessian(F fn, Loc loc = Loc::current()) {
  return jacfwd(grad(std::move(fn), loc), loc);
}

} // namespace ogee
