// Reads the log of ptxas: its lines about a kernel stand between the one that names it and the next of that kind.
#include "codegen/cuda/resources.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace ogee::codegen::cuda {

using llvm::StringRef;

namespace {

struct Resources {
  unsigned registers = 0, shared = 0, stack = 0, spills = 0;

  /// "256 bytes smem" as one of the parts of a line.
  void read(StringRef part) {
    part = part.trim();
    part.consume_front("Used ");
    unsigned count = 0;
    if (part.consumeInteger(10, count)) return;
    part = part.trim();
    if (part == "registers") registers = count;
    if (part == "bytes smem") shared = count;
    if (part == "bytes stack frame") stack = count;
    if (part == "bytes spill stores" || part == "bytes spill loads") spills += count;
  }

  std::string toString() const {
    return std::to_string(registers) + " registers, " + std::to_string(shared) + " bytes of shared memory, " +
           std::to_string(stack) + " bytes of stack, " + std::to_string(spills) + " bytes of spills";
  }
};

} // namespace

std::map<std::string, std::string> resourcesIn(StringRef log) {
  std::map<std::string, Resources> kernels;
  Resources* kernel = nullptr;
  llvm::SmallVector<StringRef> lines, parts;
  log.split(lines, '\n');
  for (StringRef line : lines) {
    const auto [head, name] = line.split("Compiling entry function '");
    if (!name.empty()) kernel = &kernels[name.split('\'').first.str()];
    StringRef rest = line.split(':').second; // "ptxas info    : …", "ptxas         . …", or without either
    if (rest.empty()) rest = line.split(" . ").second;
    if (rest.empty()) rest = line;
    parts.clear();
    rest.split(parts, ',');
    if (kernel)
      for (StringRef part : parts) kernel->read(part);
  }
  std::map<std::string, std::string> texts;
  for (const auto& [name, resources] : kernels) texts[name] = resources.toString();
  return texts;
}

} // namespace ogee::codegen::cuda
