// Compiles functions of IR text, runs them at guard pages and compares.
#include "tests/ops/harness.h"

#include "ir/signature.h"
#include "runtime/shape.h"
#include "tests/on_device.h"
#include "tests/ops/cuda_text.h"
#include "tools/reference/interpret.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Parser/Parser.h"

#include "llvm/ADT/StringSet.h"

#include <cstring>

namespace ogee::tests {

const char* nameOf(Layout layout) {
  static constexpr const char* kNames[] = {"dense", "gaps", "spread", "repeated"};
  return kNames[int(layout)];
}

// --- text ----------------------------------------------------------------------------------------

std::string typeText(DType dtype, const Index& dims) {
  std::string text = "tensor<";
  for (int64_t size : dims) text += (size == kRunTime ? "?" : std::to_string(size)) + "x";
  return text + (dtype == DType::boolean ? "i1" : std::string(runtime::name(dtype))) + ">";
}

std::string parameterText(size_t number, const Parameter& parameter) {
  std::string attributes, names, strides;
  for (const std::string& name : parameter.names) names += (names.empty() ? "\"" : ", \"") + name + "\"";
  if (!names.empty()) attributes = "ogee.dims = [" + names + "]";
  if (!parameter.ranges.empty()) attributes += ", ogee.ranges = [" + parameter.ranges + "]";
  if (parameter.layout != Layout::dense && !parameter.dims.empty()) {
    for (size_t i = 1; i < parameter.dims.size(); ++i) strides += "-1, ";
    strides += parameter.layout == Layout::gaps ? "1" : parameter.layout == Layout::repeated ? "0" : "-1";
    attributes += (attributes.empty() ? "" : ", ") + ("ogee.strides = array<i64: " + strides + ">");
  }
  return "%" + std::to_string(number) + ": " + typeText(parameter.dtype, parameter.dims) +
         (attributes.empty() ? "" : " {" + attributes + "}");
}

std::string functionText(const std::vector<Parameter>& parameters, const std::string& body, const std::string& results,
                         const std::string& resultTypes) {
  std::string text = "func.func @main(";
  for (size_t i = 0; i < parameters.size(); ++i) text += (i ? ", " : "") + parameterText(i, parameters[i]);
  return text + ") -> (" + resultTypes + ") {\n" + body + "  return " + results + " : " + resultTypes + "\n}\n";
}

// --- subjects ------------------------------------------------------------------------------------

namespace {

/// One context for all tests; diagnostics end up in `diagnostics()`.
std::string& diagnostics() {
  static std::string text;
  return text;
}

mlir::MLIRContext& context() {
  static mlir::DialectRegistry registry;
  static const bool registered = (codegen::registerDialects(registry), true);
  static mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  static mlir::ScopedDiagnosticHandler handler(&context, [](mlir::Diagnostic& diagnostic) {
    diagnostics() += diagnostic.str() + "\n";
    return mlir::success();
  });
  (void)registered;
  return context;
}

mlir::func::FuncOp mainOf(mlir::ModuleOp module) { return module.lookupSymbol<mlir::func::FuncOp>("main"); }

/// Strides in elements for sizes under `pattern` (`ogee.strides`; empty: dense), and the elements they span.
std::vector<int64_t> layOut(const Index& sizes, const std::vector<int64_t>& pattern, int64_t& span) {
  std::vector<int64_t> strides = runtime::row_major_strides(sizes);
  const size_t rank = sizes.size();
  if (!pattern.empty() && rank > 0) {
    const int64_t inner = pattern.back() == ir::kRunTimeStride ? 2 : pattern.back();
    strides[rank - 1] = inner;
    int64_t next = std::max<int64_t>(1, (sizes[rank - 1] - 1) * inner + 1) + 3; // rows three elements apart
    for (size_t axis = rank - 1; axis-- > 0;) {
      strides[axis] = next;
      next = std::max<int64_t>(1, sizes[axis]) * next + 1;
    }
  }
  span = 1;
  for (size_t axis = 0; axis < rank; ++axis)
    span = sizes[axis] == 0 ? 0 : span + (span ? (sizes[axis] - 1) * strides[axis] : 0);
  return strides;
}

/// The place of an element under strides.
int64_t placeOf(const Index& index, std::span<const int64_t> strides) {
  int64_t place = 0;
  for (size_t axis = 0; axis < index.size(); ++axis) place += index[axis] * strides[axis];
  return place;
}

/// Copies an array into strided memory.
void scatter(const Array& array, std::span<const int64_t> strides, std::byte* to) {
  const size_t item = runtime::item_size(array.dtype);
  const std::byte* from = array.bytes.data();
  reference::forEachIndex(array.shape, [&](const Index& index) {
    std::memcpy(to + item * placeOf(index, strides), from, item);
    from += item;
  });
}

/// And out of it.
Array gather(DType dtype, const Index& sizes, std::span<const int64_t> strides, const std::byte* from) {
  Array array(dtype, sizes);
  const size_t item = runtime::item_size(dtype);
  std::byte* to = array.bytes.data();
  reference::forEachIndex(sizes, [&](const Index& index) {
    std::memcpy(to, from + item * placeOf(index, strides), item);
    to += item;
  });
  return array;
}

const codegen::TargetInfo& deviceTarget() {
  static const auto target = codegen::cudaTargetFor(runtime::cuda::Gpu::get(testDevice().index()).properties());
  INFO((target ? "" : target.message()));
  REQUIRE(target);
  return *target;
}

/// Whether a program for a device computes with what is its vendor's: products that add in another order, functions of
/// f64 with other last places.
bool usesLibrary(mlir::func::FuncOp function, const runtime::Program& program) {
  static const llvm::StringSet<> kFunctions = {"ogee.exp",   "ogee.expm1", "ogee.log",   "ogee.log2",
                                               "ogee.log10", "ogee.log1p", "ogee.cbrt",  "ogee.sin",
                                               "ogee.cos",   "ogee.tan",   "ogee.tanh",  "ogee.logistic",
                                               "ogee.erf",   "ogee.pow",   "ogee.atan2", "ogee.random_normal"};
  bool uses = false;
  runtime::for_each_entry(program.launches, [&](const runtime::Entry& entry) {
    uses |= std::holds_alternative<runtime::MatmulLaunch>(entry.launch);
  });
  function.walk([&](mlir::Operation* op) {
    uses |= kFunctions.contains(op->getName().getStringRef()) &&
            mlir::getElementTypeOrSelf(op->getResult(0).getType()).isF64();
  });
  return uses;
}

} // namespace

Subject::Subject(const std::string& text, Fusion fusion) {
  INFO(text);
  diagnostics().clear();
  module_ = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  INFO(diagnostics());
  REQUIRE(module_);
  function_ = mainOf(*module_);
  for (unsigned i = 0; i < function_.getNumArguments(); ++i)
    if (mlir::isa<mlir::RankedTensorType>(function_.getArgumentTypes()[i])) {
      const auto strides = ir::argumentInfo(function_, i).strides;
      strides_.emplace_back(strides.begin(), strides.end());
    }
  const bool fuse = fusion == Fusion::fused;
  if (cudaText() == CudaText::collect) {
    const bool collected = collectCuda(mainOf(*copy()), fuse);
    INFO(diagnostics());
    REQUIRE(collected);
    return;
  }
  executable_ = std::make_unique<runtime::Executable>(compiled({.fuse = fuse}));
  if (cudaText() == CudaText::run) {
    auto onText = cudaProgram(mainOf(*copy()), fuse);
    INFO(diagnostics());
    REQUIRE(onText);
    cuda_ = std::make_unique<runtime::Executable>(std::move(*onText));
  } else if (testDevice().is_cuda()) {
    const codegen::TargetInfo& target = deviceTarget();
    cuda_ = std::make_unique<runtime::Executable>(compiled({.target = &target, .fuse = fuse}),
                                                  std::span<const runtime::TensorArg>(), testDevice());
    sameBits_ = !usesLibrary(function_, cuda_->program());
  }
}

mlir::OwningOpRef<mlir::ModuleOp> Subject::copy() const {
  return mlir::OwningOpRef<mlir::ModuleOp>(mlir::cast<mlir::ModuleOp>(module_.get()->clone()));
}

runtime::Program Subject::compiled(const codegen::CompileOptions& options) const {
  const auto module = copy();
  auto program = codegen::compile(mainOf(*module), options);
  INFO(diagnostics());
  REQUIRE(mlir::succeeded(program));
  return std::move(*program);
}

/// Takes results into memory of their own.
struct Subject::Results : runtime::ResultSink {
  struct Result {
    Index shape;
    std::unique_ptr<TensorMemory> memory;
  };

