// States as text: combining them, within a warp, a block, and over chunks.
#include "codegen/cuda/reducer.h"

#include "codegen/cuda/spell.h"
#include "codegen/phases.h"
#include "ir/dialect.h"

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

constexpr int64_t kMostLevels = 48; ///< one per bit of the largest number of chunks there can be

} // namespace

int64_t levelsFor(const Dim& chunks) {
  const auto most = static_cast<uint64_t>(std::max<int64_t>(chunks.range().hi, 1));
  return std::min<int64_t>(llvm::Log2_64(most) + 1, kMostLevels);
}

Reducer::Reducer(Kernel& kernel, Body& body, unsigned node)
    : kernel_(kernel), body_(body), node_(node), needsIndex_(needsIndex(kernel.nest, node)) {
  const Node& self = kernel.nest.nodes[node];
  neutral_ = cast<ir::ReductionOpInterface>(self.op).getNeutral(kernel.nest.nodes[self.args[0]].element);
  for (TypedAttr value : neutral_) types_.push_back(typeName(value.getType()));
  join_ = kernel.name + "_join" + std::to_string(node);
  writeFunction(join_, /*next=*/false);
  next_ = needsIndex_ ? kernel.name + "_next" + std::to_string(node) : join_;
  if (needsIndex_) writeFunction(next_, /*next=*/true);
}

void Reducer::writeFunction(StringRef name, bool next) {
  Text& text = kernel_.functions;
  const Node& self = kernel_.nest.nodes[node_];
  Block block;
  ImplicitLocOpBuilder b(self.op->getLoc(), self.op->getContext());
  b.setInsertionPointToEnd(&block);
  Names names;
  std::string parameters[2];
  SmallVector<Value> sides[2];
  for (unsigned value = 0; value < types_.size(); ++value)
    for (unsigned side = 0; side < 2; ++side) {
      const std::string parameter = (side == 0 ? "x" : "y") + std::to_string(value);
      sides[side].push_back(block.addArgument(neutral_[value].getType(), self.op->getLoc()));
      names[sides[side].back()] = parameter;
      parameters[side] += (value ? ", " : "") + types_[value] + (side == 0 ? "& " : " ") + parameter;
    }
  auto op = cast<ir::ReductionOpInterface>(self.op);
  const auto results = next ? op.buildCombineNext(b, sides[0], sides[1]) : op.buildCombine(b, sides[0], sides[1]);
  text.open("OGEE_INLINE void " + name + "(" + parameters[0] + ", " + parameters[1] + ")");
  if (failed(spell(block, names, text))) body_.fail();
  for (auto [value, result] : llvm::enumerate(results))
    text.line("x" + std::to_string(value) + " = " + names[result] + ";");
  text.close();
}

State Reducer::declare(int64_t count) {
  State state;
  for (auto [type, value] : llvm::zip_equal(types_, neutral_)) {
    state.push_back(kernel_.text.fresh());
    const std::string neutral = literal(value);
    std::string initial = neutral;
    for (int64_t i = 1; i < count; ++i) initial += ", " + neutral;
    kernel_.text.line(count == 0 ? type + " " + state.back() + " = " + neutral + ";"
                                 : type + " " + state.back() + "[" + std::to_string(count) + "] = {" + initial + "};");
  }
  return state;
}

State Reducer::declareArray(int64_t count, StringRef where) {
  State state;
  for (const std::string& type : types_) {
    state.push_back(kernel_.text.fresh(where.empty() ? 'v' : 'm'));
    kernel_.text.line(where + type + " " + state.back() + "[" + std::to_string(count) + "];");
  }
  return state;
}

State Reducer::at(const State& arrays, const Index& index) {
  State state;
  for (const std::string& array : arrays) state.push_back(array + "[" + index + "]");
  return state;
}

void Reducer::assign(const State& to, const State& from) {
  for (auto [x, y] : llvm::zip_equal(to, from)) kernel_.text.line(x + " = " + y + ";");
}

