// Programs: arguments and state by name, runs, and their description.
#include "tools/ogee/program.h"

#include "runtime/error.h"
#include "runtime/shape.h"
#include "tools/ogee/call.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <sstream>

namespace ogee::tools {

using runtime::ArgSpec;
using runtime::ErrorCode;
using runtime::Program;
using runtime::Role;
using runtime::Slot;
using runtime::SymbolSource;

namespace {

Program load(const std::string& path, const std::string& entry, runtime::Machine machine) {
  if (!entry.empty()) runtime::raise(ErrorCode::invalid_argument, path, ": is one program: --entry is for IR text");
  return Program::load_file(path, machine);
}

std::string argumentName(const Program& program, size_t number) {
  const std::string& name = program.args[number].name;
  return name.empty() ? "arg" + std::to_string(number) : name;
}

std::string resultName(const Program& program, size_t number) {
  const std::string& name = program.results[number].name;
  return name.empty() ? "result" + std::to_string(number) : name;
}

/// The name of a symbol as a user wrote it: an index argument's own symbol is called `k.value`.
std::string symbolName(const runtime::Symbol& symbol) {
  const bool own = symbol.source.kind == SymbolSource::Kind::index && symbol.name.ends_with(".value");
  return own ? symbol.name.substr(0, symbol.name.rfind('.')) : symbol.name;
}

std::string indexName(const Program& program, uint32_t number) {
  for (const runtime::Symbol& symbol : program.values.symbols)
    if (symbol.source.kind == SymbolSource::Kind::index && symbol.source.arg == number) return symbolName(symbol);
  return "index" + std::to_string(number);
}

/// Symbols are read from arguments, steps make others; the rest are numbers.
bool isNumber(const Program& program, Slot slot) {
  return std::ranges::none_of(program.values.symbols, [&](const auto& symbol) { return symbol.slot == slot; }) &&
         std::ranges::none_of(program.values.steps, [&](const auto& step) { return step.out == slot; });
}

/// The bytes of an array that is to be the first value of a state argument.
std::vector<uint8_t> stateBytes(const Program& program, size_t number, const HostArray& array,
                                const std::string& path) {
  const ArgSpec& arg = program.args[number];
  std::vector<int64_t> shape;
  for (const Slot slot : arg.dims) {
    if (!isNumber(program, slot))
      runtime::raise(ErrorCode::unsupported, argumentName(program, number),
                     " has a size that is no number: it cannot be saved, each run must give it");
    shape.push_back(program.values.initial[slot]);
  }
  if (array.dtype != arg.dtype || array.shape != shape)
    runtime::raise(ErrorCode::invalid_argument, path, ": ", argumentName(program, number), " is ", describe(array),
                   ", expected ", runtime::name(arg.dtype), " ", runtime::to_string(shape));
  std::vector<uint8_t> bytes(size_t(numel(array)) * runtime::item_size(arg.dtype));
  if (!bytes.empty()) std::memcpy(bytes.data(), array.storage->data(), bytes.size());
  return bytes;
}

void checkAllUsed(const runtime::NamedArrays& arrays, const std::set<std::string>& used, const std::string& path,
                  const char* what) {
  for (const auto& [name, array] : arrays)
    if (!used.contains(name)) runtime::raise(ErrorCode::invalid_argument, path, ": no ", what, " has the name ", name);
}

/// The values that a program was saved with for a state argument, as an array.
HostArray savedState(const Program& program, size_t number, size_t state) {
  std::vector<int64_t> shape;
  for (const Slot slot : program.args[number].dims) shape.push_back(program.values.initial[slot]);
  HostArray array = allocate(program.args[number].dtype, shape);
  if (const auto& bytes = program.state[state]; !bytes.empty())
    std::memcpy(array.storage->data(), bytes.data(), bytes.size());
  return array;
}

/// Arguments by name.
class Arguments {
public:
  Arguments(const Program& program, const std::string& path) : path_(path) {
    if (!path.empty()) arrays_ = runtime::load_npz(path);
    size_t state = 0;
    for (size_t i = 0; i < program.args.size(); ++i) {
      const size_t number = program.args[i].role == Role::input ? program.state.size() : state++;
      tensors.push_back(tensor(program, i, number));
    }
    for (uint32_t i = 0; i < program.index_args; ++i) indices.push_back(index(indexName(program, i)));
    checkAllUsed(arrays_, used_, path, "argument");
  }

