// Rows of the pointwise ops of the dialect. To add an op: one row.
#include "tests/ops/data.h"
#include "tests/ops/shard.h"

namespace ogee::tests {

namespace {

/// An op on operands of one dtype.
struct Row {
  std::string op; ///< as written: "exp", "compare lt"
  size_t operands;
  std::vector<DType> dtypes;
  double ulp = 0;                   ///< how far a float result may be from the interpreter's
  std::optional<DType> result = {}; ///< the result's dtype where it is not the operands'
  bool writesResult = false;        ///< whether the text ends in `-> type`
  bool firstIsBool = false;         ///< whether the first operand is a tensor of bools whatever the dtype
};

Row unary(const char* op, const std::vector<DType>& dtypes, double ulp = 0) { return {op, 1, dtypes, ulp}; }
Row binary(const char* op, const std::vector<DType>& dtypes, double ulp = 0) { return {op, 2, dtypes, ulp}; }
Row predicate(const char* op, size_t operands, const std::vector<DType>& dtypes) {
  return {op, operands, dtypes, 0, DType::boolean};
}
Row conversion(const char* op, const std::vector<DType>& dtypes, DType result) {
  return {op, 1, dtypes, 0, result, true};
}

const std::vector<Row> kRows = {
    unary("abs", kNumbers),
    unary("neg", kNumbers),
    unary("sign", kNumbers),
    unary("exp", kFloats, 2),
    unary("expm1", kFloats, 4),
    unary("log", kFloats, 2),
    unary("log2", kFloats, 4),
    unary("log10", kFloats, 4),
    unary("log1p", kFloats, 4),
    unary("sqrt", kFloats),
    unary("rsqrt", kFloats),
    unary("cbrt", kFloats, 4),
    unary("sin", kFloats, 4),
    unary("cos", kFloats, 4),
    unary("tan", kFloats, 4),
    unary("tanh", kFloats, 4),
    unary("logistic", kFloats, 4),
    unary("erf", kFloats, 4),
    unary("floor", kFloats),
    unary("ceil", kFloats),
    unary("trunc", kFloats),
    unary("round_nearest_even", kFloats),
    unary("round_nearest_afz", kFloats),
    predicate("is_finite", 1, kFloats),
    unary("not", kBits),
    unary("popcnt", kIntegers),
    unary("clz", kIntegers),
    conversion("convert", kAll, DType::f32),
    conversion("convert", kAll, DType::f64),
    conversion("convert", kAll, DType::i32),
    conversion("convert", kAll, DType::i64),
    conversion("convert", kAll, DType::boolean),
    conversion("bitcast_convert", {DType::f32, DType::i32}, DType::i32),
    conversion("bitcast_convert", {DType::i64, DType::f64}, DType::f64),
    binary("add", kNumbers),
    binary("sub", kNumbers),
    binary("mul", kNumbers),
    binary("div", kNumbers),
    binary("rem", kNumbers),
    binary("pow", kNumbers, 4),
    binary("atan2", kFloats, 4),
    binary("max", kNumbers),
    binary("min", kNumbers),
    binary("and", kBits),
    binary("or", kBits),
    binary("xor", kBits),
    binary("shl", kIntegers),
    binary("shr_arith", kIntegers),
    binary("shr_logic", kIntegers),
    predicate("compare eq", 2, kAll),
    predicate("compare ne", 2, kAll),
    predicate("compare lt", 2, kAll),
    predicate("compare le", 2, kAll),
    predicate("compare gt", 2, kAll),
    predicate("compare ge", 2, kAll),
    {"select", 3, kAll, 0, std::nullopt, false, true},
    {"clamp", 3, kNumbers},
};

/// How operands lie in memory, broadcast and fuse is the same code for all ops: it is tried in full with these, with
/// the others in one form each.
bool isThorough(const Row& row) {
  return llvm::is_contained({"neg", "exp", "add", "compare lt", "select", "clamp"}, row.op);
}

/// One row at one dtype.
class Case {
public:
  Case(const Row& row, DType dtype) : row_(row), dtype_(dtype), result_(row.result.value_or(dtype)) {
    if (runtime::is_floating(result_)) tolerance_.ulp = row.ulp;
  }

