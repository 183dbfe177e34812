// Writes the C header: fixed text around what is known of a library.
#include "codegen/aot/header.h"

#include "runtime/cpu_features.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>

namespace ogee::codegen::aot {

using llvm::formatv;
using llvm::StringRef;
using runtime::DType;

namespace {

/// calls.h.in and weights.h.in as they stand.
constexpr const char kFixed[] =
#include "codegen/aot/fixed_text.inc"
    ;

bool isWord(char c) { return llvm::isAlnum(c) || c == '_'; }

/// `name_…` and `NAME_…` become those of the library.
std::string named(StringRef text, const std::string& name) {
  const std::string upper = StringRef(name).upper();
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const StringRef rest = text.drop_front(at);
    const bool starts = at == 0 || !isWord(text[at - 1]);
    if (starts && (rest.starts_with("name_") || rest.starts_with("NAME_"))) {
      out += rest.front() == 'n' ? name : upper;
      at += 4;
    } else {
      out += text[at++];
    }
  }
  return out;
}

/// A text as a C literal, of bytes that every compiler takes as they are, and that `named` leaves as it is.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte > '~') {
      out += formatv("\\{0}{1}{2}", byte >> 6, byte >> 3 & 7, byte & 7).str();
      continue;
    }
    if (c == '"' || c == '\\' || (c == '?' && out.back() == '?')) out += '\\'; // ??/ is a trigraph
    out += c;
  }
  out += '"';
  for (const char* part : {"name_", "NAME_"})
    for (size_t at = 0; (at = out.find(part, at)) != std::string::npos; at += 5) out.insert(at + 2, "\" \"");
  return out;
}

/// Writes the tables and functions of one library, in which `name_` stands for its name.
class HeaderWriter {
public:
  explicit HeaderWriter(const Library& library) : library_(library), out_(text_) {}

  std::string write() {
    begin();
    out_ << kFixed << "\n/* ---- this library ---- */\n\n";
    for (const Variant& variant : library_.variants)
      out_ << "extern const name_code name_code_" << variant.identifier << ";\n";
    if (library_.embedded) out_ << "extern const unsigned char name_embedded_state[NAME_STATE_BYTES];\n";
    writeVariantTest();
    for (const Entry& entry : library_.entries) {
      writeSizes(entry);
      writeConditions(entry);
    }
    writeInfo();
    for (auto [number, entry] : llvm::enumerate(library_.entries)) writeWrapper(entry, number);
    out_ << "#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif\n";
    return named(text_, library_.name);
  }

private:
  void begin() {
    out_ << "/* " << library_.name
         << ": compiled ahead of time by ogee. Include this, link the object, give each call its memory:\n\n"
         << "     name_ctx ctx;\n     name_memory memory = {state, NAME_STATE_BYTES, workspace, "
            "NAME_WORKSPACE_BYTES(1)};\n"
         << "     name_init(&ctx, NULL);\n";
    for (const Entry& entry : library_.entries) {
      out_ << "     name_" << entry.name << "(&ctx, &memory";
      for (const DimArgument& dim : entry.dims) out_ << ", " << dim.identifier;
      for (const Tensor& tensor : entry.tensors) out_ << ", " << tensor.identifier;
      out_ << ");\n";
    }
    out_ << "\n   Nothing here allocates memory or keeps any of its own. */\n#ifndef NAME_H\n#define NAME_H\n\n"
         << "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n"
         << "#if defined(__x86_64__)\n#include <cpuid.h>\n#endif\n\n"
         << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    size_t sizes = 1;
    for (const Entry& entry : library_.entries) sizes = std::max(sizes, sizeCount(entry) + 1);
    uint64_t weightBytes = 8 + weightsHeader(library_).size();
    for (const StateTensor& tensor : library_.state) weightBytes += tensor.bytes;
    out_ << formatv("#define NAME_ABI {0}u\n#define NAME_ALIGNMENT 64\n#define NAME_STATE_BYTES {1}u\n"
                    "#define NAME_WORKSPACE_BYTES(workers) ({2}u + {3}u * (size_t)(workers))\n",
                    library_.abi, library_.stateBytes, library_.arenaBytes, library_.scratchBytes);
    out_ << formatv("#define NAME_ENTRIES {0}\n#define NAME_STATE_COUNT {1}\n#define NAME_MOST_SIZES {2}\n"
                    "#define NAME_WEIGHTS_BYTES {3}u\n",
                    library_.entries.size(), library_.state.size(), sizes, weightBytes);
    for (auto [number, entry] : llvm::enumerate(library_.entries))
      out_ << "#define NAME_ENTRY_" << StringRef(entry.name).upper() << " " << number << "\n";
    out_ << "\n";
  }

