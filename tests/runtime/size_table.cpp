// The builder of value tables: equal values share a slot, constants fold, steps compute what Dims say.
#include "runtime/size_table.h"

#include "runtime/size_steps.h"
#include "tests/catch.h"

using namespace ogee::runtime;

namespace {

const Dim B = Dim::symbol("B", 1), T = Dim::symbol("T");

SizeTable with_symbols() {
  SizeTable table;
  table.bind(*B.as_symbol(), {SymbolSource::Kind::dim, 0, 1});
  table.bind(*T.as_symbol(), {SymbolSource::Kind::index, 2, 0});
  return table;
}

/// The value in a slot when B and T have these values.
int64_t value(const ValueTable& table, Slot slot, int64_t b, int64_t t) {
  std::vector<int64_t> values = table.initial;
  for (const Symbol& symbol : table.symbols) values[symbol.slot] = symbol.name == "B" ? b : t;
  REQUIRE(run_steps(table.steps, values.data()));
  return values[slot];
}

} // namespace

TEST_CASE("size table: equal values are one slot") {
  SizeTable table = with_symbols();
  CHECK(table.slot(5) == table.slot(5));
  CHECK(table.slot(B * T + 1) == table.slot(1 + T * B));
  CHECK(table.slot(B) == table.slot(B + 0));
  const size_t steps = table.table().steps.size();
  CHECK(steps == 2); // one product, one sum
  table.slot(B * T * 4);
  table.slot(B * T * 4);
  CHECK(table.apply(SizeOp::max, table.slot(T), table.slot(B)) ==
        table.apply(SizeOp::max, table.slot(B), table.slot(T)));
  CHECK(table.apply(SizeOp::sub, table.slot(T), table.slot(B)) !=
        table.apply(SizeOp::sub, table.slot(B), table.slot(T)));
}

TEST_CASE("size table: constants fold") {
  SizeTable table;
  const auto folded = [&](SizeOp op, int64_t a, int64_t b) {
    return table.constant(table.apply(op, table.slot(a), table.slot(b)));
  };
  CHECK(folded(SizeOp::add, 2, 3) == 5);
  CHECK(folded(SizeOp::ceildiv, 7, 4) == 2);
  CHECK(folded(SizeOp::floordiv, -7, 4) == -2);
  CHECK(folded(SizeOp::mod, -7, 4) == 1);
  CHECK(folded(SizeOp::eq, 7, 7) == 1);
  CHECK(folded(SizeOp::lt, 7, 7) == 0);
  CHECK_FALSE(folded(SizeOp::floordiv, 1, 0)); // left for the call, where it is an Error
  CHECK(table.table().steps.size() == 1);
}

TEST_CASE("size table: steps compute what the Dim says") {
  SizeTable table = with_symbols();
  const Dim dims[] = {B * T - 3, (T + 7) / B, T % B * 2, min(T, B + 2) + max(T, 7), B * B * B, ceil_div(T, 16) * 16};
  std::vector<Slot> slots;
  for (const Dim& dim : dims) slots.push_back(table.slot(dim));
  for (const int64_t b : {1, 2, 9})
    for (const int64_t t : {0, 5, 33})
      for (size_t i = 0; i < std::size(dims); ++i) {
        const Dim number =
            substitute(dims[i], [&](const DimSymbol& symbol) { return Dim(symbol.name == "B" ? b : t); });
        REQUIRE(value(table.table(), slots[i], b, t) == number.number());
      }
}

TEST_CASE("size table: symbols remember their first source and their range") {
  SizeTable table = with_symbols();
  table.bind(*B.as_symbol(), {SymbolSource::Kind::dim, 3, 0});
  CHECK(table.is_bound("B"));
  CHECK_FALSE(table.is_bound("C"));
  const ValueTable& values = table.table();
  REQUIRE(values.symbols.size() == 2);
  CHECK(values.symbols[0].source == SymbolSource{SymbolSource::Kind::dim, 0, 1});
  CHECK(values.symbols[0].lo == 1);
  CHECK(values.symbols[1].source == SymbolSource{SymbolSource::Kind::index, 2, 0});
}

TEST_CASE("size table: what a loop derives belongs to the loop") {
  SizeTable table = with_symbols();
  const Slot outside = table.apply(SizeOp::mul, table.slot(B), table.slot(3));
  const Slot i = table.begin_loop();
  const Slot known = table.apply(SizeOp::mul, table.slot(B), table.slot(3));
  const Slot inside = table.apply(SizeOp::mul, i, known);
  const std::vector<SizeStep> steps = table.end_loop();
  CHECK(known == outside);
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].out == inside);
  CHECK(table.table().steps.size() == 1);
  CHECK(table.apply(SizeOp::mul, i, known) != inside); // after the loop that value is gone
}

TEST_CASE("size table: what does not change in a loop is computed outside of it") {
  SizeTable table = with_symbols();
  table.begin_loop("i");
  table.begin_loop("j");
  const Dim i = Dim::symbol("i"), j = Dim::symbol("j");
  table.slot(B * T);
  table.slot(i * B + 1);
  table.slot(i * B + j);
  CHECK(table.end_loop().size() == 1);
  CHECK(table.end_loop().size() == 2);
  CHECK(table.table().steps.size() == 1);
}
