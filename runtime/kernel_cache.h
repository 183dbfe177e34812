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

class KernelCache {
public:
  static constexpr size_t kMaxMemory = size_t(64) << 20; ///< bytes of images kept for later use

  KernelCache(DiskCacheOptions disk, Counters& counters) : disk_(std::move(disk)), counters_(counters) {}

  /// The image of a kernel; `build` is called (without a lock) when neither memory nor disk has it. A Failure is that
  /// of `build` and is not kept.
  Result<ImageRef> image(const Hash128& key, const std::function<Result<ImageData>()>& build);
  /// A whole program, kept on disk only: for callers with a table of their own (eager ops).
  Result<Program> program(const Hash128& key, const std::function<Result<Program>()>& build);

  /// Drops what memory holds; for tests.
  void forget();
  DiskCache& disk() noexcept { return disk_; }

private:
  struct Kept {
    Hash128 key;
    ImageRef image;
    size_t bytes;
  };
  ImageRef find(const Hash128& key);
  void keep(const Hash128& key, const ImageRef& image);
  Result<ImageRef> load_or_build(const Hash128& key, const std::function<Result<ImageData>()>& build);

  DiskCache disk_;
  Counters& counters_;
  std::mutex mutex_;
  std::condition_variable built_;
  std::list<Kept> recent_; ///< most recent first
  std::unordered_map<Hash128, std::list<Kept>::iterator, Hash128Hasher> kept_;
  std::unordered_set<Hash128, Hash128Hasher> building_;
  size_t kept_bytes_ = 0;
};

} // namespace ogee::runtime
