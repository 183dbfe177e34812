// Runs the entries by images of this process on seeded inputs.
#include "codegen/aot/golden.h"

#include "codegen/compile.h"
#include "runtime/error.h"
#include "runtime/executable.h"
#include "runtime/shape.h"

#include "mlir/IR/OwningOpRef.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
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

HostArray allocate(DType dtype, std::vector<int64_t> shape) {
  const int64_t bytes = runtime::checked_bytes(shape, dtype).take();
  return {dtype, std::move(shape), runtime::Storage::allocate(bytes)};
}

size_t bytesOf(const HostArray& array) { return runtime::checked_bytes(array.shape, array.dtype).take(); }

template <class T>
void fillWith(HostArray& array, std::mt19937_64& bits) {
  const std::span<T> elements(reinterpret_cast<T*>(array.storage->data()), bytesOf(array) / sizeof(T));
  for (T& element : elements) {
    const uint64_t word = bits();
    if constexpr (std::is_floating_point_v<T>)
      element = T(std::ldexp(T(word >> 40), -23) - 1);
    else
      element = T(word >> 61);
  }
}

/// Floats from [-1, 1), integers from [0, 8), bools.
HostArray randomArray(DType dtype, std::vector<int64_t> shape, std::mt19937_64& bits) {
  HostArray array = allocate(dtype, std::move(shape));
  switch (dtype) {
  case DType::f32: fillWith<float>(array, bits); break;
  case DType::f64: fillWith<double>(array, bits); break;
  case DType::i32: fillWith<int32_t>(array, bits); break;
  case DType::i64: fillWith<int64_t>(array, bits); break;
  default: {
    const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(array.storage->data()), bytesOf(array));
    for (uint8_t& byte : bytes) byte = bits() >> 63;
  }
  }
  return array;
}

