// Programs to files and back: what a call of a loaded one does.
#include "frontend/program.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "frontend/placement.h"
#include "frontend/standalone.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "runtime/allocator.h"
#include "runtime/session.h"

#include <algorithm>

namespace ogee {

namespace detail {

namespace {

/// The number of a place among the arguments of the program.
uint32_t argument_number(const Place& place, const Interface& interface, const runtime::Program& program) {
  const size_t captures = program.args.size() - interface.captures.size();
  return static_cast<uint32_t>(place.index + (place.kind == Place::Kind::capture ? captures : 0));
}

/// Says in the program which argument a result is written to.
void say_writes(runtime::Program& program, const Interface& interface) {
  for (const FinalWrite& write : interface.writes)
    program.results[write.graph_result].writes = argument_number(write.place, interface, program);
  if (interface.next_draw)
    program.results[*interface.next_draw].writes =
        static_cast<uint32_t>(program.args.size() - interface.captures.size() - 1);
}

} // namespace

void save_program(const Graph& graph, const std::string& path, const SaveOptions& options, Loc loc) {
  const Interface& interface = standalone_interface(graph, "save", loc);
  runtime::Program program = graph.impl().compile(loc, /*eager=*/false, is_anomaly_enabled(), options.stages);
  say_writes(program, interface);
  program.state = present_state(interface, loc);
  with_place(loc, [&] { program.save_file(path); });
}

/// A session on tensors.
class Loaded {
public:
  Loaded(runtime::Program program, Device device) : session_(std::move(program), device) {}

  const runtime::Program& program() const { return session_.program(); }
  Device device() const { return session_.device(); }
  size_t given() const { return session_.given(); }
  bool gives(uint32_t result) const { return session_.gives(result) && !writes_argument(result); }
  std::vector<Tensor> run(const std::vector<Tensor>& arguments, Loc loc);

private:
  class Sink;
  bool writes_argument(uint32_t result) const { return program().results[result].writes < session_.given(); }
  Tensor fitting(const Tensor& argument, size_t number, Loc loc) const;
  void check_writes(const std::vector<Tensor>& arguments, Loc loc) const;

  runtime::Session session_;
};

/// Memory for the results of a call: new, or that of the argument that a result is written to.
class Loaded::Sink final : public runtime::ResultSink {
public:
  Sink(const Loaded& loaded, const std::vector<Tensor>& arguments)
      : loaded_(loaded), arguments_(arguments), results_(loaded.program().results.size()) {}

  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t) override {
    const runtime::ResultSpec& spec = loaded_.program().results[result];
    const bool in_place = spec.in_place && fits(arguments_[spec.writes]);
    results_[result] = in_place ? arguments_[spec.writes] : make_dense(dims, spec.dtype, loaded_.device());
    return results_[result].impl()->data();
  }
  const Tensor& operator[](uint32_t result) const { return results_[result]; }

private:
  /// Whether kernels can write there.
  bool fits(const Tensor& x) const {
    return x.impl()->dense && x.impl()->device() == loaded_.device() &&
           reinterpret_cast<uintptr_t>(x.impl()->data()) % runtime::Allocator::kAlignment == 0;
  }

  const Loaded& loaded_;
  const std::vector<Tensor>& arguments_;
  std::vector<Tensor> results_;
};

/// Error where an argument that is written cannot be, or shares memory with another one.
void Loaded::check_writes(const std::vector<Tensor>& arguments, Loc loc) const {
  for (uint32_t result = 0; result < program().results.size(); ++result) {
    const uint32_t written = program().results[result].writes;
    if (written >= arguments.size()) continue;
    const TensorImpl& target = *arguments[written].impl();
    check_writable(target, "a program", loc);
    for (size_t i = 0; i < arguments.size(); ++i)
      if (i != written && arguments[i].impl()->storage == target.storage)
        fail(loc, "a program: two tensors of a call share memory and one of them is written; hint: pass a clone()");
  }
}

/// An argument as the program takes it: dense, and where it reads it. A tensor of rank 0 goes anywhere.
Tensor Loaded::fitting(const Tensor& argument, size_t number, Loc loc) const {
  const TensorImpl& impl = checked_data(argument, "a program", loc);
  const bool host = number < program().args.size() && program().args[number].host;
  const Device wanted = host ? Device() : device();
  if (impl.sizes.size() > 0) check_device("a program", runtime::concat("arg ", number), argument, wanted, loc);
  if (impl.device() != wanted) return move_to(argument, wanted, loc);
  return impl.dense ? argument : copy_dense(argument, "a program", loc);
}

std::vector<Tensor> Loaded::run(const std::vector<Tensor>& arguments, Loc loc) {
  if (Trace::current())
    fail_with(ErrorCode::state, "a program: not inside a compiled function, which cannot look into it", loc);
  std::vector<Tensor> given;
  std::vector<runtime::TensorArg> args;
  for (const Tensor& argument : arguments) {
    given.push_back(fitting(argument, given.size(), loc));
    args.push_back(given.back().impl()->arg());
  }
  check_writes(arguments, loc);
  Sink sink(*this, arguments);
  with_place(loc, [&] { session_.run({args}, sink); });
  std::vector<Tensor> results;
  for (uint32_t i = 0; i < program().results.size(); ++i) {
    if (gives(i)) results.push_back(sink[i]);
    if (!writes_argument(i)) continue;
    const Tensor& target = arguments[program().results[i].writes];
    if (sink[i].is(target))
      target.impl()->storage->bump_version();
    else
      copy_elements(target, sink[i], "a program", loc);
  }
  return results;
}

} // namespace detail

const Tensor& Results::operator[](size_t i) const {
  if (i >= tensors_.size())
    detail::fail(loc_, "a program: gives ", tensors_.size(), " results, there is no number ", i);
  return tensors_[i];
}

Results::operator Tensor() const {
  if (tensors_.size() != 1)
    detail::fail(loc_, "a program: gives ", tensors_.size(), " results, not one; hint: take them by number, p(x)[0]");
  return tensors_[0];
}

Results LoadedProgram::run(const std::vector<Tensor>& arguments, Loc loc) const {
  return {loaded_->run(arguments, loc), loc};
}

std::vector<std::string> LoadedProgram::inputs() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < loaded_->given(); ++i) names.push_back(loaded_->program().args[i].name);
  return names;
}

std::vector<std::string> LoadedProgram::state() const {
  std::vector<std::string> names;
  for (size_t i = loaded_->given(); i < loaded_->program().args.size(); ++i)
    names.push_back(loaded_->program().args[i].name);
  return names;
}

std::vector<std::string> LoadedProgram::results() const {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < loaded_->program().results.size(); ++i)
    if (loaded_->gives(i)) names.push_back(loaded_->program().results[i].name);
  return names;
}

LoadedProgram load_program(const std::string& path, Loc loc) { return load_program(path, Device("cuda"), loc); }

LoadedProgram load_program(const std::string& path, Device device, Loc loc) {
  return detail::with_place(loc, [&] {
    runtime::Program program = runtime::Program::load_file(path);
    if (program.device == Device::Kind::cpu) device = Device();
    try {
      return LoadedProgram(std::make_shared<detail::Loaded>(std::move(program), device));
    } catch (const Error& error) { runtime::raise(error.code(), "load_program: ", path, ": ", error.what()); }
  });
}

} // namespace ogee
