// Whether a Program holds together: whatever passes here cannot make the runtime read or write outside its tables.
#include "runtime/program.h"

#include "runtime/checked.h"
#include "runtime/codec.h"
#include "runtime/cuda/architecture.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace ogee::runtime {
namespace {

constexpr uint32_t kMostThreads = 1024; ///< of a block, on every device

/// Collects the first thing that is wrong.
class Validator {
public:
  explicit Validator(const Program& program) : p_(program), slots_(program.values.initial.size()) {}

  Status run() {
    check_values();
    check_state();
    for (const ArgSpec& arg : p_.args) check_arg(arg);
    for (const SizeCheck& check : p_.checks)
      need(slot(check.a) && slot(check.b), "a check reads a slot that is not there");
    for (size_t i = 0; i < p_.buffers.size(); ++i) check_buffer(p_.buffers[i]);
    for (size_t i = 0; i < p_.results.size(); ++i) check_result(i);
    check_ends();
    for (const ImageRef& image : p_.images) check_image(image);
    for (const CudaModuleRef& module : p_.modules) check_module(module);
    if (p_.transfer) check_place(*p_.transfer);
    need(is_for_cuda() ? p_.images.empty() : p_.modules.empty(), "it has code for another kind of device");
    check_list(p_.launches, 0);
    check_changes();
    return status_;
  }

private:
  void need(bool holds, const char* message) {
    if (!holds && status_) status_ = Failure{concat("program: ", message), ErrorCode::corrupt};
  }
  bool slot(Slot slot) const { return slot < slots_; }
  bool maybe_slot(Slot slot) const { return slot == kNoSlot || slot < slots_; }
  bool slots(const std::vector<Slot>& all) const {
    for (const Slot one : all)
      if (!slot(one)) return false;
    return true;
  }
  bool buffer(uint32_t index) const { return index < p_.buffers.size(); }

  void check_steps(const std::vector<SizeStep>& steps) {
    for (const SizeStep& step : steps)
      need(slot(step.a) && slot(step.b) && slot(step.out), "a size step uses a slot that is not there");
  }

  void check_values() {
    std::set<Slot> symbols;
    for (const Symbol& symbol : p_.values.symbols) {
      need(symbols.insert(symbol.slot).second, "two symbols have one slot");
      const SymbolSource& source = symbol.source;
      const bool found = source.kind == SymbolSource::Kind::index
                             ? source.arg < p_.index_args
                             : source.arg < p_.args.size() && source.axis < p_.args[source.arg].dims.size();
      need(slot(symbol.slot) && found, "a symbol comes from an argument that is not there");
    }
    check_steps(p_.values.steps);
  }

  /// Sizes of arguments are checked before anything is derived from them.
  bool derived(const std::vector<Slot>& all) const {
    for (const SizeStep& step : p_.values.steps)
      for (const Slot one : all)
        if (one == step.out) return true;
    return false;
  }

  /// What each argument that is state begins with: of sizes that are numbers, or nothing at all.
  void check_state() {
    size_t count = 0;
    bool is_last = true;
    for (const ArgSpec& arg : p_.args) {
      is_last &= count == 0 || arg.role != Role::input;
      if (arg.role == Role::input) continue;
      if (count < p_.state.size() && status_) check_elements(arg, p_.state[count].size());
      ++count;
    }
    if (p_.state.empty()) return;
    need(p_.state.size() == count, "the state is not that of its arguments");
    need(is_last, "an argument that each call gives comes after the state");
  }

  void check_elements(const ArgSpec& arg, size_t bytes) {
    Checked expected = static_cast<int64_t>(item_size(arg.dtype));
    for (const Slot dim : arg.dims) {
      need(slot(dim) && is_constant(dim), "the state has a size that is no number");
      if (!status_) return;
      expected = expected * p_.values.initial[dim];
    }
    need(expected.valid() && expected.value() >= 0 && static_cast<uint64_t>(expected.value()) == bytes,
         "the state of an argument has another size");
  }

