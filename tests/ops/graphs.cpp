// Random graphs of many ops and several results, with static and with run-time sizes: compiled against the interpreter.
// OGEE_TEST_GRAPHS=n tries n of each kind rather than the few that every run tries.
#include "runtime/shape.h"
#include "tests/ops/data.h"
#include "tests/ops/shard.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cstdlib>
#include <numeric>
#include <random>

namespace ogee::tests {

namespace {

constexpr int64_t kMaxElements = 8000, kMaxProducts = 1'000'000;

/// A size: a number, or a name whose value only the call knows.
struct Size {
  std::string name; ///< "": a number
  int64_t value = 1;
  std::string text() const { return name.empty() ? std::to_string(value) : "%" + name; }
  friend bool operator==(const Size& a, const Size& b) { return a.name == b.name && a.value == b.value; }
};
using Sizes = std::vector<Size>;

int64_t elements(const Sizes& sizes) {
  int64_t product = 1;
  for (const Size& size : sizes) product *= size.value;
  return product;
}

Index valuesOf(const Sizes& sizes) {
  Index values;
  for (const Size& size : sizes) values.push_back(size.value);
  return values;
}

Index dimsOf(const Sizes& sizes) {
  Index dims;
  for (const Size& size : sizes) dims.push_back(size.name.empty() ? size.value : kRunTime);
  return dims;
}

std::string typeOf(const Sizes& sizes, DType dtype = DType::f32) { return typeText(dtype, dimsOf(sizes)); }

std::string listOf(const Sizes& sizes) {
  return "[" + llvm::join(llvm::map_range(sizes, [](const Size& size) { return size.text(); }), ", ") + "]";
}

std::string listOf(const std::vector<int64_t>& numbers) {
  return "[" + llvm::join(llvm::map_range(numbers, [](int64_t number) { return std::to_string(number); }), ", ") + "]";
}

struct Tensor {
  std::string name;
  Sizes sizes;
};

/// Writes a function op by op, each on values that are there.
class RandomGraph {
public:
  RandomGraph(uint64_t seed, bool runTimeSizes) : random_(seed) {
    for (int64_t size : {1, 2, 3, 4, 5, 8, 16, 17, 20, 33, 64}) numbers_.push_back({"", size});
    if (runTimeSizes)
      for (const char* name : {"A", "B", "C"}) named_.push_back({name, pick(std::vector<int64_t>{1, 2, 3, 7, 17, 64})});
    makeArguments();
    for (int ops = 3 + below(14); ops > 0; --ops) addOp();
  }

  std::string text() {
    std::vector<std::string> names{values_.back().name}, types{typeOf(values_.back().sizes)};
    for (int more = below(4); more > 0; --more) {
      const Tensor& value = pick(values_);
      names.push_back(value.name);
      types.push_back(typeOf(value.sizes));
    }
    return "func.func @main(" + llvm::join(parameters_, ", ") + ") -> (" + llvm::join(types, ", ") + ") {\n" + body_ +
           "  return " + llvm::join(names, ", ") + " : " + llvm::join(types, ", ") + "\n}\n";
  }

  const std::vector<Array>& arguments() const { return arguments_; }

private:
  int below(int64_t bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  bool chance(int percent) { return below(100) < percent; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(static_cast<int64_t>(list.size()))];
  }
  /// Some of 0 … count - 1, ascending, `least` of them at least.
  std::vector<int64_t> someOf(size_t count, size_t least) {
    std::vector<int64_t> all(count);
    std::iota(all.begin(), all.end(), 0);
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(least + below(static_cast<int64_t>(count - least) + 1));
    std::sort(all.begin(), all.end());
    return all;
  }

  // --- arguments

  void makeArguments() {
    for (int count = 1 + below(4); count > 0; --count) {
      Sizes sizes;
      for (int rank = below(5); rank > 0; --rank)
        sizes.push_back(!named_.empty() && chance(50) ? pick(named_) : chance(20) ? Size{} : pick(numbers_));
      while (elements(sizes) > kMaxElements) sizes.pop_back();
      const std::string name = "%arg" + std::to_string(parameters_.size());
      std::string attributes;
      if (llvm::any_of(sizes, [](const Size& size) { return !size.name.empty(); }))
        attributes = " {ogee.dims = [" +
                     llvm::join(llvm::map_range(sizes, [](const Size& s) { return "\"" + s.name + "\""; }), ", ") +
                     "]}";
      parameters_.push_back(name + ": " + typeOf(sizes) + attributes);
      arguments_.push_back(makeArray(DType::f32, valuesOf(sizes), Values::ordinary, arguments_.size()));
      values_.push_back({name, sizes});
    }
    for (const Size& size : named_) { // as an index, for lists of sizes
      parameters_.push_back("%" + size.name + ": index {ogee.dims = [\"" + size.name + "\"]}");
      arguments_.push_back(indexArray(size.value));
    }
  }

