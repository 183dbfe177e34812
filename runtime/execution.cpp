// Plans, solutions and executions: everything about a call that can be prepared before it.
#include "runtime/execution.h"

#include "runtime/arena.h"
#include "runtime/bounds.h"
#include "runtime/replay.h"
#include "runtime/runtime.h"
#include "runtime/shape.h"
#include "runtime/size_steps.h"

#include <algorithm>

namespace ogee::runtime {
namespace {

constexpr size_t kSolutions = 16;                ///< tuples of sizes remembered per program
constexpr size_t kKeptBytes = size_t(256) << 10; ///< memory that an idle execution may keep
constexpr int64_t kCacheLine = 64;

/// A program that needs no arena, no loops and few sizes runs without an Execution.
bool is_direct(const Program& program) {
  if (program.launches.size() != 1) return false;
  const auto* const launch = std::get_if<KernelLaunch>(&program.launches[0].launch);
  if (!launch) return false;
  const bool arena =
      std::ranges::any_of(program.buffers, [](const Buffer& buffer) { return buffer.kind == Buffer::Kind::arena; });
  const bool flat = std::ranges::all_of(
      program.results, [](const ResultSpec& result) { return result.dims.size() <= DirectLimits::kRank; });
  return !arena && flat && program.values.initial.size() <= DirectLimits::kSlots &&
         launch->sizes.size() <= DirectLimits::kSizes && launch->buffers.size() <= DirectLimits::kBuffers &&
         program.results.size() <= DirectLimits::kResults;
}

} // namespace

int64_t result_bytes(const ResultSpec& result, const int64_t* values, int64_t* dims) {
  for (size_t i = 0; i < result.dims.size(); ++i) dims[i] = values[result.dims[i]];
  Result<int64_t> bytes = checked_bytes(std::span<const int64_t>(dims, result.dims.size()), result.dtype);
  if (!bytes) raise(ErrorCode::invalid_argument, "result ", result.name, ": ", bytes.message());
  return *bytes;
}

// ---- Plan

Executable::Plan::Plan(const Program& program, const std::vector<std::byte*>& constants,
                       const std::vector<void*>& bound, cuda::ProgramCode* loaded)
    : checks(program, program.args.size() - bound.size()), direct(is_direct(program)), code(loaded),
      given_(program.args.size() - bound.size()), bound_(bound), initial_pointers_(program.buffers.size(), nullptr) {
  launches = prepare(program, program.launches, false);
  if (code) number_runs(launches);
  std::vector<bool> changes(program.buffers.size(), false);
  for (uint32_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    const bool is_given = buffer.kind == Buffer::Kind::argument && buffer.index < given_;
    changes[i] = is_given || buffer.kind == Buffer::Kind::result;
    is_host.push_back(!code || (buffer.kind == Buffer::Kind::argument && program.args[buffer.index].host));
    if (is_given) arguments.push_back({i, buffer.index});
    if (buffer.kind == Buffer::Kind::constant) initial_pointers_[i] = constants[buffer.index];
    if (buffer.kind == Buffer::Kind::argument && !is_given) initial_pointers_[i] = bound[buffer.index - given_];
  }
  for (uint32_t ref = 0; ref < buffer_refs.size(); ++ref)
    if (changes[buffer_refs[ref]]) changing_refs.push_back(ref);
  if (!code) return;
  if (program.transfer && runs > 0 && cuda::records_graphs()) replays = std::make_unique<Replays>();
  code->gpu().add(*this);
}

Executable::Plan::~Plan() {
  if (code) code->gpu().remove(*this);
  delete ready_.load();
}

std::vector<PlanNode> Executable::Plan::prepare(const Program& program, const LaunchList& list, bool varies) {
  std::vector<PlanNode> nodes;
  for (const Entry& entry : list) {
    PlanNode& node = nodes.emplace_back();
    node.entry = &entry;
    if (const auto* const kernel = std::get_if<KernelLaunch>(&entry.launch))
      node.kernel = prepare_kernel(program, *kernel, varies);
    if (const auto* const kernel = std::get_if<CudaLaunch>(&entry.launch))
      node.on_gpu = prepare_kernel(program, *kernel, varies);
    if (const auto* const branch = std::get_if<IfEntry>(&entry.launch)) {
      node.first = prepare(program, branch->then, varies);
      node.second = prepare(program, branch->otherwise, varies);
    }
    if (const auto* const loop = std::get_if<WhileEntry>(&entry.launch)) {
      node.first = prepare(program, loop->before, varies);
      node.second = prepare(program, loop->body, varies);
    }
    if (const auto* const product = std::get_if<MatmulLaunch>(&entry.launch))
      node.first = prepare(program, product->otherwise, varies);
    if (const auto* const loop = std::get_if<ForEntry>(&entry.launch)) node.first = prepare(program, loop->body, true);
  }
  return nodes;
}

/// Finds the straight runs of a list, and of the lists in it, whose launches are the same in every call of equal sizes.
void Executable::Plan::number_runs(std::vector<PlanNode>& nodes) {
  for (size_t at = 0; at < nodes.size();) {
    const auto end = std::find_if_not(nodes.begin() + static_cast<ptrdiff_t>(at), nodes.end(),
                                      [](const PlanNode& node) { return is_straight(*node.entry); });
    const auto length = static_cast<uint32_t>(end - nodes.begin() - static_cast<ptrdiff_t>(at));
    if (length > 1) {
      nodes[at].run = runs++;
      nodes[at].length = length;
    }
    at += std::max<size_t>(length, 1);
  }
  for (PlanNode& node : nodes) {
    if (std::holds_alternative<ForEntry>(node.entry->launch) || is_straight(*node.entry)) continue;
    number_runs(node.first);
    number_runs(node.second);
  }
}

uint32_t Executable::Plan::prepare_kernel(const Program& program, const KernelLaunch& launch, bool varies) {
  PlanKernel& kernel = add_kernel(launch.buffers, launch.sizes, varies);
  kernel.launch = &launch;
  kernel.function = program.images[launch.image]->function(launch.entry).take();
  return static_cast<uint32_t>(kernels.size() - 1);
}

uint32_t Executable::Plan::prepare_kernel(const Program& program, const CudaLaunch& launch, bool varies) {
  PlanKernel& kernel = add_kernel(launch.buffers, launch.sizes, varies);
  gpu_launches.push_back(&launch);
  kernel.loaded = code->add(program, launch);
  return static_cast<uint32_t>(kernels.size() - 1);
}

PlanKernel& Executable::Plan::add_kernel(const std::vector<uint32_t>& buffers, const std::vector<Slot>& sizes,
                                         bool varies) {
  PlanKernel& kernel = kernels.emplace_back();
  kernel.sizes_at = static_cast<uint32_t>(size_count);
  kernel.buffers_at = static_cast<uint32_t>(buffer_refs.size());
  kernel.varies = varies;
  size_count += sizes.size();
  buffer_refs.insert(buffer_refs.end(), buffers.begin(), buffers.end());
  return kernel;
}

std::unique_ptr<Executable::Execution> Executable::Plan::acquire() {
  if (Execution* const ready = ready_.exchange(nullptr, std::memory_order_acquire))
    return std::unique_ptr<Execution>(ready);
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Execution> execution = std::move(idle_.back());
      idle_.pop_back();
      return execution;
    }
  }
  return make_execution();
}

