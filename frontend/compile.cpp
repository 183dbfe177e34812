// Compiled functions: one variant per signature and set of guard values; how a variant is made and how it runs.
#include "frontend/compile.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "frontend/kernel.h"
#include "frontend/placement.h"
#include "frontend/record.h"
#include "frontend/runnable.h"
#include "frontend/signature.h"
#include "frontend/tape.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "runtime/environment.h"
#include "runtime/runtime.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <mutex>
#include <sstream>

namespace ogee {

Dim dim(std::string_view name, int64_t lo, int64_t hi, Loc loc) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) || !std::ranges::all_of(name, is_word))
    detail::fail(loc, "dim: \"", name, "\" is no identifier");
  if (lo < 0 || lo > hi) detail::fail(loc, "dim: ", name, " has no size between ", lo, " and ", hi);
  return Dim::symbol(name, lo, hi);
}

Tensor spec(const Options& options, const Dims& shape, Loc loc) {
  if (shape.shape().size() > detail::kMaxRank) detail::fail(loc, "spec: more than ", detail::kMaxRank, " axes");
  for (const Dim& size : shape.shape())
    if (size.is_number() ? size.number() < 0 : !size.as_symbol())
      detail::fail(loc, "spec: a size is a number or a dim, not ", size);
  auto* impl = new detail::TensorImpl;
  impl->dtype = options.dtype.value_or(get_default_dtype());
  impl->symbolic =
      std::make_unique<detail::Symbolic>(detail::Symbolic{shape.shape(), options.device.value_or(get_default_device()),
                                                          runtime::row_major_strides(shape.shape()), nullptr, 0, loc});
  return Tensor(impl);
}

