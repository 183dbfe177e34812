// Rows of dot: which axes are batched, contracted and free, over sizes that end tiles in all places.
#include "runtime/runtime.h"
#include "tests/ops/data.h"
#include "tests/ops/shard.h"

#include <map>

namespace ogee::tests {

namespace {

/// Axes by letter: "mk,kn->mn"; letters of both operands are batched where the result has them, else contracted.
struct Row {
  std::string axes;
  std::vector<std::map<char, int64_t>> sizes;
};

using Sizes = std::map<char, int64_t>;

/// Sizes of a matrix product.
Sizes mnk(int64_t m, int64_t n, int64_t k) { return {{'m', m}, {'n', n}, {'k', k}}; }
Sizes bmnk(int64_t b, int64_t m, int64_t n, int64_t k) { return {{'b', b}, {'m', m}, {'n', n}, {'k', k}}; }

const std::vector<Sizes> kMatrices = {mnk(1, 1, 1),   mnk(3, 17, 5),  mnk(16, 64, 65), mnk(17, 65, 64),
                                      mnk(64, 16, 1), mnk(65, 1, 33), mnk(1, 65, 33),  mnk(7, 130, 70),
                                      mnk(0, 3, 4),   mnk(3, 0, 4),   mnk(3, 4, 0)};
const std::vector<Sizes> kBatches = {bmnk(2, 3, 17, 5), bmnk(1, 17, 65, 16), bmnk(3, 1, 4, 65), bmnk(5, 8, 1, 3),
                                     bmnk(0, 2, 3, 4)};

const std::vector<Row> kRows = {
    {"mk,kn->mn", kMatrices},
    {"mk,nk->mn", kMatrices},
    {"km,kn->mn", kMatrices},
    {"km,nk->mn", kMatrices},
    {"mk,k->m", {mnk(1, 1, 1), mnk(3, 1, 17), mnk(65, 1, 64), mnk(64, 1, 1023), mnk(0, 1, 3), mnk(3, 1, 0)}},
    {"km,k->m", {mnk(3, 1, 17), mnk(65, 1, 64), mnk(130, 1, 257)}},
    {"k,kn->n", {mnk(1, 3, 17), mnk(1, 65, 64), mnk(1, 130, 257)}},
    {"k,k->", {mnk(1, 1, 0), mnk(1, 1, 1), mnk(1, 1, 17), mnk(1, 1, 1023), mnk(1, 1, 65536)}},
    {"m,n->mn", {mnk(3, 17, 1), mnk(65, 64, 1)}},
    {"bmk,bkn->bmn", kBatches},
    {"mbk,kbn->bmn", kBatches},
    {"bmk,kn->bmn", kBatches},
    {"bm,bm->b", kBatches},
    {"bcmk,bckn->bcmn", {{{'b', 2}, {'c', 3}, {'m', 4}, {'n', 17}, {'k', 5}}}},
    {"mkl,lkn->mn", {{{'m', 3}, {'n', 17}, {'k', 4}, {'l', 5}}, {{'m', 17}, {'n', 3}, {'k', 1}, {'l', 65}}}},
};

/// One row at one dtype.
class Case {
public:
  Case(const Row& row, DType dtype) : row_(row), dtype_(dtype) {
    const size_t comma = row.axes.find(','), arrow = row.axes.find("->");
    lhs_ = row.axes.substr(0, comma);
    rhs_ = row.axes.substr(comma + 1, arrow - comma - 1);
    result_ = row.axes.substr(arrow + 2);
  }

  void checkSizes() const {
    const Subject sizeGeneric(text(nullptr));
    sizeGeneric.checkRoundTrip();
    for (const Sizes& sizes : row_.sizes) {
      checkCase(sizeGeneric, makeArguments(sizes, Values::whole), {}, context(sizes, "run-time sizes"));
      if (!runtime::is_floating(dtype_)) continue;
      checkCase(sizeGeneric, makeArguments(sizes, Values::ordinary), toleranceFor(sizes),
                context(sizes, "ordinary values"));
      checkCase(sizeGeneric, makeArguments(sizes, Values::infinite), toleranceFor(sizes),
                context(sizes, "infinite values"));
    }
    for (const Sizes& sizes : llvm::ArrayRef(row_.sizes).take_front(3)) {
      const Subject specialised(text(&sizes));
      const std::vector<Array> whole = makeArguments(sizes, Values::whole),
                               ordinary = makeArguments(sizes, Values::ordinary);
      checkSame(specialised.run(whole), sizeGeneric.run(whole), {},
                context(sizes, "static sizes, expected run-time sizes"));
      checkSame(specialised.run(ordinary), sizeGeneric.run(ordinary), toleranceFor(sizes),
                context(sizes, "static sizes, expected run-time sizes, ordinary values"));
      checkSame(sizeGeneric.run(whole, Guard::start), specialised.run(whole), {},
                context(sizes, "starts at guard pages"));
    }
  }

  void checkLayouts() const {
    for (Layout layout : {Layout::gaps, Layout::spread, Layout::repeated})
      for (size_t which : {0, 1}) {
        const Subject subject(text(nullptr, which == 0 ? layout : Layout::dense, which == 1 ? layout : Layout::dense));
        for (const Sizes& sizes : row_.sizes) {
          std::vector<Array> arguments = makeArguments(sizes, Values::whole);
          if (layout == Layout::repeated) arguments[which] = repeatRows(arguments[which]);
          checkCase(subject, arguments, {}, context(sizes, "operand " + std::to_string(which) + " " + nameOf(layout)));
        }
      }
  }