std::unique_ptr<Executable::Execution> Executable::Plan::make_execution() const {
  auto execution = std::make_unique<Execution>();
  execution->pointers = initial_pointers_;
  execution->gather(*this);
  return execution;
}

void Executable::Plan::reclaim() noexcept {
  if (replays) replays->reclaim();
  const std::unique_ptr<Execution> ready(ready_.exchange(nullptr, std::memory_order_acquire));
  std::vector<std::unique_ptr<Execution>> idle;
  const std::lock_guard lock(mutex_);
  idle.swap(idle_);
}

void Executable::Plan::release(std::unique_ptr<Execution> execution) noexcept {
  execution->give_back();
  Execution* expected = nullptr;
  if (ready_.compare_exchange_strong(expected, execution.get(), std::memory_order_release, std::memory_order_relaxed)) {
    execution.release();
    return;
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(execution));
}

std::shared_ptr<const Executable::Solution> Executable::Plan::solve(const Program& program,
                                                                    std::span<const int64_t> symbols) {
  const std::lock_guard lock(solve_mutex_);
  const auto found = std::ranges::find_if(
      solutions_, [&](const auto& solution) { return std::ranges::equal(solution->symbols, symbols); });
  if (found != solutions_.end()) {
    std::rotate(solutions_.begin(), found, found + 1);
    return solutions_.front();
  }
  auto solution = std::make_shared<const Solution>(program, *this, symbols);
  if (solutions_.size() == kSolutions) solutions_.pop_back();
  solutions_.insert(solutions_.begin(), solution);
  return solution;
}

// ---- Solution

