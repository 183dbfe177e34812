// `compile(fn)`: the same C++ traced into a graph on the first call, then run as native code. `trace(fn, specs…)`:
// the graph alone. The rules are in frontend/README.md.
#pragma once

#include "frontend/autograd.h"
#include "frontend/fields.h"
#include "frontend/graph.h"
#include "frontend/tensor.h"

#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace ogee {

/// A size of an argument that may differ from call to call: `{0, 0, dim("batch", 1, 256)}`.
struct SymbolicDim {
  size_t arg = 0;  ///< number of the argument; of every tensor in it where it is a struct, a vector …
  size_t axis = 0; ///< from the front
  Dim dim;
};

/// How a function is compiled.
struct CompileOptions {
  std::string name = "main";     ///< of the graph, its dumps and its kernels
  std::vector<std::string> args; ///< names of the arguments; else arg0, arg1 …
  /// Sizes that are named rather than part of what is compiled: one compile serves their whole range, which each call
  /// checks, and that equal names are equal sizes. Branching on such a size is an Error unless the range decides it.
  std::vector<SymbolicDim> dims = {};
  /// Gives out gradients that the function both makes and reads, as a training step does; else `grad()` is an Error
  /// after a call.
  bool keep_grads = false;
};

/// What a compiled function did so far.
struct CompileStats {
  uint64_t calls = 0;
  uint64_t compiles = 0;
  std::vector<std::string> reasons; ///< of every compile after the first: "arg 0 dim 0 was 32, now 48"
};

/// A named size for specs, between lo and hi. Error when the name is no identifier or the range is empty or negative.
Dim dim(std::string_view name, int64_t lo = 1, int64_t hi = runtime::DimRange::kNoUpper, Loc loc = Loc::current());
/// A tensor without elements, for `trace`. Its sizes are numbers and named sizes. The graph is for the device of its
/// specs: `spec({f32, "cuda"}, {batch, 784})`.
Tensor spec(const Options& options, const Dims& shape, Loc loc = Loc::current());

namespace detail {

/// The default dtype and device of this thread.
uint64_t defaults_word() noexcept;

/// The arguments of one call as a flat list: tensors, and the words that select a variant.
class Call {
public:
  void tensor(const Tensor& tensor);
  template <class T>
  void constant(T value) {
    uint64_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T) < sizeof bits ? sizeof(T) : sizeof bits);
    push(bits);
  }
  void text(std::string_view text);
  template <class Key>
  void enter(const Key&) {}
  void leave() {}

  Loc loc() const { return loc_; }
  std::span<const uint64_t> signature() const { return {words_, count_}; }
  std::span<const Tensor* const> tensors() const { return {tensors_, tensor_count_}; }

  /// `dims` are sizes that select no variant.
  Call(Loc loc, std::span<const SymbolicDim> dims) : loc_(loc), dims_(dims) {}
  /// What follows is part of the next argument.
  void next_argument() { ++argument_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

private:
  void push(uint64_t word) {
    if (count_ == capacity_) grow_words();
    words_[count_++] = word;
  }
  void grow_words();
  void grow_tensors();

  static constexpr size_t kInlineWords = 48, kInlineTensors = 12;
  uint64_t inline_words_[kInlineWords];
  const Tensor* inline_tensors_[kInlineTensors];
  uint64_t* words_ = inline_words_;
  const Tensor** tensors_ = inline_tensors_;
  size_t count_ = 0, capacity_ = kInlineWords, tensor_count_ = 0, tensor_capacity_ = kInlineTensors;
  const Loc loc_;
  const std::span<const SymbolicDim> dims_;
  size_t argument_ = SIZE_MAX; ///< the number of the present one
  std::vector<uint64_t> more_words_;
  std::vector<const Tensor*> more_tensors_;
};

/// One leaf of the arguments in words, for names and for the reasons of a retrace.
struct Leaf {
  std::string path; ///< "0", "1.2", "0.weight"
  const Tensor* tensor = nullptr;
  std::string text;       ///< of a plain value
  bool is_number = false; ///< a plain value that could be a tensor
};

