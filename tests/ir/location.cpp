// Source locations of ir/location.h.
#include "ir/location.h"

#include "tests/catch.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

namespace ogee::ir {
namespace {

TEST_CASE("locations name the user's line and module path") {
  mlir::MLIRContext context;
  const mlir::Location plain = makeLocation(&context, "src/model.cpp", 27, 3);
  const mlir::Location scoped = makeLocation(&context, "src/model.cpp", 27, 3, "net.fc2");
  CHECK(describe(plain) == "model.cpp:27");
  CHECK(describe(scoped) == "model.cpp:27 in net.fc2");
  CHECK(describe(mlir::UnknownLoc::get(&context)) == "");

  const auto line = sourceLine(scoped);
  REQUIRE(line);
  CHECK(line->file == "src/model.cpp");
  CHECK(line->line == 27);
  CHECK(line->column == 3);
  CHECK(line->scope == "net.fc2");
}

TEST_CASE("locations within locations") {
  mlir::MLIRContext context;
  const mlir::Location unknown = mlir::UnknownLoc::get(&context), first = makeLocation(&context, "a.cpp", 1, 1, "fc1"),
                       second = makeLocation(&context, "b.cpp", 2, 1);
  CHECK(describe(mlir::FusedLoc::get(&context, {unknown, first, second})) == "a.cpp:1 in fc1");
  CHECK(describe(mlir::CallSiteLoc::get(first, second)) == "a.cpp:1 in fc1");
  CHECK(describe(mlir::NameLoc::get(mlir::StringAttr::get(&context, "outer"), first)) == "a.cpp:1 in fc1");
  CHECK(describe(mlir::NameLoc::get(mlir::StringAttr::get(&context, "outer"), second)) == "b.cpp:2 in outer");
}

TEST_CASE("locations in gradients") {
  mlir::MLIRContext context;
  const mlir::Location plain = makeLocation(&context, "a.cpp", 1, 1, "fc1"), of = gradientLocation(plain, "sqrt");
  CHECK(gradientOf(plain) == "");
  CHECK(gradientOf(mlir::FusedLoc::get(&context, {plain, makeLocation(&context, "b.cpp", 2, 1)})) == "");
  CHECK(gradientOf(of) == "sqrt");
  CHECK(describe(of) == "a.cpp:1 in fc1");
  CHECK(gradientOf(mlir::FusedLoc::get(&context, {plain, of})) == "sqrt");
  CHECK(gradientOf(gradientLocation(of, "mul")) == "mul");
}

} // namespace
} // namespace ogee::ir
