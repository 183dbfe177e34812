// Verifies and reads the attributes of function arguments and results.
#include "ir/signature.h"

#include "ir/dialect.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

#include "llvm/ADT/StringSet.h"

namespace ogee::ir {

using namespace mlir;

namespace {

/// A name as symbols have it: letters, digits and underscores, no digit first.
bool isIdentifier(StringRef name) {
  auto isWordCharacter = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  return !name.empty() && !llvm::isDigit(name.front()) && llvm::all_of(name, isWordCharacter);
}

/// The bounds that an entry of `ogee.ranges` states; null for "any", a failure for anything else.
FailureOr<std::optional<std::pair<int64_t, int64_t>>> readRange(Attribute attribute) {
  auto bounds = dyn_cast<ArrayAttr>(attribute);
  if (!bounds) return failure();
  if (bounds.empty()) return std::optional<std::pair<int64_t, int64_t>>();
  auto isI64 = [](Attribute bound) {
    auto integer = dyn_cast<IntegerAttr>(bound);
    return integer && integer.getType().isSignlessInteger(64);
  };
  if (bounds.size() != 2 || !llvm::all_of(bounds, isI64)) return failure();
  return std::optional(std::pair(cast<IntegerAttr>(bounds[0]).getInt(), cast<IntegerAttr>(bounds[1]).getInt()));
}

/// Verifies the attributes of one argument.
class ArgumentVerifier {
public:
  ArgumentVerifier(Location location, Type type) : location_(location), type_(type) {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      sizes_ = llvm::to_vector(tensor.getShape());
    else if (type.isIndex())
      sizes_ = {ShapedType::kDynamic};
  }

  LogicalResult verify(StringRef name, Attribute value) {
    if (name == kNameAttr) return verifyName(value);
    if (!isPlainTensor(type_) && !type_.isIndex()) return error(name) << "needs a tensor or an index, not " << type_;
    if (name == kDimsAttr) return verifyDims(value);
    if (name == kRangesAttr) return verifyRanges(value);
    if (name == kStridesAttr) return verifyStrides(value);
    if (name == kStateAttr) return verifyState(value);
    if (name == kHostAttr) return verifyHost(value);
    return error(name) << "is not known";
  }

  LogicalResult verifyName(Attribute value) {
    auto text = dyn_cast<StringAttr>(value);
    return text && !text.empty() ? success() : LogicalResult(error(kNameAttr) << "must be a text that is not empty");
  }

private:
  InFlightDiagnostic error(StringRef name) { return emitError(location_) << "attribute '" << name << "' "; }

  LogicalResult verifyCount(StringRef name, size_t count) {
    if (count == sizes_.size()) return success();
    return error(name) << "has " << count << " entries instead of " << sizes_.size();
  }

  LogicalResult verifyDims(Attribute value) {
    auto names = dyn_cast<ArrayAttr>(value);
    if (!names) return error(kDimsAttr) << "must be a list of texts";
    if (failed(verifyCount(kDimsAttr, names.size()))) return failure();
    for (Attribute entry : names) {
      auto name = dyn_cast<StringAttr>(entry);
      if (!name) return error(kDimsAttr) << "must be a list of texts";
      if (!name.empty() && !isIdentifier(name))
        return error(kDimsAttr) << "has the name " << name << ", which is not an identifier";
    }
    return success();
  }

  LogicalResult verifyRanges(Attribute value) {
    auto ranges = dyn_cast<ArrayAttr>(value);
    if (!ranges) return error(kRangesAttr) << "must be a list of pairs [lowest, highest]";
    if (failed(verifyCount(kRangesAttr, ranges.size()))) return failure();
    for (auto [size, entry] : llvm::zip_equal(sizes_, ranges)) {
      auto range = readRange(entry);
      if (failed(range)) return error(kRangesAttr) << "must be a list of pairs [lowest, highest]";
      if (!*range) continue;
      auto [lowest, highest] = **range;
      if (lowest > highest) return error(kRangesAttr) << "has the empty range " << entry;
      if (lowest < 0 && !type_.isIndex())
        return error(kRangesAttr) << "has the range " << entry << " of negative sizes";
      if (!ShapedType::isDynamic(size) && (size < lowest || size > highest))
        return error(kRangesAttr) << "has the range " << entry << " for the size " << size;
    }
    return success();
  }