  bool is_constant(Slot slot) const {
    for (const Symbol& symbol : p_.values.symbols)
      if (symbol.slot == slot) return false;
    return !derived({slot});
  }

  void check_arg(const ArgSpec& arg) {
    need(slots(arg.dims) && slots(arg.strides), "an argument has a slot that is not there");
    need(!derived(arg.dims) && !derived(arg.strides), "an argument has a derived size: it must be a check");
    need(arg.strides.empty() || arg.strides.size() == arg.dims.size(),
         "an argument has more strides than dims, or fewer");
    need(!arg.host || (is_for_cuda() && arg.dims.empty()),
         "an argument that is the host's needs rank 0, and a program for a device");
  }

  bool is_for_cuda() const { return p_.device == Device::Kind::cuda; }
  bool is_host(uint32_t index) const {
    const Buffer& buffer = p_.buffers[index];
    return buffer.kind == Buffer::Kind::argument && p_.args[buffer.index].host;
  }

  void check_buffer(const Buffer& buffer) {
    switch (buffer.kind) {
    case Buffer::Kind::argument:
      return need(buffer.index < p_.args.size(), "a buffer is an argument that is not there");
    case Buffer::Kind::result: return need(buffer.index < p_.results.size(), "a buffer is a result that is not there");
    case Buffer::Kind::constant:
      return need(buffer.index < p_.constants.size(), "a buffer is a constant that is not there");
    case Buffer::Kind::arena:
      need(slot(buffer.bytes), "a buffer has a size that is not there");
      return need(buffer.first_use <= buffer.last_use, "a buffer is used last before it is used first");
    }
  }

  void check_result(size_t index) {
    const ResultSpec& result = p_.results[index];
    need(slots(result.dims), "a result has a slot that is not there");
    need(buffer(result.buffer), "a result has a buffer that is not there");
    if (!status_) return;
    const Buffer& memory = p_.buffers[result.buffer];
    need(memory.kind == Buffer::Kind::result && memory.index == index, "a result has the buffer of something else");
    if (result.writes == kNoArgument) return need(!result.in_place, "a result is in the memory of no argument");
    need(result.writes < p_.args.size(), "a result is written to an argument that is not there");
    if (!status_) return;
    const ArgSpec& argument = p_.args[result.writes];
    need(argument.dtype == result.dtype && argument.dims.size() == result.dims.size(),
         "a result is written to an argument of another form");
    need(!result.in_place || (argument.dims == result.dims && argument.strides.empty()),
         "a result is in the memory of an argument of another form");
    need(!result.in_place || !argument.host, "a result is in the memory of an argument of the host");
  }

  /// Loops change what launches read: never sizes that were checked and solved before.
  void check_changes() {
    const auto fixed = [&](const std::vector<Slot>& all) {
      need(std::ranges::none_of(all, [&](Slot slot) { return changed_.contains(slot); }),
           "a loop changes a size of an argument, a result or a buffer");
    };
    for (const ArgSpec& arg : p_.args) fixed(arg.dims), fixed(arg.strides);
    for (const ResultSpec& result : p_.results) fixed(result.dims);
    for (const Buffer& buffer : p_.buffers)
      if (buffer.kind == Buffer::Kind::arena) fixed({buffer.bytes});
  }

  /// A result has one buffer, and an argument ends with one value.
  void check_ends() {
    for (size_t i = 0; i < p_.buffers.size() && status_; ++i)
      if (p_.buffers[i].kind == Buffer::Kind::result)
        need(p_.results[p_.buffers[i].index].buffer == i, "a buffer is a result that has another one");
    std::set<uint32_t> written;
    for (const ResultSpec& result : p_.results)
      need(result.writes == kNoArgument || written.insert(result.writes).second,
           "two results are written to one argument");
  }

  void check_image(const ImageRef& image) {
    need(image != nullptr, "an image is missing");
    if (!status_) return;
    if (Status checked = image->check(); !checked) status_ = checked;
  }

  void check_module(const CudaModuleRef& module) {
    need(module != nullptr, "a module is missing");
    if (!status_) return;
    if (Status checked = module->check(); !checked) status_ = checked;
  }

