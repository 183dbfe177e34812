// Builds and reads source locations.
#include "ir/location.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Path.h"

namespace ogee::ir {

using namespace mlir;

Location makeLocation(MLIRContext* context, StringRef file, unsigned line, unsigned column, StringRef scope) {
  Location place = FileLineColLoc::get(context, file, line, column);
  return scope.empty() ? place : Location(NameLoc::get(StringAttr::get(context, scope), place));
}

namespace {
constexpr StringRef kGradient = "gradient of ";
}

Location gradientLocation(Location location, StringRef op) {
  return FusedLoc::get(location.getContext(), {location}, StringAttr::get(location.getContext(), kGradient + op));
}

StringRef gradientOf(Location location) {
  auto fused = dyn_cast<FusedLoc>(location);
  if (!fused) return "";
  if (auto mark = dyn_cast_or_null<StringAttr>(fused.getMetadata()); mark && mark.strref().starts_with(kGradient))
    return mark.strref().drop_front(kGradient.size());
  // What rewrites make of several ops is part of a gradient if one of them is.
  for (Location part : fused.getLocations())
    if (StringRef op = gradientOf(part); !op.empty()) return op;
  return "";
}

std::optional<SourceLine> sourceLine(Location location) {
  using Found = std::optional<SourceLine>;
  return llvm::TypeSwitch<LocationAttr, Found>(location)
      .Case([](FileLineColLoc at) -> Found {
        return SourceLine{at.getFilename().str(), at.getLine(), at.getColumn(), ""};
      })
      .Case([](NameLoc named) -> Found {
        Found found = sourceLine(named.getChildLoc());
        if (found && found->scope.empty()) found->scope = named.getName().str();
        return found;
      })
      .Case([](CallSiteLoc call) { return sourceLine(call.getCallee()); })
      .Case([](FusedLoc fused) -> Found {
        for (Location part : fused.getLocations())
          if (Found found = sourceLine(part)) return found;
        return std::nullopt;
      })
      .Default([](LocationAttr) -> Found { return std::nullopt; });
}

std::string describe(Location location) {
  std::optional<SourceLine> at = sourceLine(location);
  if (!at) return {};
  std::string text = llvm::sys::path::filename(at->file).str() + ":" + std::to_string(at->line);
  return at->scope.empty() ? text : text + " in " + at->scope;
}

} // namespace ogee::ir
