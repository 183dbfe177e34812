// Running a Program: the checks on entry, the results, then the launch list.
#include "runtime/executable.h"

#include "runtime/bounds.h"
#include "runtime/check.h"
#include "runtime/cuda/program_code.h"
#include "runtime/execution.h"
#include "runtime/replay.h"
#include "runtime/runtime.h"
#include "runtime/size_steps.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ogee::runtime {
namespace {

constexpr size_t kAlignment = Allocator::kAlignment;

size_t padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Results whose memory the caller already has.
class GivenResults final : public ResultSink {
public:
  explicit GivenResults(std::span<void* const> results) : results_(results) {}
  void* memory(uint32_t result, std::span<const int64_t>, int64_t) override { return results_[result]; }

private:
  std::span<void* const> results_;
};

void fill(std::byte* to, int64_t bytes, const FillLaunch& fill) {
  const size_t size = fill.pattern_bytes;
  std::array<std::byte, 8> pattern;
  std::memcpy(pattern.data(), &fill.pattern, sizeof pattern);
  if (size == 1) {
    std::memset(to, static_cast<int>(pattern[0]), static_cast<size_t>(bytes));
    return;
  }
  for (size_t at = 0; at + size <= static_cast<size_t>(bytes); at += size) std::memcpy(to + at, pattern.data(), size);
}

} // namespace

Executable::Executable(Program program, std::span<const TensorArg> bound, Device device)
    : program_(std::move(program)),
      device_(device.is_cpu() && program_.device == Device::Kind::cuda ? Device(Device::Kind::cuda) : device) {
  assert(program_.validate().ok() && bound.size() <= program_.args.size());
  if (device_.kind() != program_.device)
    raise(ErrorCode::invalid_argument, "program ", program_.name, ": is for the CPU and cannot run on ",
          device_.to_string());
  bind(bound);
  if (device_.is_cuda())
    code_ = std::make_unique<cuda::ProgramCode>(cuda::Gpu::get(device_.index()), program_);
  else
    place_constants();
  plan_ = std::make_unique<Plan>(program_, code_ ? code_->constants() : constants_, bound_, code_.get());
}

void Executable::place_constants() {
  size_t total = 0;
  for (const std::vector<uint8_t>& constant : program_.constants) total += padded(constant.size());
  constant_memory_ = std::make_unique<OwnedBlock>(total);
  std::byte* at = constant_memory_->data();
  for (const std::vector<uint8_t>& constant : program_.constants) {
    if (!constant.empty()) std::memcpy(at, constant.data(), constant.size());
    constants_.push_back(at);
    at += padded(constant.size());
  }
}

/// Remembers the memory of bound arguments; sizes that are read from them become constants.
void Executable::bind(std::span<const TensorArg> bound) {
  for (const TensorArg& argument : bound) bound_.push_back(argument.data);
  const size_t given = program_.args.size() - bound.size();
  std::erase_if(program_.values.symbols, [&](const Symbol& symbol) {
    SymbolSource source = symbol.source;
    if (source.kind == SymbolSource::Kind::index || source.arg < given) return false;
    source.arg -= static_cast<uint32_t>(given);
    program_.values.initial[symbol.slot] = read_symbol(source, {bound});
    return true;
  });
}

Executable::~Executable() = default;

namespace {

cuda::MatmulProblem problem_of(const MatmulLaunch& product, const std::vector<int64_t>& values) {
  const auto matrix = [&](const MatrixSpec& spec) {
    return cuda::MatmulMatrix{values[spec.ld], values[spec.batch_stride], spec.transposed};
  };
  cuda::MatmulProblem problem;
  problem.dtype = product.dtype;
  problem.function = product.function;
  problem.has_bias = product.bias != kNoBuffer;
  problem.has_residual = product.has_residual;
  problem.tf32 = Runtime::get().allows_tf32();
  problem.batch = values[product.batch];
  problem.m = values[product.m];
  problem.n = values[product.n];
  problem.k = values[product.k];
  problem.lhs = matrix(product.lhs);
  problem.rhs = matrix(product.rhs);
  problem.out = matrix(product.out);
  if (product.has_residual) problem.residual = matrix(product.residual);
  return problem;
}

} // namespace