namespace detail {

bool is_tracing() noexcept { return Trace::current() != nullptr; }

uint64_t defaults_word() noexcept {
  return static_cast<uint64_t>(get_default_dtype()) | device_word(get_default_device()) << 8;
}

void name_results(const std::vector<Leaf>& leaves) {
  for (const Leaf& leaf : leaves) {
    const bool is_field = !leaf.path.empty() && !std::isdigit(static_cast<unsigned char>(leaf.path[0]));
    if (!is_field || !leaf.tensor || !leaf.tensor->defined()) continue;
    TensorImpl& impl = *leaf.tensor->impl();
    if (impl.symbolic && impl.name.empty()) impl.name = leaf.path;
  }
}

Tensor number_argument(const Scalar& value) {
  if (Trace::current()) return record_constant(value, value.dtype(), Loc());
  Tensor number = make_dense({}, value.dtype(), Device());
  write_scalar(value, value.dtype(), number.impl()->data());
  return number;
}

namespace {

/// Whether only compiled functions hold a tensor, `references` of which are no part of a variant: no variable is left.
bool is_rebound(const TensorImpl& impl, uint32_t references) {
  return impl.refs.load(std::memory_order_acquire) == impl.holds.load(std::memory_order_acquire) + references;
}

/// Error where the function has given a variable of the caller another tensor: the next call would not see it.
void check_not_rebound(const Trace& trace, const Interface& interface) {
  constexpr const char* kHint = "; hint: change captured tensors in place (`w -= …`), or return the new value";
  if (const std::optional<Loc> line = trace.survivor())
    fail_with(ErrorCode::state,
              runtime::concat("compile: a value of the traced function outlives it, as if a captured variable was "
                              "rebound to it: it was made",
                              kHint),
              *line);
  for (const Capture& capture : interface.captures)
    if (is_rebound(*capture.tensor.impl(), 1))
      fail_with(ErrorCode::state,
                runtime::concat("compile: the function rebinds a captured variable; its tensor was first used", kHint),
                capture.first_use);
}

/// The shape of a tensor argument, with names for the sizes that have one.
Shape shape_of(const Leaf& leaf, const CompileOptions& options, Loc loc) {
  Shape shape = leaf.tensor->shape(loc);
  const size_t arg = argument_number(leaf);
  for (const SymbolicDim& entry : options.dims) {
    if (entry.arg != arg) continue;
    if (entry.axis >= shape.size())
      fail(loc, "compile: dims name axis ", entry.axis, " of arg ", arg, ", which has the shape ", shape);
    shape[entry.axis] = entry.dim;
  }
  return shape;
}

/// Error where a named size is of an argument without tensors, or of one that there is not.
void check_dims(const CompileOptions& options, const std::vector<Leaf>& leaves, Loc loc) {
  for (const SymbolicDim& entry : options.dims)
    if (std::ranges::none_of(leaves, [&](const Leaf& x) { return x.tensor && argument_number(x) == entry.arg; }))
      fail(loc, "compile: dims name axis ", entry.axis, " of arg ", entry.arg, ", but no tensor is there");
}

/// Records a function on stand-ins for the tensors among its leaves.
Recording record(const CompileOptions& options, Trace::Use use, const Source& source, std::shared_ptr<void>& prototype,
                 Loc loc) {
  check_dims(options, source.leaves, loc);
  auto trace = std::make_shared<Trace>(options.name, use);
  Trace::Recorder recorder(trace);
  std::vector<Tensor> stand_ins;
  for (const Leaf& leaf : source.leaves) {
    if (!leaf.tensor) continue;
    const TensorImpl& impl = checked(*leaf.tensor, "compile", loc);
    GraphArgument argument{argument_name(leaf, options), impl.dtype, shape_of(leaf, options, loc), {}};
    if (!impl.symbolic && !impl.dense) argument.strides = stride_classes(impl);
    argument.device = impl.device();
    stand_ins.push_back(trace->argument(argument, loc, *leaf.tensor));
  }
  std::vector<Tensor> results = source.body(stand_ins, prototype);
  Recording recording = trace->finish(results, loc, options.keep_grads);
  results.clear();
  stand_ins.clear();
  check_not_rebound(*trace, recording.interface);
  return recording;
}

std::shared_ptr<CompiledTape> tape_of(const Recording& recording) {
  if (recording.wrt.empty()) return nullptr;
  return std::make_shared<CompiledTape>(recording.graph, recording.wrt, recording.graph.result_count(),
                                        recording.no_gradient);
}

/// A source whose tensors are specs: it outlives the call.
class KeptSource {
public:
  KeptSource(Source source, const CompileOptions& options, Loc loc) : source_(std::move(source)) {
    specs_.reserve(source_.leaves.size()); // they stay where they are
    for (Leaf& leaf : source_.leaves) {
      if (!leaf.tensor) continue;
      const TensorImpl& impl = *leaf.tensor->impl();
      const Tensor& kept = specs_.emplace_back(spec({impl.dtype, impl.device()}, shape_of(leaf, options, loc), loc));
      if (impl.autograd && impl.autograd->requires_grad) autograd_of(*kept.impl()).requires_grad = true;
      leaf.tensor = &kept;
    }
  }
  KeptSource(const KeptSource&) = delete;
  KeptSource& operator=(const KeptSource&) = delete;
  const Source& get() const { return source_; }

private:
  Source source_;
  std::vector<Tensor> specs_;
};

DType dtype_of_word(uint64_t defaults) { return static_cast<DType>(defaults & 0xff); }
Device device_of_word(uint64_t defaults) { return device_of(defaults >> 8); }

/// The modes of this thread as those of the call that a signature is of.
class ModesScope {
public:
  explicit ModesScope(std::span<const uint64_t> signature) : grad_(signature[1] != 0), before_(defaults_word()) {
    set(signature[0]);
  }
  ~ModesScope() { set(before_); }
  ModesScope(const ModesScope&) = delete;
  ModesScope& operator=(const ModesScope&) = delete;

private:
  static void set(uint64_t defaults) {
    set_default_dtype(dtype_of_word(defaults));
    set_default_device(device_of_word(defaults));
  }