  /// Between pointwise ops, as one kernel and as a kernel for each op; any number of threads.
  void checkFusion() const {
    const Subject fused(companyText()), unfused(companyText(), Fusion::unfused);
    const int before = runtime::num_threads();
    for (const Sizes& sizes : row_.sizes) {
      const std::vector<Array> arguments = makeArguments(sizes, Values::whole);
      const std::vector<Array> expected = unfused.run(arguments);
      checkSame(fused.run(arguments), expected, {}, context(sizes, "fused, expected unfused"));
      const std::vector<Array> ordinary = makeArguments(sizes, Values::ordinary);
      runtime::set_num_threads(1);
      const std::vector<Array> one = fused.run(ordinary);
      for (int threads : {2, 4}) {
        runtime::set_num_threads(threads);
        checkSame(fused.run(ordinary), one, {}, context(sizes, std::to_string(threads) + " threads, expected 1"));
      }
      runtime::set_num_threads(before);
    }
  }

private:
  bool isBatch(char axis) const { return has(lhs_, axis) && has(rhs_, axis) && has(result_, axis); }
  bool isContracted(char axis) const { return has(lhs_, axis) && has(rhs_, axis) && !has(result_, axis); }
  static bool has(const std::string& axes, char axis) { return axes.find(axis) != std::string::npos; }

  std::string context(const Sizes& sizes, const std::string& what) const {
    std::string text = row_.axes + " " + std::string(runtime::name(dtype_)) + " ";
    for (auto [axis, size] : sizes) text += axis + std::to_string(size) + " ";
    return text + what;
  }

  Tolerance toleranceFor(const Sizes& sizes) const {
    double depth = 1;
    for (char axis : lhs_)
      if (isContracted(axis)) depth *= double(sizes.at(axis));
    return {.absolute = 16 * (dtype_ == DType::f32 ? 0x1p-24 : 0x1p-53) * 16 * (depth + 1)};
  }

  static Index shapeOf(const std::string& axes, const Sizes* sizes) {
    Index shape;
    for (char axis : axes) shape.push_back(sizes ? sizes->at(axis) : kRunTime);
    return shape;
  }

  std::vector<Array> makeArguments(const Sizes& sizes, Values values) const {
    return {makeArray(dtype_, shapeOf(lhs_, &sizes), values, 0), makeArray(dtype_, shapeOf(rhs_, &sizes), values, 1)};
  }

  /// The places of some axes in an operand, in the order that the axes have in `order`.
  template <class Predicate>
  static std::string places(const std::string& operand, const std::string& order, Predicate wanted) {
    Index found;
    for (char axis : order)
      if (wanted(axis)) found.push_back(int64_t(operand.find(axis)));
    return reference::toString(found);
  }

  std::string opText(const std::string& lhs, const std::string& rhs, const Sizes* sizes) const {
    const auto batch = [this](char axis) { return isBatch(axis); };
    const auto contracted = [this](char axis) { return isContracted(axis); };
    return "  %r = ogee.dot %" + lhs + ", %" + rhs + " batch " + places(lhs_, result_, batch) + " x " +
           places(rhs_, result_, batch) + " contract " + places(lhs_, lhs_, contracted) + " x " +
           places(rhs_, lhs_, contracted) + " : " + typeText(dtype_, shapeOf(lhs_, sizes)) + ", " +
           typeText(dtype_, shapeOf(rhs_, sizes)) + " -> " + typeText(dtype_, shapeOf(result_, sizes)) + "\n";
  }

  static std::vector<std::string> namesOf(const std::string& axes) {
    std::vector<std::string> names;
    for (char axis : axes) names.push_back(std::string(1, axis));
    return names;
  }

  std::string text(const Sizes* sizes, Layout lhs = Layout::dense, Layout rhs = Layout::dense) const {
    return functionText(
        {{dtype_, shapeOf(lhs_, sizes), namesOf(lhs_), lhs}, {dtype_, shapeOf(rhs_, sizes), namesOf(rhs_), rhs}},
        opText("0", "1", sizes), "%r", typeText(dtype_, shapeOf(result_, sizes)));
  }

  std::string companyText() const {
    const std::string before = typeText(dtype_, shapeOf(lhs_, nullptr)),
                      after = typeText(dtype_, shapeOf(result_, nullptr));
    return functionText(
        {{dtype_, shapeOf(lhs_, nullptr), namesOf(lhs_)}, {dtype_, shapeOf(rhs_, nullptr), namesOf(rhs_)}},
        "  %before = ogee.neg %0 : " + before + "\n" + opText("before", "1", nullptr) +
            "  %square = ogee.mul %r, %r : " + after + "\n  %after = ogee.sub %square, %r : " + after + "\n",
        "%after", after);
  }

  const Row& row_;
  const DType dtype_;
  std::string lhs_, rhs_, result_; ///< their axes
};

} // namespace

TEST_CASE("contractions", "[ops]") {
  for (const Row& row : kRows)
    for (DType dtype : kNumbers)
      if (const std::string name = row.axes + " " + std::string(runtime::name(dtype)); inShard(name))
        DYNAMIC_SECTION(name) {
          const Case test(row, dtype);
          test.checkSizes();
          if (dtype == DType::f32 || row.axes == "mk,kn->mn") test.checkLayouts(); // the same code for all dtypes
          test.checkFusion();
        }
}

} // namespace ogee::tests
