// Writes what a compilation gave; the manifest comes last.
#include "codegen/aot/files.h"

#include "codegen/aot/golden.h"
#include "codegen/aot/header.h"
#include "runtime/error.h"
#include "runtime/files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SHA256.h"

#include <nlohmann/json.hpp>

namespace ogee::codegen::aot {

using namespace mlir;
using json = nlohmann::ordered_json;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes bytesOf(std::string_view text) { return {text.begin(), text.end()}; }

/// The variants' objects as members of an archive, the same bytes each time.
FailureOr<Bytes> archive(const Library& library, Location location) {
  std::vector<llvm::NewArchiveMember> members;
  std::vector<std::string> names;
  for (const Variant& variant : library.variants) names.push_back(library.name + "." + variant.name + ".o");
  for (auto [variant, name] : llvm::zip_equal(library.variants, names))
    members.emplace_back(llvm::MemoryBufferRef(
        StringRef(reinterpret_cast<const char*>(variant.object.data()), variant.object.size()), name));
  auto buffer = llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                                           /*Deterministic=*/true, /*Thin=*/false);
  if (!buffer) return emitError(location) << "cannot make an archive: " << llvm::toString(buffer.takeError());
  return bytesOf((*buffer)->getBuffer());
}

/// A safetensors file of the state.
Bytes weightsFile(const Library& library, const std::map<std::string, Bytes>& weights) {
  const std::string header = weightsHeader(library);
  Bytes file;
  for (int i = 0; i < 8; ++i) file.push_back(static_cast<uint8_t>(uint64_t(header.size()) >> (8 * i)));
  file.insert(file.end(), header.begin(), header.end());
  for (const StateTensor& tensor : library.state) {
    const Bytes& weight = weights.at(tensor.name);
    file.insert(file.end(), weight.begin(), weight.end());
  }
  return file;
}

std::string report(const Library& library) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << library.name << ": state " << library.stateBytes << " bytes, workspace " << library.arenaBytes << " bytes and "
      << library.scratchBytes << " for each worker\n";
  for (const Entry& entry : library.entries) {
    out << "\n" << entry.name << ":";
    for (const DimArgument& dim : entry.dims) out << " " << dim.name << " in " << dim.lo << ".." << dim.hi << ";";
    out << llvm::formatv(" at most {0:f3} MFLOP, {1:f3} MB read and written\n", entry.flop / 1e6, entry.bytes / 1e6);
    for (const Tensor& tensor : entry.tensors) out << "  " << tensor.name << ": " << describe(tensor) << "\n";
  }
  for (const Variant& variant : library.variants)
    out << "\n"
        << variant.name << " (" << variant.triple << "): " << variant.codeBytes << " bytes of code, "
        << variant.object.size() << " in all; needs " << (variant.undefined.empty() ? "nothing" : "")
        << llvm::join(variant.undefined, ", ") << "\n"
        << variant.report;
  return text;
}

json describeEntries(const Library& library) {
  static constexpr const char* kUses[] = {"input", "output", "in-out"};
  json entries = json::array();
  for (const Entry& entry : library.entries) {
    json dims = json::array(), tensors = json::array();
    for (const DimArgument& dim : entry.dims) dims.push_back({{"name", dim.name}, {"lo", dim.lo}, {"hi", dim.hi}});
    for (const Tensor& tensor : entry.tensors) {
      json shape = json::array();
      for (const Extent& dim : tensor.dims) dim.isNumber() ? shape.push_back(dim.most) : shape.push_back(dim.text);
      tensors.push_back({{"name", tensor.name},
                         {"dtype", runtime::name(tensor.dtype)},
                         {"shape", shape},
                         {"use", kUses[static_cast<int>(tensor.use)]}});
    }
    entries.push_back({{"name", entry.name},
                       {"dims", dims},
                       {"tensors", tensors},
                       {"writes_state", entry.writesState},
                       {"flop", entry.flop},
                       {"bytes", entry.bytes}});
  }
  return entries;
}

json describeState(const Library& library) {
  static constexpr const char* kKinds[] = {"input", "captured", "optimizer", "random"};
  json tensors = json::array();
  for (const StateTensor& tensor : library.state)
    tensors.push_back({{"name", tensor.name},
                       {"dtype", runtime::name(tensor.dtype)},
                       {"shape", tensor.dims},
                       {"offset", tensor.offset},
                       {"bytes", tensor.bytes},
                       {"kind", kKinds[static_cast<int>(tensor.role)]}});
  return {
      {"bytes", library.stateBytes}, {"alignment", kAlignment}, {"embedded", library.embedded}, {"tensors", tensors}};
}

