// Ill-formed IR text is an error with a line and a column, never a crash: valid texts, changed systematically token by
// token, in the pretty and in the generic form. What is still valid is canonicalised, analysed and printed.
#include "ir/dialect.h"
#include "ir/dims.h"
#include "tests/catch.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <random>
#include <string>
#include <vector>

namespace ogee::ir {
namespace {

using Texts = std::vector<std::string>;

/// One op per text, within a function that has these arguments.
const char* const kArguments = R"(%f: tensor<?x4xf32>, %g: tensor<4x3xf32>, %i: tensor<3xi64>, %b: tensor<3xi1>,
                                  %s: tensor<f32>, %k: tensor<i64>, %n: index)";

const char* const kOps[] = {
    "%0 = ogee.neg %f : tensor<?x4xf32>",
    "%0 = ogee.is_finite %f : tensor<?x4xf32>",
    "%0 = ogee.convert %i : tensor<3xi64> -> tensor<3xf32>",
    "%0 = ogee.bitcast_convert %i : tensor<3xi64> -> tensor<3xf64>",
    "%0 = ogee.add %f, %f : tensor<?x4xf32>",
    "%0 = ogee.shl %i, %i : tensor<3xi64>",
    "%0 = ogee.compare lt %i, %i : tensor<3xi64>",
    "%0 = ogee.select %b, %i, %i : tensor<3xi64>",
    "%0 = ogee.clamp %i, %i, %i : tensor<3xi64>",
    "%0 = ogee.sum %f [0, 1] : tensor<?x4xf32> -> tensor<f32>",
    "%0 = ogee.any %b [0] : tensor<3xi1> -> tensor<i1>",
    "%0 = ogee.argmax %f [1] : tensor<?x4xf32> -> tensor<?xi64>",
    R"(%0 = ogee.dot %f, %g batch [] x [] contract [1] x [0]
         : tensor<?x4xf32>, tensor<4x3xf32> -> tensor<?x3xf32>)",
    "%0 = ogee.reshape %f [%n, 2, 2] : tensor<?x4xf32> -> tensor<?x2x2xf32>",
    "%0 = ogee.transpose %f [1, 0] : tensor<?x4xf32> -> tensor<4x?xf32>",
    "%0 = ogee.broadcast %g [1, 2] sizes [%n, 4, 3] : tensor<4x3xf32> -> tensor<?x4x3xf32>",
    "%0 = ogee.slice %g [%n, 0] [1, 2] [1, 1] : tensor<4x3xf32> -> tensor<1x2xf32>",
    R"(%0 = ogee.pad %g, %s low [1, %n] high [-1, 0] interior [0, 1]
         : tensor<4x3xf32>, tensor<f32> -> tensor<4x?xf32>)",
    "%0 = ogee.concatenate %f, %f [1] : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>",
    "%0 = ogee.reverse %f [0, 1] : tensor<?x4xf32>",
    "%0 = ogee.dim %f [0] : tensor<?x4xf32>",
    "%0 = ogee.constant dense<[1, 2, 3]> : tensor<3xi64>",
    R"(%0 = ogee.constant dense<2.5> : tensor<2x3xf32>
         %1 = ogee.transpose %0 [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>)",
    R"(%0 = ogee.constant dense<7> : tensor<4xi64>
         %1 = ogee.slice %0 [1] [2] [1] : tensor<4xi64> -> tensor<2xi64>)",
    "%0 = ogee.iota [1] sizes [%n, 4] : tensor<?x4xi64>",
    "%0 = ogee.from_index %n : tensor<i64>",
    "%0 = ogee.random_uniform %k, %k sizes [%n, 4] : tensor<?x4xf32>",
    "%0 = ogee.random_integers %k, %k, %k, %k sizes [2] : tensor<2xi64>",
    R"(%c = arith.constant 2 : index
         %0 = ogee.slice %g [%c, 0] [%c, 3] [1, 1] : tensor<4x3xf32> -> tensor<?x3xf32>)",
    R"(%0 = ogee.group "name" (%a = %f, %m = %n : tensor<?x4xf32>, index) -> tensor<?x4xf32> attributes {x = 1} {
         %1 = ogee.neg %a : tensor<?x4xf32>
         ogee.yield %1 : tensor<?x4xf32> })",
};

const char* const kSignature =
    R"(func.func @f(%x: tensor<?x3xf32> {ogee.name = "x", ogee.dims = ["n", ""], ogee.ranges = [[1, 9], []],
                                           ogee.strides = array<i64: -1, 1>},
                   %n: index {ogee.dims = ["n"], ogee.ranges = [[1, 5]]}) -> (tensor<?x3xf32> {ogee.name = "y"}) {
  return %x : tensor<?x3xf32> })";

/// The words of a text; two spaces have an empty one between them.
Texts split(const std::string& text) {
  Texts words(1);
  for (char c : text) c == ' ' ? words.emplace_back() : words.back() += c;
  return words;
}

/// What a token can be replaced with, by nothing among others.
const Texts kReplacements = split(
    "  -1 0 1 5 9223372036854775807 -9223372036854775808 18446744073709551616 ? x f32 f16 ui8 i1 i7 index none tensor "
    "vector [ ] < \"text\" %n %zz ^bb0 { } true 1.5 dense !x #x");