HostArray fromBytes(std::span<const uint8_t> bytes) {
  HostArray array = allocate(DType::u8, {static_cast<int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(array.storage->data(), bytes.data(), bytes.size());
  return array;
}

HostArray copyOf(const HostArray& array) {
  HostArray copy = allocate(array.dtype, array.shape);
  if (bytesOf(array) > 0) std::memcpy(copy.storage->data(), array.storage->data(), bytesOf(array));
  return copy;
}

/// One entry as a program of this process.
class Player {
public:
  Player(const runtime::Executable& executable, const Entry& entry, const Library& library)
      : executable_(executable), program_(executable.program()), entry_(entry), library_(library) {}

  void play(const std::string& prefix, std::vector<int64_t> dims, std::vector<uint8_t> state, std::mt19937_64& bits,
            NamedArrays& arrays) {
    HostArray given = allocate(DType::i64, {static_cast<int64_t>(dims.size())});
    if (!dims.empty()) std::memcpy(given.storage->data(), dims.data(), dims.size() * sizeof(int64_t));
    arrays.emplace_back(prefix + "dims", given);
    std::vector<HostArray> tensors;
    const std::vector<runtime::TensorArg> args = arguments(dims, state, bits, tensors);
    for (auto [tensor, array] : llvm::zip(entry_.tensors, tensors))
      if (tensor.use == Tensor::Use::inOut) arrays.emplace_back(prefix + tensor.name + ".before", copyOf(array));
    Sink sink(*this, args, tensors);
    executable_.run({args, indices(dims)}, sink);
    sink.commit();
    for (auto [tensor, array] : llvm::zip_equal(entry_.tensors, tensors))
      arrays.emplace_back(prefix + tensor.name, array);
    if (entry_.writesState) arrays.emplace_back(prefix + "state", fromBytes(state));
  }

private:
  /// The dims of a call by symbol of the entry; symbols of the program that read state have none.
  std::optional<int64_t> dimOf(const runtime::SymbolSource& source, std::span<const int64_t> dims) const {
    size_t number = 0;
    for (const runtime::Symbol& symbol : program_.values.symbols) {
      const bool isDim = symbol.source.kind == runtime::SymbolSource::Kind::index ||
                         program_.args[symbol.source.arg].role == runtime::Role::input;
      if (isDim && symbol.source == source) return dims[number];
      number += isDim;
    }
    return std::nullopt;
  }

  std::vector<runtime::TensorArg> arguments(std::span<const int64_t> dims, std::vector<uint8_t>& state,
                                            std::mt19937_64& bits, std::vector<HostArray>& tensors) {
    std::vector<runtime::TensorArg> args;
    for (auto [i, spec] : llvm::enumerate(program_.args)) {
      std::vector<int64_t>& shape = shapes_.emplace_back();
      for (const runtime::Slot slot : spec.dims) {
        shape.push_back(program_.values.initial[slot]);
        for (auto [symbol, value] : dimsBySlot(dims))
          if (symbol == slot) shape.back() = value;
      }
      void* data = nullptr;
      if (spec.role == runtime::Role::input)
        data = tensors.emplace_back(randomArray(spec.dtype, shape, bits)).storage->data();
      else
        data = state.data() + stateOf(spec.name).offset;
      args.push_back({data, shape.data(), nullptr, static_cast<uint32_t>(shape.size()), spec.dtype});
    }
    return args;
  }

  std::vector<std::pair<runtime::Slot, int64_t>> dimsBySlot(std::span<const int64_t> dims) const {
    std::vector<std::pair<runtime::Slot, int64_t>> pairs;
    for (const runtime::Symbol& symbol : program_.values.symbols)
      if (const auto dim = dimOf(symbol.source, dims)) pairs.emplace_back(symbol.slot, *dim);
    return pairs;
  }

  std::vector<int64_t> indices(std::span<const int64_t> dims) const {
    std::vector<int64_t> list;
    for (uint32_t i = 0; i < program_.index_args; ++i)
      list.push_back(dimOf({runtime::SymbolSource::Kind::index, i, 0}, dims).value_or(0));
    return list;
  }

  const StateTensor& stateOf(const std::string& name) const {
    return *llvm::find_if(library_.state, [&](const StateTensor& tensor) { return tensor.name == name; });
  }

  /// Results become tensors of the entry, or what they are written to.
  struct Sink final : runtime::ResultSink {
    Sink(Player& player, std::span<const runtime::TensorArg> args, std::vector<HostArray>& tensors)
        : player(player), args(args), tensors(tensors) {}

    void* memory(uint32_t result, std::span<const int64_t> dims, int64_t bytes) override {
      const runtime::ResultSpec& spec = player.program_.results[result];
      HostArray array = allocate(spec.dtype, {dims.begin(), dims.end()});
      void* const data = array.storage->data();
      if (spec.writes == runtime::kNoArgument)
        tensors.push_back(std::move(array));
      else
        writes.push_back({std::move(array), args[spec.writes].data, static_cast<size_t>(bytes)});
      return data;
    }

    void commit() {
      for (const Write& write : writes)
        if (write.bytes > 0) std::memcpy(write.to, write.from.storage->data(), write.bytes);
    }

    struct Write {
      HostArray from;
      void* to;
      size_t bytes;
    };
    Player& player;
    std::span<const runtime::TensorArg> args;
    std::vector<HostArray>& tensors;
    std::vector<Write> writes;
  };

  const runtime::Executable& executable_;
  const runtime::Program& program_;
  const Entry& entry_;
  const Library& library_;
  std::deque<std::vector<int64_t>> shapes_;
};

/// The target of the library whose code this machine runs, and else this machine.
NamedTarget playableTarget(const Options& options, const Library& library) {
  for (const Variant& variant : library.variants) // as a user's program would choose
    for (const NamedTarget& target : options.targets)
      if (target.name == variant.name && runsHere(target.info)) return target;
  return {"", hostTarget()};
}

/// Raises Errors of the runtime.
FailureOr<NamedArrays> play(ArrayRef<Source> sources, const Library& library, const Options& options) {
  const NamedTarget target = playableTarget(options, library);
  NamedArrays arrays;
  arrays.emplace_back("target", fromBytes({reinterpret_cast<const uint8_t*>(target.name.data()), target.name.size()}));
  for (auto [source, entry] : llvm::zip_equal(sources, library.entries)) {
    OwningOpRef<ModuleOp> copy(cast<ModuleOp>(func::FuncOp(source.graph)->getParentOfType<ModuleOp>()->clone()));
    auto graph = copy->lookupSymbol<func::FuncOp>(func::FuncOp(source.graph).getSymName());
    FailureOr<runtime::Program> program = codegen::compile(graph, {.name = source.name, .target = &target.info});
    if (failed(program)) return failure();
    const runtime::Executable executable(std::move(*program));
    std::mt19937_64 bits(arrays.size());
    int64_t played = 0;
    for (int64_t number = 0; number < kCases; ++number) {
      std::vector<int64_t> dims;
      for (const DimArgument& dim : entry.dims) dims.push_back(std::min(dim.hi, dim.lo + kStep * number));
      NamedArrays made;
      try {
        Player(executable, entry, library)
            .play(entry.name + "." + std::to_string(played) + ".", dims, firstState(library, options.weights), bits,
                  made);
      } catch (const runtime::Error& error) {
        if (error.code() != runtime::ErrorCode::invalid_argument) throw;
        continue; // a check of the model refuses these inputs
      }
      ++played;
      llvm::append_range(arrays, made);
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