  std::vector<HostArray> tensors;
  std::vector<int64_t> indices;

private:
  const HostArray& named(const std::string& name) {
    const HostArray* array = find(arrays_, name);
    if (!array && path_.empty())
      runtime::raise(ErrorCode::invalid_argument, "takes an argument ", name, ": give it with --inputs");
    if (!array) runtime::raise(ErrorCode::invalid_argument, path_, ": no array ", name);
    used_.insert(name);
    return *array;
  }

  HostArray tensor(const Program& program, size_t i, size_t state) {
    const std::string name = argumentName(program, i);
    if (state < program.state.size() && !find(arrays_, name)) return savedState(program, i, state);
    return named(name);
  }

  int64_t index(const std::string& name) {
    const HostArray& array = named(name);
    if (array.dtype != runtime::DType::i64 || !array.shape.empty())
      runtime::raise(ErrorCode::invalid_argument, path_, ": ", name, " is ", describe(array), ", expected i64 []");
    return *reinterpret_cast<const int64_t*>(array.storage->data());
  }

  const std::string& path_;
  runtime::NamedArrays arrays_;
  std::set<std::string> used_;
};

// --- description ---------------------------------------------------------------------------------

/// A size: its number or its name, ? where it is computed from others.
std::string sizeText(const Program& program, Slot slot) {
  for (const runtime::Symbol& symbol : program.values.symbols)
    if (symbol.slot == slot) return symbolName(symbol);
  return isNumber(program, slot) ? std::to_string(program.values.initial[slot]) : "?";
}

std::string typeText(const Program& program, runtime::DType dtype, const std::vector<Slot>& dims) {
  std::string text;
  for (const Slot dim : dims) text += (text.empty() ? "" : ", ") + sizeText(program, dim);
  return runtime::concat(runtime::name(dtype), " [", text, "]");
}

const char* name(Role role) {
  switch (role) {
  case Role::input: return "given";
  case Role::captured: return "captured";
  case Role::optimizer: return "optimizer";
  case Role::random: return "random";
  }
  return "";
}

std::string rangeText(const runtime::Symbol& symbol) {
  const std::string to = symbol.hi == INT64_MAX ? "" : std::to_string(symbol.hi);
  return runtime::concat(symbolName(symbol), " ", symbol.lo, "..", to);
}

/// What the code needs: "x86_64 with avx, avx2". The names of features are known of this machine's architecture only.
std::string targetText(const Program& program) {
  if (program.device == runtime::Device::Kind::cuda)
    return program.modules.empty() ? "cuda" : "cuda " + program.modules[0]->architecture;
  if (program.images.empty()) return "any machine";
  const std::string& architecture = program.images[0]->data().architecture;
  uint64_t bits = 0;
  for (const runtime::ImageRef& image : program.images) bits |= image->data().features.bits();
  if (bits == 0 || architecture != runtime::host_architecture()) return architecture;
  return architecture + " with " + runtime::CpuFeatures(bits).to_string();
}

size_t bytesOf(const std::vector<std::vector<uint8_t>>& parts) {
  size_t bytes = 0;
  for (const std::vector<uint8_t>& part : parts) bytes += part.size();
  return bytes;
}

void describeArguments(std::ostream& out, const Program& program) {
  for (size_t i = 0; i < program.args.size(); ++i) {
    const ArgSpec& arg = program.args[i];
    out << (arg.role == Role::input ? "argument " : "state ") << argumentName(program, i) << ": "
        << typeText(program, arg.dtype, arg.dims);
    if (arg.host) out << ", in the host's memory";
    if (arg.role != Role::input) out << ", " << name(arg.role) << (program.state.empty() ? ", without values" : "");
    if (!arg.location.empty()) out << " at " << arg.location;
    out << "\n";
  }
  for (uint32_t i = 0; i < program.index_args; ++i) out << "argument " << indexName(program, i) << ": a size\n";
}

void describeResults(std::ostream& out, const Program& program) {
  for (size_t i = 0; i < program.results.size(); ++i) {
    const runtime::ResultSpec& result = program.results[i];
    out << "result " << resultName(program, i) << ": " << typeText(program, result.dtype, result.dims);
    if (result.writes != runtime::kNoArgument) out << ", written to " << argumentName(program, result.writes);
    out << "\n";
  }
}

} // namespace

void setState(Program& program, const std::string& path) {
  const runtime::NamedArrays arrays = runtime::load_npz(path);
  std::set<std::string> used;
  for (size_t i = 0; i < program.args.size(); ++i) {
    if (program.args[i].role == Role::input) continue;
    const std::string name = argumentName(program, i);
    const HostArray* array = find(arrays, name);
    if (!array) runtime::raise(ErrorCode::invalid_argument, path, ": no array ", name);
    program.state.push_back(stateBytes(program, i, *array, path));
    used.insert(name);
  }
  checkAllUsed(arrays, used, path, "state");
  if (runtime::Status valid = program.validate(); !valid)
    runtime::raise(ErrorCode::invalid_argument, path, ": ", valid.message());
}

NamedResults runProgram(const std::string& path, const std::string& entry, const std::string& inputs,
                        const std::string& deviceName) {
  Program program = load(path, entry, runtime::Machine::this_one);
  const runtime::Device device = deviceName.empty() ? runtime::Device(program.device) : runtime::Device(deviceName);
  if (device.kind() != program.device)
    runtime::raise(ErrorCode::invalid_argument, path, ": is for ", targetText(program), ", not for ",
                   device.to_string());
  program.trusted = false; // files vouch for nobody's arguments
  Arguments arguments(program, inputs);
  const runtime::Executable executable(std::move(program), {}, device);
  Call call(executable, std::move(arguments.tensors), std::move(arguments.indices));
  call.run();
  std::vector<HostArray> results = call.results();
  NamedResults named;
  for (size_t i = 0; i < results.size(); ++i)
    named.emplace_back(resultName(executable.program(), i), std::move(results[i]));
  return named;
}

std::string signatureOf(const std::string& path, const std::string& entry) {
  const Program program = load(path, entry, runtime::Machine::any);
  std::ostringstream out;
  out << "program " << program.name << " for " << targetText(program) << "\n";
  describeArguments(out, program);
  describeResults(out, program);
  for (const runtime::Symbol& symbol : program.values.symbols) out << "size " << rangeText(symbol) << "\n";
  size_t code = 0;
  for (const runtime::ImageRef& image : program.images) code += image->data().bytes.size();
  for (const runtime::CudaModuleRef& module : program.modules) code += module->code.size();
  out << "code " << code << " bytes, constants " << bytesOf(program.constants) << " bytes, state "
      << bytesOf(program.state) << " bytes\n";
  for (const runtime::StageText& kept : program.texts)
    out << "stage " << kept.stage << ": " << kept.text.size() << " bytes\n";
  return out.str();
}

std::string keptStage(const std::string& path, const std::string& entry, const std::string& stage) {
  const Program program = load(path, entry, runtime::Machine::any);
  for (const runtime::StageText& kept : program.texts)
    if (kept.stage == stage) return kept.text;
  runtime::raise(ErrorCode::invalid_argument, path, ": keeps no text of stage ", stage,
                 program.texts.empty() ? "; hint: compile it with --stages, or save it with {.stages = true}" : "");
}

} // namespace ogee::tools
