// The arguments of a compiled call as words to compare, and in words to read.
#include "frontend/signature.h"

#include "frontend/compile.h"
#include "frontend/failure.h"
#include "frontend/kernel.h"
#include "frontend/tape.h"
#include "frontend/tensor_impl.h"

#include <cstring>

namespace ogee::detail {

namespace {

/// How a tensor lies in memory, as far as code depends on it.
enum class Layout : uint64_t { dense, inner_dense, strided };

Layout layout_of(const TensorImpl& impl) {
  if (impl.dense) return Layout::dense;
  return impl.strides.back() == 1 ? Layout::inner_dense : Layout::strided;
}

/// The word of a size that selects no variant.
constexpr uint64_t kAnySize = UINT64_MAX;

} // namespace

const Dim* symbolic_dim(std::span<const SymbolicDim> dims, size_t arg, size_t axis) {
  for (const SymbolicDim& entry : dims)
    if (entry.arg == arg && entry.axis == axis) return &entry.dim;
  return nullptr;
}

size_t argument_number(const Leaf& leaf) { return std::stoul(leaf.path.substr(0, leaf.path.find('.'))); }

void Call::tensor(const Tensor& tensor) {
  if (!tensor.defined()) fail(loc_, "compile: arg ", tensor_count_, " is an undefined tensor");
  const TensorImpl& impl = *tensor.impl();
  if (impl.symbolic) fail_foreign(tensor, "compile", impl.symbolic->loc);
  push(static_cast<uint64_t>(impl.dtype) | impl.sizes.size() << 8 | static_cast<uint64_t>(layout_of(impl)) << 16 |
       static_cast<uint64_t>(has_gradient(tensor)) << 24 |
       static_cast<uint64_t>(has_gradient(tensor) && impl.autograd->node) << 25 |
       static_cast<uint64_t>(device_word(impl.device())) << 32);
  for (size_t axis = 0; axis < impl.sizes.size(); ++axis)
    push(dims_.empty() || !symbolic_dim(dims_, argument_, axis) ? static_cast<uint64_t>(impl.sizes[axis]) : kAnySize);
  if (tensor_count_ == tensor_capacity_) grow_tensors();
  tensors_[tensor_count_++] = &tensor;
}

void Call::text(std::string_view text) {
  push(text.size());
  for (size_t at = 0; at < text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min<size_t>(8, text.size() - at));
    push(word);
  }
}

void Call::grow_words() {
  std::vector<uint64_t> wider(words_, words_ + count_);
  wider.resize(2 * capacity_);
  more_words_.swap(wider);
  words_ = more_words_.data();
  capacity_ *= 2;
}

void Call::grow_tensors() {
  std::vector<const Tensor*> wider(tensors_, tensors_ + tensor_count_);
  wider.resize(2 * tensor_capacity_);
  more_tensors_.swap(wider);
  tensors_ = more_tensors_.data();
  tensor_capacity_ *= 2;
}

void LeafLister::enter(std::string_view key) {
  lengths_.push_back(path_.size());
  if (!path_.empty()) path_ += '.';
  path_ += key;
}

void LeafLister::leave() {
  path_.resize(lengths_.back());
  lengths_.pop_back();
}

// ---- reasons
// -----------------------------------------------------------------------------------------------------------

LeafFacts::LeafFacts(const Leaf& leaf, std::span<const SymbolicDim> dims)
    : path(leaf.path), text(leaf.text), is_number(leaf.is_number), is_tensor(leaf.tensor) {
  if (!is_tensor) return;
  const TensorImpl& impl = *leaf.tensor->impl();
  dtype = impl.dtype;
  device = impl.device();
  sizes.assign(impl.sizes.begin(), impl.sizes.end());
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    if (symbolic_dim(dims, argument_number(leaf), axis)) sizes[axis] = 0; // any will do
  contiguous = impl.dense;
  inner_dense = impl.dense || impl.strides.back() == 1;
}

namespace {

/// How one leaf differs; "" where it does not.
std::string difference(const LeafFacts& was, const LeafFacts& now) {
  const std::string arg = "arg " + now.path;
  if (was.path != now.path || was.is_tensor != now.is_tensor) return arg + " has another structure";
  if (!now.is_tensor) {
    if (was.text == now.text) return "";
    return runtime::concat(arg, " was ", was.text, ", now ", now.text, now.is_number ? ": declare it Tensor" : "");
  }
  if (was.dtype != now.dtype)
    return runtime::concat(arg, " dtype was ", runtime::name(was.dtype), ", now ", runtime::name(now.dtype));
  if (was.device != now.device) return runtime::concat(arg, " was on ", was.device, ", now on ", now.device);
  if (was.sizes.size() != now.sizes.size())
    return runtime::concat(arg, " had ", was.sizes.size(), " dims, now ", now.sizes.size());
  for (size_t i = 0; i < now.sizes.size(); ++i)
    if (was.sizes[i] != now.sizes[i])
      return runtime::concat(arg, " dim ", i, " was ", was.sizes[i], ", now ", now.sizes[i]);
  if (was.contiguous != now.contiguous)
    return arg + (now.contiguous ? " was strided, now contiguous" : " was contiguous, now strided");
  if (was.inner_dense != now.inner_dense)
    return arg + (now.inner_dense ? " was strided along its last dim, now not" : " is now strided along its last dim");
  return "";
}

} // namespace

std::string difference(const std::vector<LeafFacts>& was, const std::vector<LeafFacts>& now) {
  if (was.size() != now.size()) return runtime::concat("the arguments had ", was.size(), " parts, now ", now.size());
  for (size_t i = 0; i < now.size(); ++i)
    if (std::string text = difference(was[i], now[i]); !text.empty()) return text;
  return "";
}

std::string argument_name(const Leaf& leaf, const CompileOptions& options) {
  const size_t dot = leaf.path.find('.');
  const size_t index = argument_number(leaf);
  const std::string first = index < options.args.size() ? options.args[index] : runtime::concat("arg", index);
  return dot == std::string::npos ? first : first + leaf.path.substr(dot);
}

} // namespace ogee::detail