/// Writes the arguments down as leaves; only on a miss.
class LeafLister {
public:
  void tensor(const Tensor& tensor) { leaves_.push_back({path_, &tensor, {}, false}); }
  template <class T>
  void constant(T value) {
    std::string text;
    if constexpr (std::is_enum_v<T>)
      text = std::to_string(static_cast<int64_t>(value));
    else if constexpr (std::same_as<T, bool>)
      text = value ? "true" : "false";
    else
      text = Scalar(value).to_string();
    leaves_.push_back({path_, nullptr, std::move(text), !std::is_enum_v<T> && !std::same_as<T, bool>});
  }
  void text(std::string_view text) { leaves_.push_back({path_, nullptr, std::string(text), false}); }
  void enter(size_t index) { enter(std::string_view(std::to_string(index))); }
  void enter(std::string_view key);
  void leave();
  std::vector<Leaf> take() { return std::move(leaves_); }

private:
  std::string path_;
  std::vector<size_t> lengths_;
  std::vector<Leaf> leaves_;
};

/// Replaces the tensors of a copy of the arguments, or of the result, in order.
struct Replacer {
  std::span<const Tensor> tensors;
  size_t next = 0;
  void tensor(Tensor& tensor) { tensor = tensors[next++]; }
  template <class T>
  void constant(const T&) {}
  void text(std::string_view) {}
  template <class Key>
  void enter(const Key&) {}
  void leave() {}
};

/// Forgets the tensors of arguments or of a result; plain values stay.
struct Eraser {
  void tensor(Tensor& tensor) { tensor = Tensor(); }
  template <class T>
  void constant(const T&) {}
  void text(std::string_view) {}
  template <class Key>
  void enter(const Key&) {}
  void leave() {}
};

/// Collects the tensors of a result.
struct Collector {
  std::vector<Tensor> tensors;
  void tensor(Tensor& tensor) { tensors.push_back(tensor); }
  template <class T>
  void constant(const T&) {}
  void text(std::string_view) {}
  template <class Key>
  void enter(const Key&) {}
  void leave() {}
};

/// The tensors of a call's result, without heap memory for a few.
class ResultList {
public:
  void push_back(Tensor tensor) {
    if (count_ < kInline)
      inline_[count_] = std::move(tensor);
    else
      more_.push_back(std::move(tensor));
    ++count_;
  }
  Tensor& operator[](size_t i) { return i < kInline ? inline_[i] : more_[i - kInline]; }
  size_t size() const { return count_; }
  std::vector<Tensor> all() {
    std::vector<Tensor> list;
    for (size_t i = 0; i < count_; ++i) list.push_back((*this)[i]);
    return list;
  }

private:
  static constexpr size_t kInline = 3;
  Tensor inline_[kInline];
  size_t count_ = 0;
  std::vector<Tensor> more_;
};

/// The user's function seen from the library: called once per trace with the stand-ins of the call's tensors; gives the
/// result's tensors and keeps the result itself as `prototype`, whose plain values later calls return again.
using Body = std::function<std::vector<Tensor>(std::span<const Tensor> stand_ins, std::shared_ptr<void>& prototype)>;

/// What a trace is made from: the leaves of the arguments, and the function with their plain values, as often as one
/// likes.
struct Source {
  std::vector<Leaf> leaves;
  Body body;
};

/// A compiled function without its C++ types. Thread-safe.
class CompiledBase {
public:
  CompiledBase(CompileOptions options, Loc loc);
  ~CompiledBase();

  /// Runs the variant for the call, tracing first where there is none: `results` gets the result's tensors. Returns the
  /// prototype of the result.
  const void* call(const Call& call, const std::function<Source()>& source, ResultList& results);
  CompileStats stats() const;
  Graph graph(Loc loc) const;
  /// The variant traced last as a graph that stands for itself (Trace::Use::graph), with its interface: what files are
  /// made from. It takes dense tensors of the shapes of that call, or of named sizes. Error, which begins with
  /// `function`, before the first call, and where state that the variant has read is another one now.
  Graph standalone(const char* function, Loc loc) const;
  /// The line of compile().
  Loc loc() const { return loc_; }
  std::span<const SymbolicDim> dims() const { return dims_; }

private:
  struct Impl;
  const Loc loc_;
  const std::vector<SymbolicDim> dims_;
  std::unique_ptr<Impl> impl_;
};

/// Whether this thread records a trace.
bool is_tracing() noexcept;
/// A number passed for a `Tensor` parameter: a rank-0 tensor.
Tensor number_argument(const Scalar& value);
/// Gives the tensors of a result that have no name that of the field where they stand: "loss".
void name_results(const std::vector<Leaf>& leaves);
/// Records `body` on specs and tensors, whose data is not read.
Graph trace_source(const CompileOptions& options, const Source& source, Loc loc);

