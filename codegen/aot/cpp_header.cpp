// Writes the C++ header: a class over the C header whose calls take spans and references.
#include "codegen/aot/header.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

namespace ogee::codegen::aot {

using llvm::formatv;

namespace {

/// `std::span<const float>`; a reference for a single element.
std::string parameterType(const Tensor& tensor) {
  const std::string element = (tensor.use == Tensor::Use::input ? "const " : "") + std::string(cTypeOf(tensor.dtype));
  return tensor.dims.empty() ? element + "&" : "std::span<" + element + ">";
}

/// `(32 * batch)`: how many elements a tensor has.
std::string countOf(const Tensor& tensor) {
  std::string text;
  for (const Extent& dim : tensor.dims) text += (text.empty() ? "" : " * ") + dim.text;
  return text;
}

void writeShapes(llvm::raw_ostream& out, const Entry& entry) {
  out << formatv("/// Shapes of the tensors of {0}; -1 stands for what a call says.\nstruct {0}_shapes {{\n",
                 entry.name);
  for (const Tensor& tensor : entry.tensors) {
    out << formatv("  static constexpr std::array<std::int64_t, {0}> {1}{{", tensor.dims.size(), tensor.identifier);
    for (auto [axis, dim] : llvm::enumerate(tensor.dims))
      out << (axis ? ", " : "") << (dim.isNumber() ? dim.text : "-1");
    out << "};\n";
  }
  out << "};\n\n";
}

void writeCall(llvm::raw_ostream& out, const std::string& name, const Entry& entry) {
  out << "  /// ";
  for (const DimArgument& dim : entry.dims) out << formatv("{0} in {1}..{2}; ", dim.identifier, dim.lo, dim.hi);
  for (auto [i, tensor] : llvm::enumerate(entry.tensors))
    out << (i ? "; " : "") << tensor.identifier << ": " << describe(tensor);
  out << formatv(".\n  [[nodiscard]] Status {0}(", entry.name);
  const std::string number = llvm::StringRef(name).upper() + "_ENTRY_" + llvm::StringRef(entry.name).upper();
  std::string parameters, arguments, checks;
  for (auto [i, dim] : llvm::enumerate(entry.dims)) { // before anything is computed from them
    checks += formatv("    if ({0} < {1} || {0} > {2}) return Status({3}_fail({3}_error_dim, {4}, {5}));\n",
                      dim.identifier, dim.lo, dim.hi, name, number, i)
                  .str();
    parameters += (parameters.empty() ? "" : ", ") + ("std::int64_t " + dim.identifier);
    arguments += ", " + dim.identifier;
  }
  for (auto [i, tensor] : llvm::enumerate(entry.tensors)) {
    parameters += (parameters.empty() ? "" : ", ") + parameterType(tensor) + " " + tensor.identifier;
    arguments += ", " + (tensor.dims.empty() ? "&" + tensor.identifier : tensor.identifier + ".data()");
    if (!tensor.dims.empty())
      checks +=
          formatv("    if ({0}.size() != static_cast<std::size_t>({1})) return Status({2}_fail({2}_error_size, {3}, "
                  "{4}));\n",
                  tensor.identifier, countOf(tensor), name, number, 4 + i)
              .str();
  }
  out << parameters << ") const noexcept {\n" << checks;
  out << formatv("    return Status({0}_{1}(&this->ctx_, &this->memory_{2}));\n  }\n\n", name, entry.name, arguments);
}

} // namespace

std::string cppHeader(const Library& library) {
  std::string text;
  llvm::raw_string_ostream out(text);
  const std::string &name = library.name, upper = llvm::StringRef(name).upper();
  out << formatv("// {0}: compiled ahead of time by ogee. C++20, on top of {0}.h; nothing here allocates memory.\n"
                 "#pragma once\n\n#include \"{0}.h\"\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n"
                 "#include <span>\n#include <string>\n\nnamespace {0} {{\n\n",
                 name);
  out << formatv("/// What a call returns: true where all went well.\nclass Status {{\npublic:\n"
                 "  constexpr explicit Status({0}_status value) noexcept : value_(value) {{}\n"
                 "  constexpr explicit operator bool() const noexcept {{ return value_ == {0}_ok; }\n"
                 "  constexpr {0}_status value() const noexcept {{ return value_; }\n"
                 "  constexpr {0}_error error() const noexcept {{ return static_cast<{0}_error>(value_ & 255u); }\n"
                 "  /// One line: what is wrong, and with what.\n"
                 "  std::string text() const {{\n    char line[512];\n"
                 "    return {0}_describe(value_, line, sizeof line);\n  }\n\nprivate:\n  {0}_status value_;\n};\n\n",
                 name);
  out << formatv("inline constexpr std::size_t kAlignment = {0}_ALIGNMENT;\n"
                 "inline constexpr std::size_t kStateBytes = {0}_STATE_BYTES;\n"
                 "constexpr std::size_t workspace_bytes(std::uint32_t workers = 1) noexcept {{\n"
                 "  return {0}_WORKSPACE_BYTES(workers);\n}\n\n",
                 upper);
  for (const Entry& entry : library.entries) writeShapes(out, entry);
  out << formatv(
      "/// The entries, called on memory of the caller: `state` and `workspace`, both aligned to kAlignment "
      "bytes.\nclass Model {{\npublic:\n"
      "  Model(std::span<std::byte> state, std::span<std::byte> workspace, const {0}_hooks* hooks = nullptr) "
      "noexcept\n      : memory_{{state.data(), state.size(), workspace.data(), workspace.size()}, "
      "status_({0}_init(&ctx_, hooks)) {{}\n\n"
      "  /// Whether the library runs on this CPU, and header and object fit.\n"
      "  Status status() const noexcept {{ return status_; }\n"
      "  /// Fills the state from the bytes of a safetensors file.\n"
      "  [[nodiscard]] Status read_weights(std::span<const std::byte> file) noexcept {{\n"
      "    return Status({0}_read_weights(file.data(), file.size(), memory_.state, memory_.state_bytes));\n  }\n"
      "  /// The state as a safetensors file of {1}_WEIGHTS_BYTES bytes.\n"
      "  [[nodiscard]] Status write_weights(std::span<std::byte> file) const noexcept {{\n"
      "    return Status({0}_write_weights(memory_.state, file.data(), file.size()));\n  }\n\n",
      name, upper);
  for (const Entry& entry : library.entries) writeCall(out, name, entry);
  out << formatv("private:\n  {0}_ctx ctx_;\n  {0}_memory memory_;\n  Status status_;\n};\n\n} // namespace {0}\n",
                 name);
  return text;
}

} // namespace ogee::codegen::aot