  void check_list(const LaunchList& list, int depth) {
    need(depth < Reader::kMaxDepth, "launches are nested too deeply");
    if (!status_) return;
    for (const Entry& entry : list) std::visit([&](const auto& launch) { check(launch, depth); }, entry.launch);
  }

  void check(const KernelLaunch& launch, int) {
    need(launch.image < p_.images.size(), "a launch has an image that is not there");
    if (!status_) return;
    need(launch.entry < p_.images[launch.image]->data().entries.size(), "a launch has an entry that is not there");
    for (const uint32_t index : launch.buffers) need(buffer(index), "a launch has a buffer that is not there");
    need(slots(launch.sizes) && slot(launch.units), "a launch has a size that is not there");
    need(maybe_slot(launch.unit_cost) && maybe_slot(launch.scratch_bytes), "a launch has a size that is not there");
  }
  void check_place(const KernelPlace& place) {
    need(place.module < p_.modules.size(), "a launch has a module that is not there");
    if (!status_) return;
    need(place.entry < p_.modules[place.module]->entries.size(), "a launch has an entry that is not there");
  }
  void check(const CudaLaunch& launch, int) {
    check_place({launch.module, launch.entry});
    if (!status_) return;
    for (const uint32_t index : launch.buffers) need(buffer(index), "a launch has a buffer that is not there");
    need(slots(launch.sizes) && slot(launch.blocks) && maybe_slot(launch.shared_bytes),
         "a launch has a size that is not there");
    need(launch.threads >= 1 && launch.threads <= kMostThreads, "a launch has a block of no or of too many threads");
  }
  void check(const MatmulLaunch& product, int depth) {
    need(p_.device == Device::Kind::cuda, "a product by a library is on no GPU");
    need(product.dtype == DType::f32 || product.dtype == DType::f64, "a product is of neither f32 nor f64");
    need(slots({product.batch, product.m, product.n, product.k}), "a product has a size that is not there");
    for (const MatrixSpec* matrix : {&product.lhs, &product.rhs, &product.out, &product.residual}) {
      if (matrix == &product.residual && !product.has_residual) continue;
      need(buffer(matrix->buffer) && slots({matrix->offset, matrix->batch_stride, matrix->ld}),
           "a product has a matrix that is not there");
      need(!status_ || !is_host(matrix->buffer), "a product has a matrix of the host");
    }
    need(!product.out.transposed && !product.residual.transposed, "a product is stored by columns");
    if (product.bias != kNoBuffer) {
      need(buffer(product.bias) && slot(product.bias_offset), "a product has a bias that is not there");
      need(!status_ || !is_host(product.bias), "a product has a bias of the host");
    }
    check_list(product.otherwise, depth + 1);
  }
  void check(const CopyLaunch& copy, int) {
    need(buffer(copy.from) && buffer(copy.to), "a copy has a buffer that is not there");
    need(!status_ || !is_host(copy.to), "a copy writes to an argument of the host");
    need(slot(copy.bytes) && maybe_slot(copy.from_offset) && maybe_slot(copy.to_offset),
         "a copy has a size that is not there");
  }
  void check(const FillLaunch& fill, int) {
    need(buffer(fill.buffer) && slot(fill.bytes), "a fill has a buffer or size that is not there");
    need(std::has_single_bit(fill.pattern_bytes) && fill.pattern_bytes <= 8, "a fill has a pattern of an odd size");
    need(!status_ || !is_host(fill.buffer), "a fill writes to an argument of the host");
  }
  void check(const CheckLaunch& launch, int) {
    need(buffer(launch.failed), "a check has a buffer that is not there");
    for (const Window& value : launch.values)
      need(buffer(value.buffer) && slot(value.offset) && slots(value.dims) && slots(value.strides) &&
               value.dims.size() == value.strides.size(),
           "a check has a value that is not there");
  }
  void check(const Condition& condition) {
    need(condition.kind == Condition::Kind::size ? slot(condition.index) : buffer(condition.index),
         "a condition reads what is not there");
  }
  void check(const IfEntry& entry, int depth) {
    check(entry.condition);
    check_list(entry.then, depth + 1);
    check_list(entry.otherwise, depth + 1);
  }
  void check(const WhileEntry& entry, int depth) {
    check_list(entry.before, depth + 1);
    check(entry.condition);
    check_list(entry.body, depth + 1);
  }
  void check(const ForEntry& entry, int depth) {
    need(slot(entry.count) && slot(entry.induction), "a loop has a slot that is not there");
    check_steps(entry.steps);
    changed_.insert(entry.induction);
    for (const SizeStep& step : entry.steps) changed_.insert(step.out);
    check_list(entry.body, depth + 1);
  }

