// Dim: the normal form, ranges, comparisons, text, and evaluation against plain integers.
#include "runtime/dim.h"

#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <map>
#include <random>
#include <sstream>

using namespace ogee::runtime;
using ogee::runtime::testing::error_of;

namespace {

const Dim B = Dim::symbol("B", 1, 256), T = Dim::symbol("T"), n = Dim::symbol("n", 1),
          any = Dim::symbol("any", DimRange::kNoLower);

/// The value of an expression for given symbols, in plain arithmetic.
struct Evaluator {
  const std::map<std::string, int64_t>& values;
  Checked number(int64_t value) { return value; }
  Checked symbol(const DimSymbol& symbol) { return values.at(symbol.name); }
  Checked apply(DimOp op, Checked a, Checked b) { return detail::apply(op, a, b); }
};

} // namespace

TEST_CASE("Dim: numbers are plain 64-bit arithmetic") {
  static_assert(sizeof(Dim) == 16);
  Dim a = 7, b = -2;
  CHECK((a + b).number() == 5);
  CHECK((a - b).number() == 9);
  CHECK((a * b).number() == -14);
  CHECK((a / b).number() == -4); // rounds down
  CHECK((a % b).number() == -1);
  CHECK(ceil_div(a, 2).number() == 4);
  CHECK(ceil_div(Dim(-7), 2).number() == -3);
  CHECK((min(a, b).number() == -2 && max(a, b).number() == 7));
  CHECK((a == 7 && a != 8 && a < 8 && a <= 7 && a > b && a >= 7));
  CHECK((7 == a && 8 > a && size_t(7) == a));
  CHECK(a * 0.5 == 3.5);
  int64_t plain = a;
  CHECK(plain == 7);
  CHECK(std::vector<float>(a).size() == 7);
  a += 1;
  a *= 2;
  CHECK(++a == 17);
}

TEST_CASE("Dim: an overflow or a division by zero is invalid, and stays so") {
  const int64_t most = std::numeric_limits<int64_t>::max();
  for (const Dim& bad : {Dim(most) + 1, Dim(most) * 2, Dim(-2) - most, Dim(5) / 0, Dim(5) % 0, Dim(UINT64_MAX), B / 0,
                         (B * most) * 2, Dim::symbol("x", 3, 2)}) {
    CHECK_FALSE(bad.valid());
    CHECK_FALSE(bad.is_number());
    CHECK_FALSE(bad.is_symbolic());
    CHECK_FALSE((bad - bad).valid());
    CHECK_FALSE(same(bad, bad));
    CHECK_FALSE(try_equal(bad, bad));
    CHECK_FALSE(min(bad, 0).valid());
    CHECK(bad.to_string() == "invalid");
    CHECK(error_of([&] { (void)int64_t(bad); }) == "a size overflows or is divided by zero");
    CHECK(error_of([&] { (void)(bad == 3); }) == "a size overflows or is divided by zero");
  }
}

TEST_CASE("Dim: equal expressions have one form") {
  CHECK(same(B * T, T * B));
  CHECK(same((B + 1) * (T - 2), T * B - 2 * B + T - 2));
  CHECK(same(B + T - B, T));
  CHECK(same(B - B, Dim(0)));
  CHECK((B - B).is_number());
  CHECK(same((B + T) * (B - T), B * B - T * T));
  CHECK_FALSE(same(B * T, B + T));
  CHECK_FALSE(same(B, T));
  CHECK_FALSE(same(B, Dim(1)));
  CHECK((B * T).hash() == (T * B).hash());
  CHECK((B * T).hash() != (B + T).hash());
  CHECK(Dim::symbol("k", 5, 5).number() == 5);
  CHECK(Dim::symbol("B").as_symbol()->name == "B");
  CHECK((B + 0).as_symbol() != nullptr);
  CHECK((B + 1).as_symbol() == nullptr);
}

