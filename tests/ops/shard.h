// A part of the rows: all of them take long on the fake CUDA machine, and several processes share them on a real one.
#pragma once

#include <string_view>

namespace ogee::tests {

/// Whether this process tests a row of this name. OGEE_TEST_SHARD=2/16 leaves the third of 16 parts, which are all rows
/// together; not set, it is every row.
bool inShard(std::string_view row);

} // namespace ogee::tests
