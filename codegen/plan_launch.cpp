// Nests as launches: in one or two, with the sizes, scratch memory and lifetimes that follow.
#include "codegen/group_to_nest.h"
#include "codegen/launch_facts.h"
#include "codegen/phases.h"
#include "codegen/planner.h"
#include "ir/location.h"

namespace ogee::codegen {

using namespace mlir;
using runtime::Slot;

void Planner::launch(Nest nest) {
  if (!canSplit(nest)) {
    launchIn(*list_, std::move(nest));
    return;
  }
  const Dim units = launchFacts(nest, target_).units, busy = target_.busyUnits;
  const Dim chunks = ceil_div(nest.extents[nest.reducedDim()], Dim(chunkSize(nest)));
  const std::optional<bool> few = try_less(units, busy), several = try_less(Dim(1), chunks);
  if (few == std::optional(false) || several == std::optional(false)) return launchIn(*list_, std::move(nest));
  // Where it is certain that there are chunks, a split costs a launch, and a choice would cost another kernel.
  if (several) return launchSplit(*list_, nest);
  const Slot split =
      sizes_.apply(runtime::SizeOp::mul, sizes_.apply(runtime::SizeOp::lt, sizes_.slot(units), sizes_.slot(busy)),
                   sizes_.apply(runtime::SizeOp::lt, sizes_.slot(Dim(1)), sizes_.slot(chunks)));
  ++position_; // the structured entry's own
  runtime::IfEntry entry;
  entry.condition = {runtime::Condition::Kind::size, split};
  launchSplit(entry.then, nest);
  launchIn(entry.otherwise, std::move(nest));
  list_->push_back({std::move(entry)});
}

void Planner::launchContraction(Nest nest) {
  if (target_.hasMatmuls) return launchMatmul(std::move(nest));
  chooseMicroKernel(nest, target_);
  if (const auto& tile = nest.contraction->microKernel; !tile || !tile->packed) {
    launchIn(*list_, std::move(nest));
    return;
  }
  const Dim rows = nest.extents[nest.rank() - 2];
  if (rows.range().lo > kFewRows || !canReadInPlace(nest)) {
    launchPacked(*list_, std::move(nest));
    return;
  }
  ++position_; // the structured entry's own
  runtime::IfEntry entry;
  const Slot few = sizes_.apply(runtime::SizeOp::lt, sizes_.slot(rows), sizes_.slot(Dim(kFewRows + 1)));
  entry.condition = {runtime::Condition::Kind::size, few};
  Nest inPlace = nest;
  inPlace.contraction->microKernel->packed = false;
  inPlace.name += "_few_rows";
  launchIn(entry.then, std::move(inPlace));
  launchPacked(entry.otherwise, std::move(nest));
  list_->push_back({std::move(entry)});
}

void Planner::launchPacked(runtime::LaunchList& list, Nest nest) {
  const Type element = nest.buffers[nest.contraction->rhs.buffer].element;
  Nest pack = splitPack(nest, addArena(packedElements(nest), element));
  launchIn(list, std::move(pack));
  launchIn(list, std::move(nest));
}

bool Planner::canSplit(const Nest& nest) {
  if (nest.contraction || nest.pack || nest.reducedDim() < 0) return false;
  if (hasOneChunk(nest)) return false;
  return llvm::none_of(nest.stores, [](const Store& store) { return store.perPoint; }) && passesOver(nest) == 1;
}

void Planner::launchSplit(runtime::LaunchList& list, const Nest& nest) {
  Nest partials = nest, combine = nest;
  partials.chunks = Chunks::partials;
  partials.name += "_partials";
  partials.stores.clear();
  combine.chunks = Chunks::combine;
  combine.name += "_combine";
  Dim states = ceil_div(nest.extents[nest.reducedDim()], Dim(chunkSize(nest)));
  for (unsigned dim = 0; dim < nest.rank(); ++dim) states = nest.reduced[dim] ? states : states * nest.extents[dim];
  for (const Node& node : nest.nodes) {
    if (node.kind != Node::Kind::reduce) continue;
    for (TypedAttr value : cast<ir::ReductionOpInterface>(node.op).getNeutral(nest.nodes[node.args[0]].element)) {
      const unsigned buffer = addArena(states, value.getType());
      for (Nest* half : {&partials, &combine}) {
        half->partials.push_back(half->buffers.size());
        half->buffers.push_back({buffer, value.getType()});
      }
    }
  }
  launchIn(list, std::move(partials));
  launchIn(list, std::move(combine));
}

void Planner::launchIn(runtime::LaunchList& list, Nest nest) {
  const uint32_t position = position_++;
  const LaunchFacts facts = launchFacts(nest, target_);
  std::vector<uint32_t> buffers;
  for (NestBuffer& buffer : nest.buffers) {
    buffer.byValue = isHost(buffer.value);
    buffers.push_back(buffer.value);
    use(buffer.value, position);
  }
  // The code is that of the nest, of which there is one for each launch; compilation says where its entry is.
  const auto code = static_cast<uint32_t>(plan_.nests.size());
  const auto slotUnlessZero = [&](const Dim& size) {
    return size.is_number() && size.number() == 0 ? runtime::kNoSlot : sizes_.slot(size);
  };
  if (const auto* chunks = std::get_if<ChunkFacts>(&facts.how)) {
    runtime::KernelLaunch launch;
    launch.image = code;
    launch.name = nest.name;
    launch.buffers = std::move(buffers);
    launch.sizes = slots(runtimeSizes(nest));
    launch.units = sizes_.slot(facts.units);
    launch.unit_cost = sizes_.slot(chunks->unitCost);
    launch.scratch_bytes = slotUnlessZero(chunks->scratchBytes);
    list.push_back({std::move(launch)});
  } else {
    runtime::CudaLaunch launch;
    launch.module = code;
    launch.name = nest.name;
    launch.location = planned_ ? ir::describe(planned_->getLoc()) : "";
    launch.buffers = std::move(buffers);
    launch.sizes = slots(runtimeSizes(nest));
    launch.blocks = sizes_.slot(facts.units);
    launch.threads = std::get<BlockFacts>(facts.how).threads;
    list.push_back({std::move(launch)});
  }
  plan_.nests.push_back(std::move(nest));
}

bool Planner::isHost(unsigned number) {
  const runtime::Buffer& buffer = program().buffers[number];
  return buffer.kind == runtime::Buffer::Kind::argument && program().args[buffer.index].host;
}

} // namespace ogee::codegen
