// Rows by the hash of their names.
#include "tests/ops/shard.h"

#include "runtime/hash.h"

#include <cstdio>
#include <cstdlib>

namespace ogee::tests {

namespace {

struct Shard {
  unsigned part = 0, parts = 1;
};

Shard chosen() {
  Shard shard;
  const char* const text = std::getenv("OGEE_TEST_SHARD");
  int end = 0;
  if (!text) return shard;
  if (std::sscanf(text, "%u/%u%n", &shard.part, &shard.parts, &end) == 2 && !text[end] && shard.part < shard.parts)
    return shard;
  std::fprintf(stderr, "OGEE_TEST_SHARD: needs a part and how many there are, as 0/16, not %s\n", text);
  std::exit(1);
}

} // namespace

bool inShard(std::string_view row) {
  static const Shard shard = chosen();
  return runtime::hash128(row).lo % shard.parts == shard.part;
}

} // namespace ogee::tests