/// One call: holds an Execution and hands it back at the end, also when an Error passes.
struct Executable::Runner {
  const Program& program;
  Plan& plan;
  ThreadPool& pool = Runtime::get().pool();
  std::unique_ptr<Execution> own = plan.acquire();
  Execution* execution = own.get(); ///< or a replay's
  OwnedBlock* workspace = &own->workspace;
  Replay* replay = nullptr;
  uint64_t launches = 0;
  bool elsewhere = false; ///< on another stream than the GPU's own

  ~Runner() {
    if (elsewhere) own->give_back_device();
    Runtime::get().counters().count_launches(launches);
    plan.release(std::move(own));
  }

  void prepare(const Inputs& inputs) {
    Execution& e = *execution;
    e.symbols.resize(program.values.symbols.size());
    read_symbols(program, inputs, e.symbols.data());
    const bool solved = e.solution && e.solution->symbols == e.symbols;
    if (!solved) {
      e.values = program.values.initial;
      for (size_t i = 0; i < e.symbols.size(); ++i) e.values[program.values.symbols[i].slot] = e.symbols[i];
      e.solution = nullptr; // until the arguments have passed
      if (!program.trusted) plan.checks.check_ranges(e.values.data());
    }
    if (!program.trusted) plan.checks.check_dims(inputs, e.values.data());
    if (!solved) e.bind(plan.solve(program, e.symbols));
    if (plan.code) [[unlikely]]
      begin_on_gpu();
  }

  /// The memory of an idle execution was last used on the GPU's own stream: others have some for themselves.
  void begin_on_gpu() {
    plan.code->begin_call();
    elsewhere = plan.code->is_elsewhere();
    if (elsewhere) execution->give_back_device();
  }

  void place_arguments(const Inputs& inputs, ResultSink& sink) {
    Execution& e = *execution;
    for (uint32_t i = 0; i < program.results.size(); ++i) {
      e.dims.clear();
      for (const Slot slot : program.results[i].dims) e.dims.push_back(e.solution->values[slot]);
      e.pointers[program.results[i].buffer] = sink.memory(i, e.dims, e.solution->result_sizes[i]);
    }
    for (const PlanArgument& argument : plan.arguments) e.pointers[argument.buffer] = inputs.tensors[argument.arg].data;
  }

  void run() {
    Execution& e = *execution;
    e.provide_memory(program, plan);
    for (const uint32_t ref : plan.changing_refs) e.gathered[ref] = e.pointers[plan.buffer_refs[ref]];
    if (!e.solution->splits) return run(plan.launches);
    const ThreadPool::KeepAwake awake(pool);
    run(plan.launches);
  }