  Results(const runtime::Executable& executable, Guard guard)
      : executable(executable), guard(guard), results(executable.program().results.size()) {}

  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t bytes) override {
    const size_t item = runtime::item_size(dtype(result));
    results[result] = {{dims.begin(), dims.end()},
                       std::make_unique<TensorMemory>(bytes, item, guard, executable.device())};
    return results[result].memory->data();
  }

  DType dtype(size_t result) const { return executable.program().results[result].dtype; }
  std::vector<Array> read() const {
    std::vector<Array> arrays;
    for (size_t i = 0; i < results.size(); ++i) {
      const Index& shape = results[i].shape;
      arrays.push_back(gather(dtype(i), shape, runtime::row_major_strides(std::span<const int64_t>(shape)),
                              results[i].memory->read().data()));
    }
    return arrays;
  }

  const runtime::Executable& executable;
  Guard guard;
  std::vector<Result> results;
};

std::vector<Array> Subject::run(const std::vector<Array>& arguments, Guard guard) const {
  if (!executable_) return expected(arguments); // kernels are being collected
  std::vector<Array> results = runOn(*executable_, arguments, guard);
  if (!cuda_) return results;
  std::vector<Array> there = runOn(*cuda_, arguments, guard);
  if (sameBits_) checkSame(there, results, {}, "CUDA, expected what the CPU gives");
  return there;
}