/// Words, numbers, and single characters; a tensor's dims are tokens of their own.
Texts tokenize(const std::string& text) {
  Texts tokens;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    auto extend = [&](auto isPart) {
      while (end < text.size() && isPart(text[end])) ++end;
    };
    if (text[i] == '"')
      end = std::min(text.find('"', i + 1), text.size() - 1) + 1;
    else if (std::isdigit(text[i]))
      extend([](char c) { return std::isdigit(c) || c == '.'; });
    else if (std::isalpha(text[i]) && text[i] != 'x')
      extend([](char c) { return std::isalnum(c) || c == '_' || c == '.'; });
    else if (text[i] == '%' || text[i] == '@' || text[i] == '-')
      extend([](char c) { return std::isalnum(c) || c == '_' || c == '>'; });
    tokens.push_back(text.substr(i, end - i));
    i = end;
  }
  return tokens;
}

std::string join(const Texts& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

class Checker {
public:
  Checker() {
    context_.disableMultithreading();
    context_.printOpOnDiagnostic(false);
    context_.loadDialect<OgeeDialect, mlir::func::FuncDialect>();
    canonicalize_.addPass(mlir::createCanonicalizerPass());
  }

  std::string generic(const std::string& text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context_);
    REQUIRE(module);
    std::string result;
    llvm::raw_string_ostream out(result);
    module->print(out, mlir::OpPrintingFlags().printGenericOpForm());
    return result;
  }

  /// Parses `text` and works on what is valid; an error has a place in the text.
  void check(const std::string& text) {
    bool hasError = false, hasPlace = true;
    mlir::ScopedDiagnosticHandler handler(&context_, [&](mlir::Diagnostic& diagnostic) {
      if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error) return;
      hasError = true;
      auto place = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>();
      hasPlace &= place && place.getLine() > 0 && place.getColumn() > 0;
    });
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context_);
    if (module && work(*module)) {
      ++valid;
      return;
    }
    ++refused;
    INFO(text);
    CHECK((hasError && hasPlace));
  }

  unsigned valid = 0, refused = 0;

private:
  bool work(mlir::ModuleOp module) {
    bool succeeded = true;
    for (auto function : module.getOps<mlir::func::FuncOp>()) {
      if (!llvm::hasSingleElement(function.getBody())) continue;
      returnAll(function);
      succeeded &= mlir::succeeded(DimAnalysis::run(function));
    }
    succeeded &= mlir::succeeded(canonicalize_.run(module));
    std::string text;
    llvm::raw_string_ostream out(text);
    module.print(out);
    return succeeded;
  }

  /// Makes a function return all that it computes, so that nothing in it is dead.
  static void returnAll(mlir::func::FuncOp function) {
    llvm::SmallVector<mlir::Value> values;
    for (mlir::Operation& op : function.getBody().front().without_terminator())
      llvm::append_range(values, op.getResults());
    function.getBody().front().getTerminator()->setOperands(values);
    auto types = mlir::ValueRange(values).getTypes();
    function.setType(mlir::FunctionType::get(function.getContext(), function.getArgumentTypes(), types));
    function.setAllResultAttrs(
        llvm::SmallVector<mlir::Attribute>(values.size(), mlir::DictionaryAttr::get(function.getContext())));
  }

  mlir::MLIRContext context_;
  mlir::PassManager canonicalize_{&context_};
};

/// Every token replaced, repeated, exchanged with the next one, and the text cut off after it.
void checkMutations(Checker& checker, const std::string& before, const std::string& text, const std::string& after) {
  const Texts tokens = tokenize(text);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == " " || tokens[i] == "\n") continue;
    auto mutated = [&](auto change) {
      Texts changed = tokens;
      change(changed);
      checker.check(before + join(changed) + after);
    };
    for (const std::string& replacement : kReplacements) mutated([&](Texts& t) { t[i] = replacement; });
    mutated([&](Texts& t) { t[i] += " " + t[i]; });
    mutated([&](Texts& t) { t[i] += ", " + t[i]; });
    if (i + 1 < tokens.size()) mutated([&](Texts& t) { std::swap(t[i], t[i + 1]); });
    mutated([&](Texts& t) { t.resize(i + 1); });
  }
}

TEST_CASE("changed texts are errors with a place, or valid") {
  Checker checker;
  const std::string before = std::string("func.func @f(") + kArguments + ") {\n", after = "\nreturn }";
  for (const char* op : kOps) checkMutations(checker, before, op, after);
  checkMutations(checker, "", kSignature, "");
  CHECK(checker.valid > 500);
  CHECK(checker.refused > 10000);
}

TEST_CASE("changed texts in the generic form are errors with a place, or valid") {
  Checker checker;
  for (const char* op : kOps) {
    const std::string text = checker.generic(std::string("func.func @f(") + kArguments + ") {\n" + op + "\nreturn }");
    const size_t begin = text.find("%0"), end = text.find("\"func.return\"");
    checkMutations(checker, text.substr(0, begin), text.substr(begin, end - begin), text.substr(end));
  }
  CHECK(checker.valid > 500);
  CHECK(checker.refused > 10000);
}

TEST_CASE("texts with several changes are errors with a place, or valid") {
  Checker checker;
  std::mt19937 random(1);
  auto below = [&](size_t bound) { return random() % bound; };
  const std::string before = std::string("func.func @f(") + kArguments + ") {\n", after = "\nreturn }";
  for (const char* op : kOps)
    for (int round = 0; round < 1000; ++round) {
      Texts tokens = tokenize(op);
      for (size_t changes = 2 + below(3); changes > 0; --changes) {
        std::string& token = tokens[below(tokens.size())];
        token = below(2) == 0 ? kReplacements[below(kReplacements.size())] : tokens[below(tokens.size())];
      }
      checker.check(before + join(tokens) + after);
    }
}

} // namespace
} // namespace ogee::ir
