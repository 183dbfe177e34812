// Runs IR text with the interpreter.
#include "tests/tools/reference.h"

#include "ir/dialect.h"
#include "tools/reference/interpret.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <cstring>
#include <sstream>

namespace ogee::reference {

namespace {

/// Parses and runs; `error` gets the first diagnostic.
mlir::FailureOr<std::vector<Array>> parseAndRun(const std::string& text, const std::vector<Array>& arguments,
                                                std::string& error) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<ir::OgeeDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect>();
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& diagnostic) {
    if (error.empty())
      if (auto at = mlir::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation()))
        error = std::to_string(at.getLine()) + ":" + std::to_string(at.getColumn()) + ": " + diagnostic.str();
    return mlir::success();
  });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module) return mlir::failure();
  return interpret(module->lookupSymbol<mlir::func::FuncOp>("main"), arguments);
}

bool sameElement(const Array& a, const Array& b, int64_t i) {
  if (a.dtype == DType::f32 && std::isnan(a.as<float>()[i])) return std::isnan(b.as<float>()[i]);
  if (a.dtype == DType::f64 && std::isnan(a.as<double>()[i])) return std::isnan(b.as<double>()[i]);
  const size_t size = runtime::item_size(a.dtype);
  return std::memcmp(a.bytes.data() + i * size, b.bytes.data() + i * size, size) == 0;
}

std::string elementText(const Array& array, int64_t i) {
  return withType<float, double, int32_t, int64_t, bool>(array.dtype, [&]<class T>() {
    std::ostringstream text;
    text.precision(17);
    text << array.as<T>()[i];
    return text.str();
  });
}

/// The result of an op of the given result type.
Array evaluateOp(const std::string& op, const std::vector<Array>& arguments, const std::string& type) {
  std::string parameters;
  for (size_t i = 0; i < arguments.size(); ++i)
    parameters += (i ? ", %" : "%") + std::to_string(i) + ": " + typeOf(arguments[i]);
  return run("func.func @main(" + parameters + ") -> " + type + " {\n  %r = " + op + "\n  return %r : " + type +
                 "\n}\n",
             arguments)[0];
}

/// "add" becomes "ogee.add %0, %1 : tensor<4xf32>".
std::string withOperands(const std::string& op, const std::vector<Array>& arguments) {
  std::string text = "ogee." + op;
  for (size_t i = 0; i < arguments.size(); ++i) text += (i ? ", %" : " %") + std::to_string(i);
  return text + " : " + typeOf(arguments.back());
}

} // namespace

std::string typeOf(const Array& array) {
  std::string text = "tensor<";
  for (int64_t size : array.shape) text += std::to_string(size) + "x";
  return text + (array.dtype == DType::boolean ? "i1" : std::string(runtime::name(array.dtype))) + ">";
}

std::vector<Array> run(const std::string& text, const std::vector<Array>& arguments) {
  INFO(text);
  std::string error;
  auto results = parseAndRun(text, arguments, error);
  INFO(error);
  REQUIRE(mlir::succeeded(results));
  return *results;
}

Array evaluate(const std::string& op, const std::vector<Array>& arguments) {
  const size_t at = op.rfind("-> ");
  return evaluateOp(op, arguments, at == std::string::npos ? op.substr(op.rfind(": ") + 2) : op.substr(at + 3));
}

Array pointwise(const std::string& op, const std::vector<Array>& arguments) {
  return evaluateOp(withOperands(op, arguments), arguments, typeOf(arguments.back()));
}

Array predicate(const std::string& op, const std::vector<Array>& arguments) {
  return evaluateOp(withOperands(op, arguments), arguments, typeOf(Array(DType::boolean, arguments.back().shape)));
}

std::string errorOf(const std::string& text, const std::vector<Array>& arguments) {
  std::string error;
  CHECK(mlir::failed(parseAndRun(text, arguments, error)));
  return error;
}

void checkEqual(const Array& actual, const Array& expected) {
  REQUIRE(actual.dtype == expected.dtype);
  REQUIRE(actual.shape == expected.shape);
  for (int64_t i = 0; i < expected.numel(); ++i) {
    INFO("element " << i << " is " << elementText(actual, i) << ", expected " << elementText(expected, i));
    CHECK(sameElement(actual, expected, i));
  }
}

} // namespace ogee::reference
