// Reads, compiles and runs functions of files.
#include "tools/ogee/function.h"

#include "ir/signature.h"
#include "runtime/cuda/architecture.h"
#include "runtime/cuda/device.h"
#include "runtime/error.h"
#include "runtime/shape.h"
#include "tools/reference/interpret.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"

#include "llvm/Support/MemoryBuffer.h"

#include <cstring>

namespace ogee::tools {

using runtime::ErrorCode;

namespace {

/// The function of that name, or the only one.
mlir::func::FuncOp find(mlir::ModuleOp module, const std::string& path, const std::string& entry) {
  if (!entry.empty()) {
    if (auto function = module.lookupSymbol<mlir::func::FuncOp>(entry)) return function;
    runtime::raise(ErrorCode::invalid_argument, path, ": no function ", entry);
  }
  const auto functions = module.getOps<mlir::func::FuncOp>();
  const auto count = std::distance(functions.begin(), functions.end());
  if (count == 0) runtime::raise(ErrorCode::invalid_argument, path, ": holds no function of the ogee dialect");
  if (count == 1) return *functions.begin();
  if (auto function = module.lookupSymbol<mlir::func::FuncOp>("main")) return function;
  runtime::raise(ErrorCode::invalid_argument, path, ": holds ", int64_t(count),
                 " functions and no main: choose one with --entry");
}

reference::Array toReference(const HostArray& array) {
  reference::Array copy(array.dtype, array.shape);
  if (!copy.bytes.empty()) std::memcpy(copy.bytes.data(), array.storage->data(), copy.bytes.size());
  if (array.dtype == runtime::DType::boolean)
    for (std::byte& element : copy.bytes) element = std::byte(element != std::byte(0)); // a file may hold any byte
  return copy;
}

HostArray fromReference(const reference::Array& array) {
  HostArray copy = allocate(array.dtype, array.shape);
  if (!array.bytes.empty()) std::memcpy(copy.storage->data(), array.bytes.data(), array.bytes.size());
  return copy;
}

} // namespace

mlir::DialectRegistry dialects() {
  mlir::DialectRegistry registry;
  codegen::registerDialects(registry);
  return registry;
}

codegen::TargetInfo targetNamed(const std::string& name) {
  codegen::TargetInfo target;
  if (name == "cpu") return codegen::hostTarget();
  if (name == "cuda")
    return runtime::cuda::device_count() > 0 ? targetOf(runtime::Device(name)) : codegen::cudaTarget();
  if (name.starts_with("cuda:")) {
    const std::string architecture = name.substr(name.find(':') + 1);
    if (const auto parsed = runtime::cuda::Architecture::parse(architecture); !parsed)
      runtime::raise(ErrorCode::invalid_argument, "--target: ", parsed.message());
    return codegen::cudaTarget(architecture);
  }
  if (codegen::namedTarget(name, target)) return target;
  runtime::raise(ErrorCode::invalid_argument, "--target: '", name,
                 "' is not known: cpu, x86-64-v3, x86-64-v4, armv8, cuda or cuda:sm_90");
}

codegen::TargetInfo targetOf(runtime::Device device) {
  if (device.is_cpu()) return codegen::hostTarget();
  return codegen::cudaTargetFor(runtime::cuda::Gpu::get(device.index()).properties()).take();
}

Function::Function(const std::string& path, const std::string& entry) : Function(path) {
  op_ = find(*module_, path, entry);
}

Function::Function(const std::string& path)
    : context_(dialects(), mlir::MLIRContext::Threading::DISABLED),
      diagnostics_(std::make_unique<mlir::SourceMgrDiagnosticHandler>(source_, &context_)) {
  context_.printOpOnDiagnostic(false);
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = mlir::openInputFile(path, &error);
  if (!file) runtime::raise(ErrorCode::io, error);
  source_.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  module_ = mlir::parseSourceFile<mlir::ModuleOp>(source_, &context_);
  if (!module_) throw Reported();
}

Function::~Function() = default;

std::string Function::argumentName(unsigned index) const {
  const std::string name = ir::argumentInfo(op_, index).name;
  return name.empty() ? "arg" + std::to_string(index) : name;
}

std::string Function::resultName(unsigned index) const {
  const std::string name = ir::resultName(op_, index);
  return name.empty() ? "result" + std::to_string(index) : name;
}

runtime::Program Function::compile(codegen::CompileOptions options) const {
  std::string error;
  if (!options.onStage)
    options.onStage = codegen::dumpFromEnvironment(mlir::func::FuncOp(op_).getSymName(), false, error);
  if (!error.empty()) runtime::raise(ErrorCode::io, error);
  options.verify = true;
  mlir::OwningOpRef<mlir::ModuleOp> copy(mlir::cast<mlir::ModuleOp>(module_.get()->clone()));
  auto program =
      codegen::compile(copy->lookupSymbol<mlir::func::FuncOp>(mlir::func::FuncOp(op_).getSymName()), options);
  if (mlir::failed(program)) throw Reported();
  return std::move(*program);
}

std::vector<HostArray> Function::interpret(std::span<const HostArray> arguments) const {
  std::vector<reference::Array> inputs;
  for (const HostArray& argument : arguments) inputs.push_back(toReference(argument));
  const auto outputs = reference::interpret(op_, inputs);
  if (mlir::failed(outputs)) throw Reported();
  std::vector<HostArray> results;
  for (const reference::Array& output : *outputs) results.push_back(fromReference(output));
  return results;
}

namespace {

/// The arguments of a function that are tensors, or those that are none.
std::vector<HostArray> chosen(mlir::func::FuncOp function, std::span<const HostArray> arguments, bool tensors) {
  std::vector<HostArray> found;
  for (auto [type, argument] : llvm::zip_equal(function.getArgumentTypes(), arguments))
    if (mlir::isa<mlir::RankedTensorType>(type) == tensors) found.push_back(argument);
  return found;
}

std::vector<int64_t> numbers(const std::vector<HostArray>& arrays) {
  std::vector<int64_t> values;
  for (const HostArray& array : arrays) values.push_back(*reinterpret_cast<const int64_t*>(array.storage->data()));
  return values;
}

} // namespace

Call callOf(const runtime::Executable& executable, mlir::func::FuncOp function, std::span<const HostArray> arguments) {
  return {executable, chosen(function, arguments, true), numbers(chosen(function, arguments, false))};
}

} // namespace ogee::tools
