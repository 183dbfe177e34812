// Checks of a call's arguments, with the texts that users see.
#include "runtime/execution.h"
#include "runtime/shape.h"

#include <algorithm>
#include <charconv>

namespace ogee::runtime {
namespace {

std::string described(const Program& program, uint32_t arg) {
  const std::string& name = program.args[arg].name;
  return name.empty() || name == concat("arg", arg) ? concat("arg ", arg) : concat("arg ", arg, " (", name, ")");
}

/// Where the user made an argument, at the end of a text about it.
std::string origin(const ArgSpec& arg) { return arg.location.empty() ? "" : concat("; it comes from ", arg.location); }

std::string described(const Program& program, const SymbolSource& source) {
  switch (source.kind) {
  case SymbolSource::Kind::dim: return concat(described(program, source.arg), " dim ", source.axis);
  case SymbolSource::Kind::stride: return concat(described(program, source.arg), " stride ", source.axis);
  case SymbolSource::Kind::index: return concat("index argument ", source.arg);
  }
  return "";
}

/// ", as arg 0 (x) dim 1" where a slot's value was read from somewhere.
std::string provenance(const Program& program, Slot slot) {
  for (const Symbol& symbol : program.values.symbols)
    if (symbol.slot == slot) return concat(", as ", described(program, symbol.source));
  return "";
}

/// The message of a check with its {slots} replaced by their values.
std::string filled(std::string_view message, std::span<const int64_t> values) {
  std::string text;
  while (true) {
    const size_t open = message.find('{'), close = message.find('}', open);
    if (close == std::string_view::npos) return text.append(message);
    size_t slot = values.size();
    const char* const end = message.data() + close;
    const auto [stop, error] = std::from_chars(message.data() + open + 1, end, slot);
    text.append(message.substr(0, open));
    if (error == std::errc() && stop == end && slot < values.size())
      text += std::to_string(values[slot]);
    else
      text.append(message.substr(open, close + 1 - open));
    message.remove_prefix(close + 1);
  }
}

/// The strides that a tensor has when it says none; an empty tensor's do not matter.
int64_t dense_stride(const TensorArg& tensor, uint32_t axis) noexcept {
  uint64_t stride = 1; // unsigned: those of an empty tensor may wrap
  for (uint32_t i = axis + 1; i < tensor.rank; ++i) stride *= static_cast<uint64_t>(tensor.sizes[i]);
  return static_cast<int64_t>(stride);
}

} // namespace

int64_t read_symbol(const SymbolSource& source, const Inputs& inputs) noexcept {
  if (source.kind == SymbolSource::Kind::index) return inputs.indices[source.arg];
  const TensorArg& tensor = inputs.tensors[source.arg];
  if (source.kind == SymbolSource::Kind::dim) return tensor.sizes[source.axis];
  return tensor.strides ? tensor.strides[source.axis] : dense_stride(tensor, source.axis);
}

void read_symbols(const Program& program, const Inputs& inputs, int64_t* symbols) noexcept {
  for (const Symbol& symbol : program.values.symbols) *symbols++ = read_symbol(symbol.source, inputs);
}

EntryChecks::EntryChecks(const Program& program, size_t given) : program_(program), given_(given) {
  const auto is_source = [&](Slot slot, const SymbolSource& source) {
    return std::ranges::any_of(program.values.symbols,
                               [&](const Symbol& symbol) { return symbol.slot == slot && symbol.source == source; });
  };
  for (uint32_t arg = 0; arg < given; ++arg) {
    const ArgSpec& spec = program.args[arg];
    for (uint32_t axis = 0; axis < spec.dims.size(); ++axis)
      if (!is_source(spec.dims[axis], {SymbolSource::Kind::dim, arg, axis}))
        dims_.push_back({arg, axis, spec.dims[axis]});
    for (uint32_t axis = 0; axis < spec.strides.size(); ++axis)
      if (!is_source(spec.strides[axis], {SymbolSource::Kind::stride, arg, axis}))
        strides_.push_back({arg, axis, spec.strides[axis]});
    if (spec.strides.empty() && !spec.dims.empty()) dense_.push_back(arg);
  }
}

void EntryChecks::check_kinds(const Inputs& inputs) const {
  const auto& args = program_.args;
  if (inputs.tensors.size() != given_)
    raise(ErrorCode::invalid_argument, "expected ", given_, " tensors, got ", inputs.tensors.size());
  if (inputs.indices.size() != program_.index_args)
    raise(ErrorCode::invalid_argument, "expected ", program_.index_args, " index arguments, got ",
          inputs.indices.size());
  for (uint32_t i = 0; i < given_; ++i) {
    const TensorArg& tensor = inputs.tensors[i];
    if (tensor.dtype != args[i].dtype)
      raise(ErrorCode::invalid_argument, described(program_, i), " is ", name(tensor.dtype), ", expected ",
            name(args[i].dtype), origin(args[i]));
    if (tensor.rank != args[i].dims.size())
      raise(ErrorCode::invalid_argument, described(program_, i), " has ", tensor.rank, " dims, expected ",
            args[i].dims.size(), origin(args[i]));
  }
}

void EntryChecks::check_dims(const Inputs& inputs, const int64_t* values) const {
  for (const DimCheck& check : dims_) { // by argument, in order
    const int64_t found = inputs.tensors[check.arg].sizes[check.axis];
    if (found != values[check.slot]) raise_dim(check, found, values[check.slot]);
  }
  for (const DimCheck& check : strides_) {
    const TensorArg& tensor = inputs.tensors[check.arg];
    if (tensor.sizes[check.axis] <= 1) continue;
    const int64_t found = tensor.strides ? tensor.strides[check.axis] : dense_stride(tensor, check.axis);
    if (found != values[check.slot]) raise_stride(check, found, values[check.slot]);
  }
  for (const uint32_t arg : dense_) {
    const TensorArg& tensor = inputs.tensors[arg];
    if (!tensor.strides || is_row_major({tensor.sizes, tensor.rank}, {tensor.strides, tensor.rank})) continue;
    raise(ErrorCode::invalid_argument, described(program_, arg), " has strides ",
          to_string(std::span(tensor.strides, tensor.rank)), ", expected a dense tensor", origin(program_.args[arg]));
  }
}

void EntryChecks::check_ranges(const int64_t* values) const {
  for (const Symbol& symbol : program_.values.symbols) {
    const int64_t value = values[symbol.slot];
    if (value >= symbol.lo && value <= symbol.hi) continue;
    raise(ErrorCode::invalid_argument, described(program_, symbol.source), " is ", value, ", outside ", symbol.name,
          " ", symbol.lo, "..", symbol.hi == INT64_MAX ? "" : std::to_string(symbol.hi));
  }
}

void EntryChecks::check_values(const int64_t* values) const {
  for (const SizeCheck& check : program_.checks) {
    const int64_t a = values[check.a], b = values[check.b];
    if (check.kind == SizeCheck::Kind::equal ? a != b : a >= b)
      raise(ErrorCode::invalid_argument, filled(check.message, {values, program_.values.initial.size()}));
  }
}

void EntryChecks::raise_dim(const DimCheck& check, int64_t found, int64_t expected) const {
  raise(ErrorCode::invalid_argument, described(program_, check.arg), " dim ", check.axis, " is ", found, ", expected ",
        expected, provenance(program_, check.slot), origin(program_.args[check.arg]));
}

void EntryChecks::raise_stride(const DimCheck& check, int64_t found, int64_t expected) const {
  raise(ErrorCode::invalid_argument, described(program_, check.arg), " stride ", check.axis, " is ", found,
        ", expected ", expected, provenance(program_, check.slot), origin(program_.args[check.arg]));
}

} // namespace ogee::runtime
