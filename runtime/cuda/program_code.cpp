// Loading programs on a GPU.
#include "runtime/cuda/program_code.h"

#include "runtime/cuda/architecture.h"
#include "runtime/cuda/memory.h"

#include <algorithm>
#include <array>

namespace ogee::runtime::cuda {
namespace {

constexpr int64_t kMostBlocks = INT32_MAX; ///< of a grid; kernels go on with what is further on
constexpr int64_t kTransferBlockBytes = 4 * 16 * int64_t(kTransferThreads); ///< of a block: four pieces per thread

void check_architecture(const Gpu& gpu, const Program& program, const CudaModule& module) {
  const Properties& properties = gpu.properties();
  if (Architecture::parse(module.architecture).take().runs_on(properties.major * 10 + properties.minor)) return;
  raise(ErrorCode::unsupported, "program ", program.name, ": is for ", module.architecture, ", and ",
        gpu.device().to_string(), " (", properties.name, ") is ", properties.architecture());
}

/// The Error of each site, as kernels on the CPU have it.
std::vector<std::string> lines_of(const CudaLaunch& launch) {
  std::vector<std::string> lines;
  for (const FaultSite& site : launch.sites)
    lines.push_back(concat(site.message, site.location.empty() ? "" : " at ", site.location));
  return lines;
}

} // namespace

ProgramCode::ProgramCode(Gpu& gpu, const Program& program) : gpu_(gpu) {
  for (const CudaModuleRef& module : program.modules) check_architecture(gpu, program, *module);
  for (const CudaModuleRef& module : program.modules) modules_.push_back(std::make_unique<Module>(gpu, module->code));
  if (program.transfer) transfer_ = find(program, *program.transfer);
  upload(program);
}

Function ProgramCode::find(const Program& program, const KernelPlace& place) const {
  return modules_[place.module]->function(program.modules[place.module]->entries[place.entry]);
}

/// On the GPU's own stream, which comes before all others in `begin_call`.
void ProgramCode::upload(const Program& program) {
  size_t total = 0;
  for (const std::vector<uint8_t>& constant : program.constants) total += padded(constant.size());
  if (total > 0) {
    const StreamGuard own(gpu_.own_stream());
    constant_memory_ = OwnedBlock(total, gpu_);
    std::vector<std::byte> all(total); // one copy
    size_t at = 0;
    for (const std::vector<uint8_t>& constant : program.constants) {
      std::ranges::copy(std::as_bytes(std::span(constant)), all.begin() + static_cast<ptrdiff_t>(at));
      at += padded(constant.size());
    }
    copy_to_device(gpu_, constant_memory_.data(), all.data(), total);
    uploaded_.emplace(gpu_);
    uploaded_->record(gpu_.own_stream());
  }
  size_t at = 0;
  for (const std::vector<uint8_t>& constant : program.constants) {
    constants_.push_back(constant_memory_.data() + at);
    at += padded(constant.size());
  }
}

void ProgramCode::begin_call() const {
  if (uploaded_ && is_elsewhere()) gpu_.stream().wait(*uploaded_);
}

uint32_t ProgramCode::add(const Program& program, const CudaLaunch& launch) {
  Kernel& kernel = kernels_.emplace_back();
  kernel.launch = &launch;
  kernel.function = find(program, {launch.module, launch.entry});
  kernel.note = LaunchNote(launch.name, "", launch.location); // named after its ops, as dumps of stages have it
  for (const uint32_t index : launch.buffers) {
    const Buffer& buffer = program.buffers[index];
    kernel.is_number.push_back(buffer.kind == Buffer::Kind::argument && program.args[buffer.index].host);
  }
  if (!launch.sites.empty()) {
    kernel.fault = std::make_unique<FaultWord>(gpu_, lines_of(launch));
    kernel.fault_address = kernel.fault->address();
  }
  return static_cast<uint32_t>(kernels_.size() - 1);
}

void ProgramCode::launch(uint32_t index, void* const* buffers, Numbers numbers, const int64_t* sizes, int64_t blocks,
                         int64_t shared_bytes, std::vector<const void*>& params) const {
  const Kernel& kernel = kernels_[index];
  const CudaLaunch& launch = *kernel.launch;
  if (shared_bytes < 0 || shared_bytes > static_cast<int64_t>(gpu_.properties().shared_bytes_per_block))
    raise(ErrorCode::unsupported, launch.name, ": needs ", shared_bytes, " bytes of shared memory, and ",
          gpu_.device().to_string(), " has ", gpu_.properties().shared_bytes_per_block);
  static constexpr uint64_t kNone = 0;
  params.clear();
  for (size_t i = 0; i < launch.buffers.size(); ++i) {
    if (kernel.is_number[i]) params.push_back(numbers == Numbers::on_host ? buffers[i] : &kNone);
    params.push_back(kernel.is_number[i] && numbers == Numbers::on_host ? &kNone
                                                                        : static_cast<const void*>(&buffers[i]));
  }
  for (size_t i = 0; i < launch.sizes.size(); ++i) params.push_back(&sizes[i]);
  if (kernel.fault) params.push_back(&kernel.fault_address);
  cuda::launch(gpu_, kernel.function, static_cast<unsigned>(std::min(blocks, kMostBlocks)), launch.threads,
               static_cast<unsigned>(shared_bytes), const_cast<void**>(params.data()), kernel.note);
}

bool ProgramCode::multiply(const MatmulLaunch& product, const MatmulProblem& problem, const MatmulMemory& memory,
                           OwnedBlock& workspace) const {
  return gpu_.matmuls().run(problem, memory, workspace, LaunchNote("cublasLtMatmul", product.name, product.location));
}

void ProgramCode::transfer(std::span<const Transfer> transfers) const {
  static const LaunchNote note("transfer", "", "");
  while (!transfers.empty()) {
    std::array<Transfer, kTransfers> some{};
    std::array<void*, 4 * kTransfers> params;
    int64_t most = 0;
    const auto now = transfers.first(std::min(transfers.size(), kTransfers));
    std::ranges::copy(now, some.begin());
    for (size_t i = 0; i < kTransfers; ++i) {
      most = std::max(most, some[i].bytes);
      void* const fields[] = {&some[i].to, &some[i].from, &some[i].number, &some[i].bytes};
      std::ranges::copy(fields, params.begin() + 4 * static_cast<ptrdiff_t>(i));
    }
    const int64_t blocks = std::clamp<int64_t>(most / kTransferBlockBytes, 1, 4 * gpu_.properties().multiprocessors);
    cuda::launch(gpu_, transfer_, static_cast<unsigned>(blocks), kTransferThreads, 0, params.data(), note);
    transfers = transfers.subspan(now.size());
  }
}

void ProgramCode::copy(std::byte* to, const std::byte* from, size_t bytes) const {
  if (to == from) return;
  const bool overlap = to < from + bytes && from < to + bytes;
  if (!overlap) return copy_on_device(gpu_, to, from, bytes);
  const OwnedBlock between(bytes, gpu_);
  copy_on_device(gpu_, between.data(), from, bytes);
  copy_on_device(gpu_, to, between.data(), bytes);
}

void ProgramCode::copy_from_host(std::byte* to, const void* from, size_t bytes) const {
  copy_to_device(gpu_, to, from, bytes);
}

std::vector<std::byte> ProgramCode::read(const std::byte* from, size_t bytes) const {
  std::vector<std::byte> here(bytes);
  copy_to_host(gpu_, here.data(), from, bytes);
  return here;
}

void ProgramCode::fill(std::byte* to, int64_t bytes, uint64_t pattern, unsigned pattern_bytes) const {
  bytes -= bytes % pattern_bytes;
  if (reinterpret_cast<uintptr_t>(to) % pattern_bytes == 0) return cuda::fill(gpu_, to, bytes, pattern, pattern_bytes);
  const OwnedBlock aligned(static_cast<size_t>(bytes), gpu_);
  cuda::fill(gpu_, aligned.data(), bytes, pattern, pattern_bytes);
  copy_on_device(gpu_, to, aligned.data(), static_cast<size_t>(bytes));
}

} // namespace ogee::runtime::cuda