  void run(std::span<const PlanNode> nodes) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      const PlanNode& node = nodes[i];
      if (node.kernel != PlanNode::kNoKernel)
        run_kernel_at(node.kernel);
      else if (replay && node.run != PlanNode::kNoRun)
        i = run_again(nodes, i);
      else
        step(node);
    }
  }

  void step(const PlanNode& node) {
    std::visit([&](const auto& launch) { step(node, launch); }, node.entry->launch);
  }

  /// Runs the call in the memory of one like it, and as that was recorded: false where none is kept.
  bool run_as_before() {
    Replays::Entry* const entry = plan.replays->begin(ReplayKey(program, plan, *execution));
    if (!entry) return false;
    auto after = Replays::After::forget;
    const auto end = [&](Replays* replays) { replays->end(*entry, after); };
    const std::unique_ptr<Replays, decltype(end)> ends(plan.replays.get(), end);
    if (!entry->replay && !(entry->replay = make_replay(entry->key))) return after = Replays::After::refuse, false;
    replay = entry->replay.get();
    execution = &replay->execution();
    workspace = &execution->workspace;
    try {
      replay->begin(*own);
      run(plan.launches);
      replay->end();
    } catch (const Error& error) {
      if (is_about_memory(error)) after = Replays::After::refuse; // a call alone takes less
      throw;
    }
    after = replay->is_refused() ? Replays::After::refuse : Replays::After::keep;
    return true;
  }

  static bool is_about_memory(const Error& error) { return error.code() == ErrorCode::out_of_memory; }

  /// Null where there is no memory for it: the call may do with less.
  std::unique_ptr<Replay> make_replay(const ReplayKey& key) {
    try {
      return std::make_unique<Replay>(program, plan, *execution, key);
    } catch (const Error& error) {
      if (!is_about_memory(error)) throw;
      return nullptr;
    }
  }

  /// A straight run in a replay; gives its last node.
  size_t run_again(std::span<const PlanNode> nodes, size_t first) {
    const std::span<const PlanNode> straight = nodes.subspan(first, nodes[first].length);
    RecordedRun& recorded = replay->run(nodes[first].run);
    workspace = &recorded.workspace;
    if (!recorded.graph && std::exchange(recorded.is_warm, true)) record(recorded, straight);
    if (!recorded.graph || !launch(recorded))
      for (const PlanNode& node : straight) step(node);
    workspace = &execution->workspace;
    return first + straight.size() - 1;
  }

  /// False where there is no memory for it: the driver takes some at a graph's first launch.
  bool launch(RecordedRun& recorded) {
    try {
      recorded.graph->launch();
    } catch (const Error& error) {
      if (!is_about_memory(error)) throw;
      replay->refuse();
      return false;
    }
    launches += recorded.launches;
    Runtime::get().counters().graph_launches.fetch_add(1, std::memory_order_relaxed);
    return true;
  }

  void record(RecordedRun& recorded, std::span<const PlanNode> nodes) {
    const uint64_t before = launches;
    try {
      recorded.graph.emplace(plan.code->gpu(), program.name, [&] {
        for (const PlanNode& node : nodes) step(node);
      });
    } catch (const Error&) {
      cuda::Devices::get().check(); // else it can do without
      replay->refuse();
    }
    recorded.launches = std::exchange(launches, before) - before;
  }

  void run_kernel_at(uint32_t index) {
    Execution& e = *execution;
    const PlanKernel& kernel = plan.kernels[index];
    const KernelCall call{kernel.function, e.gathered.data() + kernel.buffers_at, e.sizes.data() + kernel.sizes_at};
    ++launches;
    if (!kernel.varies) return run_kernel(pool, *kernel.launch, call, e.solution->launches[index], e.scratch);
    const std::vector<Slot>& slots = kernel.launch->sizes;
    for (size_t i = 0; i < slots.size(); ++i) e.sizes[kernel.sizes_at + i] = e.values[slots[i]];
    const LaunchSizes sizes(*kernel.launch, e.values.data());
    if (sizes.scratch_bytes > e.scratch.stride) e.provide_scratch(sizes.scratch_bytes, e.scratch.workers);
    run_kernel(pool, *kernel.launch, call, sizes, e.scratch);
  }

  void step(const PlanNode&, const KernelLaunch&) {} // has a kernel

  void step(const PlanNode& node, const CudaLaunch& launch) {
    Execution& e = *execution;
    const PlanKernel& kernel = plan.kernels[node.on_gpu];
    int64_t* const sizes = e.sizes.data() + kernel.sizes_at;
    LaunchSizes work = e.solution->launches[node.on_gpu];
    if (kernel.varies) {
      for (size_t i = 0; i < launch.sizes.size(); ++i) sizes[i] = e.values[launch.sizes[i]];
      work = LaunchSizes(launch, e.values.data());
    }
    ++launches;
    if (work.units > 0)
      plan.code->launch(kernel.loaded, e.gathered.data() + kernel.buffers_at,
                        replay ? cuda::Numbers::on_device : cuda::Numbers::on_host, sizes, work.units,
                        work.scratch_bytes, e.params);
  }

  void step(const PlanNode& node, const MatmulLaunch& product) {
    const std::vector<int64_t>& values = execution->values;
    const cuda::MatmulProblem problem = problem_of(product, values);
    cuda::MatmulMemory memory;
    if (problem.m <= 0 || problem.n <= 0 || problem.k <= 0 || problem.batch <= 0) return run(node.first);
    memory.lhs = matrix(product.lhs, problem.batch, problem.m, problem.k, product.dtype);
    memory.rhs = matrix(product.rhs, problem.batch, problem.k, problem.n, product.dtype);
    memory.out = matrix(product.out, problem.batch, problem.m, problem.n, product.dtype);
    if (problem.has_residual)
      memory.residual = matrix(product.residual, problem.batch, problem.m, problem.n, product.dtype);
    if (problem.has_bias)
      memory.bias = matrix({product.bias, product.bias_offset, product.n, product.n}, 1, 1, problem.n, product.dtype);
    ++launches;
    if (!plan.code->multiply(product, problem, memory, *workspace)) run(node.first);
  }

  /// Where a matrix begins; an Error unless all of it lies inside its buffer.
  std::byte* matrix(const MatrixSpec& spec, int64_t batch, int64_t rows, int64_t columns, DType dtype) const {
    const std::vector<int64_t>& values = execution->values;
    const auto [slow, fast] = spec.transposed ? std::pair(columns, rows) : std::pair(rows, columns);
    const Checked item(static_cast<int64_t>(item_size(dtype)));
    const Checked last = Checked(batch - 1) * values[spec.batch_stride] + Checked(slow - 1) * values[spec.ld] + fast;
    const Checked from = Checked(values[spec.offset]) * item, bytes = last * item;
    const bool fits = from.valid() && bytes.valid() && values[spec.batch_stride] >= 0 && values[spec.ld] >= 0;
    return part(spec.buffer, fits ? from.value() : -1, fits ? bytes.value() : 0);
  }

  /// Part of a buffer; an Error unless it lies inside.
  std::byte* part(uint32_t buffer, int64_t from, int64_t bytes) const {
    if (!lies_within(from, bytes, execution->solution->buffer_bytes[buffer])) [[unlikely]]
      raise(ErrorCode::corrupt, "program ", program.name, ": reads or writes beyond a buffer");
    return static_cast<std::byte*>(execution->pointers[buffer]) + from;
  }

  void step(const PlanNode&, const CopyLaunch& copy) {
    ++launches;
    const int64_t bytes = execution->values[copy.bytes];
    if (bytes <= 0) return;
    const auto at = [&](uint32_t buffer, Slot offset) {
      return part(buffer, offset == kNoSlot ? 0 : execution->values[offset], bytes);
    };
    std::byte* const to = at(copy.to, copy.to_offset);
    const std::byte* from = at(copy.from, copy.from_offset);
    if (replay && plan.is_host[copy.from])
      from = static_cast<const std::byte*>(execution->numbers[copy.from]) +
             (from - static_cast<const std::byte*>(execution->pointers[copy.from]));
    if (!plan.code) [[likely]]
      std::memmove(to, from, static_cast<size_t>(bytes));
    else if (plan.is_host[copy.from] && !replay)
      plan.code->copy_from_host(to, from, static_cast<size_t>(bytes));
    else
      plan.code->copy(to, from, static_cast<size_t>(bytes));
  }

  void step(const PlanNode&, const FillLaunch& launch) {
    ++launches;
    const int64_t bytes = execution->values[launch.bytes];
    if (bytes <= 0) return;
    std::byte* const to = part(launch.buffer, 0, bytes);
    plan.code ? plan.code->fill(to, bytes, launch.pattern, launch.pattern_bytes) : fill(to, bytes, launch);
  }

  void step(const PlanNode&, const CheckLaunch& check) {
    if (first_byte(check.failed) == std::byte(0)) [[likely]]
      return;
    for (const Window& value : check.values)
      if (!lies_within(value, execution->solution->buffer_bytes[value.buffer], execution->values.data()))
        raise(ErrorCode::corrupt, "program ", program.name, ": a check reads beyond a buffer");
    if (plan.code) raise_failed_on_gpu(check);
    raise_failed(check, execution->pointers.data(), execution->values.data());
  }

  /// With copies of what the text tells.
  [[noreturn]] void raise_failed_on_gpu(const CheckLaunch& check) const {
    std::vector<void*> here = execution->pointers;
    std::vector<std::vector<std::byte>> copies;
    for (const Window& value : check.values)
      if (!plan.is_host[value.buffer]) {
        const int64_t bytes = execution->solution->buffer_bytes[value.buffer];
        copies.push_back(
            plan.code->read(static_cast<const std::byte*>(execution->pointers[value.buffer]), size_t(bytes)));
        here[value.buffer] = copies.back().data();
      }
    raise_failed(check, here.data(), execution->values.data());
  }

  /// Of a buffer; on a GPU it waits.
  std::byte first_byte(uint32_t buffer) const {
    const std::byte* const at = part(buffer, 0, 1);
    return plan.code && !plan.is_host[buffer] ? plan.code->read(at, 1)[0] : *at;
  }

  bool holds(const Condition& condition) const {
    if (condition.kind == Condition::Kind::size) return execution->values[condition.index] != 0;
    return first_byte(condition.index) != std::byte(0);
  }

  void step(const PlanNode& node, const IfEntry& branch) { run(holds(branch.condition) ? node.first : node.second); }

  void step(const PlanNode& node, const WhileEntry& loop) {
    for (;;) {
      run(node.first);
      if (!holds(loop.condition)) return;
      run(node.second);
    }
  }

  void step(const PlanNode& node, const ForEntry& loop) {
    std::vector<int64_t>& values = execution->values;
    const int64_t count = values[loop.count];
    for (int64_t i = 0; i < count; ++i) {
      values[loop.induction] = i;
      if (!run_steps(loop.steps, values.data()))
        raise(ErrorCode::invalid_argument, "a size overflows or is divided by zero");
      run(node.first);
    }
  }
};