  LogicalResult verifyStrides(Attribute value) {
    auto strides = dyn_cast<DenseI64ArrayAttr>(value);
    if (!strides || type_.isIndex()) return error(kStridesAttr) << "must be an array<i64> for a tensor";
    if (failed(verifyCount(kStridesAttr, strides.size()))) return failure();
    for (int64_t stride : strides.asArrayRef())
      if (stride < kRunTimeStride) return error(kStridesAttr) << "has the stride " << stride;
    return success();
  }

  LogicalResult verifyState(Attribute value) {
    auto text = dyn_cast<StringAttr>(value);
    if (!text || !llvm::is_contained({"captured", "optimizer", "random"}, text.getValue()) || type_.isIndex())
      return error(kStateAttr) << "must be \"captured\", \"optimizer\" or \"random\", for a tensor";
    return success();
  }

  LogicalResult verifyHost(Attribute value) {
    auto tensor = dyn_cast<RankedTensorType>(type_);
    if (!isa<UnitAttr>(value) || !tensor || tensor.getRank() != 0)
      return error(kHostAttr) << "must be a unit attribute, for a tensor of rank 0";
    return success();
  }

  Location location_;
  Type type_;
  SmallVector<int64_t> sizes_;
};

} // namespace

LogicalResult OgeeDialect::verifyRegionArgAttribute(Operation* op, unsigned regionIndex, unsigned argument,
                                                    NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitOpError("cannot have arguments with the attribute '") << attribute.getName().strref() << "'";
  const Location location = function.isExternal() ? op->getLoc() : function.getArgument(argument).getLoc();
  return ArgumentVerifier(location, function.getArgumentTypes()[argument])
      .verify(attribute.getName(), attribute.getValue());
}

/// An argument of the result's type, which no other result names.
static LogicalResult verifyTarget(Operation* op, unsigned result, StringRef name, Attribute attribute) {
  auto function = dyn_cast<func::FuncOp>(op);
  auto number = dyn_cast<IntegerAttr>(attribute);
  const auto error = [&] { return op->emitOpError("attribute '") << name << "' of result " << result << " "; };
  if (!function || !number || !number.getType().isSignlessInteger(64)) return error() << "must be an i64";
  const int64_t argument = number.getInt();
  if (argument < 0 || argument >= function.getNumArguments()) return error() << "names no argument: " << argument;
  if (function.getArgumentTypes()[argument] != function.getResultTypes()[result])
    return error() << "names argument " << argument << ", which is " << function.getArgumentTypes()[argument]
                   << ", not " << function.getResultTypes()[result];
  for (unsigned other = 0; other < result; ++other)
    if (function.getResultAttr(other, name) == attribute)
      return error() << "names argument " << argument << " as result " << other << " does";
  return success();
}

LogicalResult OgeeDialect::verifyRegionResultAttribute(Operation* op, unsigned, unsigned result,
                                                       NamedAttribute attribute) {
  if (attribute.getName() == kOverwritesAttr || attribute.getName() == kIntoAttr)
    return verifyTarget(op, result, attribute.getName(), attribute.getValue());
  if (attribute.getName() != kNameAttr)
    return op->emitOpError("cannot have results with the attribute '") << attribute.getName().strref() << "'";
  return ArgumentVerifier(op->getLoc(), NoneType::get(op->getContext())).verifyName(attribute.getValue());
}

LogicalResult verifySignature(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody())) return function.emitOpError("must have one block");
  llvm::StringSet<> names;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (!isPlainTensor(type) && !type.isIndex())
      return emitError(function.getArgument(i).getLoc())
             << "argument " << i << " is " << type << ", needs a tensor of the dialect or an index";
    const std::string name = argumentInfo(function, i).name;
    if (!name.empty() && !names.insert(name).second)
      return emitError(function.getArgument(i).getLoc()) << "two arguments have the name '" << name << "'";
  }
  names.clear();
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    if (!isPlainTensor(type))
      return function.emitOpError("result ") << i << " is " << type << ", needs a tensor of the dialect";
    const std::string name = resultName(function, i);
    if (!name.empty() && !names.insert(name).second)
      return function.emitOpError("two results have the name '") << name << "'";
  }
  return success();
}

