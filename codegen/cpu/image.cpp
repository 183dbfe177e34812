// Links an object into a self-contained image: JITLink lays its segments out from address 0, so that only PC-relative
// relocations remain, and every edge to a symbol that the object does not define is refused.
#include "codegen/cpu/lower.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ExecutionEngine/JITLink/JITLink.h"

namespace ogee::codegen::cpu {

using namespace mlir;
using namespace llvm::jitlink;

namespace {

/// What linking fills in.
struct Linked {
  runtime::ImageData image;
  std::string error;
};

/// Gives segments addresses from 0 on, and memory in the image.
class ImageMemory : public JITLinkMemoryManager {
public:
  explicit ImageMemory(Linked& linked) : linked_(linked) {}

  void allocate(const JITLinkDylib*, LinkGraph& graph, OnAllocatedFunction done) override {
    BasicLayout layout(graph);
    auto place = [&](auto assign) {
      uint64_t at = 0;
      for (auto& [group, segment] : layout.segments()) {
        at = llvm::alignTo(at, std::max<uint64_t>(segment.Alignment.value(), 64));
        assign(segment, at);
        at += segment.ContentSize + segment.ZeroFillSize;
      }
      return at;
    };
    linked_.image.bytes.assign(llvm::alignTo(place([](auto&, uint64_t) {}), 64), 0);
    place([&](auto& segment, uint64_t at) {
      segment.Addr = llvm::orc::ExecutorAddr(at);
      segment.WorkingMem = reinterpret_cast<char*>(linked_.image.bytes.data()) + at;
    });
    if (llvm::Error error = layout.apply()) return done(std::move(error));
    done(std::make_unique<InMemory>());
  }

  void deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction done) override {
    for (FinalizedAlloc& allocation : allocations) allocation.release();
    done(llvm::Error::success());
  }

private:
  struct InMemory : InFlightAlloc {
    void abandon(OnAbandonedFunction done) override { done(llvm::Error::success()); }
    void finalize(OnFinalizedFunction done) override { done(FinalizedAlloc(llvm::orc::ExecutorAddr(64))); }
  };
  Linked& linked_;
};

class ImageContext : public JITLinkContext {
public:
  explicit ImageContext(Linked& linked) : JITLinkContext(nullptr), linked_(linked), memory_(linked) {}

  JITLinkMemoryManager& getMemoryManager() override { return memory_; }
  void notifyFailed(llvm::Error error) override { linked_.error = toString(std::move(error)); }

  void lookup(const LookupMap& symbols, std::unique_ptr<JITLinkAsyncLookupContinuation> next) override {
    std::string names;
    for (auto& [name, flags] : symbols) names += " " + name.str();
    if (!symbols.empty())
      return next->run(llvm::createStringError(llvm::inconvertibleErrorCode(), "undefined symbols:" + names));
    next->run(AsyncLookupResult());
  }

  llvm::Error notifyResolved(LinkGraph& graph) override {
    for (Symbol* symbol : graph.defined_symbols()) {
      if (!symbol->hasName()) continue;
      const llvm::StringRef name = symbol->getName();
      const uint64_t offset = symbol->getAddress().getValue();
      if (name.starts_with(kImportPrefix))
        linked_.image.imports.push_back({name.drop_front(kImportPrefix.size()).str(), offset});
      else if (symbol->isCallable() && symbol->getScope() == Scope::Default)
        linked_.image.entries.push_back({name.str(), offset});
    }
    return llvm::Error::success();
  }

  void notifyFinalized(JITLinkMemoryManager::FinalizedAlloc allocation) override { allocation.release(); }
  LinkGraphPassFunction getMarkLivePass(const llvm::Triple&) const override {
    return [](LinkGraph& graph) { return markAllSymbolsLive(graph); };
  }

private:
  Linked& linked_;
  ImageMemory memory_;
};

} // namespace

FailureOr<runtime::ImageData> link(ArrayRef<char> object, const TargetInfo& target, Location loc) {
  Linked linked;
  auto graph = createLinkGraphFromObject(llvm::MemoryBufferRef(StringRef(object.data(), object.size()), "kernel"));
  if (!graph) return emitError(loc) << "cannot read the object: " << toString(graph.takeError());
  llvm::jitlink::link(std::move(*graph), std::make_unique<ImageContext>(linked));
  if (!linked.error.empty()) return emitError(loc) << "cannot link the kernel: " << linked.error;
  linked.image.architecture = StringRef(target.triple).split('-').first.str();
  linked.image.features = requiredFeatures(target);
  return std::move(linked.image);
}

} // namespace ogee::codegen::cpu
