// The layout of printed tensors: brackets, line breaks, summaries, suffixes.
#include "frontend/print.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/print_numbers.h"
#include "frontend/tensor_impl.h"

#include <mutex>
#include <ostream>
#include <vector>

namespace ogee {

using namespace detail;

namespace {

std::mutex options_mutex;
PrintOptions current_options;

/// Walks the axes of one tensor; `edges` > 0: only so many entries at each end of an axis.
class Printer {
public:
  Printer(const TensorImpl& impl, const PrintOptions& options, int64_t edges)
      : impl_(impl), options_(options), edges_(edges), format_(shown(), impl.dtype, options) {}

  std::string text(size_t indent) const { return axis_text(0, impl_.offset, indent); }

private:
  bool is_cut(size_t axis) const {
    return edges_ >= 0 && (impl_.sizes[axis] - 1) / 2 >= edges_ && impl_.sizes[axis] > 0;
  }

  /// The indices of an axis that are shown.
  std::vector<int64_t> indices(size_t axis) const {
    std::vector<int64_t> list;
    const int64_t size = impl_.sizes[axis];
    for (int64_t i = 0; i < size; ++i) {
      if (is_cut(axis) && i == edges_) i = size - edges_;
      if (i < size) list.push_back(i);
    }
    return list;
  }

  Scalar element(int64_t offset) const {
    return load_scalar(impl_.storage->data() + offset * static_cast<int64_t>(runtime::item_size(impl_.dtype)),
                       impl_.dtype);
  }

  void collect(size_t axis, int64_t offset, std::vector<Scalar>& values) const {
    if (axis == impl_.sizes.size()) {
      values.push_back(element(offset));
      return;
    }
    for (int64_t i : indices(axis)) collect(axis + 1, offset + i * impl_.strides[axis], values);
  }
  std::vector<Scalar> shown() const {
    std::vector<Scalar> values;
    collect(0, impl_.offset, values);
    return values;
  }

  std::string axis_text(size_t axis, int64_t offset, size_t indent) const {
    const size_t left = impl_.sizes.size() - axis;
    if (left == 0) return format_.text(element(offset));
    std::vector<std::string> parts;
    for (int64_t i : indices(axis)) {
      if (is_cut(axis) && static_cast<int64_t>(parts.size()) == edges_) parts.push_back(left == 1 ? " ..." : "...");
      parts.push_back(axis_text(axis + 1, offset + i * impl_.strides[axis], indent + 1));
    }
    if (is_cut(axis) && edges_ == 0) parts.push_back("...");
    if (left == 1) return row_text(parts, indent);
    std::string text = "[";
    const std::string separator = "," + std::string(left - 1, '\n') + std::string(indent + 1, ' ');
    for (size_t i = 0; i < parts.size(); ++i) text += (i ? separator : "") + parts[i];
    return text + "]";
  }

  /// The elements of the last axis, as many on a line as fit.
  std::string row_text(const std::vector<std::string>& parts, size_t indent) const {
    const auto room = static_cast<int64_t>(options_.line_width) - static_cast<int64_t>(indent);
    const auto per_line = static_cast<size_t>(std::max<int64_t>(1, room / static_cast<int64_t>(format_.width() + 2)));
    std::string text = "[";
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) text += i % per_line == 0 ? ",\n" + std::string(indent + 1, ' ') : ", ";
      text += parts[i];
    }
    return text + "]";
  }

  const TensorImpl& impl_;
  const PrintOptions& options_;
  int64_t edges_; ///< -1: everything is shown
  NumberFormat format_;
};

std::string size_text(const SizeList& sizes) {
  std::string text = "size=(";
  for (size_t i = 0; i < sizes.size(); ++i) text += (i ? ", " : "") + std::to_string(sizes[i]);
  return text + ")";
}

std::string to_text(const GradFn& function) { return function ? "<" + function.name() + ">" : "none"; }

std::vector<std::string> suffixes(const Tensor& x, bool empty) {
  const TensorImpl& impl = *x.impl();
  std::vector<std::string> list;
  const Device device = impl.device();
  if (!device.is_cpu()) list.push_back("device='" + device.to_string() + "'");
  if (empty && impl.sizes.size() != 1) list.push_back(size_text(impl.sizes));
  const bool usual = impl.dtype == get_default_dtype() || (!empty && (impl.dtype == i64 || impl.dtype == boolean));
  if (!usual) list.push_back("dtype=" + std::string(runtime::name(impl.dtype)));
  if (const GradFn made_by = x.grad_fn())
    list.push_back("grad_fn=" + to_text(made_by));
  else if (x.requires_grad())
    list.push_back("requires_grad=True");
  return list;
}

} // namespace

PrintOptions get_print_options() {
  std::lock_guard lock(options_mutex);
  return current_options;
}

void set_print_options(const PrintOptions& options, Loc loc) {
  if (options.precision < 0 || options.precision > 100)
    fail(loc, "set_print_options: precision is ", options.precision, ", needs 0 to 100");
  if (options.threshold < 0) fail(loc, "set_print_options: threshold is ", options.threshold, ", needs at least 0");
  if (options.edge_items < 0) fail(loc, "set_print_options: edge_items is ", options.edge_items, ", needs at least 0");
  if (options.line_width < 1) fail(loc, "set_print_options: line_width is ", options.line_width, ", needs at least 1");
  std::lock_guard lock(options_mutex);
  current_options = options;
}

std::string to_string(const Tensor& x, Loc loc) {
  checked_data(x, "print", loc);
  const Tensor here = on_host(x, loc);
  const TensorImpl& impl = *here.impl();
  const PrintOptions options = get_print_options();
  const auto numel = static_cast<int64_t>(x.numel(loc));
  const std::string prefix = "tensor(";
  std::string text = prefix + "[]";
  if (numel > 0)
    text = prefix + Printer(impl, options, numel > options.threshold ? options.edge_items : -1).text(prefix.size());
  // Counted as PyTorch counts it: two more than the length of a last line that follows others.
  size_t line = text.size() - (text.rfind('\n') == text.npos ? static_cast<size_t>(-1) : text.rfind('\n')) + 1;
  for (const std::string& suffix : suffixes(x, numel == 0)) {
    const bool breaks = line + suffix.size() + 2 > static_cast<size_t>(options.line_width);
    text += breaks ? ",\n" + std::string(prefix.size(), ' ') + suffix : ", " + suffix;
    line = breaks ? prefix.size() + suffix.size() : line + suffix.size() + 2;
  }
  return text + ")";
}

std::ostream& operator<<(std::ostream& out, const Printed& x) {
  return out << (x.tensor().defined() ? to_string(x.tensor(), x.loc()) : "tensor(undefined)");
}

std::ostream& operator<<(std::ostream& out, const GradFn& function) { return out << to_text(function); }

} // namespace ogee
