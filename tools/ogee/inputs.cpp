// Arguments from files and from nothing.
#include "tools/ogee/inputs.h"

#include "ir/signature.h"
#include "ir/types.h"
#include "runtime/error.h"

#include <set>

namespace ogee::tools {

using runtime::ErrorCode;

std::vector<HostArray> readInputs(const Function& function, const std::string& path) {
  const unsigned count = mlir::func::FuncOp(function.op()).getNumArguments();
  if (path.empty()) {
    if (count > 0) runtime::raise(ErrorCode::invalid_argument, "takes ", count, " arguments: give them with --inputs");
    return {};
  }
  const runtime::NamedArrays arrays = runtime::load_npz(path);
  std::vector<HostArray> inputs;
  std::set<std::string> names;
  for (unsigned i = 0; i < count; ++i) {
    const std::string name = function.argumentName(i);
    const HostArray* array = find(arrays, name);
    if (!array) runtime::raise(ErrorCode::invalid_argument, path, ": no array ", name);
    const bool isIndex = mlir::isa<mlir::IndexType>(mlir::func::FuncOp(function.op()).getArgumentTypes()[i]);
    if (isIndex && (array->dtype != runtime::DType::i64 || !array->shape.empty()))
      runtime::raise(ErrorCode::invalid_argument, path, ": ", name, " is ", describe(*array), ", expected i64 []");
    inputs.push_back(*array);
    names.insert(name);
  }
  for (const auto& [name, array] : arrays)
    if (!names.contains(name)) runtime::raise(ErrorCode::invalid_argument, path, ": no argument has the name ", name);
  return inputs;
}

namespace {

/// Looks sizes up by name and remembers which were wanted.
class Sizes {
public:
  explicit Sizes(const std::map<std::string, int64_t>& given) : given_(given) {}

  int64_t operator[](const std::string& name) {
    wanted_.insert(name);
    const auto it = given_.find(name);
    if (it == given_.end())
      runtime::raise(ErrorCode::invalid_argument, "size ", name, " is not known: give it with --dim ", name, "=N");
    if (it->second < 0) runtime::raise(ErrorCode::invalid_argument, "size ", name, " is ", it->second);
    return it->second;
  }

  void checkAllUsed() const {
    for (const auto& [name, size] : given_)
      if (!wanted_.contains(name)) runtime::raise(ErrorCode::invalid_argument, "no size has the name ", name);
  }

private:
  const std::map<std::string, int64_t>& given_;
  std::set<std::string> wanted_;
};

/// The size of one dim of an argument, or its value if it is an index. A size without a name has that of the argument,
/// and its axis: "x.0".
int64_t sizeOf(const Function& function, unsigned argument, mlir::RankedTensorType type, int64_t axis, Sizes& sizes) {
  if (type && !type.isDynamicDim(axis)) return type.getDimSize(axis);
  const ir::ArgumentInfo info = ir::argumentInfo(function.op(), argument);
  if (!info.dims.empty() && !info.dims[axis].empty()) return sizes[info.dims[axis]];
  return sizes[function.argumentName(argument) + (type ? "." + std::to_string(axis) : "")];
}

} // namespace

std::vector<HostArray> randomInputs(const Function& function, const std::map<std::string, int64_t>& given) {
  Sizes sizes(given);
  std::vector<HostArray> inputs;
  for (auto [i, type] : llvm::enumerate(mlir::func::FuncOp(function.op()).getArgumentTypes())) {
    const auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type);
    if (!tensor) {
      inputs.push_back(allocate(runtime::DType::i64, {}));
      *reinterpret_cast<int64_t*>(inputs.back().storage->data()) = sizeOf(function, i, nullptr, 0, sizes);
      continue;
    }
    std::vector<int64_t> shape;
    for (int64_t axis = 0; axis < tensor.getRank(); ++axis) shape.push_back(sizeOf(function, i, tensor, axis, sizes));
    inputs.push_back(randomArray(*ir::dtypeOf(tensor.getElementType()), shape, i));
  }
  sizes.checkAllUsed();
  return inputs;
}

} // namespace ogee::tools