  const Program& p_;
  const size_t slots_;
  std::set<Slot> changed_; ///< by loops
  Status status_;
};

} // namespace

Status Program::validate() const { return Validator(*this).run(); }

namespace {

/// Whether a fill needs no memory of the host: words of 4 bytes at most.
bool is_plain(const FillLaunch& fill) {
  return fill.pattern_bytes <= 4 || fill.pattern >> 32 == uint32_t(fill.pattern);
}

bool are_straight(const LaunchList& launches) { return std::ranges::all_of(launches, is_straight); }

/// Those that run at most once.
size_t count_straight(const LaunchList& launches) {
  size_t count = 0;
  for (const Entry& entry : launches) {
    if (const auto* const branch = std::get_if<IfEntry>(&entry.launch))
      count += std::max(count_straight(branch->then), count_straight(branch->otherwise));
    else if (const auto* const loop = std::get_if<WhileEntry>(&entry.launch))
      count += count_straight(loop->before) + count_straight(loop->body);
    else
      count += is_straight(entry);
  }
  return count;
}

} // namespace

bool is_straight(const Entry& entry) {
  if (const auto* const copy = std::get_if<CopyLaunch>(&entry.launch)) return copy->from != copy->to;
  if (const auto* const fill = std::get_if<FillLaunch>(&entry.launch)) return is_plain(*fill);
  if (const auto* const product = std::get_if<MatmulLaunch>(&entry.launch)) return are_straight(product->otherwise);
  if (const auto* const branch = std::get_if<IfEntry>(&entry.launch))
    return branch->condition.kind == Condition::Kind::size && are_straight(branch->then) &&
           are_straight(branch->otherwise);
  return std::holds_alternative<CudaLaunch>(entry.launch);
}

bool is_worth_replaying(const LaunchList& launches) {
  constexpr size_t kLeast = 4; // one launch stands for them, and two more copy what calls give and get
  return count_straight(launches) >= kLeast;
}

namespace {

bool is_identifier(const std::string& name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::ranges::all_of(name, is_word);
}

/// Whether the tables of an ELF file, whose size drivers are not told, lie within it.
bool holds_elf(std::span<const uint8_t> code) {
  Elf64_Ehdr header;
  if (code.size() < sizeof header) return false;
  std::memcpy(&header, code.data(), sizeof header);
  const auto fits = [&](uint64_t at, uint64_t count, uint64_t each) {
    return at <= code.size() && count * each <= code.size() - at;
  };
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         fits(header.e_phoff, header.e_phnum, header.e_phentsize) &&
         fits(header.e_shoff, header.e_shnum, header.e_shentsize);
}

} // namespace

Status CudaModule::check() const {
  const auto corrupt = [](auto&&... parts) { return Failure{concat("module: ", parts...), ErrorCode::corrupt}; };
  const auto parsed = cuda::Architecture::parse(architecture);
  if (!parsed) return corrupt(parsed.message());
  if (parsed->ptx ? code.empty() || code.back() != 0 : !holds_elf(code))
    return corrupt("its code is no ", parsed->ptx ? "text that ends with a zero" : "cubin");
  for (const std::string& entry : entries)
    if (!is_identifier(entry)) return corrupt("an entry has a name that kernels do not have");
  return {};
}

} // namespace ogee::runtime