TEST_CASE("Dim: exact divisions simplify, others keep only their rest") {
  CHECK(same(B * T / T, B));
  CHECK(same((B * T + B) / (T + 1), B));
  CHECK(same((4 * B + 8) / 4, B + 2));
  CHECK(same((4 * B + 8) % 4, Dim(0)));
  CHECK(same((4 * B + 3) / 4, B));
  CHECK(same((4 * B + 3) % 4, Dim(3)));
  CHECK(same((B * n + n - 1) / n, B)); // since n - 1 < n
  CHECK(same(6 * T / 4, 3 * T / 2));
  CHECK(same(6 * T % 4, 2 * (3 * T % 2)));
  CHECK(same((T * B * 2) / (B * 4), T / 2));
  CHECK(same(T / 3 / 4, T / 12));
  CHECK(same(T % 5 / 5, Dim(0)));
  CHECK(same(T % 5 % 5, T % 5));
  CHECK(same(ceil_div(B * 8, 8), B));
  CHECK(same((T + 7) / 4, (T + 3) / 4 + 1));
  CHECK_FALSE(same((T + 3) / 4, T / 4));
}

TEST_CASE("Dim: minima and maxima fold when the ranges decide") {
  CHECK(same(min(B, 300), B));
  CHECK(same(max(B, 1), B));
  CHECK(same(max(B, B + 1), B + 1));
  CHECK(same(min(T, B), min(B, T)));
  CHECK(same(max(T, T), T));
  CHECK(max(T, B).is_symbolic());
}

TEST_CASE("Dim: text") {
  CHECK(Dim(32).to_string() == "32");
  CHECK((T * B + 2 * B - 1).to_string() == "B*T + 2*B - 1");
  CHECK((-B).to_string() == "-B");
  CHECK((3 - T).to_string() == "-T + 3");
  CHECK(ceil_div(T, 4).to_string() == "(T + 3)//4");
  CHECK((T * (B / 7) % n).to_string() == "T*(B//7) % n");
  CHECK((min(T, B + 5) * 2).to_string() == "2*min(B + 5, T)");
  CHECK((B * B).to_string() == "B*B");
  std::ostringstream stream;
  stream << B << ' ' << Dim(4);
  CHECK(stream.str() == "B 4");
}

TEST_CASE("Dim: ranges") {
  CHECK((B * 2 + 1).range() == DimRange{3, 513});
  CHECK((B * T).range() == DimRange{0, DimRange::kNoUpper});
  CHECK((-T).range() == DimRange{DimRange::kNoLower, 0});
  CHECK((T % 8).range() == DimRange{0, 7});
  CHECK((B / 10).range() == DimRange{0, 25});
  CHECK((T / B).range() == DimRange{0, DimRange::kNoUpper});
  CHECK((B % T).range() == DimRange{}); // T may be 0
  CHECK(min(B, T).range() == DimRange{0, 256});
  CHECK((any * any).range().hi == DimRange::kNoUpper);
  CHECK(Dim::invalid().range() == DimRange{});
}

TEST_CASE("Dim: comparisons are answered from ranges, else an Error") {
  CHECK(B >= 1);
  CHECK(B != 0);
  CHECK(B <= 256);
  CHECK_FALSE(B > 300);
  CHECK(B + T >= B);
  CHECK(B * T == T * B);
  CHECK(n * T + 1 > T - T);
  CHECK(try_equal(B, 0) == false);
  CHECK_FALSE(try_equal(B, 32).has_value());
  CHECK(try_less(B, 257) == true);
  CHECK_FALSE(provably_equal(B, T));
  CHECK(error_of([] { (void)(B == 32); }) ==
        "cannot decide B == 32 once for all sizes (B is 1 to 256); hint: use cond, or narrow the range");
  CHECK(
      error_of([] { (void)(T > 2 * B); }) ==
      "cannot decide 2*B < T once for all sizes (B is 1 to 256, T is at least 0); hint: use cond, or narrow the range");
  CHECK(error_of([] { (void)int64_t(B * 2); }) ==
        "the size 2*B has no single value here (B is 1 to 256); hint: keep it a Dim, or "
        "compile without symbolic sizes");
}

