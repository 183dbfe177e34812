// A traced function as data: printable, savable, compilable. What `trace` gives and `compile` keeps.
#pragma once

#include "frontend/tensor.h"

#include <iosfwd>
#include <memory>
#include <string>

namespace ogee {

/// The forms a function takes on its way to machine code.
enum class Stage : uint8_t {
  trace,     ///< the graph as recorded
  simplify,  ///< after folding and simplification
  fuse,      ///< operations collected into groups, one per kernel
  nest,      ///< each group as a loop nest
  loops,     ///< loops and vectors
  llvm,      ///< LLVM IR
  assembly,  ///< machine code as text
  cuda,      ///< of what runs on CUDA devices: the text of the kernels
  ptx,       ///< what NVRTC makes of it
  resources, ///< registers, shared memory and spills of each kernel
};

/// "trace", "simplify" … as dumps are named ("asm" for assembly).
const char* name(Stage stage) noexcept;

/// What a saved program (.ogee) holds beside what it needs to run.
struct SaveOptions {
  bool stages = false; ///< the text of every stage of its compilation, which `ogee show --stage` prints
};

class Graph;

namespace detail {
class GraphImpl;
class Runnable;

/// Compiles a graph that stands for itself and writes the program, with the present state, to a file.
void save_program(const Graph& graph, const std::string& path, const SaveOptions& options, Loc loc);
} // namespace detail

/// A compiled graph: called with one tensor per input that is not captured. Thread-safe; copies share the code.
class CompiledGraph {
public:
  CompiledGraph(const Graph& graph, std::shared_ptr<detail::Runnable> runnable);

  /// The results in the order in which the function gave them, each a tensor of its own; writes to arguments, of any
  /// strides, happen at the end. Error when the arguments do not fit, or when one that is written shares memory with
  /// another one.
  std::vector<Tensor> operator()(const std::vector<Tensor>& arguments, Loc loc = Loc::current()) const;
  /// Writes the program and the present state (captured tensors, the generator's numbers) to a file, which
  /// `load_program` and the tools read. Error where it gives out gradients, or the file cannot be written.
  void save(const std::string& path, const SaveOptions& options = {}, Loc loc = Loc::current()) const;

private:
  std::shared_ptr<const Graph> graph_;
  std::shared_ptr<detail::Runnable> runnable_;
};

/// A function of tensors without its C++: a shared handle. Thread-safe.
class Graph {
public:
  explicit Graph(std::shared_ptr<detail::GraphImpl> impl) : impl_(std::move(impl)) {}

  /// The text of a stage; stages after the first compile the graph, those of CUDA with NVRTC, for which no device is
  /// needed.
  std::string ir(Stage stage = Stage::trace, Loc loc = Loc::current()) const;
  /// The recorded graph for Graphviz: one node per value and operation.
  std::string dot() const;
  /// Machine code for this machine.
  CompiledGraph compile(Loc loc = Loc::current()) const;
  /// Writes the text of the first stage, which the tools read.
  void save(const std::string& path, Loc loc = Loc::current()) const;

  /// Names of the inputs, captured tensors last.
  std::vector<std::string> inputs() const;
  size_t result_count() const;

  detail::GraphImpl& impl() const { return *impl_; }

private:
  std::shared_ptr<detail::GraphImpl> impl_;
};

std::ostream& operator<<(std::ostream& out, const Graph& graph);

} // namespace ogee
