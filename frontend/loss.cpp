// Losses, composed of other functions; cross_entropy eagerly as one graph with a key and one node of the tape.
#include "codegen/chunks.h"
#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/kernel.h"
#include "frontend/operators.h"
#include "frontend/placement.h"
#include "frontend/record.h"
#include "frontend/rowwise.h"
#include "frontend/rule.h"
#include "frontend/trace.h"
#include "frontend/views.h"

#include <limits>

namespace ogee {

using namespace detail;

Tensor mse_loss(const Tensor& x, const Tensor& target, Loc loc) {
  return mean(square(sub(x, target, loc), loc), {}, false, loc);
}

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr char kCrossEntropy[] = "cross_entropy"; // its address stands for the operation in keys

/// The axis of the classes.
size_t class_axis(size_t rank) { return rank == 1 ? 0 : 1; }

template <class Sizes>
Sizes without_classes(Sizes sizes) {
  sizes.erase(class_axis(sizes.size()));
  return sizes;
}

/// A size as a number in a trace.
Tensor number_of(const Dim& size, DType dtype, Loc loc) {
  return size.is_number() ? record_constant(size.number(), dtype, loc)
                          : record_convert(record_size(size, loc), dtype, loc);
}

/// In a trace: a launch of two passes over the scores, and the sum of the losses; `count` is how many there are. What
/// is the same for all classes is asked for at every one of them, so that it takes no launch of its own. The gradient
/// is written out as the one pass that is left to do.
Tensor build_cross_entropy(const Tensor& x, const Tensor& target, const Tensor& classes, const Tensor& count, Loc loc) {
  const Shape scores = x.shape(loc);
  const auto axis = static_cast<int64_t>(class_axis(scores.size()));
  const std::vector<int64_t> axes{axis};
  const auto along = [&](const Tensor& t) { return spread(t, axes, x, loc); };
  const auto number = [&](double value) { return record_constant(value, x.dtype(loc), loc); };
  const Tensor largest = record_reduction("amax", x, axes, x.dtype(loc), loc).detach(loc);
  const Tensor shifted = sub(x, along(largest), loc), e = exp(shifted, loc);
  const Tensor wanted = record_convert(along(target), i64, loc);
  const Tensor exists = logical_and(ge(wanted, 0, loc), lt(wanted, classes, loc), loc);
  // In i32, as wide as the scores: more of them fit into a vector.
  const Tensor places = record_creation("iota", {}, i32, scores, x.device(loc), loc, {{"axis", axis}});
  const Tensor is_target = eq(places, record_convert(along(target), i32, loc), loc);
  const Tensor picked = sum(where(is_target, shifted, where(exists, number(0), kNaN, loc), loc), axis, false, loc);
  const Tensor total = sum(e, axis, false, loc), losses = sub(log(total, loc), picked, loc);
  const auto gradient = [&](std::span<const Tensor> inputs) -> std::vector<Tensor> { // x, the loss, its cotangent
    const Tensor distance = sub(div(e, along(total), loc), where(is_target, number(1), 0, loc), loc);
    const Tensor share = div(expand_to(inputs[2], scores, kCrossEntropy, loc), count, loc);
    return {where(exists, mul(distance, share, loc), 0, loc)};
  };
  return Trace::current()->custom_vjp({&x, 1}, div(sum(losses, {}, false, loc), count, loc), gradient, loc);
}

/// The scores as [n, classes], or [n, classes, inner], and the target likewise without classes.
struct Scores {
  SizeList sizes, strides, target_sizes, target_strides;
  int64_t count = 1;
  // What a kernel knows of its sizes (see rowwise.cpp).
  bool few_classes = false, few_rows = false;

  explicit Scores(const SizeList& of) {
    const size_t axis = class_axis(of.size());
    int64_t n = 1, inner = 1;
    for (size_t i = 0; i < of.size(); ++i) (i < axis ? n : inner) *= i == axis ? 1 : of[i];
    const auto add = [](SizeList& to_sizes, SizeList& to_strides, int64_t size, int64_t stride) {
      to_sizes.push_back(size);
      to_strides.push_back(stride);
    };
    add(sizes, strides, n, of[axis] * inner);
    add(sizes, strides, of[axis], inner);
    add(target_sizes, target_strides, n, inner);
    if (inner != 1) {
      add(sizes, strides, inner, 1);
      add(target_sizes, target_strides, inner, 1);
    }
    count = n * inner;
    few_classes = of[axis] <= class_chunk();
    few_rows = inner == 1 && n <= codegen::kChunkElements;
  }
  int64_t class_chunk() const { return sizes.size() == 2 ? codegen::kChunkElements : codegen::kChunkRows; }

