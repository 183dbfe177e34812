// Regions compiled against the interpreter: choices, loops and scans, alone and in each other, over sizes that only a
// run knows; parts of tensors whose place values say.
// Covers: indexing
#include "tests/ops/data.h"
#include "tests/ops/shard.h"

namespace ogee::tests {

namespace {

struct Program {
  std::string name, text;
  std::vector<std::vector<Array>> calls;
  Tolerance tolerance = {};
};

template <class T>
Array of(Index shape, const std::vector<T>& values) {
  return Array(std::move(shape), values);
}
Array flag(bool value) { return of<bool>({}, {value}); }
Array number(int64_t value) { return of<int64_t>({}, {value}); }
Array real(float value) { return of<float>({}, {value}); }
/// 1, 2, 3 … over 8.
Array ramp(const Index& shape, float first = 1) {
  Array array(DType::f32, shape);
  for (float& value : array.as<float>()) value = first++ / 8;
  return array;
}

const std::string kChoice = R"(
func.func @main(%p: tensor<i1>, %x: tensor<?x4xf32> {ogee.dims = ["n", ""]}, %n: index {ogee.dims = ["n"]})
    -> (tensor<?x4xf32>, tensor<4xf32>, tensor<?x4xf32>) {
  %r:3 = ogee.cond %p (%x, %n : tensor<?x4xf32>, index) -> (tensor<?x4xf32>, tensor<4xf32>, tensor<?x4xf32>) then {
  ^bb0(%a: tensor<?x4xf32>, %m: index):
    %0 = ogee.mul %a, %a : tensor<?x4xf32>
    %1 = ogee.sum %0 [0] : tensor<?x4xf32> -> tensor<4xf32>
    ogee.yield %0, %1, %a : tensor<?x4xf32>, tensor<4xf32>, tensor<?x4xf32>
  } else {
  ^bb0(%a: tensor<?x4xf32>, %m: index):
    %i = ogee.iota [0] sizes [%m, 4] : tensor<?x4xf32>
    %t = ogee.transpose %i [1, 0] : tensor<?x4xf32> -> tensor<4x?xf32>
    %b = ogee.transpose %t [1, 0] : tensor<4x?xf32> -> tensor<?x4xf32>
    %c = ogee.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    ogee.yield %b, %c, %b : tensor<?x4xf32>, tensor<4xf32>, tensor<?x4xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<?x4xf32>, tensor<4xf32>, tensor<?x4xf32>
})";

/// The carried values change places, and one is read after the other has been renewed.
const std::string kFibonacci = R"(
func.func @main(%a: tensor<i64>, %b: tensor<i64>, %limit: tensor<i64>) -> (tensor<i64>, tensor<i64>, tensor<i64>) {
  %zero = ogee.constant dense<0> : tensor<i64>
  %r:3 = ogee.while (%a, %b, %zero : tensor<i64>, tensor<i64>, tensor<i64>) captures (%limit : tensor<i64>) max_trips 40
      -> (tensor<i64>, tensor<i64>, tensor<i64>) test {
  ^bb0(%x: tensor<i64>, %y: tensor<i64>, %k: tensor<i64>, %l: tensor<i64>):
    %0 = ogee.compare lt %x, %l : tensor<i64>
    ogee.yield %0 : tensor<i1>
  } do {
  ^bb0(%x: tensor<i64>, %y: tensor<i64>, %k: tensor<i64>, %l: tensor<i64>):
    %one = ogee.constant dense<1> : tensor<i64>
    %0 = ogee.add %x, %y : tensor<i64>
    %1 = ogee.add %k, %one : tensor<i64>
    ogee.yield %y, %0, %1 : tensor<i64>, tensor<i64>, tensor<i64>
  }
  return %r#0, %r#1, %r#2 : tensor<i64>, tensor<i64>, tensor<i64>
})";

/// A recurrent layer: a product, a carried value that stays as the scanned one does, the values before and after.
const std::string kRecurrent = R"(
func.func @main(%h: tensor<?x3xf32> {ogee.dims = ["b", ""]}, %xs: tensor<?x?x3xf32> {ogee.dims = ["t", "b", ""]},
                %w: tensor<3x3xf32>) -> (tensor<?x3xf32>, tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?xf32>) {
  %r:4 = ogee.scan (%h : tensor<?x3xf32>) over (%xs : tensor<?x?x3xf32>) captures (%w : tensor<3x3xf32>) MODE
      -> (tensor<?x3xf32>, tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?xf32>) {
  ^bb0(%s: tensor<?x3xf32>, %x: tensor<?x3xf32>, %v: tensor<3x3xf32>):
    %0 = ogee.dot %s, %v batch [] x [] contract [1] x [0] : tensor<?x3xf32>, tensor<3x3xf32> -> tensor<?x3xf32>
    %1 = ogee.add %0, %x : tensor<?x3xf32>
    %2 = ogee.tanh %1 : tensor<?x3xf32>
    %3 = ogee.sum %2 [0, 1] : tensor<?x3xf32> -> tensor<f32>
    ogee.yield %2, %2, %s, %3 : tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<f32>
  }
  return %r#0, %r#1, %r#2, %r#3 : tensor<?x3xf32>, tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?xf32>
})";

