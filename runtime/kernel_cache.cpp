// Memory, then disk, then the caller's build function; one builder per key.
#include "runtime/kernel_cache.h"

namespace ogee::runtime {
namespace {

size_t size_of(const Image& image) { return image.data().bytes.size() + sizeof image; }
size_t size_of(const CudaModule& module) { return module.code.size() + module.resources.size() + sizeof module; }

std::vector<uint8_t> encode(const ImageData& image) { return encode_image(image); }
std::vector<uint8_t> encode(const CudaModule& module) { return encode_module(module); }
Result<ImageData> decode(std::span<const uint8_t> bytes, const ImageData*) { return decode_image(bytes); }
Result<CudaModule> decode(std::span<const uint8_t> bytes, const CudaModule*) { return decode_module(bytes); }

bool has_file_form(const ImageData& image) { return image.functions.empty(); }
bool has_file_form(const CudaModule&) { return true; }

} // namespace

// ---- memory

template <class Code>
Result<typename CodeTable<Code>::Ref> CodeTable<Code>::get(const Hash128& key,
                                                           const std::function<Result<Ref>()>& make) {
  std::unique_lock lock(mutex_);
  made_.wait(lock, [&] { return !making_.contains(key); });
  if (Ref kept = find(key)) {
    counters_.cache_hits.fetch_add(1, std::memory_order_relaxed);
    return kept;
  }
  making_.insert(key);
  lock.unlock();
  // Whatever happens, those who wait for this key go on: they find it, or try themselves.
  struct Done {
    CodeTable& table;
    const Hash128& key;
    ~Done() {
      const std::lock_guard lock(table.mutex_);
      table.making_.erase(key);
      table.made_.notify_all();
    }
  } const done{*this, key};
  Result<Ref> code = make();
  if (code) keep(key, *code);
  return code;
}

/// The code in memory, now the most recent one; null if there is none.
template <class Code>
typename CodeTable<Code>::Ref CodeTable<Code>::find(const Hash128& key) {
  const auto found = kept_.find(key);
  if (found == kept_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return found->second->code;
}

template <class Code>
void CodeTable<Code>::keep(const Hash128& key, const Ref& code) {
  const std::lock_guard lock(mutex_);
  const size_t bytes = size_of(*code) + sizeof(Kept);
  recent_.push_front({key, code, bytes});
  kept_[key] = recent_.begin();
  kept_bytes_ += bytes;
  while (kept_bytes_ > KernelCache::kMaxMemory && recent_.size() > 1) {
    kept_bytes_ -= recent_.back().bytes;
    kept_.erase(recent_.back().key);
    recent_.pop_back();
  }
}

template <class Code>
void CodeTable<Code>::forget() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
  recent_.clear();
  kept_bytes_ = 0;
}

template class CodeTable<Image>;
template class CodeTable<CudaModule>;

// ---- memory, then disk

template <class Data>
Result<Data> KernelCache::load_or_build(const Hash128& key, const std::function<Result<Data>()>& build) {
  if (const auto bytes = disk_.load(key)) {
    if (Result<Data> data = decode(*bytes, static_cast<const Data*>(nullptr))) {
      counters_.cache_hits.fetch_add(1, std::memory_order_relaxed);
      return data;
    }
  }
  Result<Data> data = build();
  if (!data) return data;
  counters_.kernels_compiled.fetch_add(data->entries.size(), std::memory_order_relaxed);
  if (has_file_form(*data)) disk_.store(key, encode(*data));
  return data;
}

Result<ImageRef> KernelCache::image(const Hash128& key, const std::function<Result<ImageData>()>& build) {
  return images_.get(key, [&]() -> Result<ImageRef> {
    Result<ImageData> data = load_or_build(key, build);
    if (!data) return data.failure();
    return std::make_shared<const Image>(std::move(*data));
  });
}

Result<CudaModuleRef> KernelCache::module(const Hash128& key, const std::function<Result<CudaModule>()>& build) {
  return modules_.get(key, [&]() -> Result<CudaModuleRef> {
    Result<CudaModule> data = load_or_build(key, build);
    if (!data) return data.failure();
    return std::make_shared<const CudaModule>(std::move(*data));
  });
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

void KernelCache::forget() {
  images_.forget();
  modules_.forget();
}

} // namespace ogee::runtime
