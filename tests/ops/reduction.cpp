// Rows of the reductions of the dialect. To add an op: one row.
#include "codegen/chunks.h"
#include "runtime/runtime.h"
#include "tests/ops/data.h"
#include "tests/ops/shard.h"

namespace ogee::tests {

namespace {

struct Row {
  std::string op;
  std::vector<DType> dtypes;
  Values exact;        ///< arguments for which the result has one right value
  bool rounds = false; ///< whether floats are rounded on the way: then ordinary arguments come near the right value
  std::optional<DType> result = {};
  bool oneAxis = false;
};

const std::vector<Row> kRows = {
    {"sum", kNumbers, Values::whole, true},
    {"prod", kNumbers, Values::unit, true},
    {"amax", kNumbers, Values::special},
    {"amin", kNumbers, Values::special},
    {"any", {DType::boolean}, Values::special},
    {"all", {DType::boolean}, Values::special},
    {"argmax", kNumbers, Values::special, false, DType::i64, true},
    {"argmin", kNumbers, Values::special, false, DType::i64, true},
};

/// Axes, and shapes whose chunks end in all places.
struct Form {
  Index axes;
  std::vector<Index> shapes;
};

const std::vector<Form> kForms = {
    {{0}, {{0}, {1}, {3}, {16}, {17}, {64}, {65}, {1023}, {4096}, {4097}, {70001}}},
    {{1}, {{3, 0}, {0, 3}, {3, 1}, {3, 17}, {65, 64}, {2, 1023}, {3, 4097}, {300, 65}}},
    {{0}, {{0, 3}, {3, 0}, {1, 17}, {17, 3}, {255, 5}, {256, 65}, {257, 64}, {1023, 3}, {70000, 1}}},
    {{0, 1}, {{3, 17}, {0, 3}, {65, 1023}}},
    {{1}, {{2, 3, 17}, {3, 300, 65}, {2, 0, 3}}},
    {{2}, {{2, 3, 65}, {1, 1, 1}}},
    {{0, 2}, {{3, 4, 17}, {2, 65, 33}}},
    {{1, 3}, {{2, 3, 4, 17}}},
    {{0, 1, 4}, {{2, 3, 2, 3, 17}}},
    {{2}, {{2, 1, 3, 2, 17}}},
};
const std::vector<Index> kStaticShapes = {{1023}, {3, 17}, {3, 300, 65}};

/// One row at one dtype.
class Case {
public:
  Case(const Row& row, DType dtype) : row_(row), dtype_(dtype), result_(row.result.value_or(dtype)) {}

  void checkShapes() const {
    for (const Form& form : kForms) {
      if (row_.oneAxis && form.axes.size() != 1) continue;
      const Subject sizeGeneric(plainText(form, Index(form.shapes[0].size(), kRunTime), Layout::dense));
      sizeGeneric.checkRoundTrip();
      for (const Index& shape : form.shapes) {
        checkShape(sizeGeneric, form, shape, "run-time sizes");
        if (llvm::is_contained(kStaticShapes, shape)) checkSpecialised(sizeGeneric, form, shape);
      }
    }
  }

  void checkLayouts() const {
    for (size_t axis : {0, 1})
      for (Layout layout : {Layout::gaps, Layout::spread, Layout::repeated}) {
        const Form form = {{int64_t(axis)}, {}};
        const Subject subject(plainText(form, {kRunTime, kRunTime}, layout));
        for (const Index& shape : {Index{3, 17}, Index{1, 1}, Index{300, 65}})
          checkShape(subject, form, shape, nameOf(layout), layout);
      }
  }

  /// Between pointwise ops, as one kernel and as a kernel for each op: the same bits where nothing rounds.
  void checkFusion() const {
    for (const Form& form : {kForms[0], kForms[1], kForms[2]}) {
      const std::string text = companyText(form, Index(form.shapes[0].size(), kRunTime));
      const Subject fused(text), unfused(text, Fusion::unfused);
      for (const Index& shape : form.shapes) {
        const std::vector<Array> arguments = {makeArray(dtype_, shape, row_.exact)};
        checkSame(fused.run(arguments), unfused.run(arguments), {}, context(form, shape, "fused, expected unfused"));
      }
    }
  }

  /// Kernels that know whether there is one chunk or more of them: what those for all sizes give, around the border.
  void checkChunks() const {
    const Form forms[] = {{{0}, {{0}, {1}, {4095}, {4096}, {4097}, {8193}}},
                          {{1}, {{3, 0}, {3, 4095}, {3, 4096}, {3, 4097}, {40, 4097}}},
                          {{0}, {{0, 5}, {255, 5}, {256, 65}, {257, 5}, {513, 65}}}};
    for (const Form& form : forms) {
      const size_t axis = static_cast<size_t>(form.axes[0]), rank = form.shapes[0].size();
      const int64_t chunk = axis + 1 == rank ? codegen::kChunkElements : codegen::kChunkRows;
      const std::string most = std::to_string(std::numeric_limits<int64_t>::max());
      const Subject any(plainText(form, Index(rank, kRunTime), Layout::dense));
      const Subject one(rangeText(form, "[0, " + std::to_string(chunk) + "]"));
      const Subject more(rangeText(form, "[" + std::to_string(chunk + 1) + ", " + most + "]"));
      for (const Index& shape : form.shapes) {
        const bool isOne = shape[axis] <= chunk;
        const Subject& subject = isOne ? one : more;
        const char* what = isOne ? "one chunk" : "several chunks";
        checkShape(subject, form, shape, what);
        const std::vector<Array> arguments = {makeArray(dtype_, shape, Values::ordinary)};
        checkSame(subject.run(arguments), any.run(arguments), {},
                  context(form, shape, std::string(what) + ", expected any number"));
      }
    }
  }