  static size_t sizeCount(const Entry& entry) {
    size_t count = 0;
    for (const Tensor& tensor : entry.tensors) count += tensor.dims.size();
    return count;
  }

  void writeVariantTest() {
    const bool isX86 = llvm::Triple(library_.variants.front().triple).isX86();
    out_ << "\nstatic inline int name_variant_runs(int32_t variant) {\n";
    if (!isX86) {
      out_ << "  (void)variant;\n  return 1;\n}\n";
      return;
    }
    out_ << "#if defined(__x86_64__)\n  static const uint32_t need[][7] = {\n";
    for (const Variant& variant : library_.variants) {
      llvm::SmallVector<StringRef> parts;
      StringRef(variant.features).split(parts, ',');
      std::vector<std::string_view> features;
      for (StringRef part : parts)
        if (part.consume_front("+")) features.push_back(part);
      out_ << "    {";
      for (uint32_t word : runtime::x86_requirement(features)) out_ << formatv("{0:x}u, ", word);
      out_ << "}, /* " << variant.name << " */\n";
    }
    out_ << "  };\n  return name_cpu_has(need[variant]);\n#else\n  (void)variant;\n  return 0;\n#endif\n}\n";
  }

  /// `const int64_t batch = dims[0];` for the dims that a text mentions.
  void readDims(const Entry& entry, const std::string& text) {
    bool any = false;
    for (auto [number, dim] : llvm::enumerate(entry.dims)) {
      if (!mentions(text, dim.identifier)) continue;
      out_ << "  const int64_t " << dim.identifier << " = dims[" << number << "];\n";
      any = true;
    }
    if (!any) out_ << "  (void)dims;\n";
  }

  static bool mentions(StringRef text, const std::string& word) {
    for (size_t at = text.find(word); at != StringRef::npos; at = text.find(word, at + 1)) {
      const size_t end = at + word.size();
      if ((at == 0 || !isWord(text[at - 1])) && (end == text.size() || !isWord(text[end]))) return true;
    }
    return false;
  }

  void writeSizes(const Entry& entry) {
    std::string body;
    size_t at = 0;
    for (const Tensor& tensor : entry.tensors)
      for (const Extent& dim : tensor.dims) body += formatv("  sizes[{0}] = {1};\n", at++, dim.text).str();
    if (body.empty()) body = "  (void)sizes;\n";
    out_ << "\nstatic inline void name_sizes_" << entry.name << "(const int64_t *dims, int64_t *sizes) {\n";
    readDims(entry, body);
    out_ << body << "}\n";
  }

  void writeConditions(const Entry& entry) {
    std::string body;
    for (auto [number, condition] : llvm::enumerate(entry.conditions))
      body += formatv("  if (!({0})) return name_fail(name_error_condition, NAME_ENTRY_{1}, {2});\n",
                      condition.condition, StringRef(entry.name).upper(), number)
                  .str();
    out_ << "\nstatic inline name_status name_conditions_" << entry.name << "(const int64_t *dims) {\n";
    readDims(entry, body);
    out_ << body << "  return name_ok;\n}\n";
  }

  /// `static const <type> <table>[] = {…};` with one line per item, and something where there is none.
  template <class Items, class Write>
  void writeTable(const std::string& type, const std::string& table, const Items& items, Write write) {
    out_ << "  static const " << type << " " << table << "[] = {\n";
    for (const auto& item : items) {
      out_ << "    ";
      write(item);
      out_ << ",\n";
    }
    if (items.empty()) out_ << (StringRef(type).ends_with("*const ") ? "    NULL,\n" : "    {0},\n");
    out_ << "  };\n";
  }