void Reducer::join(const State& x, const State& y) {
  kernel_.text.line(join_ + "(" + llvm::join(x, ", ") + ", " + llvm::join(y, ", ") + ");");
}

void Reducer::next(const State& x, const std::string& element, const Index& position) {
  kernel_.text.line(next_ + "(" + llvm::join(x, ", ") + ", " + element + (needsIndex_ ? ", (u64)" + position : "") +
                    ");");
}

void Reducer::foldWarp(const State& x) {
  kernel_.text.line("#pragma unroll");
  kernel_.text.open("for (i32 places = 16; places > 0; places /= 2)");
  State above;
  for (auto [type, value] : llvm::zip_equal(types_, x))
    above.push_back(kernel_.text.define(type, "from_above(" + value + ", places)"));
  join(x, above);
  kernel_.text.close();
}

void Reducer::fromFirstLane(const State& to, const State& from) {
  for (auto [x, y] : llvm::zip_equal(to, from)) kernel_.text.line(x + " = from_first(" + y + ");");
}

/// A binary counter: a chunk is merged with as many finished subtrees as its number has trailing one bits.
void Reducer::push(const State& stack, const Index& chunk, const State& state) {
  Text& text = kernel_.text;
  text.open("");
  State merged;
  for (auto [type, value] : llvm::zip_equal(types_, state)) {
    merged.push_back(text.fresh());
    text.line(type + " " + merged.back() + " = " + value + ";");
  }
  text.line("i32 level = 0;");
  text.open("for (u64 bits = (u64)" + chunk + "; bits & 1u; bits >>= 1)");
  join(at(stack, "level"), merged);
  assign(merged, at(stack, "level"));
  text.line("++level;");
  text.close();
  assign(at(stack, "level"), merged);
  text.close();
}

void Reducer::pop(const State& stack, const Index& chunks, const State& total) {
  Text& text = kernel_.text;
  text.open("for (i32 level = 0; (u64)" + chunks + " >> level != 0u; ++level)");
  text.open("if ((u64)" + chunks + " >> level & 1u)");
  join(at(stack, "level"), total);
  assign(total, at(stack, "level"));
  text.close();
  text.close();
}

BlockTree::BlockTree(Kernel& kernel, MutableArrayRef<Reducer> reducers, int64_t slots)
    : kernel_(kernel), reducers_(reducers) {
  for (Reducer& reducer : reducers) {
    slots_.push_back(reducer.declareShared(slots));
    stacks_.push_back(reducer.declareShared(kMostLevels));
  }
}

void BlockTree::push(const Index& round, const Index& count) {
  Text& text = kernel_.text;
  text.open("for (i32 d = 1; d < " + count + "; d *= 2)"); // neighbours, then pairs of them; an odd last one goes on
  text.line("__syncthreads();");
  text.line("const i32 left = 2 * d * (i32)threadIdx.x;");
  text.open("if (left + d < " + count + ")");
  for (auto [number, reducer] : llvm::enumerate(reducers_))
    reducer.join(slot(number, "left"), slot(number, "left + d"));
  text.close();
  text.close();
  text.open("if (threadIdx.x == 0u)");
  for (auto [number, reducer] : llvm::enumerate(reducers_)) reducer.push(stacks_[number], round, slot(number, "0"));
  text.close();
  text.line("__syncthreads();"); // slots are filled again
}

void BlockTree::pop(const Index& rounds, ArrayRef<State> totals) {
  Text& text = kernel_.text;
  text.open("if (threadIdx.x == 0u)");
  for (auto [number, reducer] : llvm::enumerate(reducers_)) {
    reducer.pop(stacks_[number], rounds, totals[number]);
    reducer.assign(slot(number, "0"), totals[number]);
  }
  text.close();
  text.line("__syncthreads();");
  for (auto [number, reducer] : llvm::enumerate(reducers_)) reducer.assign(totals[number], slot(number, "0"));
  text.line("__syncthreads();");
}

} // namespace ogee::codegen::cuda
