// Rows of the movement ops. To add one: a function with named sizes, and sizes to call it with.
#include "tests/ops/data.h"
#include "tests/ops/shard.h"

#include <map>

namespace ogee::tests {

namespace {

using Sizes = std::map<std::string, int64_t>;

/// A function whose sizes have names of one letter. Where they are known at run time only, each is an index argument
/// too. In the text, `#m` is the size of a dim in a type, `$m` in a list of numbers, `T` the element type.
struct Row {
  std::string name;
  std::vector<std::string> parameters; ///< dims: "#mx1x"
  std::string body;                    ///< makes %r
  std::string result;                  ///< dims of %r
  std::vector<Sizes> sizes;
};

std::vector<Sizes> twoSizes() {
  std::vector<Sizes> sizes;
  for (auto [m, n] : std::initializer_list<std::pair<int64_t, int64_t>>{
           {3, 17}, {1, 1}, {16, 64}, {65, 17}, {0, 3}, {5, 0}, {130, 65}})
    sizes.push_back({{"m", m}, {"n", n}});
  return sizes;
}

std::vector<Sizes> threeSizes() {
  std::vector<Sizes> sizes;
  for (auto [m, n, k] : std::initializer_list<std::tuple<int64_t, int64_t, int64_t>>{
           {3, 17, 5}, {1, 1, 1}, {2, 65, 16}, {16, 3, 64}, {0, 3, 2}, {2, 3, 0}})
    sizes.push_back({{"m", m}, {"n", n}, {"k", k}});
  return sizes;
}

/// `sizes`, each with a further size computed from it.
std::vector<Sizes> with(std::vector<Sizes> sizes, const std::string& name, int64_t (*value)(const Sizes&)) {
  for (Sizes& each : sizes) each[name] = value(each);
  return sizes;
}

std::vector<Row> makeRows() {
  const std::vector<Sizes> two = twoSizes(), three = threeSizes();
  std::vector<Row> rows = {
      {"reshape to one dim",
       {"#mx#nx"},
       "%r = ogee.reshape %0 [$p] : tensor<#mx#nxT> -> tensor<#pxT>",
       "#px",
       with(two, "p", [](const Sizes& s) { return s.at("m") * s.at("n"); })},
      {"reshape to two dims",
       {"#px"},
       "%r = ogee.reshape %0 [$m, $n] : tensor<#pxT> -> tensor<#mx#nxT>",
       "#mx#nx",
       with(two, "p", [](const Sizes& s) { return s.at("m") * s.at("n"); })},
      {"reshape with ones",
       {"#mx#nx"},
       "%r = ogee.reshape %0 [1, $m, 1, $n] : tensor<#mx#nxT> -> tensor<1x#mx1x#nxT>",
       "1x#mx1x#nx",
       two},
      {"reverse", {"#mx#nx"}, "%r = ogee.reverse %0 [1] : tensor<#mx#nxT>", "#mx#nx", two},
      {"reverse rows", {"#mx#nx"}, "%r = ogee.reverse %0 [0] : tensor<#mx#nxT>", "#mx#nx", two},
      {"reverse all", {"#mx#nx"}, "%r = ogee.reverse %0 [0, 1] : tensor<#mx#nxT>", "#mx#nx", two},
      {"broadcast a row",
       {"#nx"},
       "%r = ogee.broadcast %0 [1] sizes [$m, $n] : tensor<#nxT> -> tensor<#mx#nxT>",
       "#mx#nx",
       two},
      {"broadcast a column",
       {"#mx1x"},
       "%r = ogee.broadcast %0 [0, 1] sizes [$m, $n] : tensor<#mx1xT> -> tensor<#mx#nxT>",
       "#mx#nx",
       two},
      {"broadcast a scalar",
       {""},
       "%r = ogee.broadcast %0 [] sizes [$m, $n] : tensor<T> -> tensor<#mx#nxT>",
       "#mx#nx",
       two},
      {"broadcast the middle",
       {"#mx1x#kx"},
       "%r = ogee.broadcast %0 [0, 1, 3] sizes [$m, $n, 2, $k] : tensor<#mx1x#kxT> -> tensor<#mx#nx2x#kxT>",
       "#mx#nx2x#kx",
       three},
      {"slice",
       {"#mx#nx"},
       "%r = ogee.slice %0 [$o, $q] [$k, $l] [1, 1] : tensor<#mx#nxT> -> tensor<#kx#lxT>",
       "#kx#lx",
       {{{"m", 5}, {"n", 17}, {"o", 1}, {"q", 2}, {"k", 3}, {"l", 15}},
        {{"m", 65}, {"n", 64}, {"o", 0}, {"q", 0}, {"k", 65}, {"l", 64}},
        {{"m", 65}, {"n", 64}, {"o", 65}, {"q", 63}, {"k", 0}, {"l", 1}},
        {{"m", 0}, {"n", 4}, {"o", 0}, {"q", 4}, {"k", 0}, {"l", 0}}}},
      {"slice with steps",
       {"#mx#nx"},
       "%r = ogee.slice %0 [$o, 1] [$k, $l] [$s, 3] : tensor<#mx#nxT> -> tensor<#kx#lxT>",
       "#kx#lx",
       {{{"m", 5}, {"n", 17}, {"o", 1}, {"k", 2}, {"l", 6}, {"s", 2}},
        {{"m", 130}, {"n", 65}, {"o", 0}, {"k", 65}, {"l", 3}, {"s", 2}}}},
      {"pad",
       {"#mx#nx", ""},
       "%r = ogee.pad %0, %1 low [$l, 1] high [$h, 2] interior [0, 0] : tensor<#mx#nxT>, tensor<T> -> tensor<#px#qxT>",
       "#px#qx",
       with(with({{{"m", 3}, {"n", 17}, {"l", 2}, {"h", 0}},
                  {{"m", 65}, {"n", 64}, {"l", 0}, {"h", 1}},
                  {{"m", 0}, {"n", 4}, {"l", 1}, {"h", 1}},
                  {{"m", 9}, {"n", 1}, {"l", -2}, {"h", -3}}},
                 "p", [](const Sizes& s) { return s.at("m") + s.at("l") + s.at("h"); }),
            "q", [](const Sizes& s) { return s.at("n") + 3; })},
      {"pad between",
       {"#mx#nx", ""},
       "%r = ogee.pad %0, %1 low [1, $l] high [0, -1] interior [2, 1] : tensor<#mx#nxT>, tensor<T> -> tensor<#px#qxT>",
       "#px#qx",
       with(with({{{"m", 3}, {"n", 17}, {"l", 2}}, {{"m", 1}, {"n", 64}, {"l", 0}}, {{"m", 5}, {"n", 3}, {"l", -1}}},
                 "p", [](const Sizes& s) { return 3 * s.at("m") - 1; }),
            "q", [](const Sizes& s) { return 2 * s.at("n") - 2 + s.at("l"); })},
      {"concatenate columns",
       {"#mx#nx", "#mx#kx"},
       "%r = ogee.concatenate %0, %1 [1] : tensor<#mx#nxT>, tensor<#mx#kxT> -> tensor<#mx#pxT>",
       "#mx#px",
       with(three, "p", [](const Sizes& s) { return s.at("n") + s.at("k"); })},
      {"concatenate rows",
       {"#mx#nx", "#kx#nx", "2x#nx"},
       "%r = ogee.concatenate %0, %1, %2 [0] : tensor<#mx#nxT>, tensor<#kx#nxT>, tensor<2x#nxT> -> tensor<#px#nxT>",
       "#px#nx",
       with(three, "p", [](const Sizes& s) { return s.at("m") + s.at("k") + 2; })},
      {"concatenate one",
       {"#mx"},
       "%r = ogee.concatenate %0 [0] : tensor<#mxT> -> tensor<#mxT>",
       "#mx",
       {{{"m", 3}}, {{"m", 65}}}},
  };
  // Every order of up to three dims, and some of more.
  for (auto [perm, from, to] : std::initializer_list<std::tuple<const char*, const char*, const char*>>{
           {"1, 0", "#mx#nx", "#nx#mx"},
           {"0, 2, 1", "#mx#nx#kx", "#mx#kx#nx"},
           {"1, 0, 2", "#mx#nx#kx", "#nx#mx#kx"},
           {"1, 2, 0", "#mx#nx#kx", "#nx#kx#mx"},
           {"2, 0, 1", "#mx#nx#kx", "#kx#mx#nx"},
           {"2, 1, 0", "#mx#nx#kx", "#kx#nx#mx"},
           {"0, 2, 1, 3", "2x#mx#nx#kx", "2x#nx#mx#kx"},
           {"4, 2, 0, 3, 1", "2x#mx1x#nx#kx", "#kx1x2x#nx#mx"}}) {
    const bool isMatrix = std::string(perm).size() == 4;
    rows.push_back({"transpose [" + std::string(perm) + "]",
                    {from},
                    "%r = ogee.transpose %0 [" + std::string(perm) + "] : tensor<" + from + "T> -> tensor<" + to + "T>",
                    to,
                    isMatrix ? two : three});
  }
  return rows;
}

/// One row at one dtype.
class Case {
public:
  Case(const Row& row, DType dtype) : row_(row), dtype_(dtype) {}

