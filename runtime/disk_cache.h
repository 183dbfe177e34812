// Bytes on disk by content key, in a private folder of bounded size; anything damaged, foreign or older is ignored and
// written anew.
#pragma once

#include "runtime/hash.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ogee::runtime {

struct DiskCacheOptions {
  std::string folder; ///< "": none, every load misses
  uint64_t max_bytes = uint64_t(512) << 20;

  /// `OGEE_CACHE_DIR` (off when empty), else `$XDG_CACHE_HOME/ogee`, else `~/.cache/ogee`; `OGEE_CACHE_SIZE` (bytes, or
  /// with K, M, G), else 512 MB. An Error for a size that is none.
  static DiskCacheOptions from_environment();
};

class DiskCache {
public:
  /// The folder is created (0700) on the first store.
  explicit DiskCache(DiskCacheOptions options) : options_(std::move(options)) {}

  bool enabled() const noexcept { return !options_.folder.empty(); }
  const std::string& folder() const noexcept { return options_.folder; }

  /// The bytes stored under a key by this very build. Never fails loudly: what cannot be read or is wrong is a miss.
  std::optional<std::vector<uint8_t>> load(const Hash128& key) const;
  /// Stores them, atomically; silently does nothing when the folder cannot be written or others may write it.
  void store(const Hash128& key, std::span<const uint8_t> bytes);
  /// The file of a key.
  std::string path(const Hash128& key) const;

private:
  bool prepare_folder() const;
  bool is_private_folder() const;
  void keep_bounded(uint64_t stored);
  uint64_t measure_and_evict() const;

  DiskCacheOptions options_;
  std::mutex mutex_;
  uint64_t bytes_ = 0; ///< of all files when they were last measured, and of what we stored since
  bool measured_ = false;
};

} // namespace ogee::runtime