  const RecordingScope grad_;
  const uint64_t before_;
};

/// A traced and compiled form of the function.
struct Variant {
  Variant(std::span<const uint64_t> words, std::vector<LeafFacts> leaf_facts, Source from,
          const CompileOptions& options, Recording done, std::shared_ptr<std::mutex> writing, Loc loc)
      : signature(words.begin(), words.end()), leaves(std::move(leaf_facts)), source(std::move(from), options, loc),
        graph(done.graph), guards(std::move(done.guards)), tape(tape_of(done)),
        runnable(std::move(done.interface), tape ? tape->forward() : graph, loc, false, std::move(writing)) {
    for (const Capture& capture : runnable.interface().captures) capture.tensor.impl()->holds.fetch_add(1);
  }
  ~Variant() {
    for (const Capture& capture : runnable.interface().captures) capture.tensor.impl()->holds.fetch_sub(1);
  }

  std::vector<uint64_t> signature;
  std::vector<LeafFacts> leaves;
  const KeptSource source;
  Graph graph;
  std::vector<Guard> guards;
  std::shared_ptr<CompiledTape> tape; ///< of a function that gradients flow through
  Runnable runnable;
  std::shared_ptr<void> prototype;
  std::atomic<uint64_t> epoch{0};   ///< at which guards and captures were last found in order
  std::atomic<bool> checked{false}; ///< by OGEE_CHECK_TRACE
  Variant* next = nullptr;
};

/// The first line in which two recordings of one function differ.
std::string first_difference(const std::string& was, const std::string& now) {
  std::istringstream old_lines(was), new_lines(now);
  std::string old_line, new_line;
  while (true) {
    const bool more_old = static_cast<bool>(std::getline(old_lines, old_line));
    const bool more_new = static_cast<bool>(std::getline(new_lines, new_line));
    if (!more_old && !more_new) return "";
    if (!more_old) old_line = "(the end)";
    if (!more_new) new_line = "(the end)";
    if (old_line != new_line) return runtime::concat("`", old_line, "`, now `", new_line, "`");
  }
}

} // namespace

struct CompiledBase::Impl {
  Impl(CompileOptions options, Loc loc) : options(std::move(options)), loc(loc) {}
  ~Impl() {
    for (Variant* variant = head.load(); variant;) delete std::exchange(variant, variant->next);
  }

  bool in_order(Variant& variant, uint64_t epoch) const;
  Variant* find(std::span<const uint64_t> signature) const;
  Variant& trace(std::span<const uint64_t> signature, Source source);
  std::string reason(std::span<const uint64_t> signature, const std::vector<LeafFacts>& now) const;
  void check(Variant& variant, const Source& source, Loc call) const;
  Graph standalone(const char* function, Loc call);

  /// Views of arguments whose sizes differ are made by the graph.
  Trace::Use use() const { return options.dims.empty() ? Trace::Use::call : Trace::Use::graph; }

