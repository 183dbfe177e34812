// `aot(…)`: functions compiled ahead of time, into an object file with C and C++ headers that needs nothing of ogee.
#pragma once

#include "frontend/compile.h"

#include <string>
#include <utility>
#include <vector>

namespace ogee {

/// A function of a library.
struct AotEntry {
  std::string name;                      ///< in C: <library>_<name>
  Graph graph;                           ///< from `trace`
  std::vector<std::string> args = {};    ///< names of the arguments in C; else those of the graph
  std::vector<std::string> results = {}; ///< names of the results; else result, or result0, result1 …
};

struct AotOptions {
  std::string name = "model";                        ///< of the library: a C identifier
  std::string out = ".";                             ///< the folder for the files
  std::vector<std::string> cpus = {"native"};        ///< "native", "x86-64-v3", "x86-64-v4", "armv8", or LLVM's names
  std::string triple = {};                           ///< what is compiled for; "": the architecture of the CPUs
  bool embed = false;                                ///< the weights become part of the object
  std::vector<std::string> emit = {"obj", "header"}; ///< also "asm", "mlir", "report"
  // Of the entry of `aot(fn, …)`:
  std::string entry = "forward";
  std::vector<std::string> args = {}, results = {};
};

/// Compiles entries into one library: <name>.o (lib<name>.a for several CPUs), <name>.h, <name>.hpp,
/// <name>.weights.safetensors, <name>_golden.npz and <name>.manifest.json in the folder `out`. Tensors that the
/// functions capture, the state of optimizers and of the generator become the library's state, shared by all entries;
/// their present elements are its weights. Nothing runs but the golden inputs. Error, with the user's line where there
/// is one, for names that C cannot have, sizes without an upper bound, gradients that a function gives out, captured
/// tensors that share memory which an entry writes to, unknown CPUs, several ones of another architecture than x86-64,
/// files that cannot be written.
void aot(const std::vector<AotEntry>& entries, const AotOptions& options, Loc loc = Loc::current());

/// The same for one function; `examples` are specs, or tensors whose elements do not matter.
template <class F>
void aot(F fn, const std::vector<Tensor>& examples, const AotOptions& options, Loc loc = Loc::current());

namespace detail {

/// Specs of the shapes of tensors; Error unless there are `count`.
std::vector<Tensor> specs_of(const std::vector<Tensor>& examples, size_t count, Loc loc);

} // namespace detail

template <class F>
void aot(F fn, const std::vector<Tensor>& examples, const AotOptions& options, Loc loc) {
  using Parameters = typename detail::ParametersOf<F>::type;
  static_assert(
      !std::is_void_v<Parameters>,
      "aot needs a function with declared parameters; for others: aot({{\"forward\", trace(fn, specs…)}}, …)");
  const std::vector<Tensor> specs = detail::specs_of(examples, Parameters::size, loc);
  const Graph graph = [&]<size_t... i>(std::index_sequence<i...>) {
    return trace(std::move(fn), specs[i]...);
  }(std::make_index_sequence<Parameters::size>());
  aot({{options.entry, graph, options.args, options.results}}, options, loc);
}

} // namespace ogee