  // --- values

  Tensor value() {
    const size_t recent = std::min<size_t>(values_.size(), 6);
    return chance(70) ? values_[values_.size() - 1 - below(static_cast<int64_t>(recent))] : pick(values_);
  }

  template <class Fits>
  std::optional<Tensor> valueThat(const Fits& fits) {
    std::vector<Tensor> candidates;
    llvm::copy_if(values_, std::back_inserter(candidates), fits);
    if (candidates.empty()) return std::nullopt;
    return pick(candidates);
  }

  Tensor like(const Tensor& x) {
    return *valueThat([&](const Tensor& y) { return y.sizes == x.sizes; });
  }

  std::string define(const std::string& op) {
    const std::string name = "%v" + std::to_string(next_++);
    body_ += "  " + name + " = ogee." + op + "\n";
    return name;
  }

  Tensor add(const std::string& op, const Sizes& sizes) {
    values_.push_back({define(op), sizes});
    return values_.back();
  }

  // --- ops

  void addOp() {
    using Adder = void (RandomGraph::*)(const Tensor&);
    static constexpr Adder kAdders[] = {
        &RandomGraph::unary,     &RandomGraph::unary,     &RandomGraph::binary, &RandomGraph::binary,
        &RandomGraph::broadcast, &RandomGraph::reduce,    &RandomGraph::reduce, &RandomGraph::softmax,
        &RandomGraph::reshape,   &RandomGraph::transpose, &RandomGraph::slice,  &RandomGraph::pad,
        &RandomGraph::join,      &RandomGraph::reverse,   &RandomGraph::dot,    &RandomGraph::select,
        &RandomGraph::create,    &RandomGraph::argmax,    &RandomGraph::convert};
    (this->*kAdders[below(std::size(kAdders))])(value());
  }

  void unary(const Tensor& x) {
    static const std::vector<std::string> kOps = {"neg", "tanh", "abs", "logistic", "sin", "floor"};
    add(pick(kOps) + " " + x.name + " : " + typeOf(x.sizes), x.sizes);
  }

  Tensor binaryOf(const Tensor& x, const Tensor& y) {
    static const std::vector<std::string> kOps = {"add", "sub", "mul", "max", "min"};
    return add(pick(kOps) + " " + x.name + ", " + y.name + " : " + typeOf(x.sizes), x.sizes);
  }
  void binary(const Tensor& x) { binaryOf(x, like(x)); }

  Tensor broadcastTo(const Tensor& x, const std::vector<int64_t>& axes, const Sizes& sizes) {
    return add("broadcast " + x.name + " " + listOf(axes) + " sizes " + listOf(sizes) + " : " + typeOf(x.sizes) +
                   " -> " + typeOf(sizes),
               sizes);
  }

  void broadcast(const Tensor& x) {
    const auto target = valueThat([&](const Tensor& y) { return y.sizes.size() >= x.sizes.size(); });
    for (int tries = 0; tries < 10; ++tries) {
      std::vector<int64_t> axes = someOf(target->sizes.size(), x.sizes.size());
      axes.resize(x.sizes.size());
      bool fits = true;
      for (size_t i = 0; i < axes.size(); ++i)
        fits = fits && (x.sizes[i] == Size{} || x.sizes[i] == target->sizes[axes[i]]);
      if (!fits) continue;
      const Tensor wide = broadcastTo(x, axes, target->sizes);
      if (chance(80)) binaryOf(wide, *target);
      return;
    }
  }

  static Sizes without(const Sizes& sizes, const std::vector<int64_t>& axes) {
    Sizes kept;
    for (size_t axis = 0; axis < sizes.size(); ++axis)
      if (!llvm::is_contained(axes, static_cast<int64_t>(axis))) kept.push_back(sizes[axis]);
    return kept;
  }

  Tensor reduceBy(const std::string& op, const Tensor& x, const std::vector<int64_t>& axes) {
    const Sizes kept = without(x.sizes, axes);
    return add(op + " " + x.name + " " + listOf(axes) + " : " + typeOf(x.sizes) + " -> " + typeOf(kept), kept);
  }

  void reduce(const Tensor& x) {
    static const std::vector<std::string> kOps = {"sum", "amax", "amin"};
    if (!x.sizes.empty()) reduceBy(pick(kOps), x, someOf(x.sizes.size(), 1));
  }

