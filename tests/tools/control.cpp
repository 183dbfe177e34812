// The interpreter's regions: choices, loops with and without a limit, scans either way.
#include "tests/tools/reference.h"

using namespace ogee::reference;

namespace {

Array flag(bool value) { return Array(Index{}, std::vector<bool>{value}); }

} // namespace

TEST_CASE("cond runs one of its regions", "[reference]") {
  const std::string text = R"(
    func.func @main(%p: tensor<i1>, %x: tensor<2xi32>) -> tensor<2xi32> {
      %r = ogee.cond %p (%x : tensor<2xi32>) -> (tensor<2xi32>) then {
      ^bb0(%a: tensor<2xi32>):
        %0 = ogee.neg %a : tensor<2xi32>
        ogee.yield %0 : tensor<2xi32>
      } else {
      ^bb0(%a: tensor<2xi32>):
        ogee.yield %a : tensor<2xi32>
      }
      return %r : tensor<2xi32>
    })";
  checkEqual(run(text, {flag(true), ints({1, 2})})[0], ints({-1, -2}));
  checkEqual(run(text, {flag(false), ints({1, 2})})[0], ints({1, 2}));
}

TEST_CASE("while doubles up to a limit, max_trips times at most", "[reference]") {
  const std::string text = R"(
    func.func @main(%x: tensor<i64>, %limit: tensor<i64>) -> tensor<i64> {
      %r = ogee.while (%x : tensor<i64>) captures (%limit : tensor<i64>) max_trips 5 -> (tensor<i64>) test {
      ^bb0(%a: tensor<i64>, %l: tensor<i64>):
        %0 = ogee.compare lt %a, %l : tensor<i64>
        ogee.yield %0 : tensor<i1>
      } do {
      ^bb0(%a: tensor<i64>, %l: tensor<i64>):
        %0 = ogee.add %a, %a : tensor<i64>
        ogee.yield %0 : tensor<i64>
      }
      return %r : tensor<i64>
    })";
  checkEqual(run(text, {scalar(3), scalar(20)})[0], scalar(24));
  checkEqual(run(text, {scalar(3), scalar(1)})[0], scalar(3));
  checkEqual(run(text, {scalar(1), scalar(1000)})[0], scalar(32));
}

TEST_CASE("scan sums up, from either end", "[reference]") {
  auto sums = [](const char* reverse, const std::vector<int32_t>& xs) {
    const std::string text = R"(
      func.func @main(%s: tensor<i32>, %xs: tensor<?xi32>) -> (tensor<i32>, tensor<?xi32>) {
        %r:2 = ogee.scan (%s : tensor<i32>) over (%xs : tensor<?xi32>) )" +
                             std::string(reverse) + R"( -> (tensor<i32>, tensor<?xi32>) {
        ^bb0(%a: tensor<i32>, %x: tensor<i32>):
          %0 = ogee.add %a, %x : tensor<i32>
          ogee.yield %0, %0 : tensor<i32>, tensor<i32>
        }
        return %r#0, %r#1 : tensor<i32>, tensor<?xi32>
      })";
    return run(text, {Array(Index{}, std::vector<int32_t>{10}), ints(xs)});
  };
  checkEqual(sums("", {1, 2, 3})[1], ints({11, 13, 16}));
  checkEqual(sums("reverse", {1, 2, 3})[1], ints({16, 15, 13}));
  checkEqual(sums("", {1, 2, 3})[0], Array(Index{}, std::vector<int32_t>{16}));
  checkEqual(sums("", {})[0], Array(Index{}, std::vector<int32_t>{10}));
  checkEqual(sums("", {})[1], ints({}));
}

TEST_CASE("sizes that a region changes", "[reference]") {
  const std::string text = R"(
    func.func @main(%x: tensor<?xi32>, %n: index) -> tensor<?xi32> {
      %r = ogee.while (%x : tensor<?xi32>) captures (%n : index) max_trips 3 -> (tensor<?xi32>) test {
      ^bb0(%a: tensor<?xi32>, %m: index):
        %p = ogee.constant dense<true> : tensor<i1>
        ogee.yield %p : tensor<i1>
      } do {
      ^bb0(%a: tensor<?xi32>, %m: index):
        %0 = ogee.slice %a [0] [%m] [1] : tensor<?xi32> -> tensor<?xi32>
        ogee.yield %0 : tensor<?xi32>
      }
      return %r : tensor<?xi32>
    })";
  checkEqual(run(text, {ints({1, 2}), scalar(2)})[0], ints({1, 2}));
  CHECK(errorOf(text, {ints({1, 2, 3}), scalar(2)}) == "3:12: carried value 0 is [3], then [2]");
}
