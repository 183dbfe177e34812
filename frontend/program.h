// Saved programs (.ogee) as functions: `load_program("p.ogee")(x)`. What saves them is `save` of a compiled function.
#pragma once

#include "frontend/compile.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ogee {

namespace detail {
class Loaded;
} // namespace detail

/// What a program gives: tensors by number, and where it is a single one, that tensor itself.
class Results {
public:
  Results(std::vector<Tensor> tensors, Loc loc) : tensors_(std::move(tensors)), loc_(loc) {}

  size_t size() const noexcept { return tensors_.size(); }
  /// Error for a number that no result has.
  const Tensor& operator[](size_t i) const;
  auto begin() const noexcept { return tensors_.begin(); }
  auto end() const noexcept { return tensors_.end(); }
  /// The only result. Error where there are others, or none.
  operator Tensor() const;

private:
  std::vector<Tensor> tensors_;
  Loc loc_; ///< of the call
};

/// A program from a file, with state of its own: what one call writes there the next one reads. Copies share it.
/// Thread-safe: calls that write state take turns.
class LoadedProgram {
public:
  explicit LoadedProgram(std::shared_ptr<detail::Loaded> loaded) : loaded_(std::move(loaded)) {}

  /// Runs it on the tensors that the function took, structs and vectors taken apart in order; of any strides. What the
  /// function writes to arguments is written to these tensors at the end. Error where they do not fit, and where one
  /// that is written shares memory with another one.
  Results operator()(Loc loc = Loc::current()) const { return run({}, loc); }
  template <class... Rest>
    requires(detail::PassedFor<Tensor, Rest> && ...)
  Results operator()(detail::Argument<Tensor> first, const Rest&... rest) const {
    const Loc loc = first.loc();
    return run({first.value(), detail::Argument<Tensor>(rest, loc).value()...}, loc);
  }
  Results run(const std::vector<Tensor>& arguments, Loc loc = Loc::current()) const;

  /// Names of the arguments that a call gives, of the state, and of the results ("" without one).
  std::vector<std::string> inputs() const;
  std::vector<std::string> state() const;
  std::vector<std::string> results() const;

private:
  std::shared_ptr<detail::Loaded> loaded_;
};

/// Reads a program that `save` or `ogee compile` has written. Its version, checksum, architecture and CPU features are
/// verified before any code is mapped. An Error that names the file where it cannot be read, is damaged or was made by
/// another version, where this machine cannot run it, and where the values of its state were not saved.
LoadedProgram load_program(const std::string& path, Loc loc = Loc::current());
/// The same, where the program is for GPUs, for this one (else for the first one); its arguments are to be there.
LoadedProgram load_program(const std::string& path, Device device, Loc loc = Loc::current());

} // namespace ogee