  void writeTables(const Entry& entry) {
    const std::string& name = entry.name;
    const auto quote = [&](const std::string& text) { out_ << literal(text); };
    if (!entry.dims.empty())
      writeTable("name_dim_info", name + "_dims", entry.dims, [&](const DimArgument& dim) {
        out_ << formatv("{{{0}, {1}, {2}}", literal(dim.name), dim.lo, dim.hi);
      });
    size_t at = 0;
    if (!entry.tensors.empty())
      writeTable("name_tensor_info", name + "_tensors", entry.tensors, [&](const Tensor& tensor) {
        static constexpr const char* kUses[] = {"name_input", "name_output", "name_in_out"};
        out_ << formatv("{{{0}, name_{1}, {2}, {3}, {4}}", literal(tensor.name), StringRef(runtime::name(tensor.dtype)),
                        kUses[static_cast<int>(tensor.use)], tensor.dims.size(), at);
        at += tensor.dims.size();
      });
    std::vector<std::string> conditions;
    for (const SizeCondition& condition : entry.conditions) conditions.push_back(condition.message);
    if (!conditions.empty()) writeTable("char *const ", name + "_conditions", conditions, quote);
    if (!entry.checks.empty()) writeTable("char *const ", name + "_checks", entry.checks, quote);
  }

  void writeInfo() {
    out_ << "\nstatic inline const name_library_info *name_info(void) {\n";
    for (const Entry& entry : library_.entries) writeTables(entry);
    const auto orNull = [](bool there, const std::string& table) { return there ? table : std::string("NULL"); };
    writeTable("name_entry_info", "entries", library_.entries, [&](const Entry& entry) {
      const std::string& name = entry.name;
      out_ << formatv("{{{0}, {1}, {2}, {3}, {4}, {5}, {6}, name_sizes_{7}, name_conditions_{7}, {8}, {9}, {10}, ",
                      literal(name), entry.dims.size(), entry.tensors.size(), sizeCount(entry), entry.checks.size(),
                      orNull(!entry.dims.empty(), name + "_dims"), orNull(!entry.tensors.empty(), name + "_tensors"),
                      name, orNull(!entry.conditions.empty(), name + "_conditions"),
                      orNull(!entry.checks.empty(), name + "_checks"), entry.writesState ? 1 : 0);
      out_ << formatv("{0:f1}, {1:f1}}", entry.flop, entry.bytes);
    });
    for (auto [number, tensor] : llvm::enumerate(library_.state))
      out_ << formatv("  static const int64_t state_{0}[] = {{", number) << llvm::join(numbers(tensor.dims), ", ")
           << "};\n";
    size_t number = 0;
    uint64_t weight = 0;
    if (!library_.state.empty())
      writeTable("name_state_info", "state", library_.state, [&](const StateTensor& tensor) {
        static constexpr const char* kKinds[] = {"input", "captured", "optimizer", "random"};
        out_ << formatv("{{{0}, name_{1}, {2}, state_{3}, {4}u, {5}u, \"{6}\", {7}}", literal(tensor.name),
                        StringRef(runtime::name(tensor.dtype)), tensor.dims.size(), number, tensor.offset, tensor.bytes,
                        kKinds[static_cast<int>(tensor.role)], literal(weightEntry(tensor, weight)));
        weight += tensor.bytes;
        ++number;
      });
    writeTable("name_variant_info", "variants", library_.variants, [&](const Variant& variant) {
      out_ << formatv("{{{0}, {1}, &name_code_{2}}", literal(variant.name), literal(variant.triple),
                      variant.identifier);
    });
    out_ << formatv("  static const name_library_info info = {{{0}, NAME_ABI, NAME_ENTRIES, NAME_STATE_COUNT, {1}, "
                    "entries, {2}, variants, {3}};\n  return &info;\n}\n",
                    literal(library_.name), library_.variants.size(), orNull(!library_.state.empty(), "state"),
                    orNull(library_.embedded, "name_embedded_state"));
  }

