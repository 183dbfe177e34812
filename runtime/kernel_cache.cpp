// Memory, then disk, then the caller's build function; one builder per key.
#include "runtime/kernel_cache.h"

namespace ogee::runtime {

Result<ImageRef> KernelCache::image(const Hash128& key, const std::function<Result<ImageData>()>& build) {
  std::unique_lock lock(mutex_);
  built_.wait(lock, [&] { return !building_.contains(key); });
  if (ImageRef kept = find(key)) {
    counters_.cache_hits.fetch_add(1, std::memory_order_relaxed);
    return kept;
  }
  building_.insert(key);
  lock.unlock();
  // Whatever happens, those who wait for this key go on: they find it, or try themselves.
  struct Done {
    KernelCache& cache;
    const Hash128& key;
    ~Done() {
      const std::lock_guard lock(cache.mutex_);
      cache.building_.erase(key);
      cache.built_.notify_all();
    }
  } const done{*this, key};
  Result<ImageRef> image = load_or_build(key, build);
  if (image) keep(key, *image);
  return image;
}

Result<ImageRef> KernelCache::load_or_build(const Hash128& key, const std::function<Result<ImageData>()>& build) {
  if (const auto bytes = disk_.load(key)) {
    if (Result<ImageData> data = decode_image(*bytes)) {
      counters_.cache_hits.fetch_add(1, std::memory_order_relaxed);
      return std::make_shared<const Image>(std::move(*data));
    }
  }
  Result<ImageData> data = build();
  if (!data) return data.failure();
  counters_.kernels_compiled.fetch_add(1, std::memory_order_relaxed);
  if (data->functions.empty()) disk_.store(key, encode_image(*data));
  return std::make_shared<const Image>(std::move(*data));
}

Result<Program> KernelCache::program(const Hash128& key, const std::function<Result<Program>()>& build) {
  if (const auto bytes = disk_.load(key)) {
    if (Result<Program> program = Program::load(*bytes)) {
      counters_.cache_hits.fetch_add(1, std::memory_order_relaxed);
      return program;
    }
  }
  Result<Program> program = build();
  if (!program || !disk_.enabled()) return program;
  if (const auto bytes = program->save()) disk_.store(key, *bytes);
  return program;
}

/// The image in memory, now the most recent one; null if there is none.
ImageRef KernelCache::find(const Hash128& key) {
  const auto found = kept_.find(key);
  if (found == kept_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return found->second->image;
}

void KernelCache::keep(const Hash128& key, const ImageRef& image) {
  const std::lock_guard lock(mutex_);
  const size_t bytes = image->data().bytes.size() + sizeof(Kept) + sizeof(Image);
  recent_.push_front({key, image, bytes});
  kept_[key] = recent_.begin();
  kept_bytes_ += bytes;
  while (kept_bytes_ > kMaxMemory && recent_.size() > 1) {
    kept_bytes_ -= recent_.back().bytes;
    kept_.erase(recent_.back().key);
    recent_.pop_back();
  }
}

void KernelCache::forget() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
  recent_.clear();
  kept_bytes_ = 0;
}

} // namespace ogee::runtime