/// A loop in a scan in which a choice is made; a long sum in all of them.
const std::string kNested = R"(
func.func @main(%xs: tensor<?x9000xf32>, %limit: tensor<f32>) -> (tensor<f32>, tensor<?xf32>) {
  %zero = ogee.constant dense<0.0> : tensor<f32>
  %r:2 = ogee.scan (%zero : tensor<f32>) over (%xs : tensor<?x9000xf32>) captures (%limit : tensor<f32>)
      -> (tensor<f32>, tensor<?xf32>) {
  ^bb0(%s: tensor<f32>, %x: tensor<9000xf32>, %l: tensor<f32>):
    %0 = ogee.sum %x [0] : tensor<9000xf32> -> tensor<f32>
    %1:2 = ogee.while (%0, %s : tensor<f32>, tensor<f32>) captures (%l : tensor<f32>)
        -> (tensor<f32>, tensor<f32>) test {
    ^bb0(%a: tensor<f32>, %t: tensor<f32>, %m: tensor<f32>):
      %2 = ogee.compare lt %a, %m : tensor<f32>
      ogee.yield %2 : tensor<i1>
    } do {
    ^bb0(%a: tensor<f32>, %t: tensor<f32>, %m: tensor<f32>):
      %half = ogee.constant dense<0.5> : tensor<f32>
      %2 = ogee.add %a, %a : tensor<f32>
      %3 = ogee.mul %m, %half : tensor<f32>
      %4 = ogee.compare lt %a, %3 : tensor<f32>
      %5 = ogee.cond %4 (%t, %a : tensor<f32>, tensor<f32>) -> (tensor<f32>) then {
      ^bb0(%u: tensor<f32>, %v: tensor<f32>):
        %6 = ogee.add %u, %v : tensor<f32>
        ogee.yield %6 : tensor<f32>
      } else {
      ^bb0(%u: tensor<f32>, %v: tensor<f32>):
        ogee.yield %u : tensor<f32>
      }
      ogee.yield %2, %5 : tensor<f32>, tensor<f32>
    }
    %7 = ogee.add %1#0, %1#1 : tensor<f32>
    ogee.yield %7, %1#1 : tensor<f32>, tensor<f32>
  }
  return %r#0, %r#1 : tensor<f32>, tensor<?xf32>
})";

/// Parts read in a kernel, in a product, and by a copy; parts written into a result, over the operand, and over what
/// says where.
const std::string kParts = R"(
func.func @main(%x: tensor<?x6xf32> {ogee.dims = ["n", ""]}, %w: tensor<6x5xf32>, %v: tensor<8xi64>, %i: tensor<i64>,
                %j: tensor<i64>)
    -> (tensor<2x3xf32>, tensor<3x2xf32>, tensor<2x2xf32>, tensor<?x6xf32>, tensor<?x6xf32>, tensor<8xi64>) {
  %a = ogee.dynamic_slice %x [%i, %j] sizes [2, 3] : tensor<?x6xf32> -> tensor<2x3xf32>
  %e = ogee.exp %a : tensor<2x3xf32>
  %n = ogee.neg %w : tensor<6x5xf32>
  %t = ogee.transpose %a [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %b = ogee.dynamic_slice %n [%j, %i] sizes [3, 2] : tensor<6x5xf32> -> tensor<3x2xf32>
  %d = ogee.dot %a, %b batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>
  %u = ogee.dynamic_update %x, %a [%j, %i] : tensor<?x6xf32>, tensor<2x3xf32>
  %q = ogee.mul %x, %x : tensor<?x6xf32>
  %o = ogee.dynamic_slice %q [%j, %j] sizes [2, 3] : tensor<?x6xf32> -> tensor<2x3xf32>
  %s = ogee.dynamic_update %q, %o [%i, %i] : tensor<?x6xf32>, tensor<2x3xf32>
  %k = ogee.add %v, %v : tensor<8xi64>
  %f = ogee.slice %k [1] [1] [1] : tensor<8xi64> -> tensor<1xi64>
  %g = ogee.reshape %f [] : tensor<1xi64> -> tensor<i64>
  %p = ogee.slice %v [0] [3] [1] : tensor<8xi64> -> tensor<3xi64>
  %m = ogee.dynamic_update %k, %p [%g] : tensor<8xi64>, tensor<3xi64>
  return %e, %t, %d, %u, %s, %m
      : tensor<2x3xf32>, tensor<3x2xf32>, tensor<2x2xf32>, tensor<?x6xf32>, tensor<?x6xf32>, tensor<8xi64>
})";

