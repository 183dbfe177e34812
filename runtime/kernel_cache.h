// Compiled code by content key: in memory, then on disk, else built by the caller; each key is built once, also when
// many threads want it.
#pragma once

#include "runtime/disk_cache.h"
#include "runtime/image.h"
#include "runtime/program.h"
#include "runtime/stats.h"

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace ogee::runtime {

/// Code of one kind (images, modules) in memory by content key, the most recently used first.
template <class Code>
class CodeTable {
public:
  using Ref = std::shared_ptr<const Code>;

  explicit CodeTable(Counters& counters) : counters_(counters) {}

  /// The code of a key, else what `make` gives, called without a lock and by one thread at a time for each key.
  Result<Ref> get(const Hash128& key, const std::function<Result<Ref>()>& make);
  void forget();

private:
  struct Kept {
    Hash128 key;
    Ref code;
    size_t bytes;
  };
  Ref find(const Hash128& key);
  void keep(const Hash128& key, const Ref& code);

  Counters& counters_;
  std::mutex mutex_;
  std::condition_variable made_;
  std::list<Kept> recent_;
  std::unordered_map<Hash128, typename std::list<Kept>::iterator, Hash128Hasher> kept_;
  std::unordered_set<Hash128, Hash128Hasher> making_;
  size_t kept_bytes_ = 0;
};

class KernelCache {
public:
  static constexpr size_t kMaxMemory = size_t(64) << 20; ///< bytes of code of each kind that are kept for later use

  KernelCache(DiskCacheOptions disk, Counters& counters)
      : disk_(std::move(disk)), counters_(counters), images_(counters), modules_(counters) {}

  /// The image of a kernel; `build` is called (without a lock) when neither memory nor disk has it. A Failure is that
  /// of `build` and is not kept.
  Result<ImageRef> image(const Hash128& key, const std::function<Result<ImageData>()>& build);
  /// The same for a module of kernels.
  Result<CudaModuleRef> module(const Hash128& key, const std::function<Result<CudaModule>()>& build);
  /// A whole program, kept on disk only: for callers with a table of their own (eager ops).
  Result<Program> program(const Hash128& key, const std::function<Result<Program>()>& build);

  /// Drops what memory holds; for tests.
  void forget();
  DiskCache& disk() noexcept { return disk_; }

private:
  template <class Data>
  Result<Data> load_or_build(const Hash128& key, const std::function<Result<Data>()>& build);

  DiskCache disk_;
  Counters& counters_;
  CodeTable<Image> images_;
  CodeTable<CudaModule> modules_;
};

} // namespace ogee::runtime