template <class... P>
struct ParameterList {
  static constexpr size_t size = sizeof...(P);
};
template <class F>
struct ParametersOf {
  using type = void; // generic or overloaded: unknown
};
template <class R, class... P>
struct ParametersOf<R (*)(P...)> {
  using type = ParameterList<P...>;
};
template <class M>
struct MemberParameters;
template <class C, class R, class... P>
struct MemberParameters<R (C::*)(P...)> {
  using type = ParameterList<P...>;
};
template <class C, class R, class... P>
struct MemberParameters<R (C::*)(P...) const> {
  using type = ParameterList<P...>;
};
template <class C, class R, class... P>
struct MemberParameters<R (C::*)(P...) noexcept> {
  using type = ParameterList<P...>;
};
template <class C, class R, class... P>
struct MemberParameters<R (C::*)(P...) const noexcept> {
  using type = ParameterList<P...>;
};
template <class F>
  requires requires { &F::operator(); }
struct ParametersOf<F> : MemberParameters<decltype(&F::operator())> {};

template <class P>
inline constexpr bool is_mutable_tensor =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>> &&
    std::derived_from<std::remove_cvref_t<P>, Tensor>;

template <class List>
inline constexpr bool takes_mutable_tensor = false;
template <class... P>
inline constexpr bool takes_mutable_tensor<ParameterList<P...>> = (is_mutable_tensor<P> || ...);

/// What may be passed for a parameter: whatever it is made from, and a number for a tensor.
template <class P, class Arg>
concept PassedFor =
    std::constructible_from<P, const Arg&> || (std::derived_from<P, Tensor> && std::is_arithmetic_v<Arg>);

/// An argument of one call: a reference where the type fits, else the parameter made from it; with the line of the
/// call.
template <class P>
class Argument {
public:
  template <class Arg>
    requires PassedFor<P, Arg>
  Argument(const Arg& arg, Loc loc = Loc::current()) : loc_(loc) {
    if constexpr (std::same_as<P, Arg>)
      value_ = &arg;
    else if constexpr (std::derived_from<P, Tensor> && std::is_arithmetic_v<Arg>)
      value_ = &made_.emplace(number_argument(arg));
    else
      value_ = &made_.emplace(arg);
  }
  Argument(const Argument&) = delete;
  Argument& operator=(const Argument&) = delete;

  const P& value() const { return *value_; }
  Loc loc() const { return loc_; }

private:
  const P* value_;
  std::optional<P> made_;
  Loc loc_;
};

/// The call operator of a function whose parameters are not known (generic lambdas): any arguments, no line.
template <class Function, class List>
class CallOperator {
public:
  template <class... Args>
    requires std::invocable<typename Function::Target&, std::decay_t<Args>&...>
  auto operator()(Args&&... args) const {
    const auto& self = static_cast<const Function&>(*this);
    return self.run(self.made_at(), static_cast<const std::decay_t<Args>&>(args)...);
  }
};

/// That of a function with known parameters.
template <class Function, class... P>
class CallOperator<Function, ParameterList<P...>> {
public:
  auto operator()(Argument<std::remove_cvref_t<P>>... args) const {
    const auto& self = static_cast<const Function&>(*this);
    return self.run(first_line(self.made_at(), args.loc()...), args.value()...);
  }

private:
  static Loc first_line(Loc made_at) { return made_at; }
  template <class... Locs>
  static Loc first_line(Loc, Loc first, Locs...) {
    return first;
  }
};

} // namespace detail

/// What `compile` gives: called like the function itself. Copies share what has been compiled.
template <class F>
class Compiled : public detail::CallOperator<Compiled<F>, typename detail::ParametersOf<F>::type> {
  using Parameters = typename detail::ParametersOf<F>::type;
  static_assert(!detail::takes_mutable_tensor<Parameters>,
                "a compiled function cannot take `Tensor&`: take `Tensor` and use in-place operations (`w -= …`), or "
                "return the new value");

public:
  using Target = F;

  Compiled(F fn, CompileOptions options, Loc loc)
      : fn_(std::make_shared<F>(std::move(fn))),
        base_(std::make_shared<detail::CompiledBase>(std::move(options), loc)) {}