  Shape dims() const {
    Shape dims = kernel_dims(sizes.size(), 0);
    dims[1] = within_chunk(dims[1], class_chunk(), few_classes);
    if (sizes.size() == 2) dims[0] = within_chunk(dims[0], codegen::kChunkElements, few_rows);
    return dims;
  }
};

Tensor eager_cross_entropy(const Tensor& given, const Tensor& given_target, Loc loc) {
  const RecordingScope scope(false); // what it is made of is not recorded
  const auto dense = [&](const Tensor& t) { return t.impl()->dense ? t : copy_dense(t, kCrossEntropy, loc); };
  const Tensor x = dense(given), target = dense(move_to(given_target, x.device(), loc));
  const DType dtype = x.impl()->dtype, number = target.impl()->dtype;
  const Scores scores(x.impl()->sizes);
  const Device device = x.impl()->device();
  KernelKey key{kCrossEntropy,
                device_word(device),
                static_cast<uint32_t>(scores.few_classes + 2 * scores.few_rows),
                static_cast<uint8_t>(scores.sizes.size()),
                4,
                static_cast<uint8_t>(dtype),
                static_cast<uint8_t>(dtype)};
  key.operand[0] = static_cast<uint8_t>(dtype);
  key.operand[1] = static_cast<uint8_t>(number);
  const auto record = [&]() -> std::vector<Tensor> {
    const Shape dims = scores.dims();
    const Tensor a = kernel_argument(0, dtype, dims, StrideClass::one, true, loc);
    const Tensor b = kernel_argument(1, number, without_classes(dims), StrideClass::one, true, loc);
    return {build_cross_entropy(a, b, kernel_argument(2, i64, {}, StrideClass::scalar, true, loc, /*host=*/true),
                                kernel_argument(3, dtype, {}, StrideClass::scalar, true, loc, /*host=*/true), loc)};
  };
  const runtime::Executable& kernel = find_kernel(key, kCrossEntropy, record, loc);
  const auto argument = [](const Tensor& t, const SizeList& sizes, const SizeList& strides) -> runtime::TensorArg {
    return {t.impl()->data(), sizes.data(), strides.data(), static_cast<uint32_t>(sizes.size()), t.impl()->dtype};
  };
  alignas(8) std::byte classes[8], count[8];
  write_scalar(scores.sizes[1], i64, classes);
  write_scalar(scores.count, dtype, count);
  const runtime::TensorArg args[] = {argument(x, scores.sizes, scores.strides),
                                     argument(target, scores.target_sizes, scores.target_strides),
                                     {classes, nullptr, nullptr, 0, i64},
                                     {count, nullptr, nullptr, 0, dtype}};
  Tensor result = make_dense({}, dtype, device, kCrossEntropy, loc);
  void* memory = result.impl()->data();
  run_kernel(kernel, args, {&memory, 1}, loc);
  return result;
}

void record_tape(const Tensor& x, const Tensor& target, const Tensor& result, Loc loc) {
  const TensorImpl &scores = *x.impl(), &numbers = *target.impl();
  RuleKey key{kCrossEntropy};
  const Scores sizes(scores.sizes);
  key.push(static_cast<uint64_t>(scores.dtype) | static_cast<uint64_t>(numbers.dtype) << 8 | scores.sizes.size() << 16 |
           static_cast<uint64_t>(sizes.few_classes) << 32 | sizes.sizes.size() << 40);
  const RuleArgument arguments[] = {x, target, {sizes.sizes[1], i64}, {sizes.count, scores.dtype}};
  const auto body = [&]() -> std::vector<Tensor> {
    Shape dims = kernel_dims(scores.sizes.size(), 0);
    Dim& classes = dims[class_axis(dims.size())];
    classes = within_chunk(classes, sizes.class_chunk(), sizes.few_classes);
    const Tensor a = rule_argument(0, scores.dtype, dims, is_transposed(scores));
    const Tensor b = rule_argument(1, numbers.dtype, without_classes(dims), is_transposed(numbers));
    return {
        build_cross_entropy(a, b, rule_argument(2, i64, {}, false), rule_argument(3, scores.dtype, {}, false), Loc())};
  };
  record_rule(key, kCrossEntropy, arguments, {&result, 1}, std::cref(body), loc);
}

} // namespace

Tensor cross_entropy(const Tensor& x, const Tensor& target, Loc loc) {
  if (target.dtype(loc) == DType::u8 || target.dtype(loc) == DType::i8) // no gradient takes bytes
    return cross_entropy(x, target.to(i64, loc), loc);
  const Shape scores = x.shape(loc), given = target.shape(loc);
  if (!x.is_floating_point(loc))
    fail(loc, "cross_entropy: the scores are ", runtime::name(x.dtype(loc)), ", need floats");
  if (!runtime::is_integer(target.dtype(loc)))
    fail(loc, "cross_entropy: the target is ", runtime::name(target.dtype(loc)),
         ", needs the numbers of classes as i64");
  if (scores.empty()) fail(loc, "cross_entropy: the scores have no axis of classes");
  if (same(scores[class_axis(scores.size())], Dim(0)))
    fail(loc, "cross_entropy: scores of ", scores, " have no classes");
  if (try_less(scores[class_axis(scores.size())], int64_t{1} << 31) == std::optional(false))
    fail(loc, "cross_entropy: more than 2^31 - 1 classes: ", scores);
  const Shape expected = without_classes(scores);
  bool fits = given.size() == expected.size();
  for (size_t i = 0; fits && i < given.size(); ++i) fits = try_equal(given[i], expected[i]) != std::optional(false);
  if (!fits) fail(loc, "cross_entropy: scores of ", scores, " need a target of ", expected, ", not ", given);
  common_device(kCrossEntropy, x, "x", target, "target", loc);
  if (Trace* trace = Trace::current()) {
    const Tensor classes = number_of(scores[class_axis(scores.size())], i64, loc);
    return build_cross_entropy(trace->stand_in(x, kCrossEntropy, loc), trace->stand_in(target, kCrossEntropy, loc),
                               classes, number_of(expected.numel(), x.dtype(loc), loc), loc);
  }
  checked_data(x, kCrossEntropy, loc);
  checked_data(target, kCrossEntropy, loc);
  Tensor result = eager_cross_entropy(x, target, loc);
  if (records(x)) record_tape(x, target, result, loc);
  return result;
}

} // namespace ogee