Executable::Solution::Solution(const Program& program, const Plan& plan, std::span<const int64_t> key)
    : symbols(key.begin(), key.end()), values(program.values.initial), arena_offsets(program.buffers.size(), 0) {
  for (size_t i = 0; i < symbols.size(); ++i) values[program.values.symbols[i].slot] = symbols[i];
  if (!run_steps(program.values.steps, values.data()))
    raise(ErrorCode::invalid_argument, "a size overflows or is divided by zero");
  plan.checks.check_values(values.data());

  for (const PlanKernel& kernel : plan.kernels) {
    if (!kernel.launch) {
      const CudaLaunch& on_gpu = *plan.gpu_launches[kernel.loaded];
      for (const Slot slot : on_gpu.sizes) sizes.push_back(values[slot]);
      launches.emplace_back(on_gpu, values.data());
      continue;
    }
    for (const Slot slot : kernel.launch->sizes) sizes.push_back(values[slot]);
    const LaunchSizes& launch = launches.emplace_back(*kernel.launch, values.data());
    scratch_bytes = std::max(scratch_bytes, launch.scratch_bytes);
    splits |= kernel.varies || launch.splits;
  }
  std::vector<int64_t> dims;
  for (const ResultSpec& result : program.results) {
    dims.resize(result.dims.size());
    result_sizes.push_back(result_bytes(result, values.data(), dims.data()));
  }
  for (const Buffer& buffer : program.buffers)
    buffer_bytes.push_back(runtime::buffer_bytes(program, buffer, values.data()));
  place_buffers(program, static_cast<int64_t>(plan.code ? cuda::padded(1) : Allocator::kAlignment));
}

void Executable::Solution::place_buffers(const Program& program, int64_t alignment) {
  std::vector<ArenaItem> items;
  std::vector<size_t> buffers;
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    if (buffer.kind != Buffer::Kind::arena) continue;
    items.push_back({values[buffer.bytes], buffer.first_use, buffer.last_use});
    buffers.push_back(i);
  }
  const ArenaPlacement placement = place_in_arena(items, alignment);
  if (placement.bytes < 0) raise(ErrorCode::invalid_argument, "the memory that ", program.name, " needs overflows");
  for (size_t i = 0; i < items.size(); ++i) arena_offsets[buffers[i]] = placement.offsets[i];
  arena_bytes = placement.bytes;
}

// ---- Execution

void Executable::Execution::bind(std::shared_ptr<const Solution> solved) {
  solution = std::move(solved);
  values = solution->values;
  sizes = solution->sizes;
  arena_base = nullptr;
}

void Executable::Execution::gather(const Plan& plan) {
  gathered.clear();
  for (const uint32_t buffer : plan.buffer_refs)
    gathered.push_back(!numbers.empty() && numbers[buffer] ? numbers[buffer] : pointers[buffer]);
}

void Executable::Execution::provide_memory(const Program& program, const Plan& plan) {
  if (arena.bytes() < static_cast<size_t>(solution->arena_bytes)) {
    const auto bytes = static_cast<size_t>(solution->arena_bytes);
    arena = OwnedBlock(); // before the new one: they need not be there together
    arena = plan.code ? OwnedBlock(bytes, plan.code->gpu()) : OwnedBlock(bytes);
  }
  if (arena_base != arena.data()) {
    arena_base = arena.data();
    for (size_t i = 0; i < program.buffers.size(); ++i)
      if (program.buffers[i].kind == Buffer::Kind::arena) pointers[i] = arena_base + solution->arena_offsets[i];
    gather(plan);
  }
  const unsigned workers = solution->splits ? Runtime::get().pool().threads() : 1;
  if (workers != scratch.workers || solution->scratch_bytes > scratch.stride)
    provide_scratch(solution->scratch_bytes, workers);
}

void Executable::Execution::provide_scratch(int64_t bytes, unsigned workers) {
  const Checked stride = round_up(Checked(bytes), kCacheLine);
  const Checked total = stride * workers;
  if (bytes < 0 || !total.valid()) raise(ErrorCode::invalid_argument, "the scratch memory of a kernel overflows");
  if (scratch_block.bytes() < static_cast<size_t>(total.value())) {
    scratch_block = OwnedBlock();
    scratch_block = OwnedBlock(static_cast<size_t>(total.value()));
  }
  scratch = {scratch_block.data(), stride.value(), workers};
}

void Executable::Execution::give_back_device() noexcept {
  arena = OwnedBlock();
  workspace = OwnedBlock();
}

void Executable::Execution::give_back() noexcept {
  if (arena.bytes() > kKeptBytes) arena = OwnedBlock();
  if (workspace.bytes() > kKeptBytes) workspace = OwnedBlock();
  if (scratch_block.bytes() <= kKeptBytes) return;
  scratch_block = OwnedBlock();
  scratch = {};
}

} // namespace ogee::runtime
