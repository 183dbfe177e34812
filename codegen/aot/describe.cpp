// Signatures, state and memory of programs without a runtime.
#include "codegen/aot/describe.h"

#include "runtime/arena.h"
#include "runtime/checked.h"
#include "runtime/shape.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

#include <algorithm>

namespace ogee::codegen::aot {

using namespace mlir;
using runtime::ArgSpec;
using runtime::Buffer;
using runtime::Checked;
using runtime::Program;
using runtime::ResultSpec;
using runtime::Role;
using runtime::Slot;

namespace {

bool isState(const ArgSpec& argument) { return argument.role != Role::input; }

/// The number of an argument among those that calls give, which tensors() counts first.
size_t tensorOf(const Program& program, size_t argument) {
  return llvm::count_if(ArrayRef(program.args).take_front(argument), [](const ArgSpec& a) { return !isState(a); });
}

/// The number of a result among those that calls are given, after the inputs.
size_t outputOf(const Program& program, size_t result) {
  const size_t before = llvm::count_if(ArrayRef(program.results).take_front(result),
                                       [](const ResultSpec& r) { return r.writes == runtime::kNoArgument; });
  return tensorOf(program, program.args.size()) + before;
}

std::vector<Extent> extents(const std::vector<Slot>& dims, const Sizes& sizes) {
  std::vector<Extent> list;
  for (const Slot dim : dims) list.push_back(sizes.extent(dim));
  return list;
}

/// Calls `visit` with each CheckLaunch, in the order in which drivers number them.
void eachCheck(const runtime::LaunchList& list, llvm::function_ref<void(const runtime::CheckLaunch&)> visit) {
  for (const runtime::Entry& entry : list) {
    if (const auto* check = std::get_if<runtime::CheckLaunch>(&entry.launch)) visit(*check);
    if (const auto* branch = std::get_if<runtime::IfEntry>(&entry.launch)) {
      eachCheck(branch->then, visit);
      eachCheck(branch->otherwise, visit);
    }
    if (const auto* loop = std::get_if<runtime::WhileEntry>(&entry.launch)) {
      eachCheck(loop->before, visit);
      eachCheck(loop->body, visit);
    }
    if (const auto* loop = std::get_if<runtime::ForEntry>(&entry.launch)) eachCheck(loop->body, visit);
  }
}

/// Values are not looked at: `{0}` becomes what it is.
std::string textOf(const runtime::CheckLaunch& check) {
  std::string text = check.message;
  for (auto [i, value] : llvm::enumerate(check.values)) {
    const std::string place = "{" + std::to_string(i) + "}", what = value.dims.empty() ? "a number" : "a tensor";
    for (size_t at = 0; (at = text.find(place, at)) != std::string::npos; at += what.size())
      text.replace(at, place.size(), what);
  }
  if (!check.location.empty()) text += " at " + check.location;
  if (!check.hint.empty()) text += "; hint: " + check.hint;
  return text;
}

/// The largest scratch of a launch.
int64_t scratchOf(const runtime::LaunchList& list, const Sizes& sizes) {
  int64_t most = 0;
  runtime::for_each_entry(list, [&](const runtime::Entry& entry) {
    const auto* kernel = std::get_if<runtime::KernelLaunch>(&entry.launch);
    if (kernel && kernel->scratch_bytes != runtime::kNoSlot)
      most = std::max(most, sizes.bounds(kernel->scratch_bytes).hi);
  });
  return most;
}

Checked mostBytes(const std::vector<Slot>& dims, runtime::DType dtype, const Sizes& sizes) {
  Checked bytes = static_cast<int64_t>(runtime::item_size(dtype));
  for (const Slot dim : dims) bytes = bytes * std::max<int64_t>(sizes.bounds(dim).hi, 0);
  return bytes;
}

/// What JSON has between quotes as it is.
bool isPlainText(const std::string& text) {
  return llvm::json::isUTF8(text) &&
         llvm::none_of(text, [](unsigned char c) { return c < ' ' || c == '"' || c == '\\'; });
}

} // namespace

LogicalResult bindState(Program& program, Location location) {
  for (auto [i, argument] : llvm::enumerate(program.args))
    if (!isState(argument) && !argument.strides.empty())
      return emitError(location) << "argument " << argument.name << " has strides: object files take dense arguments";
  const auto isOfState = [&](const runtime::SymbolSource& source) {
    return source.kind != runtime::SymbolSource::Kind::index && isState(program.args[source.arg]);
  };
  for (const runtime::Symbol& symbol : program.values.symbols)
    if (isOfState(symbol.source) && symbol.source.kind == runtime::SymbolSource::Kind::dim)
      return emitError(location) << "state " << program.args[symbol.source.arg].name << " has a size that is no number";
  for (const runtime::Symbol& symbol : program.values.symbols) {
    if (!isOfState(symbol.source)) continue;
    const std::vector<Slot>& dims = program.args[symbol.source.arg].dims;
    int64_t stride = 1;
    for (size_t axis = symbol.source.axis + 1; axis < dims.size(); ++axis) stride *= program.values.initial[dims[axis]];
    program.values.initial[symbol.slot] = stride;
  }
  std::erase_if(program.values.symbols, [&](const runtime::Symbol& symbol) { return isOfState(symbol.source); });
  return success();
}

Entry describe(const Program& program, const std::string& library, const std::string& name, const Sizes& sizes) {
  Entry entry{.name = name};
  Identifiers identifiers(library);
  for (auto [i, symbol] : llvm::enumerate(program.values.symbols))
    entry.dims.push_back({sizes.name(i), identifiers(sizes.identifier(i)), symbol.lo, symbol.hi});
  llvm::StringSet<> names;
  const auto add = [&](const std::string& shown, runtime::DType dtype, Tensor::Use use, const std::vector<Slot>& dims) {
    const std::string identifier = identifiers(shown); // stands for a name that another tensor has
    entry.tensors.push_back(
        {names.insert(shown).second ? shown : identifier, identifier, dtype, use, extents(dims, sizes)});
  };
  for (auto [i, argument] : llvm::enumerate(program.args)) {
    if (isState(argument)) continue;
    const bool written = llvm::any_of(program.results, [&](const ResultSpec& r) { return r.writes == i; });
    const std::string shown = argument.name.empty() ? "arg" + std::to_string(i) : argument.name;
    add(shown, argument.dtype, written ? Tensor::Use::inOut : Tensor::Use::input, argument.dims);
  }
  const size_t outputs =
      llvm::count_if(program.results, [](const ResultSpec& r) { return r.writes == runtime::kNoArgument; });
  for (auto [i, result] : llvm::enumerate(program.results)) {
    if (result.writes != runtime::kNoArgument) {
      entry.writesState |= isState(program.args[result.writes]);
      continue;
    }
    const std::string shown = !result.name.empty() ? result.name
                              : outputs == 1       ? "result"
                                                   : "result" + std::to_string(i);
    add(shown, result.dtype, Tensor::Use::output, result.dims);
  }
  for (const runtime::SizeCheck& check : program.checks) {
    const std::string a = sizes.expression(check.a), b = sizes.expression(check.b);
    const bool equal = check.kind == runtime::SizeCheck::Kind::equal;
    const Bounds x = sizes.bounds(check.a), y = sizes.bounds(check.b);
    if (equal ? a == b : x.hi < y.lo) continue;
    entry.conditions.push_back({a + (equal ? " == " : " < ") + b, sizes.withExpressions(check.message)});
  }
  eachCheck(program.launches, [&](const runtime::CheckLaunch& check) { entry.checks.push_back(textOf(check)); });
  return entry;
}

LogicalResult addState(Library& library, const Program& program, Location location) {
  for (const ArgSpec& argument : program.args) {
    if (!isState(argument)) continue;
    if (argument.name.empty())
      return emitError(location) << "state has no name, by which entries share it; give its argument an ogee.name";
    if (!isPlainText(argument.name) || argument.name == "__metadata__")
      return emitError(location) << "state has the name '" << argument.name << "', which weights files cannot hold";
    StateTensor tensor{argument.name, argument.dtype, argument.role, {}};
    for (const Slot dim : argument.dims) tensor.dims.push_back(program.values.initial[dim]);
    const auto known = llvm::find_if(library.state, [&](const StateTensor& t) { return t.name == tensor.name; });
    if (known == library.state.end()) {
      library.state.push_back(std::move(tensor));
    } else if (known->dtype != tensor.dtype || known->dims != tensor.dims) {
      return emitError(location) << "state " << tensor.name << " is " << runtime::name(tensor.dtype) << " "
                                 << runtime::to_string(tensor.dims) << " here and " << runtime::name(known->dtype)
                                 << " " << runtime::to_string(known->dims) << " in another entry";
    }
  }
  return success();
}

LogicalResult layOutState(Library& library, Location location) {
  llvm::sort(library.state, [](const StateTensor& a, const StateTensor& b) {
    return std::tie(a.role, a.name) < std::tie(b.role, b.name);
  });
  Checked at = 0;
  for (StateTensor& tensor : library.state) {
    const auto bytes = runtime::checked_bytes(tensor.dims, tensor.dtype);
    if (!bytes || !at.valid()) return emitError(location) << "the state is too large";
    tensor.offset = at.value();
    tensor.bytes = *bytes;
    at = round_up(at + Checked(*bytes), kAlignment);
  }
  if (!at.valid()) return emitError(location) << "the state is too large";
  library.stateBytes = at.value();
  return success();
}

FailureOr<MemoryPlan> planMemory(const Program& program, const Sizes& sizes, const Library& library,
                                 Location location) {
  using Place = MemoryPlan::Place;
  MemoryPlan memory;
  std::vector<runtime::ArenaItem> items;
  std::vector<size_t> ofItem;
  const auto placeOfArgument = [&](size_t index) -> Place {
    const ArgSpec& argument = program.args[index];
    if (!isState(argument)) return {Place::Kind::tensor, tensorOf(program, index)};
    const auto tensor = llvm::find_if(library.state, [&](const StateTensor& t) { return t.name == argument.name; });
    return {Place::Kind::state, tensor->offset};
  };
  const auto inWorkspace = [&](Checked bytes, uint32_t first, uint32_t last) -> Place {
    items.push_back({bytes.valid() ? bytes.value() : -1, first, last});
    ofItem.push_back(memory.buffers.size());
    return {Place::Kind::workspace, 0};
  };
  for (const Buffer& buffer : program.buffers) {
    Place place;
    switch (buffer.kind) {
    case Buffer::Kind::argument: place = placeOfArgument(buffer.index); break;
    case Buffer::Kind::constant: place = {Place::Kind::constant, buffer.index}; break;
    case Buffer::Kind::arena:
      place = inWorkspace(std::max<int64_t>(sizes.bounds(buffer.bytes).hi, 0), buffer.first_use, buffer.last_use);
      break;
    case Buffer::Kind::result: {
      const ResultSpec& result = program.results[buffer.index];
      if (result.writes == runtime::kNoArgument)
        place = {Place::Kind::tensor, outputOf(program, buffer.index)};
      else if (result.in_place)
        place = placeOfArgument(result.writes);
      else // computed apart, and copied at the end
        place = inWorkspace(mostBytes(result.dims, result.dtype, sizes), 0, UINT32_MAX - 1);
      break;
    }
    }
    memory.buffers.push_back(place);
  }
  for (const ArgSpec& argument : program.args)
    if (!mostBytes(argument.dims, argument.dtype, sizes).valid())
      return emitError(location) << "argument " << argument.name << " is too large";
  for (auto [i, result] : llvm::enumerate(program.results))
    if (!mostBytes(result.dims, result.dtype, sizes).valid())
      return emitError(location) << "result " << i << " is too large";
  const runtime::ArenaPlacement placement = runtime::place_in_arena(items);
  const Checked scratch = round_up(Checked(scratchOf(program.launches, sizes)), kAlignment);
  if (placement.bytes < 0 || !scratch.valid()) return emitError(location) << "the memory that it needs is too large";
  for (auto [item, buffer] : llvm::enumerate(ofItem)) memory.buffers[buffer].at = placement.offsets[item];
  memory.arenaBytes = placement.bytes;
  memory.scratchBytes = scratch.value();
  for (const ResultSpec& result : program.results)
    if (result.writes != runtime::kNoArgument && !result.in_place)
      memory.commits.push_back({result.buffer, placeOfArgument(result.writes), result.dims,
                                static_cast<uint64_t>(runtime::item_size(result.dtype))});
  return memory;
}

} // namespace ogee::codegen::aot
