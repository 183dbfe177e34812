// A finished graph and what is made of it. Private to the front end; no MLIR.
#pragma once

#include "frontend/graph.h"
#include "runtime/program.h"

#include <memory>
#include <string>
#include <vector>

namespace ogee::detail {

struct Interface;

/// A function as MLIR, behind the mutex of its context.
class GraphImpl {
public:
  struct Module;
  explicit GraphImpl(std::unique_ptr<Module> module);
  ~GraphImpl();

  Module& module() { return *module_; }

  std::string text(Stage stage, Loc loc);
  /// The graph as the tools read it.
  std::string source();
  std::string dot();
  std::vector<std::string> inputs();
  size_t result_count();
  /// Where it runs.
  Device device() const;
  /// Says that the elements of these arguments, which are of rank 0, are in the host's memory.
  void set_host(const std::vector<unsigned>& arguments);
  /// Compiles it for its device, with checks of its numbers in NaN mode; an Error with the place of the offending op,
  /// or `loc`. The texts of the stages go into the program if `keep_stages`.
  runtime::Program compile(Loc loc, bool eager, bool check_numbers, bool keep_stages = false);

  /// How it meets tensors, where it came from `trace`; else null.
  const Interface* interface() const { return interface_.get(); }
  void set_interface(Interface interface);

private:
  std::unique_ptr<Module> module_;
  std::shared_ptr<const Interface> interface_;
};

} // namespace ogee::detail
