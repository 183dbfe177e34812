// Build ids of the files that hold code.
#include "runtime/build_id.h"

#include "tests/catch.h"

#include <exception>

using ogee::runtime::build_id;

TEST_CASE("build id: of the library or program that holds an address") {
  static const int here = 0;
  const std::string ours = build_id(&here);
  const std::string runtime = build_id(reinterpret_cast<const void*>(&build_id));
  const std::string library = build_id(reinterpret_cast<const void*>(&std::get_terminate));
  CHECK(ours.size() >= 16);
  CHECK(runtime.size() >= 16);
  CHECK(library.size() >= 16);
  CHECK(library != ours);
  CHECK(ours == build_id(&here));
  int on_stack = 0;
  CHECK(build_id(&on_stack).empty());
  CHECK(build_id(nullptr).empty());
}
