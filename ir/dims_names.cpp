// Names the sizes of arguments and unites those that have to be equal.
#include "ir/dims_names.h"

namespace ogee::ir {

using namespace mlir;
using runtime::DimRange;

DimNames::DimNames(func::FuncOp function) : function_(function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) infos_.push_back(argumentInfo(function, i));
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    SmallVector<std::string>& names = dims_.emplace_back();
    auto tensor = dyn_cast<RankedTensorType>(argument.getType());
    for (int64_t axis = 0; tensor && axis < tensor.getRank(); ++axis) {
      const bool isNamed = !infos_[i].dims.empty() && !infos_[i].dims[axis].empty();
      names.push_back(isNamed ? infos_[i].dims[axis] : base(i) + "." + std::to_string(axis));
      dimNames_.insert(names.back());
    }
  }
}

/// What names of an argument's own begin with; names that users give have neither dots nor percent signs.
std::string DimNames::base(unsigned argument) const {
  const std::string& name = infos_[argument].name;
  const bool isTaken =
      llvm::any_of(ArrayRef(infos_).take_front(argument), [&](auto& info) { return info.name == name; });
  return name.empty() || isTaken ? "%" + std::to_string(argument) : name;
}

std::string DimNames::resolve(StringRef name) const {
  for (auto it = united_.find(name); it != united_.end(); it = united_.find(name)) name = it->second;
  return name.str();
}

DimRange DimNames::statedRange(unsigned argument, unsigned axis) const {
  const ArgumentInfo& info = infos_[argument];
  if (!info.ranges.empty() && info.ranges[axis]) return {info.ranges[axis]->first, info.ranges[axis]->second};
  return dims_[argument].empty() ? DimRange() : DimRange{0, DimRange::kNoUpper}; // an index has no dims
}

LogicalResult DimNames::narrow(unsigned argument, StringRef name, DimRange range) {
  DimRange& known = ranges_[resolve(name)];
  known = {std::max(known.lo, range.lo), std::min(known.hi, range.hi)};
  if (known.lo <= known.hi) return success();
  return emitError(function_.getArgument(argument).getLoc())
         << "no size '" << name << "' fits all arguments that have it";
}

LogicalResult DimNames::declare() {
  ranges_.clear();
  for (auto& [name, number] : fixed_) ranges_[resolve(name)] = {number, number};
  for (auto [i, argument] : llvm::enumerate(function_.getArguments())) {
    for (auto [axis, name] : llvm::enumerate(dims_[i])) {
      const int64_t size = cast<RankedTensorType>(argument.getType()).getDimSize(axis);
      const DimRange range = ShapedType::isDynamic(size) ? statedRange(i, axis) : DimRange{size, size};
      if (failed(narrow(i, name, range))) return failure();
    }
    if (argument.getType().isIndex() && !infos_[i].dims.empty() && !infos_[i].dims[0].empty())
      if (failed(narrow(i, infos_[i].dims[0], statedRange(i, 0)))) return failure();
  }
  return success();
}

Dim DimNames::named(StringRef name) const {
  const std::string resolved = resolve(name);
  const DimRange range = ranges_.lookup(resolved);
  return Dim::symbol(resolved, range.lo, range.hi);
}

Dim DimNames::stride(unsigned argument, unsigned axis) const {
  const int64_t stride = infos_[argument].strides[axis];
  if (stride != kRunTimeStride) return stride;
  return Dim::symbol(base(argument) + ".stride" + std::to_string(axis), DimRange::kNoLower);
}

Dim DimNames::value(unsigned argument) const {
  DimRange range = statedRange(argument, 0);
  if (range.lo == range.hi) range = {}; // a call still gives it
  return Dim::symbol(base(argument) + ".value", range.lo, range.hi);
}

std::optional<Dim> DimNames::knownValue(unsigned argument) const {
  const ArgumentInfo& info = infos_[argument];
  if (!info.dims.empty() && !info.dims[0].empty()) return named(info.dims[0]);
  const DimRange range = statedRange(argument, 0);
  return range.lo == range.hi ? std::optional<Dim>(range.lo) : std::nullopt;
}

/// Whether `size` is the size of dims of tensors, or a number.
bool DimNames::isDim(const Dim& size) const {
  return size.is_number() || (size.as_symbol() && dimNames_.contains(size.as_symbol()->name));
}

bool DimNames::equate(Dim left, Dim right, llvm::StringSet<>& touched) {
  if (!isDim(left) || !isDim(right)) return false;
  if (left.is_number()) std::swap(left, right);
  // A name that a user gave stays.
  if (right.as_symbol() && StringRef(left.as_symbol()->name).contains('.')) std::swap(left, right);
  // A name is changed once in a round: whether other checks still hold is seen in the next one.
  for (const Dim& side : {left, right})
    if (side.as_symbol() && !touched.insert(side.as_symbol()->name).second) return false;
  if (right.is_number())
    fixed_[left.as_symbol()->name] = right.number();
  else
    united_[right.as_symbol()->name] = left.as_symbol()->name;
  return true;
}

bool DimNames::unite(ArrayRef<DimCheck> checks) {
  llvm::StringSet<> touched;
  bool isNew = false;
  for (const DimCheck& check : checks)
    if (check.requirement.kind == Requirement::Kind::equal)
      isNew |= equate(check.requirement.left, check.requirement.right, touched);
  return isNew;
}

} // namespace ogee::ir
