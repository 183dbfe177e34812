// Runs the entries by images of this process on seeded inputs.
#include "codegen/aot/golden.h"

#include "codegen/compile.h"
#include "ir/signature.h"
#include "runtime/error.h"
#include "runtime/session.h"
#include "runtime/shape.h"

#include "mlir/IR/OwningOpRef.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <random>

namespace ogee::codegen::aot {

using namespace mlir;
using runtime::DType;
using runtime::HostArray;
using runtime::NamedArrays;

namespace {

constexpr int64_t kCases = 2;
constexpr int64_t kStep = 7; ///< between the dims of two cases: tails of vectors and tiles come up

/// Where inputs are drawn from.
struct Draws {
  uint64_t integers = 8; ///< integers are below
  bool negative = true;  ///< floats are from [-1, 1), else from [0, 1)
};
/// Where a model refuses inputs or makes NaN of them, which tells nothing, the next ones are tried: labels and indices
/// that are small enough, roots and logarithms that there are.
constexpr Draws kDraws[] = {{8, true}, {2, false}, {1, false}};

HostArray allocate(DType dtype, std::vector<int64_t> shape) {
  const int64_t bytes = runtime::checked_bytes(shape, dtype).take();
  return {dtype, std::move(shape), runtime::Storage::allocate(bytes)};
}

size_t bytesOf(const HostArray& array) { return runtime::checked_bytes(array.shape, array.dtype).take(); }

template <class T>
void fillWith(HostArray& array, const Draws& draws, std::mt19937_64& bits) {
  const std::span<T> elements(reinterpret_cast<T*>(array.storage->data()), bytesOf(array) / sizeof(T));
  for (T& element : elements) {
    const uint64_t word = bits();
    if constexpr (std::is_floating_point_v<T>)
      element = draws.negative ? T(std::ldexp(T(word >> 40), -23) - 1) : T(std::ldexp(T(word >> 40), -24));
    else
      element = T((word >> 32) % draws.integers);
  }
}

HostArray randomArray(DType dtype, std::vector<int64_t> shape, const Draws& draws, std::mt19937_64& bits) {
  HostArray array = allocate(dtype, std::move(shape));
  switch (dtype) {
  case DType::f32: fillWith<float>(array, draws, bits); break;
  case DType::f64: fillWith<double>(array, draws, bits); break;
  case DType::i32: fillWith<int32_t>(array, draws, bits); break;
  case DType::i64: fillWith<int64_t>(array, draws, bits); break;
  default: {
    const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(array.storage->data()), bytesOf(array));
    for (uint8_t& byte : bytes) byte = bits() >> 63;
  }
  }
  return array;
}

bool hasNaN(DType dtype, const void* data, size_t bytes) {
  const auto any = [&]<class T>(T) {
    const std::span<const T> elements(static_cast<const T*>(data), bytes / sizeof(T));
    return llvm::any_of(elements, [](T x) { return x != x; });
  };
  return dtype == DType::f32 ? any(0.0f) : dtype == DType::f64 && any(0.0);
}

HostArray fromBytes(std::span<const uint8_t> bytes) {
  HostArray array = allocate(DType::u8, {static_cast<int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(array.storage->data(), bytes.data(), bytes.size());
  return array;
}

HostArray fromNumbers(std::span<const int64_t> numbers) {
  HostArray array = allocate(DType::i64, {static_cast<int64_t>(numbers.size())});
  if (!numbers.empty()) std::memcpy(array.storage->data(), numbers.data(), numbers.size_bytes());
  return array;
}

HostArray copyOf(const HostArray& array) {
  HostArray copy = allocate(array.dtype, array.shape);
  if (bytesOf(array) > 0) std::memcpy(copy.storage->data(), array.storage->data(), bytesOf(array));
  return copy;
}

/// One entry as a program of this process, for one case.
class Player {
public:
  Player(runtime::Program program, const Entry& entry, const Library& library, std::span<const uint8_t> state)
      : entry_(entry), library_(library), firstState_(state), session_(withState(std::move(program), library, state)) {}

  /// Raises an Error where the model refuses the inputs.
  NamedArrays play(const std::string& call, const std::vector<int64_t>& dims, const Draws& draws,
                   std::mt19937_64& bits) {
    NamedArrays arrays;
    arrays.emplace_back("dims." + call, fromNumbers(dims));
    makeInputs(dims, draws, bits);
    for (auto [tensor, array] : llvm::zip(entry_.tensors, tensors_))
      if (tensor.use == Tensor::Use::inOut) arrays.emplace_back("before." + call + "." + tensor.name, copyOf(array));
    Sink sink(*this);
    session_.run({args_, indices_}, sink);
    for (const Write& write : writes_)
      if (const size_t bytes = bytesOf(write.value); bytes > 0)
        std::memcpy(tensors_[write.tensor].storage->data(), write.value.storage->data(), bytes);
    for (auto [tensor, array] : llvm::zip_equal(entry_.tensors, tensors_))
      arrays.emplace_back(call + "." + tensor.name, array);
    if (entry_.writesState) arrays.emplace_back("state." + call, fromBytes(presentState()));
    return arrays;
  }

  /// Afterwards: in what was written.
  bool madeNaN() const {
    const ArrayRef<runtime::ArgSpec> held = ArrayRef(session_.program().args).drop_front(session_.given());
    for (auto [i, argument] : llvm::enumerate(held))
      if (hasNaN(argument.dtype, session_.state(i).data(), session_.state(i).size())) return true;
    return llvm::any_of(
        tensors_, [](const HostArray& array) { return hasNaN(array.dtype, array.storage->data(), bytesOf(array)); });
  }

private:
  static runtime::Program withState(runtime::Program program, const Library& library, std::span<const uint8_t> state) {
    for (const runtime::ArgSpec& argument : program.args) {
      if (argument.role == runtime::Role::input) continue;
      const StateTensor& tensor = stateOf(library, argument.name);
      const std::span<const uint8_t> bytes = state.subspan(tensor.offset, tensor.bytes);
      program.state.emplace_back(bytes.begin(), bytes.end());
    }
    return program;
  }

  static const StateTensor& stateOf(const Library& library, const std::string& name) {
    return *llvm::find_if(library.state, [&](const StateTensor& tensor) { return tensor.name == name; });
  }

  /// Dims are numbered as the program's symbols, of which state has none left.
  void makeInputs(const std::vector<int64_t>& dims, const Draws& draws, std::mt19937_64& bits) {
    const runtime::Program& program = session_.program();
    std::vector<int64_t> values = program.values.initial;
    indices_.resize(program.index_args);
    for (auto [symbol, dim] : llvm::zip_equal(program.values.symbols, dims)) {
      values[symbol.slot] = dim;
      if (symbol.source.kind == runtime::SymbolSource::Kind::index) indices_[symbol.source.arg] = dim;
    }
    for (const runtime::ArgSpec& argument : ArrayRef(program.args).take_front(session_.given())) {
      std::vector<int64_t> shape;
      for (const runtime::Slot slot : argument.dims) shape.push_back(values[slot]);
      tensors_.push_back(randomArray(argument.dtype, std::move(shape), draws, bits));
    }
    for (const HostArray& array : tensors_)
      args_.push_back(
          {array.storage->data(), array.shape.data(), nullptr, static_cast<uint32_t>(array.shape.size()), array.dtype});
  }

  /// The library's state as it is now: what this entry does not know is as it began.
  std::vector<uint8_t> presentState() const {
    std::vector<uint8_t> state(firstState_.begin(), firstState_.end());
    const ArrayRef<runtime::ArgSpec> held = ArrayRef(session_.program().args).drop_front(session_.given());
    for (auto [i, argument] : llvm::enumerate(held)) {
      const std::span<const std::byte> bytes = session_.state(i);
      if (!bytes.empty())
        std::memcpy(state.data() + stateOf(library_, argument.name).offset, bytes.data(), bytes.size());
    }
    return state;
  }

  /// Results become tensors of the entry; what is written to one of its inputs waits for the end.
  struct Sink final : runtime::ResultSink {
    explicit Sink(Player& player) : player(player) {}

    void* memory(uint32_t result, std::span<const int64_t> dims, int64_t) override {
      const runtime::ResultSpec& spec = player.session_.program().results[result];
      HostArray array = allocate(spec.dtype, {dims.begin(), dims.end()});
      void* const data = array.storage->data();
      if (spec.writes == runtime::kNoArgument)
        player.tensors_.push_back(std::move(array));
      else
        player.writes_.push_back({std::move(array), spec.writes});
      return data;
    }

    Player& player;
  };

  struct Write {
    HostArray value;
    size_t tensor;
  };
  const Entry& entry_;
  const Library& library_;
  const std::span<const uint8_t> firstState_;
  runtime::Session session_;
  std::vector<HostArray> tensors_;
  std::vector<runtime::TensorArg> args_;
  std::vector<int64_t> indices_;
  std::vector<Write> writes_;
};

/// Whether images can be made for a target: they call no functions of libm for single instructions.
bool hasImages(const TargetInfo& target) {
  runtime::CpuFeatures needed; // none where the machine is no x86-64
  for (const char* feature : {"fma", "sse4.1"}) needed.add(feature);
  return requiredFeatures(target).contains(needed);
}

/// The target of the library whose code this machine runs, and else this machine.
NamedTarget playableTarget(const Options& options, const Library& library) {
  for (const Variant& variant : library.variants) // as a user's program would choose
    for (const NamedTarget& target : options.targets)
      if (target.name == variant.name && runsHere(target.info) && hasImages(target.info)) return target;
  return {"", hostTarget()};
}

/// One case of the draws that the model likes best; nothing where it refuses all of them.
std::optional<NamedArrays> playCase(llvm::function_ref<std::unique_ptr<Player>()> start, const std::string& call,
                                    const std::vector<int64_t>& dims, std::mt19937_64& bits) {
  std::optional<NamedArrays> best;
  for (const Draws& draws : kDraws) {
    const std::unique_ptr<Player> player = start();
    try {
      NamedArrays arrays = player->play(call, dims, draws, bits);
      const bool isNumber = !player->madeNaN();
      if (isNumber || !best) best = std::move(arrays);
      if (isNumber) break;
    } catch (const runtime::Error& error) {
      if (error.code() != runtime::ErrorCode::invalid_argument) throw;
    }
  }
  return best;
}

/// Raises Errors of the runtime.
FailureOr<NamedArrays> play(ArrayRef<Source> sources, const Library& library, const Options& options) {
  const NamedTarget target = playableTarget(options, library);
  NamedArrays arrays;
  arrays.emplace_back("target", fromBytes({reinterpret_cast<const uint8_t*>(target.name.data()), target.name.size()}));
  const std::vector<uint8_t> state = firstState(library, options.weights);
  for (auto [source, entry] : llvm::zip_equal(sources, library.entries)) {
    OwningOpRef<ModuleOp> copy(cast<ModuleOp>(func::FuncOp(source.graph)->getParentOfType<ModuleOp>()->clone()));
    auto graph = copy->lookupSymbol<func::FuncOp>(func::FuncOp(source.graph).getSymName());
    ir::putStateLast(graph);
    FailureOr<runtime::Program> program = codegen::compile(graph, {.name = source.name, .target = &target.info});
    if (failed(program)) return failure();
    std::mt19937_64 bits(arrays.size());
    int64_t played = 0;
    for (int64_t number = 0; number < kCases; ++number) {
      std::vector<int64_t> dims;
      for (const DimArgument& dim : entry.dims) dims.push_back(std::min(dim.hi, dim.lo + kStep * number));
      const std::string call = entry.name + "." + std::to_string(played);
      const auto start = [&] { return std::make_unique<Player>(*program, entry, library, state); };
      const std::optional<NamedArrays> made = playCase(start, call, dims, bits);
      if (!made) continue;
      ++played;
      llvm::append_range(arrays, *made);
    }
  }
  return arrays;
}

} // namespace

FailureOr<NamedArrays> makeGolden(ArrayRef<Source> sources, const Library& library, const Options& options) {
  try {
    return play(sources, library, options);
  } catch (const runtime::Error& error) { // the runtime's; none has crossed a frame of LLVM
    return emitError(func::FuncOp(sources.front().graph).getLoc()) << "golden inputs: " << error.what();
  }
}

} // namespace ogee::codegen::aot