void Executable::run(const Inputs& inputs, ResultSink& sink) const {
  if (!program_.trusted) plan_->checks.check_kinds(inputs);
  if (plan_->direct) return run_direct(inputs, sink);
  Runner runner{program_, *plan_};
  runner.prepare(inputs);
  runner.place_arguments(inputs, sink);
  if (plan_->replays && runner.run_as_before()) return;
  runner.run();
}

void Executable::run(const Inputs& inputs, std::span<void* const> results) const {
  GivenResults sink(results);
  run(inputs, sink);
}

/// A single kernel: everything on the stack, nothing shared with other calls.
void Executable::run_direct(const Inputs& inputs, ResultSink& sink) const {
  std::array<int64_t, DirectLimits::kSlots> values;
  std::copy(program_.values.initial.begin(), program_.values.initial.end(), values.begin());
  for (const Symbol& symbol : program_.values.symbols) values[symbol.slot] = read_symbol(symbol.source, inputs);
  if (!program_.trusted) {
    plan_->checks.check_ranges(values.data());
    plan_->checks.check_dims(inputs, values.data());
  }
  if (!run_steps(program_.values.steps, values.data()))
    raise(ErrorCode::invalid_argument, "a size overflows or is divided by zero");
  plan_->checks.check_values(values.data());

  std::array<void*, DirectLimits::kResults> results;
  std::array<int64_t, DirectLimits::kRank> dims;
  for (uint32_t i = 0; i < program_.results.size(); ++i) {
    const int64_t bytes = result_bytes(program_.results[i], values.data(), dims.data());
    results[i] = sink.memory(i, {dims.data(), program_.results[i].dims.size()}, bytes);
  }

  const PlanKernel& kernel = plan_->kernels[0];
  const KernelLaunch& launch = *kernel.launch;
  std::array<void*, DirectLimits::kBuffers> buffers;
  for (size_t i = 0; i < launch.buffers.size(); ++i) {
    const Buffer& buffer = program_.buffers[launch.buffers[i]];
    if (buffer.kind == Buffer::Kind::argument)
      buffers[i] = buffer.index < inputs.tensors.size() ? inputs.tensors[buffer.index].data
                                                        : bound_[buffer.index - inputs.tensors.size()];
    else
      buffers[i] = buffer.kind == Buffer::Kind::result ? results[buffer.index] : constants_[buffer.index];
  }
  std::array<int64_t, DirectLimits::kSizes> sizes;
  for (size_t i = 0; i < launch.sizes.size(); ++i) sizes[i] = values[launch.sizes[i]];
  launch_direct(KernelCall{kernel.function, buffers.data(), sizes.data()}, LaunchSizes(launch, values.data()));
}

void Executable::launch_direct(const KernelCall& call, const LaunchSizes& work) const {
  Runtime& runtime = Runtime::get();
  const KernelLaunch& launch = *plan_->kernels[0].launch;
  runtime.counters().count_launches(1);
  const unsigned workers = work.splits ? runtime.pool().threads() : 1;
  if (work.scratch_bytes == 0) return run_kernel(runtime.pool(), launch, call, work, {nullptr, 0, workers});
  if (workers == 1 && work.scratch_bytes > 0 && work.scratch_bytes <= DirectLimits::kScratch) {
    alignas(kAlignment) std::array<std::byte, DirectLimits::kScratch> scratch;
    return run_kernel(runtime.pool(), launch, call, work, {scratch.data(), 0, 1});
  }
  Execution memory; // for its scratch
  memory.provide_scratch(work.scratch_bytes, workers);
  run_kernel(runtime.pool(), launch, call, work, memory.scratch);
}

} // namespace ogee::runtime