  void softmax(const Tensor& x) {
    if (x.sizes.empty()) return;
    const std::vector<int64_t> axes = someOf(x.sizes.size(), 1);
    std::vector<int64_t> kept;
    for (size_t axis = 0; axis < x.sizes.size(); ++axis)
      if (!llvm::is_contained(axes, static_cast<int64_t>(axis))) kept.push_back(static_cast<int64_t>(axis));
    const std::string type = " : " + typeOf(x.sizes);
    const Tensor top = broadcastTo(reduceBy("amax", x, axes), kept, x.sizes);
    const Tensor shifted = add("sub " + x.name + ", " + top.name + type, x.sizes);
    const Tensor powers = add("exp " + shifted.name + type, x.sizes);
    const Tensor total = broadcastTo(reduceBy("sum", powers, axes), kept, x.sizes);
    add("div " + powers.name + ", " + total.name + type, x.sizes);
  }

  void reshape(const Tensor& x) {
    Sizes sizes = x.sizes;
    const auto one = llvm::find(sizes, Size{});
    if (one != sizes.end() && chance(50))
      sizes.erase(one);
    else if (sizes.size() > 1 && sizes[0].name.empty() && sizes[1].name.empty() && chance(60))
      sizes[1].value *= sizes[0].value, sizes.erase(sizes.begin());
    else
      sizes.insert(sizes.begin() + below(static_cast<int64_t>(sizes.size()) + 1), Size{});
    add("reshape " + x.name + " " + listOf(sizes) + " : " + typeOf(x.sizes) + " -> " + typeOf(sizes), sizes);
  }

  void transpose(const Tensor& x) {
    std::vector<int64_t> order(x.sizes.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random_);
    Sizes sizes;
    for (int64_t axis : order) sizes.push_back(x.sizes[axis]);
    add("transpose " + x.name + " " + listOf(order) + " : " + typeOf(x.sizes) + " -> " + typeOf(sizes), sizes);
  }

  void slice(const Tensor& x) {
    std::vector<int64_t> offsets, steps;
    Sizes sizes;
    for (const Size& size : x.sizes) {
      const bool whole = !size.name.empty() || size.value == 0;
      steps.push_back(whole ? 1 : 1 + below(3));
      offsets.push_back(whole ? 0 : below(size.value));
      const int64_t most = whole ? 0 : (size.value - 1 - offsets.back()) / steps.back() + 1;
      sizes.push_back(whole ? size : Size{"", chance(5) ? 0 : 1 + below(most)});
    }
    add("slice " + x.name + " " + listOf(offsets) + " " + listOf(sizes) + " " + listOf(steps) + " : " +
            typeOf(x.sizes) + " -> " + typeOf(sizes),
        sizes);
  }

  void pad(const Tensor& x) {
    std::vector<int64_t> low, high, interior;
    Sizes sizes;
    for (const Size& size : x.sizes) {
      const bool as_is = !size.name.empty();
      interior.push_back(as_is ? 0 : below(3));
      const int64_t inner = size.value + std::max<int64_t>(size.value - 1, 0) * interior.back();
      low.push_back(as_is ? 0 : below(5) - std::min<int64_t>(2, inner));
      high.push_back(as_is ? 0 : std::max<int64_t>(below(5) - 2, -(inner + low.back())));
      sizes.push_back(as_is ? size : Size{"", inner + low.back() + high.back()});
    }
    if (elements(sizes) > kMaxElements) return;
    const std::string outside = define("constant dense<0.5> : tensor<f32>");
    add("pad " + x.name + ", " + outside + " low " + listOf(low) + " high " + listOf(high) + " interior " +
            listOf(interior) + " : " + typeOf(x.sizes) + ", tensor<f32> -> " + typeOf(sizes),
        sizes);
  }

  void join(const Tensor& x) {
    if (x.sizes.empty()) return;
    const size_t axis = below(static_cast<int64_t>(x.sizes.size()));
    if (!x.sizes[axis].name.empty()) return;
    std::vector<std::string> names, types;
    Sizes sizes = x.sizes;
    sizes[axis].value = 0;
    for (int count = 1 + below(3); count > 0; --count) {
      const Tensor part = *valueThat([&](const Tensor& y) {
        if (y.sizes.size() != sizes.size() || !y.sizes[axis].name.empty()) return false;
        for (size_t i = 0; i < sizes.size(); ++i)
          if (i != axis && !(y.sizes[i] == sizes[i])) return false;
        return true;
      });
      names.push_back(part.name);
      types.push_back(typeOf(part.sizes));
      sizes[axis].value += part.sizes[axis].value;
    }
    if (elements(sizes) > kMaxElements) return;
    add("concatenate " + llvm::join(names, ", ") + " [" + std::to_string(axis) + "] : " + llvm::join(types, ", ") +
            " -> " + typeOf(sizes),
        sizes);
  }