  /// Functions of run-time sizes over all shapes, and of three shapes each known at compile time: the same bits.
  void checkShapes() const {
    for (const auto& shapes : kShapes) {
      const Subject sizeGeneric(plainText(Index(shapes[0].size(), kRunTime), Layout::dense, Layout::dense));
      for (const Index& shape : shapes) {
        const std::vector<Array> arguments = makeArguments(shape);
        const auto results = checkCase(sizeGeneric, arguments, tolerance_, context(shape, "run-time sizes"));
        if (!llvm::is_contained(kStaticShapes, shape)) continue;
        checkSame(sizeGeneric.run(arguments, Guard::start), results, {}, context(shape, "starts at guard pages"));
        const Subject specialised(plainText(shape, Layout::dense, Layout::dense));
        checkSame(specialised.run(arguments), results, {}, context(shape, "static sizes"));
      }
      if (shapes[0].size() == 2) sizeGeneric.checkRoundTrip();
    }
  }

  /// Arguments that are not dense: all of them, and the first one alone.
  void checkLayouts() const {
    for (Layout layout : {Layout::spread, Layout::gaps, Layout::repeated}) {
      checkLayout(layout, layout);
      if (!isThorough(row_)) return;
      if (row_.operands > 1) checkLayout(layout, Layout::dense);
    }
  }

  /// One operand smaller than the others: a row, a column, a scalar.
  void checkBroadcasts() const {
    if (row_.operands < 2) return;
    for (const char* form : {"row", "column", "scalar"})
      for (size_t small : {1, 0}) {
        checkBroadcast(small, form);
        if (!isThorough(row_)) return;
      }
  }

  /// Among other pointwise ops, as one kernel and as a kernel for each op: the same bits.
  void checkFusion() const {
    const Index dims = {kRunTime, kRunTime};
    const Subject fused(companyText(dims)), unfused(companyText(dims), Fusion::unfused);
    for (const Index& shape : {Index{3, 17}, Index{33, 65}}) {
      const std::vector<Array> arguments = makeArguments(shape);
      checkSame(fused.run(arguments), unfused.run(arguments), {}, context(shape, "fused, expected unfused"));
    }
  }

private:
  void checkLayout(Layout first, Layout others) const {
    const Subject subject(plainText({kRunTime, kRunTime}, first, others));
    for (const Index& shape : {Index{3, 17}, Index{5, 64}, Index{1, 1}, Index{0, 3}, Index{33, 65}}) {
      std::vector<Array> arguments = makeArguments(shape);
      for (size_t i = 0; i < arguments.size(); ++i)
        if ((i == 0 ? first : others) == Layout::repeated) arguments[i] = repeatRows(arguments[i]);
      checkCase(subject, arguments, tolerance_,
                context(shape, std::string(nameOf(first)) + ", others " + nameOf(others)));
    }
  }

  void checkBroadcast(size_t small, const std::string& form) const {
    const Subject subject(broadcastText(small, form));
    for (const Index& shape : {Index{3, 17}, Index{4, 64}, Index{1, 1}, Index{0, 3}, Index{5, 0}, Index{33, 65}}) {
      std::vector<Array> arguments = makeArguments(shape);
      arguments[small] =
          makeArray(arguments[small].dtype, smallShape(form, shape), Values::special, small, row_.operands);
      checkCase(subject, arguments, tolerance_, context(shape, "operand " + std::to_string(small) + " a " + form));
    }
  }

  static const std::vector<std::vector<Index>> kShapes; ///< by rank
  static const std::vector<Index> kStaticShapes;

  DType operandType(size_t operand) const { return row_.firstIsBool && operand == 0 ? DType::boolean : dtype_; }

  std::string context(const Index& shape, const std::string& what) const {
    return row_.op + " " + std::string(runtime::name(dtype_)) + " " + reference::toString(shape) + " " + what;
  }

  std::vector<Array> makeArguments(const Index& shape) const {
    std::vector<Array> arguments;
    for (size_t i = 0; i < row_.operands; ++i)
      arguments.push_back(makeArray(operandType(i), shape, Values::special, i, row_.operands));
    return arguments;
  }

  /// "  %r = ogee.add %x, %y : tensor<…>"
  std::string opText(const std::vector<std::string>& operands, const Index& dims) const {
    std::string text = "  %r = ogee." + row_.op;
    for (size_t i = 0; i < operands.size(); ++i) text += (i ? ", %" : " %") + operands[i];
    return text + " : " + typeText(dtype_, dims) + (row_.writesResult ? " -> " + typeText(result_, dims) : "") + "\n";
  }