  const CompileOptions options;
  const Loc loc;
  std::atomic<Variant*> head{nullptr}; ///< the last traced first
  std::atomic<uint64_t> calls{0};
  /// Held by calls of any variant that write to tensors.
  const std::shared_ptr<std::mutex> writing = std::make_shared<std::mutex>();
  std::mutex tracing;       ///< the function is recorded by one thread at a time: it may have effects of its own
  mutable std::mutex mutex; ///< guards what follows; never held while the user's code runs
  uint64_t compiles = 0;
  std::vector<std::string> reasons;
};

/// Whether the guards of a variant hold. Error where a captured tensor was rebound.
bool CompiledBase::Impl::in_order(Variant& variant, uint64_t epoch) const {
  if (variant.epoch.load(std::memory_order_acquire) == epoch) return true;
  for (const Guard& guard : variant.guards)
    if (guard.cell->bits.load(std::memory_order_acquire) != guard.bits) return false;
  for (const Capture& capture : variant.runnable.interface().captures) {
    if (is_rebound(*capture.tensor.impl(), 0))
      fail_with(ErrorCode::state,
                runtime::concat("compile: a captured variable was rebound between calls of the function compiled",
                                where(loc), "; its tensor was first used",
                                "; hint: change it in place (`w -= …`), or pass it as an argument"),
                capture.first_use);
    if (!capture.is_unchanged()) return false;
  }
  variant.epoch.store(epoch, std::memory_order_release);
  return true;
}

Variant* CompiledBase::Impl::find(std::span<const uint64_t> signature) const {
  const uint64_t epoch = runtime::Runtime::get().epoch();
  for (Variant* variant = head.load(std::memory_order_acquire); variant; variant = variant->next)
    if (std::ranges::equal(variant->signature, signature) && in_order(*variant, epoch)) return variant;
  return nullptr;
}

std::string CompiledBase::Impl::reason(std::span<const uint64_t> signature, const std::vector<LeafFacts>& now) const {
  const Variant& last = *head.load();
  if (std::string text = difference(last.leaves, now); !text.empty()) return text;
  for (const Guard& guard : last.guards)
    if (const uint64_t bits = guard.cell->bits.load(); bits != guard.bits)
      return runtime::concat(guard.cell->name, " was ", guard.cell->text(guard.bits), ", now ", guard.cell->text(bits));
  for (const Capture& capture : last.runnable.interface().captures)
    if (!capture.is_unchanged())
      return runtime::concat("a captured tensor of shape ", capture.tensor.shape(),
                             has_gradient(capture.tensor) == capture.requires_grad
                                 ? " has another history, or other hooks"
                             : capture.requires_grad ? " required a gradient, now not"
                                                     : " requires a gradient now");
  if (signature[1] != last.signature[1]) return "gradients were switched on or off for this thread";
  const uint64_t was = last.signature[0], is = signature[0]; // the first words of every signature
  if (dtype_of_word(was) != dtype_of_word(is))
    return runtime::concat("the default dtype was ", runtime::name(dtype_of_word(was)), ", now ",
                           runtime::name(dtype_of_word(is)));
  if (was != is) return runtime::concat("the default device was ", device_of_word(was), ", now ", device_of_word(is));
  if (signature[2] != last.signature[2])
    return runtime::concat("NaN mode was ", last.signature[2] ? "on" : "off", ", now ", signature[2] ? "on" : "off");
  return "the arguments changed";
}

Variant& CompiledBase::Impl::trace(std::span<const uint64_t> signature, Source source) {
  std::lock_guard tracing_lock(tracing);
  if (Variant* other = find(signature)) return *other; // another thread was faster
  std::vector<LeafFacts> facts;
  for (const Leaf& leaf : source.leaves) facts.emplace_back(leaf, options.dims);
  const uint64_t epoch = runtime::Runtime::get().epoch();
  std::shared_ptr<void> prototype;
  Recording recording = record(options, use(), source, prototype, loc);
  std::string why = head.load() ? reason(signature, facts) : "";
  auto variant = std::make_unique<Variant>(signature, std::move(facts), std::move(source), options,
                                           std::move(recording), writing, loc);
  variant->prototype = std::move(prototype);
  variant->epoch = epoch;
  variant->next = head.load();
  std::lock_guard lock(mutex);
  ++compiles;
  if (variant->next) reasons.push_back(std::move(why));
  head.store(variant.get(), std::memory_order_release);
  return *variant.release();
}

/// OGEE_CHECK_TRACE=1: the second call records again. What differs depends on something that a trace cannot see.
void CompiledBase::Impl::check(Variant& variant, const Source& source, Loc call) const {
  if (variant.checked.exchange(true)) return;
  std::shared_ptr<void> prototype;
  const Recording again = record(options, use(), source, prototype, loc);
  const std::string text = first_difference(variant.graph.ir(), again.graph.ir());
  if (!text.empty())
    fail_with(ErrorCode::state,
              "compile: the function does something else on its second call: first " + text +
                  "; hint: numbers and branches that change must be tensors, `where`, or State",
              call);
}

/// The last variant once more, for itself: under the modes and the state with which it was traced.
Graph CompiledBase::Impl::standalone(const char* function, Loc call) {
  std::lock_guard tracing_lock(tracing);
  const Variant* const last = head.load(std::memory_order_acquire);
  if (!last)
    fail_with(ErrorCode::state,
              runtime::concat(function, ": the function has not been traced yet; hint: call it once, or use trace(fn, "
                                        "specs…)"),
              call);
  for (const Guard& guard : last->guards)
    if (const uint64_t bits = guard.cell->bits.load(); bits != guard.bits)
      fail_with(ErrorCode::state,
                runtime::concat(function, ": ", guard.cell->name, " was ", guard.cell->text(guard.bits),
                                " when the function was traced last, now it is ", guard.cell->text(bits),
                                "; hint: call it again first"),
                call);
  const ModesScope modes(last->signature);
  return trace_source(options, last->source.get(), loc);
}

namespace {

/// Error unless each is a named size, and of an axis once.
std::vector<SymbolicDim> checked_dims(const std::vector<SymbolicDim>& dims, Loc loc) {
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!dims[i].dim.as_symbol())
      fail(loc, "compile: dims need names, not ", dims[i].dim, "; hint: dim(\"batch\", 1, 256)");
    if (symbolic_dim(std::span(dims).first(i), dims[i].arg, dims[i].axis))
      fail(loc, "compile: dims name axis ", dims[i].axis, " of arg ", dims[i].arg, " twice");
  }
  return dims;
}

} // namespace

