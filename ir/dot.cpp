// Writes functions as graphs for Graphviz.
#include "ir/dot.h"

#include "ir/dialect.h"
#include "ir/location.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/raw_ostream.h"

namespace ogee::ir {

using namespace mlir;

namespace {

class DotWriter {
public:
  explicit DotWriter(llvm::raw_ostream& out) : out_(out) {}

  void write(func::FuncOp function) {
    out_ << "digraph " << quoted(function.getSymName()) << " {\n  node [shape=box, fontname=monospace];\n";
    for (BlockArgument argument : function.getArguments()) {
      auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "ogee.name");
      nodes_[argument] = addNode(name ? name.str() : "arg" + std::to_string(argument.getArgNumber()), "shape=ellipse");
    }
    writeBlock(function.getBody().front(), "  ");
    for (auto [i, operand] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands())) {
      auto name = function.getResultAttrOfType<StringAttr>(i, "ogee.name");
      addEdge(operand, addNode(name ? name.str() : "result" + std::to_string(i), "shape=ellipse"));
    }
    out_ << "}\n";
  }

private:
  static std::string quoted(StringRef text) {
    std::string result = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') result += '\\';
      result += c == '\n' ? ' ' : c;
    }
    return result + '"';
  }

  unsigned addNode(const std::string& label, StringRef style = "") {
    out_ << indent_ << "n" << count_ << " [label=" << quoted(label) << (style.empty() ? "" : ", ") << style << "];\n";
    return count_++;
  }

  void addEdge(Value from, unsigned to) {
    out_ << indent_ << "n" << nodes_.lookup(from) << " -> n" << to << " [";
    if (isa<RankedTensorType>(from.getType())) {
      std::string type;
      llvm::raw_string_ostream(type) << from.getType();
      out_ << "label=" << quoted(StringRef(type).drop_front(StringRef("tensor<").size()).drop_back());
    } else {
      out_ << "style=dashed";
    }
    out_ << "];\n";
  }

  /// "softmax", and the line that the op comes from.
  static std::string labelOf(Operation* op) {
    std::string label = op->getName().stripDialect().str();
    if (auto constant = dyn_cast<ConstantOp>(op); constant && constant.getValue().isSplat()) {
      llvm::raw_string_ostream out(label);
      out << " ";
      constant.getValue().getSplatValue<Attribute>().print(out, /*elideType=*/true);
    }
    const std::string place = describe(op->getLoc());
    return place.empty() ? label : label + " (" + place + ")";
  }

  void writeBlock(Block& block, StringRef indent) {
    indent_ = indent;
    for (Operation& op : block.without_terminator()) {
      if (auto group = dyn_cast<GroupOp>(op)) {
        writeGroup(group);
        continue;
      }
      const unsigned node = addNode(labelOf(&op));
      for (Value operand : op.getOperands()) addEdge(operand, node);
      for (Value result : op.getResults()) nodes_[result] = node;
    }
  }

  void writeGroup(GroupOp group) {
    Block& body = group.getBody().front();
    for (auto [argument, input] : llvm::zip_equal(body.getArguments(), group.getInputs()))
      nodes_[argument] = nodes_.lookup(input);
    out_ << "  subgraph cluster" << groups_++ << " {\n    label=" << quoted(group.getName().value_or("")) << ";\n";
    writeBlock(body, "    ");
    out_ << "  }\n";
    indent_ = "  ";
    for (auto [output, value] : llvm::zip_equal(group.getOutputs(), body.getTerminator()->getOperands()))
      nodes_[output] = nodes_.lookup(value);
  }

  llvm::raw_ostream& out_;
  llvm::DenseMap<Value, unsigned> nodes_; ///< which node gives a value
  unsigned count_ = 0, groups_ = 0;
  StringRef indent_ = "  ";
};

} // namespace

std::string toDot(func::FuncOp function) {
  std::string text;
  llvm::raw_string_ostream out(text);
  DotWriter(out).write(function);
  return text;
}

} // namespace ogee::ir