  /// Run-time sizes over all sizes, alone and between pointwise ops; static ones for the first.
  void checkSizes() const {
    const Subject sizeGeneric(text(nullptr, false)), fused(text(nullptr, true)),
        unfused(text(nullptr, true), Fusion::unfused);
    sizeGeneric.checkRoundTrip();
    for (const Sizes& sizes : row_.sizes) {
      const std::vector<Array> arguments = makeArguments(sizes, true);
      checkCase(sizeGeneric, arguments, {}, context(sizes, "run-time sizes"));
      checkSame(sizeGeneric.run(arguments, Guard::start), sizeGeneric.expected(arguments), {},
                context(sizes, "starts at guard pages"));
      checkCase(fused, arguments, {}, context(sizes, "fused"));
      checkCase(unfused, arguments, {}, context(sizes, "unfused"));
    }
    for (bool inCompany : {false, true}) {
      const Sizes& sizes = row_.sizes[0];
      checkCase(Subject(text(&sizes, inCompany)), makeArguments(sizes, false), {}, context(sizes, "static sizes"));
    }
  }

  void checkLayouts() const {
    for (Layout layout : {Layout::gaps, Layout::spread, Layout::repeated}) {
      const Subject subject(text(nullptr, false, layout));
      for (const Sizes& sizes : row_.sizes) {
        std::vector<Array> arguments = makeArguments(sizes, true);
        if (layout == Layout::repeated) arguments[0] = repeatRows(arguments[0]);
        checkCase(subject, arguments, {}, context(sizes, nameOf(layout)));
      }
    }
  }

private:
  std::string context(const Sizes& sizes, const std::string& what) const {
    std::string text = row_.name + " " + std::string(runtime::name(dtype_)) + " ";
    for (const auto& [name, size] : sizes) text += name + std::to_string(size) + " ";
    return text + what;
  }

