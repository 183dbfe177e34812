// Rules of the tape: how the gradient of an operation is computed, derived once per key from the operation's graph and
// compiled when it first runs. Keys hold no sizes: a loop over growing tensors derives nothing new. Private to the
// front end.
#pragma once

#include "frontend/derivative.h"
#include "frontend/kernel.h"
#include "frontend/tape.h"
#include "runtime/executable.h"

#include <array>
#include <bitset>
#include <cassert>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace ogee::detail {

/// Arguments of a graph, by number.
using ArgumentSet = std::bitset<256>;

/// What selects a rule.
struct RuleKey {
  const void* op = nullptr; ///< the operation's descriptor, by address
  std::array<uint64_t, 6> words{};
  uint32_t count = 0;
  uint64_t device = 0;    ///< device_word of where it runs
  ArgumentSet needs;      ///< the arguments that gradients are asked for
  ArgumentSet transposed; ///< those that are given transposed
  ArgumentSet host;       ///< on another device than the CPU: those whose element is in the host's memory

  void push(uint64_t word) {
    assert(count < words.size());
    words[count++] = word;
  }
  uint64_t hash() const noexcept;
  friend bool operator==(const RuleKey&, const RuleKey&) = default;
};

/// One argument of an operation's graph: a tensor, a number as a tensor of rank 0, or a size.
struct RuleArgument {
  enum class Kind : uint8_t { tensor, number, size };

  RuleArgument(const Tensor& tensor) : tensor(&tensor) {}
  RuleArgument(const Scalar& number, DType dtype) : kind(Kind::number), dtype(dtype), number(number) {}
  explicit RuleArgument(int64_t size) : kind(Kind::size), number(size) {}

  Kind kind = Kind::tensor;
  DType dtype = DType::f32; ///< of a number
  const Tensor* tensor = nullptr;
  Scalar number = 0; ///< or the size
};

class TapeRule;
using RuleRef = std::shared_ptr<const TapeRule>;
struct RuleTable;

/// The gradient of an operation, or of a compiled function, as graphs.
class TapeRule {
public:
  /// A rule for the gradients of the arguments `wrt`; `derive` makes it, an Error of which comes when it is to run.
  /// `identity` names it in the kernel cache; "" where it is in none.
  TapeRule(const char* name, std::string identity, Device device, std::vector<unsigned> wrt,
           const ArgumentSet& transposed, const std::function<Derivative()>& derive);
  ~TapeRule();

  const char* name() const noexcept { return name_; }
  const std::string& identity() const noexcept { return identity_; }
  Device device() const noexcept { return device_; }
  /// Different for all rules of the process.
  uint64_t id() const noexcept { return id_; }
  const std::vector<unsigned>& wrt() const noexcept { return wrt_; }
  bool is_transposed(unsigned argument) const noexcept {
    return argument < transposed_.size() && transposed_[argument];
  }
  /// Whether there is a gradient.
  bool exists() const noexcept { return derivative_.has_value(); }
  /// Error where there is none.
  void check(Loc loc) const;
  // What follows only where it exists.
  const passes::BackwardSignature& signature() const { return derivative_->signature; }
  const Graph& backward() const { return derivative_->backward; }
  /// Only for Saved::chosen.
  const Graph& forward() const { return *derivative_->forward; }
  /// Compiled when it first runs, apart for NaN mode.
  const runtime::Executable& executable(Loc loc) const;
  /// The rules that differentiate this one in turn: those of a compiled function go with it.
  RuleTable& again() const { return *again_; }

private:
  const char* name_;
  const std::string identity_;
  const Device device_;
  const uint64_t id_;
  const std::vector<unsigned> wrt_;
  const ArgumentSet transposed_;
  std::optional<Derivative> derivative_;
  std::string failure_;
  struct Compiled {
    std::unique_ptr<const runtime::Executable> executable;
    std::atomic<const runtime::Executable*> ready{nullptr};
  };
  mutable std::mutex mutex_;
  mutable std::array<Compiled, 2> compiled_; ///< in NaN mode the second one
  const std::unique_ptr<RuleTable> again_;
};

/// The rule of a key; `graph` makes the operation's graph where it is new. `origin` is the rule whose computation it
/// differentiates in turn.
RuleRef find_rule(const RuleKey& key, const char* name, const TapeRule* origin, const std::function<Graph()>& graph);

/// Puts an operation onto the tape if a gradient flows into it: the results of floats get its history. `key` says what
/// selects its rule besides which arguments gradients flow through and which are transposed; `body` records its graph
/// in a trace, with an argument for each of `arguments`.
void record_rule(RuleKey key, const char* name, std::span<const RuleArgument> arguments,
                 std::span<const Tensor> results, const KernelBody& body, Loc loc);

/// Whether a tensor is a transposed matrix, or a stack of them, in dense memory.
bool is_transposed(const TensorImpl& impl);
/// The stand-in of an argument in the trace of a rule: `shape` is the tensor's, which is transposed in memory or dense.
Tensor rule_argument(size_t index, DType dtype, const Shape& shape, bool transposed);

} // namespace ogee::detail