/// A tensor that a loop fills row by row, in place.
const std::string kFill = R"(
func.func @main(%x: tensor<5x300xf32>, %v: tensor<300xf32>, %first: tensor<i64>) -> (tensor<5x300xf32>, tensor<i64>) {
  %r:3 = ogee.while (%x, %first, %v : tensor<5x300xf32>, tensor<i64>, tensor<300xf32>)
      -> (tensor<5x300xf32>, tensor<i64>, tensor<300xf32>) test {
  ^bb0(%a: tensor<5x300xf32>, %k: tensor<i64>, %b: tensor<300xf32>):
    %four = ogee.constant dense<4> : tensor<i64>
    %0 = ogee.compare lt %k, %four : tensor<i64>
    ogee.yield %0 : tensor<i1>
  } do {
  ^bb0(%a: tensor<5x300xf32>, %k: tensor<i64>, %b: tensor<300xf32>):
    %one = ogee.constant dense<1> : tensor<i64>
    %zero = ogee.constant dense<0> : tensor<i64>
    %two = ogee.constant dense<2.0> : tensor<300xf32>
    %0 = ogee.mul %b, %two : tensor<300xf32>
    %row = ogee.reshape %0 [1, 300] : tensor<300xf32> -> tensor<1x300xf32>
    %1 = ogee.dynamic_update %a, %row [%k, %zero] : tensor<5x300xf32>, tensor<1x300xf32>
    %2 = ogee.add %k, %one : tensor<i64>
    ogee.yield %1, %2, %0 : tensor<5x300xf32>, tensor<i64>, tensor<300xf32>
  }
  return %r#0, %r#1 : tensor<5x300xf32>, tensor<i64>
})";

std::string withMode(std::string text, const std::string& mode) { return text.replace(text.find("MODE"), 4, mode); }

std::vector<Program> programs() {
  std::vector<Program> all;
  all.push_back({"choice", kChoice, {}});
  for (bool holds : {true, false})
    for (int64_t n : {0, 1, 7}) all.back().calls.push_back({flag(holds), ramp({n, 4}), number(n)});
  all.push_back({"fibonacci", kFibonacci, {}});
  for (int64_t limit : {0, 1, 2, 100, 1 << 30}) all.back().calls.push_back({number(0), number(1), number(limit)});
  for (const char* mode : {"", "reverse"}) {
    all.push_back({std::string("recurrent ") + mode, withMode(kRecurrent, mode), {}, {16, 1e-6}});
    for (int64_t t : {0, 1, 5})
      for (int64_t b : {0, 1, 2, 30}) all.back().calls.push_back({ramp({b, 3}), ramp({t, b, 3}, -3), ramp({3, 3}, -4)});
  }
  all.push_back({"nested", kNested, {}, {64, 0}});
  for (int64_t n : {0, 1, 4})
    for (float limit : {0.f, 100.f, 1e7f}) {
      Array xs(DType::f32, {n, 9000});
      for (int64_t i = 0; i < n * 9000; ++i) xs.as<float>()[size_t(i)] = float(i % 9) / 1024;
      all.back().calls.push_back({xs, real(limit)});
    }
  all.push_back({"parts", kParts, {}, {4, 1e-6}});
  for (int64_t n : {2, 9})
    for (int64_t i : {INT64_MIN, int64_t(-1), int64_t(0), int64_t(1), int64_t(5), INT64_MAX})
      for (int64_t j : {int64_t(0), int64_t(2), int64_t(100)})
        all.back().calls.push_back(
            {ramp({n, 6}), ramp({6, 5}), of<int64_t>({8}, {3, 2, 1, 0, 7, 8, 9, 5}), number(i), number(j)});
  all.push_back({"fill", kFill, {}});
  for (int64_t first : {-1, 0, 3, 4}) all.back().calls.push_back({ramp({5, 300}), ramp({300}, 7), number(first)});
  return all;
}

} // namespace

TEST_CASE("control", "[ops]") {
  for (const Program& program : programs())
    for (Fusion fusion : {Fusion::fused, Fusion::unfused}) {
      if (!inShard(program.name)) continue;
      const Subject subject(program.text, fusion);
      subject.checkRoundTrip();
      for (size_t i = 0; i < program.calls.size(); ++i)
        checkCase(subject, program.calls[i], program.tolerance, program.name + ", call " + std::to_string(i));
    }
}

} // namespace ogee::tests