  /// Any number of threads gives the same bits.
  void checkThreads() const {
    const Form forms[] = {{{0}, {{70001}}}, {{1}, {{300, 165}}}, {{0}, {{700, 65}}}};
    const int before = runtime::num_threads();
    for (const Form& form : forms) {
      const Index& shape = form.shapes[0];
      const Subject subject(plainText(form, Index(shape.size(), kRunTime), Layout::dense));
      const std::vector<Array> arguments = {makeArray(dtype_, shape, Values::ordinary)};
      runtime::set_num_threads(1);
      const std::vector<Array> one = subject.run(arguments);
      for (int threads : {2, 4}) {
        runtime::set_num_threads(threads);
        checkSame(subject.run(arguments), one, {},
                  context(form, shape, std::to_string(threads) + " threads, expected 1"));
      }
    }
    runtime::set_num_threads(before);
  }

private:
  std::string context(const Form& form, const Index& shape, const std::string& what) const {
    return row_.op + " " + std::string(runtime::name(dtype_)) + " " + reference::toString(shape) + " axes " +
           reference::toString(form.axes) + " " + what;
  }

  bool rounds() const { return row_.rounds && runtime::is_floating(dtype_); }

  /// Exact arguments, and those that round or are infinite.
  void checkShape(const Subject& subject, const Form& form, const Index& shape, const std::string& what,
                  Layout layout = Layout::dense) const {
    const auto argument = [&](Values values) {
      Array array = makeArray(dtype_, shape, values);
      return std::vector<Array>{layout == Layout::repeated ? repeatRows(std::move(array)) : std::move(array)};
    };
    checkCase(subject, argument(row_.exact), {}, context(form, shape, what));
    if (!rounds() || row_.op == "prod") return;
    const double epsilon = dtype_ == DType::f32 ? 0x1p-24 : 0x1p-53;
    const Tolerance tolerance{.absolute = 16 * epsilon * 4 * double(argument(row_.exact)[0].numel())};
    checkCase(subject, argument(Values::ordinary), tolerance, context(form, shape, what + ", ordinary values"));
    checkCase(subject, argument(Values::infinite), tolerance, context(form, shape, what + ", infinite values"));
  }

  void checkSpecialised(const Subject& sizeGeneric, const Form& form, const Index& shape) const {
    const Subject specialised(plainText(form, shape, Layout::dense));
    for (Values values : {row_.exact, Values::ordinary}) {
      const std::vector<Array> arguments = {makeArray(dtype_, shape, values)};
      const std::vector<Array> results = sizeGeneric.run(arguments);
      checkSame(specialised.run(arguments), results, {}, context(form, shape, "static sizes, expected run-time sizes"));
      checkSame(sizeGeneric.run(arguments, Guard::start), results, {}, context(form, shape, "starts at guard pages"));
    }
  }

  static Index without(const Index& dims, const Index& axes) {
    Index kept;
    for (size_t i = 0; i < dims.size(); ++i)
      if (!llvm::is_contained(axes, int64_t(i))) kept.push_back(dims[i]);
    return kept;
  }

  std::string opText(const Form& form, const Index& dims, const std::string& operand) const {
    return "  %r = ogee." + row_.op + " %" + operand + " " + reference::toString(form.axes) + " : " +
           typeText(dtype_, dims) + " -> " + typeText(result_, without(dims, form.axes)) + "\n";
  }

  std::string plainText(const Form& form, const Index& dims, Layout layout) const {
    return functionText({{dtype_, dims, {}, layout}}, opText(form, dims, "0"), "%r",
                        typeText(result_, without(dims, form.axes)));
  }

  /// Of run-time sizes of which the reduced one is in a range.
  std::string rangeText(const Form& form, const std::string& range) const {
    const Index dims(form.shapes[0].size(), kRunTime);
    Parameter parameter{dtype_, dims};
    for (size_t axis = 0; axis < dims.size(); ++axis) {
      parameter.names.push_back("d" + std::to_string(axis));
      parameter.ranges += (axis ? ", " : "") + (axis == size_t(form.axes[0]) ? range : "[]");
    }
    return functionText({parameter}, opText(form, dims, "0"), "%r", typeText(result_, without(dims, form.axes)));
  }

  std::string companyText(const Form& form, const Index& dims) const {
    const auto flip = [](DType dtype, const Index& shape, const std::string& to, const std::string& from) {
      return "  %" + to + " = ogee." + (dtype == DType::boolean ? "not" : "neg") + " %" + from + " : " +
             typeText(dtype, shape) + "\n";
    };
    const Index kept = without(dims, form.axes);
    return functionText({{dtype_, dims}},
                        flip(dtype_, dims, "before", "0") + opText(form, dims, "before") +
                            flip(result_, kept, "after", "r"),
                        "%after", typeText(result_, kept));
  }

  const Row& row_;
  const DType dtype_, result_;
};

} // namespace

TEST_CASE("reductions", "[ops]") {
  for (const Row& row : kRows)
    for (DType dtype : row.dtypes)
      if (const std::string name = row.op + " " + std::string(runtime::name(dtype)); inShard(name))
        DYNAMIC_SECTION(name) {
          const Case test(row, dtype);
          test.checkShapes();
          if (row.op == "sum" || row.op == "argmax") test.checkLayouts(); // the same code for all ops
          test.checkFusion();
          test.checkChunks();
          test.checkThreads();
        }
}

} // namespace ogee::tests