std::vector<Array> Subject::runOn(const runtime::Executable& executable, const std::vector<Array>& arguments,
                                  Guard guard) const {
  std::vector<TensorMemory> memory;
  std::vector<std::vector<int64_t>> strides;
  std::vector<const Array*> tensors;
  std::vector<int64_t> indices;
  std::vector<runtime::TensorArg> args;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Array& array = arguments[i];
    if (mlir::isa<mlir::IndexType>(function_.getArgumentTypes()[i])) {
      indices.push_back(array.as<int64_t>()[0]);
      continue;
    }
    int64_t span = 0;
    strides.push_back(layOut(array.shape, strides_[tensors.size()], span));
    const size_t item = runtime::item_size(array.dtype);
    std::vector<std::byte> bytes(size_t(span) * item, kUnwritten);
    scatter(array, strides.back(), bytes.data());
    memory.emplace_back(bytes.size(), item, guard, executable.device()).write(bytes);
    tensors.push_back(&array);
  }
  for (size_t i = 0; i < tensors.size(); ++i)
    args.push_back({memory[i].data(), tensors[i]->shape.data(), strides_[i].empty() ? nullptr : strides[i].data(),
                    uint32_t(tensors[i]->shape.size()), tensors[i]->dtype});

  Results sink(executable, guard);
  executable.run({.tensors = args, .indices = indices}, sink);
  for (size_t i = 0; i < tensors.size(); ++i)
    if (gather(tensors[i]->dtype, tensors[i]->shape, strides[i], memory[i].read().data()).bytes != tensors[i]->bytes)
      FAIL_CHECK("the call changed argument " << i);
  return sink.read();
}

