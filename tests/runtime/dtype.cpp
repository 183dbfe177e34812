// Dtypes: names and sizes.
#include "runtime/dtype.h"

#include "tests/catch.h"

#include <set>

using namespace ogee::runtime;

TEST_CASE("dtype: every one has a name of its own that parses back, a size and a kind") {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    CHECK(names.insert(name(dtype)).second);
    CHECK(parse_dtype(name(dtype)) == dtype);
    CHECK(item_size(dtype) > 0);
    CHECK((is_floating(dtype) + is_integer(dtype) + (dtype == DType::boolean)) == 1);
  }
  CHECK(name(DType::bf16) == "bf16");
  CHECK(item_size(DType::bf16) == 2);
  CHECK(item_size(DType::i64) == 8);
  CHECK(item_size(DType::boolean) == 1);
  CHECK_FALSE(parse_dtype("float"));
  CHECK_FALSE(parse_dtype(""));
}