ArgumentInfo argumentInfo(func::FuncOp function, unsigned argument) {
  ArgumentInfo info;
  if (auto name = function.getArgAttrOfType<StringAttr>(argument, kNameAttr)) info.name = name.str();
  if (auto dims = function.getArgAttrOfType<ArrayAttr>(argument, kDimsAttr))
    for (auto dim : dims.getAsRange<StringAttr>()) info.dims.push_back(dim.str());
  if (auto ranges = function.getArgAttrOfType<ArrayAttr>(argument, kRangesAttr))
    for (Attribute range : ranges) info.ranges.push_back(*readRange(range));
  if (auto strides = function.getArgAttrOfType<DenseI64ArrayAttr>(argument, kStridesAttr))
    info.strides = llvm::to_vector(strides.asArrayRef());
  if (auto state = function.getArgAttrOfType<StringAttr>(argument, kStateAttr)) info.state = state.str();
  info.host = function.getArgAttr(argument, kHostAttr) != nullptr;
  return info;
}

void putStateLast(func::FuncOp function) {
  const unsigned count = function.getNumArguments();
  SmallVector<unsigned> order;
  for (const bool isState : {false, true})
    for (unsigned argument = 0; argument < count; ++argument)
      if (argumentInfo(function, argument).state.empty() != isState) order.push_back(argument);
  if (llvm::is_sorted(order)) return;
  Block& entry = function.getBody().front();
  SmallVector<Attribute> attributes;
  SmallVector<int64_t> places(count);
  for (auto [place, argument] : llvm::enumerate(order)) {
    BlockArgument old = entry.getArgument(argument);
    old.replaceAllUsesWith(entry.addArgument(old.getType(), old.getLoc()));
    NamedAttrList list(function.getArgAttrDict(argument));
    if (!list.get(kNameAttr)) // it keeps the name that its place gave it
      list.set(kNameAttr, StringAttr::get(function.getContext(), "arg" + std::to_string(argument)));
    attributes.push_back(list.getDictionary(function.getContext()));
    places[argument] = place;
  }
  entry.eraseArguments(0, count);
  function.setType(FunctionType::get(function.getContext(), entry.getArgumentTypes(), function.getResultTypes()));
  function.setArgAttrsAttr(ArrayAttr::get(function.getContext(), attributes));
  for (unsigned result = 0; result < function.getNumResults(); ++result)
    if (const auto argument = overwrittenArgument(function, result))
      function.setResultAttr(result, kOverwritesAttr,
                             IntegerAttr::get(IntegerType::get(function.getContext(), 64), places[*argument]));
}

std::string resultName(func::FuncOp function, unsigned result) {
  auto name = function.getResultAttrOfType<StringAttr>(result, kNameAttr);
  return name ? name.str() : std::string();
}

static std::optional<unsigned> targetOf(func::FuncOp function, unsigned result, StringRef attribute) {
  auto number = function.getResultAttrOfType<IntegerAttr>(result, attribute);
  return number ? std::optional(static_cast<unsigned>(number.getInt())) : std::nullopt;
}

std::optional<unsigned> overwrittenArgument(func::FuncOp function, unsigned result) {
  return targetOf(function, result, kOverwritesAttr);
}

std::optional<unsigned> writtenArgument(func::FuncOp function, unsigned result) {
  return targetOf(function, result, kIntoAttr);
}

} // namespace ogee::ir