TEST_CASE("Dim: errors name the line where a size was asked for") {
  const auto line = std::source_location::current();
  const std::string here = place(line);
  const Dim b = B.at(line);
  CHECK(same(b, B));
  CHECK(b.hash() == B.hash());
  CHECK(error_of([&] { (void)(2 * b + T == 32); }) ==
        "cannot decide 2*B + T == 32 once for all sizes (B is 1 to 256, T is at least 0)" + here +
            "; hint: use cond, or narrow the range");
  CHECK(error_of([&] { (void)(T > b); }).find(here) != std::string::npos);
  CHECK(error_of([&] { (void)int64_t(T - b); }).find(here) != std::string::npos);
  CHECK(Dim(3).at(line) == 3);
  CHECK((b - b).number() == 0);
}

TEST_CASE("Dim: symbols and substitution") {
  const Dim dim = (T + B) / (n + 1) + min(B, T);
  CHECK(symbols(dim) == std::vector<std::string>{"B", "T", "n"});
  CHECK(symbols(Dim(3)).empty());
  const auto lookup = [](const DimSymbol& symbol) -> std::optional<Dim> {
    if (symbol.name == "T") return 10;
    if (symbol.name == "n") return B;
    return std::nullopt;
  };
  CHECK(same(substitute(dim, lookup), (B + 10) / (B + 1) + min(B, 10)));
}

TEST_CASE("Dim: expressions without end become invalid, not slow") {
  Dim doubling = T, deep = T, wide = 1;
  for (int i = 0; i < 2000; ++i) {
    doubling = doubling / 3 + doubling % 7;
    deep = (deep + B) / (n + i);
    wide = wide * (Dim::symbol("s" + std::to_string(i)) + 1);
  }
  CHECK_FALSE(doubling.valid());
  CHECK_FALSE(deep.valid());
  CHECK_FALSE(wide.valid());
}

TEST_CASE("Dim: random expressions have the value that plain arithmetic gives, whatever the order") {
  std::mt19937 random(7);
  const auto pick = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  const std::vector<Dim> leaves = {B, T, n, any, 0, 1, 2, 3, -5, 12};
  int symbolic = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::map<std::string, int64_t> values = {
        {"B", 1 + pick(256)}, {"T", pick(50)}, {"n", 1 + pick(9)}, {"any", pick(41) - 20}};
    struct Pair {
      Dim dim;
      Checked value;
    };
    std::vector<Pair> pool;
    for (const Dim& leaf : leaves) {
      Evaluator evaluator{values};
      pool.push_back({leaf, fold<Checked>(leaf, evaluator)});
    }
    for (int step = 0; step < 8; ++step) {
      const Pair a = pool[pick(static_cast<int>(pool.size()))], b = pool[pick(static_cast<int>(pool.size()))];
      const auto op = static_cast<DimOp>(pick(7));
      const bool divides = op == DimOp::floordiv || op == DimOp::mod;
      if (divides && b.value.value() == 0) continue; // "simplified as if the divisor were not zero"
      const Checked value = detail::apply(op, a.value, b.value);
      const Dim dim = Dim::combine(op, a.dim, b.dim);
      if (!value.valid() || !dim.valid()) continue;
      pool.push_back({dim, value});
      INFO(a.dim.to_string() << " op " << int(op) << " " << b.dim.to_string() << " = " << dim.to_string());
      Evaluator evaluator{values};
      const Checked folded = fold<Checked>(dim, evaluator);
      if (!folded.valid()) continue; // a product inside overflows, or a divisor inside is zero
      REQUIRE(folded.value() == value.value());
      REQUIRE(dim.range().lo <= value.value());
      REQUIRE(dim.range().hi >= value.value());
      if (op == DimOp::add || op == DimOp::mul || op == DimOp::min || op == DimOp::max)
        REQUIRE(same(dim, Dim::combine(op, b.dim, a.dim)));
      symbolic += dim.is_symbolic();
    }
  }
  CHECK(symbolic > 5000);
}