json describeVariants(const Library& library) {
  json variants = json::array();
  for (const Variant& variant : library.variants)
    variants.push_back({{"name", variant.name},
                        {"triple", variant.triple},
                        {"cpu", variant.cpu},
                        {"features", variant.features},
                        {"code_bytes", variant.codeBytes},
                        {"undefined", variant.undefined}});
  return variants;
}

class Writer {
public:
  Writer(const Output& output, Location location) : output_(output), location_(location) {}

  bool wants(const char* what) const { return output_.emit.contains(what); }
  void add(std::string name, Bytes bytes) { files_.emplace_back(std::move(name), std::move(bytes)); }
  void add(std::string name, std::string_view text) { add(std::move(name), bytesOf(text)); }

  LogicalResult write() {
    if (std::error_code error = llvm::sys::fs::create_directories(output_.folder))
      return emitError(location_) << output_.folder << ": " << error.message();
    for (const auto& [name, bytes] : files_)
      if (auto written = runtime::write_file(output_.folder + "/" + name, bytes); !written)
        return emitError(location_) << output_.folder << "/" << name << ": " << written.message();
    return success();
  }

  json list() const {
    json files = json::array();
    for (const auto& [name, bytes] : files_)
      files.push_back({{"name", name},
                       {"bytes", bytes.size()},
                       {"sha256", llvm::toHex(llvm::SHA256::hash(bytes), /*LowerCase=*/true)}});
    return files;
  }

private:
  const Output& output_;
  Location location_;
  std::vector<std::pair<std::string, Bytes>> files_;
};

Bytes npz(const runtime::NamedArrays& arrays) {
  std::vector<std::pair<std::string, runtime::HostView>> views;
  for (const auto& [name, array] : arrays) views.push_back({name, {array.dtype, array.shape, array.storage->data()}});
  return runtime::encode_npz(views);
}

std::string sourceText(ArrayRef<Source> sources) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (const Source& source : sources) {
    func::FuncOp(source.graph)->print(out, OpPrintingFlags().useLocalScope());
    out << "\n";
  }
  return text;
}

} // namespace

bool isKind(const std::string& text) {
  return llvm::is_contained({"obj", "header", "asm", "mlir", "report"}, StringRef(text));
}

LogicalResult write(ArrayRef<Source> sources, const Options& options, const Output& output) {
  FailureOr<Library> library = compile(sources, options);
  if (failed(library)) return failure();
  const Location location = func::FuncOp(sources.front().graph).getLoc();
  const std::string& name = library->name;
  Writer files(output, location);
  if (files.wants("obj")) {
    if (library->variants.size() > 1) {
      FailureOr<Bytes> bytes = archive(*library, location);
      if (failed(bytes)) return failure();
      files.add("lib" + name + ".a", std::move(*bytes));
    } else {
      files.add(name + ".o", library->variants.front().object);
    }
  }
  if (files.wants("header")) {
    files.add(name + ".h", cHeader(*library));
    files.add(name + ".hpp", cppHeader(*library));
  }
  const bool hasWeights = library->state.empty() || !options.weights.empty();
  if (hasWeights) {
    if (!library->embedded && !library->state.empty())
      files.add(name + ".weights.safetensors", weightsFile(*library, options.weights));
    FailureOr<runtime::NamedArrays> golden = makeGolden(sources, *library, options);
    if (failed(golden)) return failure();
    files.add(name + "_golden.npz", npz(*golden));
  }
  if (files.wants("asm"))
    for (const Variant& variant : library->variants) files.add(name + "." + variant.name + ".s", variant.assembly);
  if (files.wants("mlir")) files.add(name + ".mlir", sourceText(sources));
  if (files.wants("report")) files.add(name + ".report.txt", report(*library));
  const json manifest = {
      {"name", name},
      {"made_by", "ogee " OGEE_VERSION},
      {"abi", library->abi},
      {"files", files.list()},
      {"variants", describeVariants(*library)},
      {"entries", describeEntries(*library)},
      {"state", describeState(*library)},
      {"workspace",
       {{"bytes", library->arenaBytes}, {"bytes_per_worker", library->scratchBytes}, {"alignment", kAlignment}}}};
  files.add(name + ".manifest.json", manifest.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
  return files.write();
}

} // namespace ogee::codegen::aot
