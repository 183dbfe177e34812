// Rules and their table: a small cache per thread in front of one table for the process.
#include "frontend/rule.h"

#include "frontend/device.h"
#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "frontend/target.h"
#include "runtime/runtime.h"

#include <unordered_map>

namespace ogee::detail {

uint64_t RuleKey::hash() const noexcept {
  const std::hash<ArgumentSet> of_set;
  uint64_t h = reinterpret_cast<uintptr_t>(op) ^ of_set(needs) ^ of_set(transposed) << 1 ^ of_set(host) << 2;
  const auto mix = [&](uint64_t word) {
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  };
  mix(count | device << 32);
  for (uint32_t i = 0; i < count; ++i) mix(words[i]);
  return h;
}

static std::vector<unsigned> numbers_of(const ArgumentSet& set) {
  std::vector<unsigned> numbers;
  for (unsigned i = 0; i < set.size(); ++i)
    if (set[i]) numbers.push_back(i);
  return numbers;
}

namespace {
std::atomic<uint64_t> next_id{1};

struct KeyHasher {
  size_t operator()(const RuleKey& key) const noexcept { return key.hash(); }
};
} // namespace

struct RuleTable {
  std::mutex mutex;
  std::unordered_map<RuleKey, RuleRef, KeyHasher> rules;
};

TapeRule::TapeRule(const char* name, std::string identity, Device device, std::vector<unsigned> wrt,
                   const ArgumentSet& transposed, const std::function<Derivative()>& derive)
    : name_(name), identity_(std::move(identity)), device_(device), id_(next_id.fetch_add(1)), wrt_(std::move(wrt)),
      transposed_(transposed), again_(std::make_unique<RuleTable>()) {
  try {
    derivative_ = derive();
  } catch (const runtime::Error& error) { failure_ = error.what(); }
}

TapeRule::~TapeRule() = default;

void TapeRule::check(Loc loc) const {
  if (derivative_) return;
  const std::string message = runtime::concat("backward: ", name_, ": ", failure_);
  if (has_place(message)) throw runtime::Error(ErrorCode::unsupported, message);
  fail_with(ErrorCode::unsupported, message, loc);
}

const runtime::Executable& TapeRule::executable(Loc loc) const {
  const bool check_numbers = is_anomaly_enabled();
  Compiled& compiled = compiled_[check_numbers];
  if (const runtime::Executable* ready = compiled.ready.load(std::memory_order_acquire)) return *ready;
  std::lock_guard lock(mutex_);
  if (!compiled.executable) {
    const auto compile = [&]() -> runtime::Result<runtime::Program> {
      return derivative_->backward.impl().compile(loc, /*eager=*/!identity_.empty(), check_numbers);
    };
    const auto cached = [&] {
      const std::string text = identity_ + (check_numbers ? " checked" : "");
      return runtime::Runtime::get().kernels().program(kernel_hash(text, device_), compile);
    };
    compiled.executable = with_place(
        loc, [&] { return make_executable(unwrap(identity_.empty() ? compile() : cached(), loc), {}, device_); });
    compiled.ready.store(compiled.executable.get(), std::memory_order_release);
  }
  return *compiled.executable;
}

namespace {

/// Whether what differentiates a rule in turn is to go with a compiled function.
bool belongs_to_function(const TapeRule* origin) { return origin && origin->identity().empty(); }

/// Where a rule stands. Those of operations live until the end of the process, since tensors may outlive everything
/// else.
RuleTable& table_for(const TapeRule* origin) {
  static auto* operations = new RuleTable;
  return belongs_to_function(origin) ? origin->again() : *operations;
}

struct CachedRule {
  RuleKey key;
  RuleRef rule;
};
constexpr size_t kCached = 256;
thread_local std::array<CachedRule, kCached> cache;

/// The key in words, for files. A rule of a rule is named by that one's words.
std::string identity_of(const RuleKey& key, const char* name, const TapeRule* origin) {
  if (origin && origin->identity().empty()) return "";
  std::string text = origin ? origin->identity() + " again" : runtime::concat("rule ", name);
  text += " needs " + key.needs.to_string() + " transposed " + key.transposed.to_string();
  if (key.host.any()) text += " host " + key.host.to_string();
  for (uint32_t i = 0; i < key.count && !origin; ++i) text += runtime::concat(" ", key.words[i]);
  return text;
}

RuleRef find_in_table(const RuleKey& key, const char* name, const TapeRule* origin,
                      const std::function<Graph()>& graph) {
  RuleTable& table = table_for(origin);
  {
    std::lock_guard lock(table.mutex);
    if (auto known = table.rules.find(key); known != table.rules.end()) return known->second;
  }
  const auto derive_it = [&] {
    const Graph function = graph();
    function.impl().set_host(numbers_of(key.host));
    return derive(function, numbers_of(key.needs), Saved::results, Loc());
  };
  auto rule = std::make_shared<const TapeRule>(name, identity_of(key, name, origin), device_of(key.device),
                                               numbers_of(key.needs), key.transposed, std::cref(derive_it));
  std::lock_guard lock(table.mutex);
  return table.rules.try_emplace(key, std::move(rule)).first->second;
}

} // namespace

RuleRef find_rule(const RuleKey& key, const char* name, const TapeRule* origin, const std::function<Graph()>& graph) {
  if (belongs_to_function(origin)) return find_in_table(key, name, origin, graph); // the cache would keep it
  CachedRule& cached = cache[key.hash() % kCached];
  if (!cached.rule || cached.key != key) cached = {key, find_in_table(key, name, origin, graph)};
  return cached.rule;
}

} // namespace ogee::detail
