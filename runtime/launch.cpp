// Splitting a kernel's outer range into chunks for the thread pool.
#include "runtime/launch.h"

#include "runtime/checked.h"
#include "runtime/thread_pool.h"

#include <algorithm>

namespace ogee::runtime {
namespace {

// In units of cost: bytes moved, or quarters of a nanosecond. A hand-off to a thread costs a few hundred nanoseconds.
constexpr int64_t kWorthSplitting = 64 << 10;
constexpr int64_t kChunkCost = 16 << 10;
constexpr int64_t kChunksPerWorker = 4; ///< so that a late worker does not keep the others waiting

struct Chunks {
  const KernelCall& call;
  const Scratch& scratch;
};

int32_t run_chunk(void* context, int64_t begin, int64_t end, unsigned worker) {
  const Chunks& chunks = *static_cast<const Chunks*>(context);
  const KernelCall& call = chunks.call;
  return call.function(call.buffers, call.sizes, begin, end, chunks.scratch.data + chunks.scratch.stride * worker);
}

int64_t saturating_product(int64_t a, int64_t b) noexcept {
  const Checked product = Checked(a) * b;
  return product.valid() ? product.value() : INT64_MAX;
}

} // namespace

void raise_fault(const KernelLaunch& launch, int32_t fault) {
  const size_t index = static_cast<uint32_t>(fault) - 1u;
  if (index >= launch.sites.size()) raise(ErrorCode::state, launch.name, ": unknown fault ", fault);
  const FaultSite& site = launch.sites[index];
  raise(ErrorCode::invalid_argument, site.message, site.location.empty() ? "" : " at ", site.location);
}

LaunchSizes::LaunchSizes(const KernelLaunch& launch, const int64_t* values) noexcept
    : units(values[launch.units]), unit_cost(launch.unit_cost == kNoSlot ? 0 : values[launch.unit_cost]),
      scratch_bytes(launch.scratch_bytes == kNoSlot ? 0 : values[launch.scratch_bytes]),
      splits(units > 1 && saturating_product(units, unit_cost) >= kWorthSplitting) {}

LaunchSizes::LaunchSizes(const CudaLaunch& launch, const int64_t* values) noexcept
    : units(values[launch.blocks]), scratch_bytes(launch.shared_bytes == kNoSlot ? 0 : values[launch.shared_bytes]) {}

int32_t run_split(ThreadPool& pool, const KernelCall& call, const LaunchSizes& work, const Scratch& scratch) {
  const int64_t cost = saturating_product(work.units, work.unit_cost);
  const int64_t chunks = std::min({work.units, cost / kChunkCost, kChunksPerWorker * scratch.workers});
  Chunks context{call, scratch};
  return pool.run(work.units, (work.units - 1) / chunks + 1, scratch.workers, run_chunk, &context);
}

} // namespace ogee::runtime
