// Finds the names of sizes in a text and puts the slots of their values in.
#include "codegen/size_text.h"

namespace ogee::codegen {

using namespace mlir;

std::string withValues(const std::string& message, const ir::DimAnalysis& dims, runtime::SizeTable& sizes) {
  std::string text, more;
  for (StringRef rest = message; !rest.empty();) {
    const ir::SymbolSource* symbol = nullptr;
    const StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || StringRef("_.%").contains(c); });
    for (const ir::SymbolSource& source : dims.symbols())
      if (source.symbol.as_symbol()->name == word) symbol = &source;
    const std::string value = symbol ? "{" + std::to_string(sizes.slot(symbol->symbol)) + "}" : "";
    const bool isOurs = word.contains('.');
    text += symbol && isOurs ? value : word.str();
    const std::string known = word.str() + " = " + value;
    if (symbol && !isOurs && !StringRef(more).contains(known)) more += (more.empty() ? "" : ", ") + known;
    rest = rest.drop_front(word.size());
    if (word.empty()) {
      text += rest.front();
      rest = rest.drop_front();
    }
  }
  return more.empty() ? text : text + " (" + more + ")";
}

} // namespace ogee::codegen
