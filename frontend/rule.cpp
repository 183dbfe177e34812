// Rules and their table: a small cache per thread in front of one table for the process.
#include "frontend/rule.h"

#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "runtime/runtime.h"

#include <unordered_map>

namespace ogee::detail {

uint64_t RuleKey::hash() const noexcept {
  uint64_t h = reinterpret_cast<uintptr_t>(op) ^ (uint64_t{needs} << 32) ^ transposed;
  const auto mix = [&](uint64_t word) {
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  };
  mix(count);
  for (uint32_t i = 0; i < count; ++i) mix(words[i]);
  return h;
}

namespace {

std::vector<unsigned> numbers_of(uint32_t bits) {
  std::vector<unsigned> numbers;
  for (unsigned i = 0; bits >> i; ++i)
    if (bits >> i & 1) numbers.push_back(i);
  return numbers;
}

} // namespace

TapeRule::TapeRule(const char* name, const RuleKey& key, const Graph& graph, std::string identity)
    : name_(name), key_(key), identity_(std::move(identity)) {
  try {
    derivative_ = derive(graph, numbers_of(key.needs), Saved::results, Loc());
  } catch (const runtime::Error& error) { failure_ = error.what(); }
}

const runtime::Executable& TapeRule::executable(Loc loc) const {
  if (const runtime::Executable* ready = ready_.load(std::memory_order_acquire)) return *ready;
  std::lock_guard lock(mutex_);
  if (!executable_) {
    const auto compile = [&]() -> runtime::Result<runtime::Program> {
      return derivative_->backward.impl().compile(loc, /*eager=*/true);
    };
    executable_ = std::make_unique<runtime::Executable>(
        unwrap(runtime::Runtime::get().kernels().program(kernel_hash(identity_), compile), loc));
    ready_.store(executable_.get(), std::memory_order_release);
  }
  return *executable_;
}

namespace {

struct KeyHasher {
  size_t operator()(const RuleKey& key) const noexcept { return key.hash(); }
};

/// Every rule of the process; lives until its end, since tensors may outlive everything else.
struct RuleTable {
  std::mutex mutex;
  std::unordered_map<RuleKey, std::unique_ptr<TapeRule>, KeyHasher> rules;
};

RuleTable& table() {
  static auto* table = new RuleTable;
  return *table;
}

struct CachedRule {
  RuleKey key;
  const TapeRule* rule = nullptr;
};
constexpr size_t kCached = 256;
thread_local std::array<CachedRule, kCached> cache;

/// The key in words, for files. A rule of a rule is named by that one's words.
std::string identity_of(const RuleKey& key, const char* name, const TapeRule* origin) {
  std::string text = origin ? origin->identity() + " again" : runtime::concat("rule ", name);
  text += runtime::concat(" needs ", key.needs, " transposed ", key.transposed);
  for (uint32_t i = 0; i < key.count; ++i) text += runtime::concat(" ", key.words[i]);
  return text;
}

const TapeRule& find_in_table(const RuleKey& key, const char* name, const TapeRule* origin,
                              const std::function<Graph()>& graph) {
  {
    std::lock_guard lock(table().mutex);
    if (auto known = table().rules.find(key); known != table().rules.end()) return *known->second;
  }
  auto rule = std::make_unique<TapeRule>(name, key, graph(), identity_of(key, name, origin));
  std::lock_guard lock(table().mutex);
  return *table().rules.try_emplace(key, std::move(rule)).first->second;
}

} // namespace

const TapeRule& find_rule(const RuleKey& key, const char* name, const TapeRule* origin,
                          const std::function<Graph()>& graph) {
  CachedRule& cached = cache[key.hash() % kCached];
  if (!cached.rule || cached.key != key) cached = {key, &find_in_table(key, name, origin, graph)};
  return *cached.rule;
}

} // namespace ogee::detail