CompiledBase::CompiledBase(CompileOptions options, Loc loc)
    : loc_(loc), dims_(checked_dims(options.dims, loc)), impl_(std::make_unique<Impl>(std::move(options), loc)) {}
CompiledBase::~CompiledBase() = default;

const void* CompiledBase::call(const Call& call, const std::function<Source()>& source, ResultList& results) {
  static const bool check_trace = runtime::is_switched_on("OGEE_CHECK_TRACE", false);
  impl_->calls.fetch_add(1, std::memory_order_relaxed);
  Variant* variant = impl_->find(call.signature());
  if (!variant)
    variant = &impl_->trace(call.signature(), source());
  else if (check_trace) [[unlikely]]
    impl_->check(*variant, source(), call.loc());
  variant->runnable.run(call.tensors(), results, call.loc(), variant->tape.get());
  return variant->prototype.get();
}

CompileStats CompiledBase::stats() const {
  std::lock_guard lock(impl_->mutex);
  return {impl_->calls.load(), impl_->compiles, impl_->reasons};
}

Graph CompiledBase::graph(Loc loc) const {
  const Variant* last = impl_->head.load(std::memory_order_acquire);
  if (!last)
    fail_with(ErrorCode::state,
              "ir: the function has not been traced yet; hint: call it once, or use trace(fn, specs…)", loc);
  return last->graph;
}

Graph CompiledBase::standalone(const char* function, Loc loc) const { return impl_->standalone(function, loc); }

void GraphImpl::set_interface(Interface interface) {
  interface_ = std::make_shared<const Interface>(std::move(interface));
}

Graph trace_source(const CompileOptions& options, const Source& source, Loc loc) {
  std::shared_ptr<void> prototype;
  Recording recording = record(options, Trace::Use::graph, source, prototype, loc);
  recording.graph.impl().set_interface(std::move(recording.interface));
  return recording.graph;
}

} // namespace detail

CompiledGraph Graph::compile(Loc loc) const {
  const detail::Interface* interface = impl_->interface();
  if (!interface)
    detail::fail(loc, "compile: this graph belongs to a compiled function; hint: call that, or use trace(fn, specs…)");
  return CompiledGraph(*this, std::make_shared<detail::Runnable>(*interface, *this, loc, /*copy_strided=*/true));
}

void CompiledGraph::save(const std::string& path, const SaveOptions& options, Loc loc) const {
  detail::save_program(*graph_, path, options, loc);
}

CompiledGraph::CompiledGraph(const Graph& graph, std::shared_ptr<detail::Runnable> runnable)
    : graph_(std::make_shared<const Graph>(graph)), runnable_(std::move(runnable)) {}

std::vector<Tensor> CompiledGraph::operator()(const std::vector<Tensor>& arguments, Loc loc) const {
  std::vector<const Tensor*> pointers;
  const std::vector<Device>& devices = runnable_->interface().arguments;
  for (const Tensor& argument : arguments) {
    detail::checked_data(argument, "a compiled graph", loc);
    if (pointers.size() < devices.size())
      detail::check_device("a compiled graph", runtime::concat("arg ", pointers.size()), argument,
                           devices[pointers.size()], loc);
    pointers.push_back(&argument);
  }
  detail::ResultList results;
  runnable_->run(pointers, results, loc);
  return results.all();
}

} // namespace ogee
