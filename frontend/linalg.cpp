// Matrix products: all ranks come down to one contraction of matrices, or of stacks of them.
#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/kernel.h"
#include "frontend/placement.h"
#include "frontend/rule.h"
#include "frontend/tensor.h"
#include "frontend/trace.h"
#include "frontend/views.h"
#include "ir/shapes.h"

#include <algorithm>
#include <numeric>

namespace ogee {

using namespace detail;

namespace {

/// The axes of a contraction by their meaning.
struct DotAxes {
  std::vector<int64_t> lhs_batch, rhs_batch, lhs_contract, rhs_contract;
};

Tensor record_dot(const char* op, const Tensor& a, const Tensor& b, const DotAxes& axes, Loc loc) {
  Trace& trace = *Trace::current();
  const Shape shape = unwrap(ir::dotShape(op, a.shape(loc), b.shape(loc),
                                          {axes.lhs_batch, axes.rhs_batch, axes.lhs_contract, axes.rhs_contract}),
                             loc);
  return trace.record({"dot",
                       {trace.read(a, op, loc), trace.read(b, op, loc)},
                       a.dtype(loc),
                       shape,
                       {{"lhsBatch", axes.lhs_batch},
                        {"rhsBatch", axes.rhs_batch},
                        {"lhsContract", axes.lhs_contract},
                        {"rhsContract", axes.rhs_contract}},
                       {},
                       loc});
}

/// Every axis of one list.
std::vector<int64_t> first_axes(size_t count) {
  std::vector<int64_t> axes(count);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

void check_types(const char* op, const Tensor& a, const Tensor& b, Loc loc) {
  if (a.dtype(loc) != b.dtype(loc))
    fail(loc, op, ": dtypes differ: ", runtime::name(a.dtype(loc)), " x ", runtime::name(b.dtype(loc)),
         "; hint: to(dtype)");
  if (a.dtype(loc) == boolean) fail(loc, op, ": not defined for bool; hint: to(f32)");
}

void check_inner(const char* op, const Tensor& a, const Tensor& b, Loc loc) {
  const Shape left = a.shape(loc), right = b.shape(loc);
  if (left.empty() || right.empty()) fail(loc, op, ": needs at least one axis: ", left, " x ", right);
  const Dim k = left.back(), other = right[right.size() < 2 ? 0 : right.size() - 2];
  if (try_equal(k, other) == std::optional(false)) fail(loc, op, ": inner sizes differ: ", left, " x ", right);
}

// ---- eagerly: [b, m, k] x [b, k, n], without b for single matrices
// -------------------------------------------------------

/// An operand as a kernel takes it: its inner stride is 1, `transposed` where the last two axes had to be swapped.
struct Matrix {
  Tensor tensor;
  bool transposed = false;
};

Matrix as_matrix(const Tensor& x, const char* op, Loc loc) {
  const TensorImpl& impl = *x.impl();
  const size_t last = impl.sizes.size() - 1;
  const auto single_step = [&](size_t axis) { return impl.strides[axis] == 1 || impl.sizes[axis] == 1; };
  if (impl.strides[last] == 1) return {x};
  if (single_step(last - 1) && impl.strides[last - 1] == 1) {
    std::vector<int64_t> perm = first_axes(impl.sizes.size());
    std::swap(perm[last], perm[last - 1]);
    return {view_transpose(x, perm, op, loc), true};
  }
  return {copy_dense(x, op, loc)};
}

/// How many rows and columns the result has decides about the code, so it is part of the key. Up to so many a product
/// reads its right operand in place (codegen's kFewRows).
constexpr int64_t kFewRows = 18;
enum class Extent : uint32_t { one, few, many };

Extent extent(int64_t size) { return size == 1 ? Extent::one : size <= kFewRows ? Extent::few : Extent::many; }

Dim extent_dim(const char* name, Extent extent) {
  switch (extent) {
  case Extent::one: return 1;
  case Extent::few: return Dim::symbol(name, 2, kFewRows);
  case Extent::many: break;
  }
  return Dim::symbol(name, kFewRows + 1);
}

constexpr char kDot = 0; // its address stands for the operation in keys

struct Product {
  Matrix a, b;
  bool batched;
  Extent m, n;
};

std::vector<Tensor> record_product(const Product& product, Loc loc) {
  const Dim m = extent_dim("m", product.m), n = extent_dim("n", product.n), k = Dim::symbol("k", 1);
  auto argument = [&](size_t index, const Matrix& matrix, const Dim& rows, const Dim& columns) {
    Shape dims;
    if (product.batched) dims.push_back(Dim::symbol("b", 1));
    dims.push_back(matrix.transposed ? columns : rows);
    dims.push_back(matrix.transposed ? rows : columns);
    check_computes(matrix.tensor.dtype(loc), "matmul", "an operand", loc);
    return kernel_argument(index, matrix.tensor.dtype(loc), dims, StrideClass::one, matrix.tensor.impl()->dense, loc);
  };
  const Tensor a = argument(0, product.a, m, k), b = argument(1, product.b, k, n);
  const int64_t first = product.batched;
  const std::vector<int64_t> batch = first_axes(static_cast<size_t>(first));
  return {
      record_dot("matmul", a, b, {batch, batch, {first + !product.a.transposed}, {first + product.b.transposed}}, loc)};
}

/// Both operands have rank 2, or rank 3 with equal first sizes.
Tensor multiply(const Tensor& a, const Tensor& b, const char* op, Loc loc) {
  const SizeList sa = a.impl()->sizes, sb = b.impl()->sizes;
  const bool batched = sa.size() == 3;
  SizeList sizes = sa;
  sizes.back() = sb.back();
  const Device device = a.impl()->device();
  Tensor result = make_dense(sizes, a.impl()->dtype, device, op, loc);
  if (std::ranges::find(sizes, 0) != sizes.end()) return result;
  if (sa.back() == 0) return fill(result, 0, op, loc), result;

  const Product product{as_matrix(a, op, loc), as_matrix(b, op, loc), batched, extent(sa[sa.size() - 2]),
                        extent(sb.back())};
  const auto dtype = static_cast<uint8_t>(a.impl()->dtype);
  KernelKey key{&kDot, device_word(device), 0, static_cast<uint8_t>(sa.size()), 2, dtype, dtype};
  auto describe = [&](const Matrix& x) {
    return static_cast<uint8_t>(dtype + 16 * x.transposed + 128 * x.tensor.impl()->dense);
  };
  key.operand[0] = describe(product.a);
  key.operand[1] = describe(product.b);
  key.more = static_cast<uint32_t>(product.m) + 4 * static_cast<uint32_t>(product.n);
  const runtime::Executable& kernel = find_kernel(key, "dot", [&] { return record_product(product, loc); }, loc);
  const runtime::TensorArg args[] = {product.a.tensor.impl()->arg(), product.b.tensor.impl()->arg()};
  void* memory = result.impl()->data();
  run_kernel(kernel, args, {&memory, 1}, loc);
  return result;
}

Tensor eager_matmul(const Tensor& a, const Tensor& b, const char* op, Loc loc) {
  const Shape left = checked_data(a, op, loc).rank() > 1 ? a.shape() : Shape{1, a.size(0)};
  const Shape right = checked_data(b, op, loc).rank() > 1 ? b.shape() : Shape{b.size(0), 1};
  const Tensor x = reshape_to(a, left, op, loc), y = reshape_to(b, right, op, loc);
  const Dim m = left[left.size() - 2], k = left.back(), n = right.back();
  const Shape left_batch(std::span<const Dim>(left).first(left.size() - 2));
  const Shape right_batch(std::span<const Dim>(right).first(right.size() - 2));
  const Shape batch = unwrap(ir::broadcastTogether(op, left_batch, right_batch), loc);
  Tensor product;
  if (right_batch.empty()) { // rows of all matrices are rows of one
    product = multiply(reshape_to(x, {left_batch.numel() * m, k}, op, loc), y, op, loc);
  } else {
    auto stacked = [&](const Tensor& t, const Dim& rows, const Dim& columns) {
      Shape wide = batch;
      wide.push_back(rows);
      wide.push_back(columns);
      return reshape_to(expand_to(t, wide, op, loc), {batch.numel(), rows, columns}, op, loc);
    };
    product = multiply(stacked(x, m, k), stacked(y, k, n), op, loc);
  }
  Shape shape = batch;
  if (a.impl()->rank() > 1) shape.push_back(m);
  if (b.impl()->rank() > 1) shape.push_back(n);
  return *view_reshape(product, shape, op, loc);
}

// ---- in a trace
// ----------------------------------------------------------------------------------------------------------

Tensor traced_matmul(const Tensor& a, const Tensor& b, const char* op, Loc loc) {
  const Shape left = a.shape(loc), right = b.shape(loc);
  const auto inner = static_cast<int64_t>(left.size()) - 1;
  if (right.size() <= 2) return record_dot(op, a, b, {{}, {}, {inner}, {0}}, loc);
  if (left.size() == 1) { // the free axis of b comes after its batch axes
    const Tensor row = reshape_to(a, {1, left[0]}, op, loc);
    Shape shape = right;
    shape.erase(right.size() - 2);
    return reshape_to(traced_matmul(row, b, op, loc), shape, op, loc);
  }
  const size_t left_batch = left.size() - 2, right_batch = right.size() - 2;
  Shape wide = unwrap(ir::broadcastTogether(op, std::span<const Dim>(left).first(left_batch),
                                            std::span<const Dim>(right).first(right_batch)),
                      loc);
  auto stacked = [&](const Tensor& t, const Shape& shape) {
    Shape target = wide;
    target.push_back(shape[shape.size() - 2]);
    target.push_back(shape.back());
    return expand_to(t, target, op, loc);
  };
  const auto batch = static_cast<int64_t>(wide.size());
  const std::vector<int64_t> axes = first_axes(wide.size());
  return record_dot(op, stacked(a, left), stacked(b, right), {axes, axes, {batch + 1}, {batch}}, loc);
}

/// Two matrices, or equally many, that fit, outside of a trace: nothing to check or arrange.
bool is_plain(const TensorImpl& a, const TensorImpl& b) {
  if (Trace::current() || !a.storage || !b.storage || a.dtype != b.dtype || a.dtype == boolean) return false;
  const SizeList &left = a.sizes, &right = b.sizes;
  if (left.size() == 2 && right.size() == 2) return left[1] == right[0];
  return left.size() == 3 && right.size() == 3 && left[0] == right[0] && left[2] == right[1];
}

/// A dense stack of matrices with one matrix: its rows are those of one tall matrix.
bool is_tall(const TensorImpl& a, const TensorImpl& b) {
  return !Trace::current() && a.storage && b.storage && a.dtype == b.dtype && a.dtype != boolean && a.dense &&
         a.sizes.size() > 2 && b.sizes.size() == 2 && a.sizes.back() == b.sizes[0] && a.sizes.back() > 0;
}

Tensor multiply_tall(const TensorImpl& a, const Tensor& b, const char* op, Loc loc) {
  SizeList sizes = a.sizes;
  const int64_t k = sizes.back(), n = b.impl()->sizes[1];
  int64_t rows = 1;
  for (size_t axis = 0; axis + 1 < sizes.size(); ++axis) rows *= sizes[axis];
  sizes.back() = n;
  const int64_t tall[] = {rows, k}, steps[] = {k, 1};
  const Tensor product = multiply(make_view(a, a.offset, tall, steps), b, op, loc);
  Tensor result = make_view(*product.impl(), 0, sizes, runtime::row_major_strides(sizes));
  result.impl()->made_at = loc;
  return result;
}

// ---- eagerly: the tape
// ---------------------------------------------------------------------------------------------------

/// How a size enters a key: what code is made for its axis.
uint64_t size_class(int64_t size) { return size == 0 ? 3 : static_cast<uint64_t>(extent(size)); }

Dim class_dim(const std::string& name, uint64_t size_class) {
  return size_class == 3 ? Dim::symbol(name, 0) : extent_dim(name.c_str(), static_cast<Extent>(size_class));
}

/// The shapes of two operands in the graph of a rule. Batch axes are counted from the innermost one.
class ProductShapes {
public:
  ProductShapes(const SizeList& a, const SizeList& b) : a_(a), b_(b) {}

  /// Two bits per axis of both operands: none of them is known otherwise.
  void add_to(RuleKey& key) const {
    for (const SizeList* sizes : {&a_, &b_}) {
      uint64_t word = sizes->size();
      for (int64_t size : *sizes) word = word << 2 | size_class(size);
      key.push(word);
    }
    uint64_t repeated = 0; // of one operand only: its axis of size 1 is not the other's
    for (size_t i = 0; i < std::min(batch(a_), batch(b_)); ++i)
      repeated = repeated << 1 | (a_[batch(a_) - 1 - i] != b_[batch(b_) - 1 - i]);
    key.push(repeated);
  }
  Shape left() const {
    Shape shape = batch_shape(a_);
    if (a_.size() > 1) shape.push_back(class_dim("m", size_class(a_[a_.size() - 2])));
    shape.push_back(inner());
    return shape;
  }
  Shape right() const {
    Shape shape = batch_shape(b_);
    shape.push_back(inner());
    if (b_.size() > 1) shape.push_back(class_dim("n", size_class(b_.back())));
    return shape;
  }

private:
  static size_t batch(const SizeList& sizes) { return sizes.size() > 2 ? sizes.size() - 2 : 0; }
  Dim inner() const { return class_dim("k", size_class(a_.back())); }
  static Shape batch_shape(const SizeList& sizes) {
    Shape shape;
    for (size_t axis = 0; axis < batch(sizes); ++axis)
      shape.push_back(class_dim(runtime::concat("b", batch(sizes) - 1 - axis), size_class(sizes[axis])));
    return shape;
  }

  const SizeList &a_, &b_;
};

void record_tape(const char* op, const Tensor& a, const Tensor& b, const Tensor& result, Loc loc) {
  if (!runtime::is_floating(a.impl()->dtype)) return;
  const ProductShapes shapes(a.impl()->sizes, b.impl()->sizes);
  RuleKey key{&kDot};
  const DType dtype = a.impl()->dtype;
  key.push(static_cast<uint64_t>(dtype) | static_cast<uint64_t>(std::string_view(op) == "dot") << 8); // its name
  shapes.add_to(key);
  const RuleArgument arguments[] = {a, b};
  const auto body = [&]() -> std::vector<Tensor> {
    const Tensor x = rule_argument(0, dtype, shapes.left(), is_transposed(*a.impl()));
    const Tensor y = rule_argument(1, dtype, shapes.right(), is_transposed(*b.impl()));
    return {traced_matmul(x, y, op, Loc())};
  };
  record_rule(key, op, arguments, {&result, 1}, std::cref(body), loc);
}

Tensor compute(const Tensor& a, const Tensor& b, const char* op, Loc loc) {
  checked(a, op, loc), checked(b, op, loc);
  common_device(op, a, "x", b, "other", loc);
  if (is_plain(*a.impl(), *b.impl())) return multiply(a, b, op, loc);
  if (is_tall(*a.impl(), *b.impl())) return multiply_tall(*a.impl(), b, op, loc);
  check_types(op, a, b, loc);
  check_inner(op, a, b, loc);
  return Trace::current() ? traced_matmul(a, b, op, loc) : eager_matmul(a, b, op, loc);
}

Tensor contract(const Tensor& a, const Tensor& b, const char* op, Loc loc) {
  const bool taped = is_recording() && (has_gradient(a) || has_gradient(b));
  const RecordingScope scope(is_grad_enabled() && Trace::current()); // what it is made of is not recorded
  Tensor result = compute(a, b, op, loc);
  if (taped) record_tape(op, a, b, result, loc);
  return result;
}

} // namespace

Tensor matmul(const Tensor& x, const Tensor& other, Loc loc) { return contract(x, other, "matmul", loc); }

Tensor dot(const Tensor& x, const Tensor& other, Loc loc) {
  if (x.dim(loc) != 1 || other.dim(loc) != 1)
    fail(loc, "dot: needs two vectors: ", x.shape(loc), " x ", other.shape(loc), "; hint: matmul()");
  return contract(x, other, "dot", loc);
}

} // namespace ogee