  /// The graph, or a later stage, of the variant that was traced last. Error before the first call.
  std::string ir(Stage stage = Stage::trace, Loc loc = Loc::current()) const { return graph(loc).ir(stage, loc); }
  /// That graph for Graphviz.
  std::string dot(Loc loc = Loc::current()) const { return graph(loc).dot(); }
  Graph graph(Loc loc = Loc::current()) const { return base_->graph(loc); }
  /// That function as a graph that stands for itself, as `trace` gives it: what files are made from. An Error begins
  /// with `function`.
  Graph standalone(const char* function = "standalone", Loc loc = Loc::current()) const {
    return base_->standalone(function, loc);
  }
  /// Writes it as a program to a file, with the present state (captured tensors, optimizers' own, the generator's
  /// numbers); `load_program` and the tools read it. Error before the first call, where the function gives out
  /// gradients, and where the file cannot be written.
  void save(const std::string& path, const SaveOptions& options = {}, Loc loc = Loc::current()) const {
    detail::save_program(standalone("save", loc), path, options, loc);
  }
  CompileStats stats() const { return base_->stats(); }

private:
  friend class detail::CallOperator<Compiled<F>, Parameters>;

  Loc made_at() const { return base_->loc(); }

  template <class... P>
  auto run(Loc loc, const P&... args) const {
    using R = std::decay_t<std::invoke_result_t<F&, P&...>>;
    if (detail::is_tracing()) return static_cast<R>(std::invoke(*fn_, args...));
    detail::Call call(loc, base_->dims());
    call.constant(detail::defaults_word());
    call.constant(is_grad_enabled());
    call.constant(is_anomaly_enabled());
    ((call.next_argument(), detail::visit_leaves(call, args)), ...);
    auto source = [&] { return source_of(fn_, args...); };
    detail::ResultList results;
    const void* prototype = base_->call(call, std::cref(source), results);
    if constexpr (std::same_as<R, Tensor>) {
      return std::move(results[0]);
    } else if constexpr (!std::is_void_v<R>) {
      R result = *static_cast<const R*>(prototype);
      const std::vector<Tensor> tensors = results.all();
      detail::Replacer replacer{tensors};
      detail::visit_leaves(replacer, result);
      return result;
    }
  }

  template <class... P>
  static detail::Source source_of(const std::shared_ptr<F>& fn, const P&... args) {
    detail::LeafLister lister;
    size_t i = 0;
    ((lister.enter(i++), detail::visit_leaves(lister, args), lister.leave()), ...);
    std::tuple<P...> values(args...);
    detail::Eraser eraser; // a function that is kept holds no arguments
    std::apply([&](auto&... value) { (detail::visit_leaves(eraser, value), ...); }, values);
    return {lister.take(), [fn, values](std::span<const Tensor> stand_ins, std::shared_ptr<void>& prototype) {
              return record(*fn, values, stand_ins, prototype);
            }};
  }

  template <class Tuple>
  static std::vector<Tensor> record(F& fn, Tuple args, std::span<const Tensor> stand_ins,
                                    std::shared_ptr<void>& prototype) {
    detail::Replacer replacer{stand_ins};
    std::apply([&](auto&... arg) { (detail::visit_leaves(replacer, arg), ...); }, args);
    using R = std::decay_t<decltype(std::apply(fn, args))>;
    if constexpr (std::is_void_v<R>) {
      std::apply(fn, args);
      return {};
    } else {
      auto result = std::make_shared<R>(std::apply(fn, args));
      detail::Collector collector;
      detail::visit_leaves(collector, *result);
      detail::LeafLister lister;
      detail::visit_leaves(lister, *result);
      detail::name_results(lister.take());
      detail::Eraser eraser;
      detail::visit_leaves(eraser, *result);
      prototype = result;
      return std::move(collector.tensors);
    }
  }

  template <class G, class... Args>
  friend Graph trace(G fn, const Args&... args);

  std::shared_ptr<F> fn_;
  std::shared_ptr<detail::CompiledBase> base_;
};

namespace detail {
template <class F>
struct ParametersOf<Compiled<F>> : ParametersOf<F> {};
} // namespace detail

/// Compiles a function of tensors: a lambda, a function, or an object with operator().
template <class F>
Compiled<std::decay_t<F>> compile(F&& fn, CompileOptions options = {}, Loc loc = Loc::current()) {
  return {std::forward<F>(fn), std::move(options), loc};
}

/// The graph of fn for arguments like these; tensors without data (`spec`) will do, and nothing runs.
template <class F, class... Args>
Graph trace(F fn, const Args&... args) {
  return detail::trace_source({}, Compiled<F>::source_of(std::make_shared<F>(std::move(fn)), args...), Loc());
}

} // namespace ogee