  /// Replaces `#m`, `$m` and `T`; null sizes are run-time ones.
  std::string fill(const std::string& pattern, const Sizes* sizes) const {
    std::string text;
    for (size_t i = 0; i < pattern.size(); ++i) {
      const char mark = pattern[i];
      if (mark == 'T')
        text += dtype_ == DType::boolean ? "i1" : std::string(runtime::name(dtype_));
      else if (mark != '#' && mark != '$')
        text += mark;
      else if (const std::string name(1, pattern[++i]); sizes)
        text += std::to_string(sizes->at(name));
      else
        text += mark == '#' ? "?" : "%" + name;
    }
    return text;
  }

  /// The dims of "#mx1x".
  static Index shapeOf(const std::string& dims, const Sizes* sizes) {
    Index shape;
    for (size_t i = 0; i < dims.size(); i = dims.find('x', i) + 1)
      shape.push_back(dims[i] != '#' ? std::stoll(dims.substr(i))
                      : sizes        ? sizes->at(std::string(1, dims[i + 1]))
                                     : kRunTime);
    return shape;
  }

  static std::vector<std::string> namesOf(const std::string& dims) {
    std::vector<std::string> names;
    for (size_t i = 0; i < dims.size(); i = dims.find('x', i) + 1)
      names.push_back(dims[i] == '#' ? std::string(1, dims[i + 1]) : "");
    return names;
  }

  std::vector<Array> makeArguments(const Sizes& sizes, bool withSizes) const {
    std::vector<Array> arguments;
    for (const std::string& dims : row_.parameters)
      arguments.push_back(
          makeArray(dtype_, shapeOf(dims, &sizes), Values::special, arguments.size(), row_.parameters.size()));
    if (withSizes)
      for (const auto& [name, size] : sizes) arguments.push_back(indexArray(size));
    return arguments;
  }

  std::string text(const Sizes* sizes, bool inCompany, Layout layout = Layout::dense) const {
    std::string parameters, body = "  " + row_.body + "\n", result = "%r";
    for (size_t i = 0; i < row_.parameters.size(); ++i) {
      const std::string& dims = row_.parameters[i];
      const auto names = sizes ? std::vector<std::string>() : namesOf(dims);
      parameters +=
          (i ? ", " : "") + parameterText(i, {dtype_, shapeOf(dims, sizes), names, i == 0 ? layout : Layout::dense});
    }
    if (!sizes)
      for (const auto& [name, size] : row_.sizes[0])
        parameters += ", %" + name + ": index {ogee.dims = [\"" + name + "\"]}";
    const std::string type = "tensor<" + row_.result + "T>";
    if (inCompany) {
      const std::string flip = dtype_ == DType::boolean ? " = ogee.not " : " = ogee.neg ";
      body.replace(body.find("%0"), 2, "%before");
      body = "  %before" + flip + "%0 : tensor<" + row_.parameters[0] + "T>\n" + body + "  %after" + flip +
             "%r : " + type + "\n";
      result = "%after";
    }
    return "func.func @main(" + parameters + ") -> " +
           fill(type + " {\n" + body + "  return " + result + " : " + type + "\n}\n", sizes);
  }

  const Row& row_;
  const DType dtype_;
};

} // namespace

TEST_CASE("movement", "[ops]") {
  for (const Row& row : makeRows())
    for (DType dtype : kAll)
      if (const std::string name = row.name + " " + std::string(runtime::name(dtype)); inShard(name))
        DYNAMIC_SECTION(name) {
          const Case test(row, dtype);
          test.checkSizes();
          test.checkLayouts();
        }
}

} // namespace ogee::tests
