// Parameters and index arithmetic.
#include "codegen/cuda/kernel.h"

#include "codegen/cuda/spell.h"

#include <cmath>
#include <optional>

namespace ogee::codegen::cuda {

namespace {

std::optional<int64_t> numberOf(const Index& index) {
  int64_t number = 0;
  if (llvm::StringRef(index).getAsInteger(10, number)) return std::nullopt;
  return number;
}

/// The largest magnitude that a Dim can have.
double magnitudeOf(const Dim& dim) {
  const runtime::DimRange range = dim.range();
  return std::max(std::abs(double(range.lo)), std::abs(double(range.hi)));
}

} // namespace

llvm::StringRef Kernel::indexType(const Nest& nest) {
  constexpr double kBound = 1 << 30; // counters run past the end by a grid of threads
  double largest = 1;
  for (const Dim& extent : nest.extents) largest *= std::max(1.0, magnitudeOf(extent));
  const auto cover = [&](const Affine& at, llvm::ArrayRef<Dim> extents) {
    double span = magnitudeOf(at.offset);
    for (const Start& start : at.starts) span += magnitudeOf(start.most) * magnitudeOf(start.stride);
    for (auto [extent, stride] : llvm::zip_equal(extents, at.strides))
      span += magnitudeOf(extent) * magnitudeOf(stride);
    largest = std::max(largest, span);
  };
  for (const Node& node : nest.nodes) {
    if (node.kind == Node::Kind::load) cover(node.access.at, nest.extents);
    for (const Affine& coordinate : node.coordinates) cover(coordinate, nest.extents);
  }
  for (const Store& store : nest.stores) cover(store.access.at, nest.extents);
  if (const auto& c = nest.contraction) {
    llvm::SmallVector<Dim> sides[2];
    for (auto& side : sides) side.assign(nest.extents.begin(), nest.extents.end() - 2);
    sides[0].append({nest.extents[nest.rank() - 2], c->k});
    sides[1].append({nest.extents[nest.rank() - 1], c->k});
    cover(c->lhs.at, sides[0]);
    cover(c->rhs.at, sides[1]);
  }
  return largest < kBound ? "i32" : "i64";
}

std::string Kernel::take() {
  std::string result = functions.take();
  result += "extern \"C\" __global__ void __launch_bounds__(" + std::to_string(kThreads) + ") " + name + "(";
  llvm::ListSeparator comma;
  std::string byValue;
  for (auto [number, buffer] : llvm::enumerate(nest.buffers)) {
    if (buffer.byValue) {
      const std::string type = "const " + storageName(buffer.element), suffix = std::to_string(number);
      result += llvm::StringRef(comma).str() + type + " h" + suffix + ", " + type + "* q" + suffix;
      byValue += "  " + type + " e" + suffix + " = q" + suffix + " ? *q" + suffix + " : h" + suffix + ";\n";
      byValue += "  " + type + "* " + bufferName(number) + " = &e" + suffix + ";\n";
      continue;
    }
    bool written = llvm::is_contained(nest.partials, number) && nest.chunks == Chunks::partials;
    for (const Store& store : nest.stores) written = written || store.access.buffer == number;
    result += llvm::StringRef(comma).str() + (written ? "" : "const ") + storageName(buffer.element) + "* " +
              bufferName(number);
  }
  const size_t sizes = runtimeSizes(nest).size();
  for (size_t size = 0; size < sizes; ++size) result += llvm::StringRef(comma).str() + "i64 n" + std::to_string(size);
  result += ") {\n" + byValue;
  if (index_ == "i64")
    for (size_t size = 0; size < sizes; ++size)
      result += "  const i64 s" + std::to_string(size) + " = n" + std::to_string(size) + ";\n";
  else
    for (size_t size = 0; size < sizes; ++size)
      result += "  const i32 s" + std::to_string(size) + " = (i32)n" + std::to_string(size) + ";\n";
  return result + starts_.take() + text.take() + "}\n";
}

Index Kernel::index(const Dim& dim) const {
  if (dim.is_number()) return std::to_string(dim.number());
  const std::vector<Dim> sizes = runtimeSizes(nest);
  const auto found = llvm::find_if(sizes, [&](const Dim& size) { return same(size, dim); });
  return "s" + std::to_string(found - sizes.begin());
}

Index Kernel::add(const Index& x, const Index& y) const {
  const auto a = numberOf(x), b = numberOf(y);
  if (a && b) return std::to_string(*a + *b);
  if (a == 0) return y;
  return b == 0 ? x : "(" + x + " + " + y + ")";
}

Index Kernel::mul(const Index& x, const Index& y) const {
  const auto a = numberOf(x), b = numberOf(y);
  if (a && b) return std::to_string(*a * *b);
  if (a == 0 || b == 0) return "0";
  if (a == 1) return y;
  return b == 1 ? x : "(" + x + " * " + y + ")";
}

Index Kernel::div(const Index& x, const Index& y) const {
  const auto a = numberOf(x), b = numberOf(y);
  if (a && b && *b != 0) return std::to_string(*a / *b);
  return b == 1 ? x : "(" + x + " / " + y + ")";
}

Index Kernel::rem(const Index& x, const Index& y) const {
  const auto a = numberOf(x), b = numberOf(y);
  if (a && b && *b != 0) return std::to_string(*a % *b);
  return b == 1 ? "0" : "(" + x + " % " + y + ")";
}

Index Kernel::ceilDiv(const Index& x, int64_t y) const { return div(add(x, std::to_string(y - 1)), std::to_string(y)); }

Index Kernel::min(const Index& x, const Index& y) const {
  const auto a = numberOf(x), b = numberOf(y);
  if (a && b) return std::to_string(std::min(*a, *b));
  const auto cast = [&](const Index& z) { return numberOf(z) ? "(" + index_.str() + ")" + z : z; };
  return "lesser(" + cast(x) + ", " + cast(y) + ")";
}

Index Kernel::named(const Index& value) {
  if (llvm::all_of(value, [](char c) { return llvm::isAlnum(c); })) return value;
  return text.define(index_, value, 'p');
}

/// Read once, before the body, which takes the place of what it is added to.
Index Kernel::startValue(const Start& start) {
  for (auto& [known, name] : startNames_)
    if (known.buffer == start.buffer && same(known.at, start.at) && same(known.most, start.most)) return name;
  const Index name = "a" + std::to_string(startNames_.size());
  starts_.line("const " + index_ + " " + name + " = (" + index_ + ")start_in(" + bufferName(start.buffer) + "[" +
               index(start.at) + "], " + index(start.most) + ");");
  startNames_.emplace_back(start, name);
  return name;
}

Index Kernel::evaluate(const Affine& at, llvm::ArrayRef<Index> point) {
  Index sum = index(at.offset);
  for (const Start& start : at.starts) sum = add(sum, mul(startValue(start), index(start.stride)));
  for (auto [stride, i] : llvm::zip_equal(at.strides, point)) sum = add(sum, mul(i, index(stride)));
  return sum;
}

Point Kernel::delinearize(Index linear, llvm::ArrayRef<Index> extents) {
  Point point(extents.size());
  for (size_t dim = extents.size(); dim-- > 1;) {
    point[dim] = named(rem(linear, extents[dim]));
    linear = named(div(linear, extents[dim]));
  }
  if (!extents.empty()) point[0] = linear;
  return point;
}

Index Kernel::productOf(llvm::ArrayRef<Index> extents) const {
  Index product = "1";
  for (const Index& extent : extents) product = mul(product, extent);
  return product;
}

Index Kernel::openLoop(const Index& from, const Index& to, const Index& step) {
  const Index i = text.fresh('p');
  text.open("for (" + index_ + " " + i + " = " + from + "; " + i + " < " + to + "; " + i + " += " + step + ")");
  return i;
}

} // namespace ogee::codegen::cuda