  static std::vector<std::string> namesOf(const Index& dims) {
    std::vector<std::string> names;
    for (size_t i = 0; i < dims.size(); ++i) names.push_back("d" + std::to_string(i));
    return names;
  }

  std::vector<Parameter> parameters(const Index& dims, Layout first, Layout others) const {
    std::vector<Parameter> all;
    for (size_t i = 0; i < row_.operands; ++i)
      all.push_back({operandType(i), dims, namesOf(dims), i == 0 ? first : others});
    return all;
  }

  std::vector<std::string> numbered() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < row_.operands; ++i) names.push_back(std::to_string(i));
    return names;
  }

  std::string plainText(const Index& dims, Layout first, Layout others) const {
    return functionText(parameters(dims, first, others), opText(numbered(), dims), "%r", typeText(result_, dims));
  }

  static Index smallShape(const std::string& form, const Index& shape) {
    return form == "row" ? Index{shape[1]} : form == "column" ? Index{shape[0], 1} : Index{};
  }

  std::string broadcastText(size_t small, const std::string& form) const {
    const Index dims = {kRunTime, kRunTime};
    std::vector<Parameter> all = parameters(dims, Layout::dense, Layout::dense);
    const Index smallDims = smallShape(form, dims);
    all[small].dims = smallDims;
    all[small].names = form == "row"      ? std::vector<std::string>{"d1"}
                       : form == "column" ? std::vector<std::string>{"d0", ""}
                                          : std::vector<std::string>{};
    const std::string full = std::to_string(1 - small), fullType = typeText(operandType(1 - small), dims);
    std::vector<std::string> operands = numbered();
    operands[small] = "b";
    return functionText(all,
                        "  %m = ogee.dim %" + full + " [0] : " + fullType + "\n  %n = ogee.dim %" + full +
                            " [1] : " + fullType + "\n  %b = ogee.broadcast %" + std::to_string(small) + " [" +
                            (form == "row"      ? "1"
                             : form == "column" ? "0, 1"
                                                : "") +
                            "] sizes [%m, %n] : " + typeText(all[small].dtype, smallDims) + " -> " +
                            typeText(all[small].dtype, dims) + "\n" + opText(operands, dims),
                        "%r", typeText(result_, dims));
  }

  /// The op behind one op and in front of two.
  std::string companyText(const Index& dims) const {
    const auto flip = [&](DType dtype, const std::string& to, const std::string& from) {
      return "  %" + to + " = ogee." + (dtype == DType::boolean ? "not" : "neg") + " %" + from + " : " +
             typeText(dtype, dims) + "\n";
    };
    std::vector<std::string> operands = numbered();
    operands[0] = "before";
    const std::string type = typeText(result_, dims);
    return functionText(parameters(dims, Layout::dense, Layout::dense),
                        flip(operandType(0), "before", "0") + opText(operands, dims) + flip(result_, "after", "r") +
                            "  %less = ogee.compare lt %after, %r : " + type + "\n" +
                            "  %last = ogee.select %less, %after, %r : " + type + "\n",
                        "%last", type);
  }

  const Row& row_;
  const DType dtype_, result_;
  Tolerance tolerance_;
};

const std::vector<std::vector<Index>> Case::kShapes = {
    {{}},
    {{0}, {1}, {3}, {16}, {17}, {64}, {65}, {1023}, {4097}},
    {{3, 65}, {17, 64}, {1, 65}, {64, 1}, {0, 5}, {5, 0}, {65, 1023}},
    {{2, 3, 17}, {3, 1, 17}, {4, 0, 3}},
    {{2, 3, 1, 17}, {1, 1, 1, 1}},
    {{2, 1, 3, 2, 17}},
};
const std::vector<Index> Case::kStaticShapes = {{17}, {3, 65}, {2, 3, 17}};

} // namespace

TEST_CASE("pointwise ops", "[ops]") {
  for (const Row& row : kRows)
    for (DType dtype : row.dtypes) {
      const std::string result = row.result ? " to " + std::string(runtime::name(*row.result)) : "";
      const std::string name = row.op + " " + std::string(runtime::name(dtype)) + result;
      if (inShard(name)) DYNAMIC_SECTION(name) {
          const Case test(row, dtype);
          test.checkShapes();
          test.checkLayouts();
          test.checkBroadcasts();
          test.checkFusion();
        }
    }
}

} // namespace ogee::tests