  void reverse(const Tensor& x) {
    if (!x.sizes.empty())
      add("reverse " + x.name + " " + listOf(someOf(x.sizes.size(), 1)) + " : " + typeOf(x.sizes), x.sizes);
  }

  void dot(const Tensor& x) {
    const Tensor y = value();
    std::vector<int64_t> batch[2], contract[2];
    int64_t depth = 1;
    std::vector<bool> used(y.sizes.size());
    for (size_t i = 0; i < x.sizes.size(); ++i)
      for (size_t j = 0; j < y.sizes.size(); ++j) {
        if (used[j] || !(x.sizes[i] == y.sizes[j]) || chance(30)) continue;
        const bool isBatch = batch[0].size() < 2 && chance(40);
        (isBatch ? batch : contract)[0].push_back(static_cast<int64_t>(i));
        (isBatch ? batch : contract)[1].push_back(static_cast<int64_t>(j));
        depth *= isBatch ? 1 : x.sizes[i].value;
        used[j] = true;
        break;
      }
    if (contract[0].empty() && chance(70)) return;
    Sizes sizes;
    for (int64_t axis : batch[0]) sizes.push_back(x.sizes[axis]);
    for (const auto& [tensor, side] : {std::pair(x, 0), std::pair(y, 1)}) {
      std::vector<int64_t> taken = batch[side];
      llvm::append_range(taken, contract[side]);
      llvm::append_range(sizes, without(tensor.sizes, taken));
    }
    if (sizes.size() > 5 || elements(sizes) > kMaxElements || elements(sizes) * depth > kMaxProducts) return;
    const Tensor product = add("dot " + x.name + ", " + y.name + " batch " + listOf(batch[0]) + " x " +
                                   listOf(batch[1]) + " contract " + listOf(contract[0]) + " x " + listOf(contract[1]) +
                                   " : " + typeOf(x.sizes) + ", " + typeOf(y.sizes) + " -> " + typeOf(sizes),
                               sizes);
    if (chance(70)) add("tanh " + product.name + " : " + typeOf(sizes), sizes);
  }

  void select(const Tensor& x) {
    static const std::vector<std::string> kOrders = {"lt", "ge", "eq"};
    const std::string type = typeOf(x.sizes);
    const std::string where = define("compare " + pick(kOrders) + " " + x.name + ", " + like(x).name + " : " + type);
    add("select " + where + ", " + like(x).name + ", " + x.name + " : " + type, x.sizes);
  }

  void create(const Tensor& x) {
    if (chance(30)) {
      Sizes sizes{pick(numbers_), pick(numbers_)};
      add("constant dense<0.25> : " + typeOf(sizes), sizes);
    } else if (!x.sizes.empty()) {
      add("iota [" + std::to_string(below(static_cast<int64_t>(x.sizes.size()))) + "] sizes " + listOf(x.sizes) +
              " : " + typeOf(x.sizes),
          x.sizes);
    }
  }

  void argmax(const Tensor& x) {
    if (x.sizes.empty()) return;
    const std::vector<int64_t> axis{below(static_cast<int64_t>(x.sizes.size()))};
    if (x.sizes[axis[0]].value == 0) return;
    const Sizes kept = without(x.sizes, axis);
    const std::string type = typeOf(kept, DType::i64);
    const std::string place = define("argmax " + x.name + " " + listOf(axis) + " : " + typeOf(x.sizes) + " -> " + type);
    add("convert " + place + " : " + type + " -> " + typeOf(kept), kept);
  }

  void convert(const Tensor& x) {
    const std::string type = typeOf(x.sizes, DType::i32);
    const std::string whole = define("convert " + x.name + " : " + typeOf(x.sizes) + " -> " + type);
    add("convert " + whole + " : " + type + " -> " + typeOf(x.sizes), x.sizes);
  }

  std::mt19937_64 random_;
  Sizes numbers_, named_;
  std::vector<std::string> parameters_;
  std::vector<Array> arguments_;
  std::vector<Tensor> values_;
  std::string body_;
  int next_ = 0;
};

} // namespace

TEST_CASE("random graphs", "[ops]") {
  const char* count = std::getenv("OGEE_TEST_GRAPHS");
  const uint64_t graphs = count ? std::strtoull(count, nullptr, 10) : 60;
  for (bool runTimeSizes : {false, true})
    for (uint64_t seed = 0; seed < graphs; ++seed) {
      RandomGraph graph(seed, runTimeSizes);
      const std::string text = graph.text();
      if (!inShard(text)) continue;
      INFO("seed " << seed << "\n" << text);
      const Subject subject(text);
      checkCase(subject, graph.arguments(), {64, 2e-3},
                "seed " + std::to_string(seed) + (runTimeSizes ? ", run-time sizes" : ""));
    }
}

} // namespace ogee::tests
