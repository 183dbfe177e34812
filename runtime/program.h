// A compiled function as data: machine code, a structured launch list, a buffer plan, constants, signatures. Written by
// codegen, saved and loaded by the runtime alone, run by an `Executable`.
//
// All sizes live in one table of int64 values. A `Slot` names one: a constant, a symbol that is read from the arguments
// of a call, or derived from others by steps that run in order. Everything else in a program refers to sizes by slot.
#pragma once

#include "runtime/device.h"
#include "runtime/dtype.h"
#include "runtime/image.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ogee::runtime {

using Slot = uint32_t;
inline constexpr Slot kNoSlot = ~Slot(0);

/// Operations of size steps. A step that overflows or divides by zero is an Error of the call. eq and lt give 1 or 0.
enum class SizeOp : uint8_t { add, sub, mul, floordiv, mod, min, max, ceildiv, eq, lt };

/// values[out] = values[a] op values[b]
struct SizeStep {
  SizeOp op = SizeOp::add;
  Slot a = 0, b = 0, out = 0;
};

/// Where a symbol's value comes from: a dim or stride (in elements) of a tensor argument, or an index argument.
struct SymbolSource {
  enum class Kind : uint8_t { dim, stride, index };
  Kind kind = Kind::dim;
  uint32_t arg = 0;  ///< number of the tensor argument, or of the index argument
  uint32_t axis = 0; ///< dim and stride only
  friend bool operator==(const SymbolSource&, const SymbolSource&) = default;
};

struct Symbol {
  std::string name;
  Slot slot = 0;
  SymbolSource source;
  int64_t lo = 0, hi = INT64_MAX; ///< checked on entry
};

/// The value table: `initial` holds the constants at their slots and anything elsewhere. Built by SizeTable
/// (size_table.h).
struct ValueTable {
  std::vector<int64_t> initial;
  std::vector<Symbol> symbols;
  std::vector<SizeStep> steps; ///< each after what it reads
};

/// What an argument is: given by each call, or state that outlives the calls. State comes after what is given.
enum class Role : uint8_t {
  input,     ///< given by each call
  captured,  ///< a tensor that the function uses from outside: a parameter, a table
  optimizer, ///< a number or a tensor of an optimizer
  random,    ///< the key or the draw number of the generator
};

/// One tensor argument. Its dims and strides are constants or symbols, never derived (that is a SizeCheck); all are
/// checked on entry.
struct ArgSpec {
  std::string name; ///< the user's, "" if there is none: error texts say `arg 0 (x)`
  DType dtype = DType::f32;
  std::vector<Slot> dims;
  std::vector<Slot> strides; ///< in elements, checked where the dim is above 1; empty: dense row-major
  std::string location;      ///< where the user made it, "" if unknown
  Role role = Role::input;
  /// A tensor of rank 0 of a program for a device whose memory is the host's: kernels get its element by value, as it
  /// is when the program is called. Nothing writes to it before the end of a call.
  bool host = false;
};

/// Something that must hold between sizes: values[a] == values[b], or values[a] < values[b] (else the call is an Error
/// with `message`, in which `{12}` stands for values[12]).
struct SizeCheck {
  enum class Kind : uint8_t { equal, less };
  Kind kind = Kind::equal;
  Slot a = 0, b = 0;
  std::string message;
};

/// Memory that launches refer to by its place in Program::buffers.
struct Buffer {
  enum class Kind : uint8_t { argument, result, constant, arena };
  Kind kind = Kind::arena;
  uint32_t index = 0;   ///< of the argument, result or constant
  Slot bytes = kNoSlot; ///< arena: its size
  /// Arena: first and last use, as positions in the launch list flattened in order (a structured entry takes a position
  /// for itself, then its bodies follow). What is live around a loop spans the loop. Two buffers whose uses overlap
  /// never share memory.
  uint32_t first_use = 0, last_use = 0;
};

inline constexpr uint32_t kNoArgument = ~uint32_t(0);

/// One result: dense row-major, in memory that the caller allocates.
struct ResultSpec {
  std::string name;
  DType dtype = DType::f32;
  std::vector<Slot> dims;
  uint32_t buffer = 0;           ///< of kind result
  uint32_t writes = kNoArgument; ///< the tensor argument that has this value after the call
  /// The caller may give the memory of that argument, of this dtype and these dims and dense, for this result: nothing
  /// reads it after the result has been written.
  bool in_place = false;
};

/// Where a kernel can fault: an index out of range. The Error is `message`, then ` at ` and the location.
struct FaultSite {
  std::string message;
  std::string location;
};

