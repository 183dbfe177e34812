// Catch2, version 2.13 (Debian 12) or 3 (newer): what every test file includes, in the words of version 3.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

using Catch::Approx; // as version 2 has it
#else
#include <catch2/catch.hpp>

#include <string>

namespace Catch::Matchers {

/// Strings that hold `part` (version 2 calls it Contains, which in version 3 is a matcher of ranges).
inline auto ContainsSubstring(const std::string& part) { return Contains(part); }

} // namespace Catch::Matchers
#endif