  /// At least one: C has no empty arrays.
  static std::vector<std::string> numbers(const std::vector<int64_t>& values) {
    std::vector<std::string> texts;
    for (int64_t value : values) texts.push_back(std::to_string(value));
    if (texts.empty()) texts.push_back("0");
    return texts;
  }

  void writeWrapper(const Entry& entry, size_t number) {
    out_ << "\n/* " << entry.name << ":";
    for (const DimArgument& dim : entry.dims) out_ << formatv(" {0} in {1}..{2};", dim.identifier, dim.lo, dim.hi);
    for (const Tensor& tensor : entry.tensors) {
      static constexpr const char* kUses[] = {"", " (output)", " (read and written)"};
      out_ << "\n     " << tensor.identifier << ": " << describe(tensor) << kUses[static_cast<int>(tensor.use)];
    }
    out_ << (entry.writesState ? "\n   Writes to the state.\n" : "\n   Only reads the state.\n");
    out_ << "*/\nstatic inline name_status name_" << entry.name << "(const name_ctx *ctx, const name_memory *memory";
    for (const DimArgument& dim : entry.dims) out_ << ", int64_t " << dim.identifier;
    for (const Tensor& tensor : entry.tensors)
      out_ << ", " << (tensor.use == Tensor::Use::input ? "const " : "") << cTypeOf(tensor.dtype) << " *"
           << tensor.identifier;
    out_ << ") {\n";
    std::vector<std::string> pointers, dims;
    for (const Tensor& tensor : entry.tensors) pointers.push_back("(void *)" + tensor.identifier);
    for (const DimArgument& dim : entry.dims) dims.push_back(dim.identifier);
    out_ << formatv("  void *const tensors_[] = {{{0}};\n  const int64_t dims_[] = {{{1}};\n"
                    "  return name_call(ctx, memory, {2}, tensors_, dims_);\n}\n\n",
                    pointers.empty() ? "NULL" : llvm::join(pointers, ", "), dims.empty() ? "0" : llvm::join(dims, ", "),
                    number);
  }

  const Library& library_;
  std::string text_;
  llvm::raw_string_ostream out_;
};

} // namespace

std::string cHeader(const Library& library) { return HeaderWriter(library).write(); }

bool isTaken(std::string_view entry) {
  const std::string word = "name_" + std::string(entry);
  const StringRef text = kFixed;
  for (size_t at = text.find(word); at != StringRef::npos; at = text.find(word, at + 1))
    if (at + word.size() == text.size() || !isWord(text[at + word.size()])) return true;
  return false;
}

std::string weightEntry(const StateTensor& tensor, uint64_t at) {
  std::string dims;
  for (int64_t dim : tensor.dims) dims += (dims.empty() ? "" : ",") + std::to_string(dim);
  const std::string dtype = tensor.dtype == DType::boolean ? "BOOL" : StringRef(runtime::name(tensor.dtype)).upper();
  return formatv("\"{0}\":{{\"dtype\":\"{1}\",\"shape\":[{2}],\"data_offsets\":[{3},{4}]}", tensor.name, dtype, dims,
                 at, at + tensor.bytes);
}

std::string weightsHeader(const Library& library) {
  std::string text = "{";
  uint64_t at = 0;
  for (const StateTensor& tensor : library.state) {
    text += (at || text.size() > 1 ? "," : "") + weightEntry(tensor, at);
    at += tensor.bytes;
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

std::string_view cTypeOf(DType dtype) {
  switch (dtype) {
  case DType::boolean:
  case DType::u8: return "uint8_t";
  case DType::i8: return "int8_t";
  case DType::i32: return "int32_t";
  case DType::i64: return "int64_t";
  case DType::f16:
  case DType::bf16: return "uint16_t";
  case DType::f32: return "float";
  case DType::f64: return "double";
  }
  llvm_unreachable("all dtypes are listed");
}

std::string describe(const Tensor& tensor) {
  std::string text(runtime::name(tensor.dtype));
  text += " [";
  for (auto [axis, dim] : llvm::enumerate(tensor.dims)) text += (axis ? ", " : "") + dim.text;
  return text + "]";
}

} // namespace ogee::codegen::aot