struct KernelLaunch {
  uint32_t image = 0, entry = 0;
  std::vector<uint32_t> buffers;
  std::vector<Slot> sizes;
  Slot units = 0;           ///< length of the outer parallel range; nothing runs when 0
  Slot unit_cost = kNoSlot; ///< work of a unit: bytes moved, or 4 x its nanoseconds if that is more; decides where it
                            ///< is split, never the numbers; kNoSlot: always one chunk
  Slot scratch_bytes = kNoSlot; ///< per concurrent chunk; kNoSlot: none
  std::vector<FaultSite> sites;
  std::string name; ///< for profiles and dumps
};

/// A kernel of a program for CUDA. Its parameters are its buffers (an address each; of an argument of the host its
/// element, and an address on the device from where it is taken instead, or null), its sizes, and, where it has sites,
/// the address of the word that a fault is written to.
struct CudaLaunch {
  uint32_t module = 0, entry = 0;
  std::vector<uint32_t> buffers;
  std::vector<Slot> sizes;
  Slot blocks = 0;             ///< nothing runs when 0; of more than a grid holds, as many as it holds
  uint32_t threads = 1;        ///< of a block
  Slot shared_bytes = kNoSlot; ///< of a block, beside what the kernel declares; kNoSlot: none
  std::vector<FaultSite> sites;
  std::string name, location; ///< for error texts and profiles: its ops, and the user's line
};

/// Copies bytes between buffers, from byte offsets that are sizes (kNoSlot: 0).
struct CopyLaunch {
  uint32_t from = 0, to = 0;
  Slot bytes = 0;
  Slot from_offset = kNoSlot, to_offset = kNoSlot;
};

/// Fills the first `bytes` bytes of a buffer with a pattern of 1, 2, 4 or 8 bytes.
struct FillLaunch {
  uint32_t buffer = 0;
  Slot bytes = 0;
  uint64_t pattern = 0;
  uint8_t pattern_bytes = 1;
};

/// True or false: a size that is not 0, or the byte at the start of a buffer, read when it is reached.
struct Condition {
  enum class Kind : uint8_t { size, buffer };
  Kind kind = Kind::size;
  uint32_t index = 0;
};

struct Entry;
using LaunchList = std::vector<Entry>;

struct IfEntry {
  Condition condition;
  LaunchList then, otherwise;
};

/// Runs `before`, then stops or runs `body` and starts again.
struct WhileEntry {
  LaunchList before;
  Condition condition;
  LaunchList body;
};

/// Runs `body` with values[induction] = 0, 1 … count - 1, each time after the `steps` that derive sizes from it.
struct ForEntry {
  Slot count = 0;
  Slot induction = 0;
  std::vector<SizeStep> steps;
  LaunchList body;
};

/// A tensor in a buffer: offset and strides count elements.
struct Window {
  uint32_t buffer = 0;
  DType dtype = DType::f32;
  Slot offset = 0;
  std::vector<Slot> dims, strides;
};

/// Ends the call with an Error where the byte at the start of a buffer is not 0: the message, in which `{0}`,
/// `{1}` … stand for the values (the number of a tensor of rank 0, the range of any other), then ` at ` and the
/// location, then `; hint: ` and the hint; what is "" is left out.
struct CheckLaunch {
  uint32_t failed = 0;
  std::vector<Window> values;
  std::string message, location, hint;
};

/// A matrix of a product, in elements: where it begins, how far its rows lie from each other, and the matrices of a
/// batch. Along its columns it goes by single steps; where it is `transposed`, the same with rows and columns changed.
struct MatrixSpec {
  uint32_t buffer = 0;
  Slot offset = 0, batch_stride = 0, ld = 0;
  bool transposed = false;
};

/// What becomes of an element of a product before it is stored.
enum class MatmulFunction : uint8_t { none, relu, gelu_tanh };

inline constexpr uint32_t kNoBuffer = ~uint32_t(0);

/// out[b, m, n] = function(sum over k of lhs[b, m, k] * rhs[b, k, n] + bias[n] + residual[b, m, n]) in f32 or f64, by
/// the library of a GPU; where that is missing or does not do it, what stands in `otherwise`.
struct MatmulLaunch {
  DType dtype = DType::f32;
  MatmulFunction function = MatmulFunction::none;
  Slot batch = 0, m = 0, n = 0, k = 0;
  MatrixSpec lhs, rhs, out;
  uint32_t bias = kNoBuffer; ///< kNoBuffer: none
  Slot bias_offset = 0;
  bool has_residual = false;
  MatrixSpec residual; ///< as `out`, never transposed
  LaunchList otherwise;
  std::string name, location; ///< as CudaLaunch has them
};

/// One entry of a launch list.
struct Entry {
  std::variant<KernelLaunch, CopyLaunch, FillLaunch, IfEntry, WhileEntry, ForEntry, CheckLaunch, CudaLaunch,
               MatmulLaunch>
      launch;
};