std::vector<Array> Subject::expected(const std::vector<Array>& arguments) const {
  diagnostics().clear();
  auto results = reference::interpret(function_, arguments);
  INFO(diagnostics());
  REQUIRE(mlir::succeeded(results));
  return *results;
}

void Subject::checkRoundTrip() const {
  const auto print = [](mlir::Operation* op) {
    std::string text;
    llvm::raw_string_ostream(text) << *op;
    return text;
  };
  const std::string text = print(*module_);
  auto again = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  REQUIRE(again);
  CHECK(print(*again) == text);
  std::string bytecode;
  llvm::raw_string_ostream out(bytecode);
  REQUIRE(mlir::succeeded(mlir::writeBytecodeToFile(*module_, out)));
  auto read = mlir::parseSourceString<mlir::ModuleOp>(bytecode, &context());
  REQUIRE(read);
  CHECK(print(*read) == text);
}

// --- comparison ----------------------------------------------------------------------------------

namespace {

/// Floats in their order as integers, one apart where nothing lies between them; -0 is one below +0.
template <class T>
int64_t ordinal(T value) {
  std::conditional_t<sizeof(T) == 4, int32_t, int64_t> bits;
  std::memcpy(&bits, &value, sizeof(T));
  return bits < 0 ? int64_t(std::numeric_limits<decltype(bits)>::min() - bits) - 1 : int64_t(bits);
}

/// How many floats lie between two, and one.
template <class T>
double steps(T a, T b) {
  const int64_t from = ordinal(a), to = ordinal(b);
  return double(from < to ? uint64_t(to) - uint64_t(from) : uint64_t(from) - uint64_t(to));
}

template <class T>
bool isClose(T actual, T expected, const Tolerance& tolerance) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
    if (tolerance.absolute > 0 && std::abs(double(actual) - double(expected)) <= tolerance.absolute) return true;
    if (actual == 0 && expected == 0) return std::signbit(actual) == std::signbit(expected);
    return steps(actual, expected) <= tolerance.ulp;
  }
  return actual == expected;
}

template <class T>
std::string elementText(T value) {
  std::ostringstream text;
  text.precision(std::numeric_limits<T>::max_digits10);
  text << value;
  return text.str();
}

} // namespace

std::string difference(const Array& actual, const Array& expected, const Tolerance& tolerance) {
  if (actual.dtype != expected.dtype || actual.shape != expected.shape)
    return "is " + typeText(actual.dtype, actual.shape) + ", expected " + typeText(expected.dtype, expected.shape);
  return reference::withType<float, double, int32_t, int64_t, bool>(actual.dtype, [&]<class T>() -> std::string {
    size_t wrong = 0, first = 0;
    const auto a = actual.as<T>(), e = expected.as<T>();
    for (size_t i = 0; i < a.size(); ++i)
      if (!isClose(a[i], e[i], tolerance) && wrong++ == 0) first = i;
    if (wrong == 0) return "";
    return "element " + std::to_string(first) + " of " + std::to_string(a.size()) + " is " + elementText(a[first]) +
           ", expected " + elementText(e[first]) + " (" + std::to_string(wrong) + " differ)";
  });
}

void checkSame(const std::vector<Array>& actual, const std::vector<Array>& expected, const Tolerance& tolerance,
               const std::string& context) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    const std::string text = difference(actual[i], expected[i], tolerance);
    if (!text.empty()) FAIL_CHECK(context << ": result " << i << ": " << text);
  }
}

std::vector<Array> checkCase(const Subject& subject, const std::vector<Array>& arguments, const Tolerance& tolerance,
                             const std::string& context) {
  std::vector<Array> results = subject.run(arguments);
  checkSame(results, subject.expected(arguments), tolerance, context);
  return results;
}

} // namespace ogee::tests
