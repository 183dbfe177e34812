// Program text under construction: lines, their indentation, and names that no input can choose.
#pragma once

#include "llvm/ADT/Twine.h"

#include <string>

namespace ogee::codegen::cuda {

class Text {
public:
  explicit Text(unsigned depth = 0) : depth_(depth) {}

  void line(const llvm::Twine& line) { text_ += std::string(2 * depth_, ' ') + line.str() + "\n"; }
  /// `head {`, and what follows stands inside until `close`.
  void open(const llvm::Twine& head) {
    line(head.isTriviallyEmpty() ? "{" : head + " {");
    ++depth_;
  }
  void close(const llvm::Twine& tail = "") {
    --depth_;
    line("}" + tail);
  }
  /// Ends one block of a statement and begins the next: `} else {`.
  void next(const llvm::Twine& head) {
    --depth_;
    open("} " + head);
  }
  /// A name that stands nowhere yet: the letter (none that types begin with: f, i, u) and a number.
  std::string fresh(char letter = 'v') { return letter + std::to_string(names_++); }
  /// `const type v7 = value;`: the name.
  std::string define(const llvm::Twine& type, const llvm::Twine& value, char letter = 'v') {
    std::string name = fresh(letter);
    line("const " + type + " " + name + " = " + value + ";");
    return name;
  }
  std::string take() { return std::move(text_); }

private:
  std::string text_;
  unsigned depth_, names_ = 0;
};

} // namespace ogee::codegen::cuda