/// Calls `visit` with every entry of a launch list, before those that it holds itself.
template <class List, class Visit>
void for_each_entry(List& list, const Visit& visit) {
  for (auto& entry : list) {
    visit(entry);
    if (auto* const branch = std::get_if<IfEntry>(&entry.launch)) {
      for_each_entry(branch->then, visit);
      for_each_entry(branch->otherwise, visit);
    } else if (auto* const loop = std::get_if<WhileEntry>(&entry.launch)) {
      for_each_entry(loop->before, visit);
      for_each_entry(loop->body, visit);
    } else if (auto* const loop = std::get_if<ForEntry>(&entry.launch)) {
      for_each_entry(loop->body, visit);
    } else if (auto* const product = std::get_if<MatmulLaunch>(&entry.launch)) {
      for_each_entry(product->otherwise, visit);
    }
  }
}

/// Code for CUDA devices: a cubin, or PTX (text that ends with a zero) for the driver to compile.
struct CudaModule {
  std::string architecture; ///< "sm_90"; of PTX "compute_90", which devices of that architecture and later ones run
  std::vector<uint8_t> code;
  std::vector<std::string> entries; ///< names of its kernels
  std::string resources;            ///< what the assembler says of registers, shared memory and spills; "" if nothing

  Status check() const;
};
using CudaModuleRef = std::shared_ptr<const CudaModule>;

/// A kernel among those of a program's modules.
struct KernelPlace {
  uint32_t module = 0, entry = 0;
};

/// How a program's transfer kernel is launched: blocks of so many threads, on so many transfers. For each it has four
/// parameters: the address that is written, the one that is read or null, the number that is written instead (its first
/// bytes), and how many bytes.
inline constexpr size_t kTransfers = 16;
inline constexpr unsigned kTransferThreads = 256;

/// Whether a launch on a GPU is the same in every call with equal sizes, outside of a ForEntry: nothing waits for it,
/// and nothing of it is read from the host.
bool is_straight(const Entry& entry);
/// Whether a list has so many straight launches that running them again as one saves time.
bool is_worth_replaying(const LaunchList& launches);

/// The form that a function had at a stage of its compilation.
struct StageText {
  std::string stage; ///< "trace", "simplify" … "asm"
  std::string text;
};

/// Whose code a program that is loaded may hold.
enum class Machine : uint8_t { this_one, any };

struct Program {
  std::string name;                        ///< the user's function, for profiles and error texts
  Device::Kind device = Device::Kind::cpu; ///< where it runs; what its launches and its code are for
  ValueTable values;
  std::vector<ArgSpec> args;
  uint32_t index_args = 0; ///< number of index arguments
  std::vector<SizeCheck> checks;
  std::vector<ResultSpec> results;
  std::vector<Buffer> buffers;
  std::vector<std::vector<uint8_t>> constants;
  std::vector<ImageRef> images;       ///< of a program for the CPU
  std::vector<CudaModuleRef> modules; ///< of a program for CUDA
  /// Of a program for CUDA whose runs of launches may be recorded: the kernel that copies what calls give to where
  /// recorded launches read it, and results from where those write them.
  std::optional<KernelPlace> transfer;
  LaunchList launches;
  /// The elements of each argument that is state, dense, in order, as the first call finds them; or nothing at all.
  std::vector<std::vector<uint8_t>> state;
  /// What it was made from, by stage, where that was asked for.
  std::vector<StageText> texts;
  /// The caller vouches for dtypes, ranks, dims and strides (keyed eager graphs): nothing is checked on entry but
  /// `checks`.
  bool trusted = false;

  /// Whether every index, slot and offset in it refers to something that is there; what else would corrupt memory.
  Status validate() const;

  /// The file form: sections with tags and sizes, a version, a checksum. A Program with in-process functions cannot be
  /// saved.
  Result<std::vector<uint8_t>> save() const;
  /// The Program in `bytes`, validated. A Failure (corrupt, unsupported) for anything damaged or of another version,
  /// and for code that this machine cannot run unless `any` will do (to look at it). Whether there is a device for the
  /// code is for those who run it.
  static Result<Program> load(std::span<const uint8_t> bytes, Machine machine = Machine::this_one);
  /// The same with files; Errors start with `save_program: ` or `load_program: ` and the path.
  void save_file(const std::string& path) const;
  static Program load_file(const std::string& path, Machine machine = Machine::this_one);
  /// Whether a file begins as those of programs do.
  static bool is_program_file(const std::string& path);
};

/// The byte form of an image, as files hold it; without in-process functions.
std::vector<uint8_t> encode_image(const ImageData& image);
Result<ImageData> decode_image(std::span<const uint8_t> bytes);
/// The same for a module.
std::vector<uint8_t> encode_module(const CudaModule& module);
Result<CudaModule> decode_module(std::span<const uint8_t> bytes);

} // namespace ogee::runtime
