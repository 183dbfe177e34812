// Finds definitions at the top level by their braces: enough for programs that are written by a machine.
#include "tests/cuda/fake/text.h"

#include <cctype>
#include <regex>
#include <set>

namespace ogee::fake {
namespace {

/// A function or type at the top level: what stands before its first brace, and all of it.
struct Definition {
  std::string head, text;
};

std::string without_comments(const std::string& text) {
  static const std::regex comment(R"(//[^\n]*|/\*[\s\S]*?\*/|#[^\n]*)");
  return std::regex_replace(text, comment, "");
}

std::vector<Definition> definitions_of(const std::string& text) {
  std::vector<Definition> found;
  size_t begin = 0, brace = 0, depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') // extern "C"
      i = text.find('"', i + 1);
    else if (text[i] == '{' && depth++ == 0)
      brace = i;
    else if (text[i] == '}' && --depth == 0) {
      found.push_back({text.substr(begin, brace - begin), text.substr(begin, i + 1 - begin)});
      begin = i + 1;
    } else if (text[i] == ';' && depth == 0)
      begin = i + 1;
  }
  return found;
}

/// The words of a text that a parenthesis follows, from the first on.
std::set<std::string> called_in(const std::string& text) {
  static const std::regex call(R"(([A-Za-z_]\w*)\s*(?:<[\w\s,]*>\s*)?\()");
  std::set<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it) names.insert((*it)[1]);
  return names;
}

/// The name of a function: the last word before the parenthesis of its parameters.
std::string name_of(const std::string& head) {
  static const std::regex bounds(R"(__launch_bounds__\s*\([^)]*\))");
  const std::string plain = std::regex_replace(head, bounds, "");
  size_t end = plain.find('(');
  if (end == plain.npos) return "";
  while (end > 0 && std::isspace(static_cast<unsigned char>(plain[end - 1]))) --end;
  size_t begin = end;
  while (begin > 0 && (std::isalnum(static_cast<unsigned char>(plain[begin - 1])) || plain[begin - 1] == '_')) --begin;
  return plain.substr(begin, end - begin);
}

bool waits(const std::string& call, const std::set<std::string>& waiting) {
  return call.starts_with("__sync") || call.starts_with("__shfl") || call.starts_with("__ballot") ||
         waiting.contains(call);
}

} // namespace

std::vector<KernelText> kernels_of(const std::string& program) {
  std::vector<KernelText> kernels;
  std::set<std::string> waiting; // functions that wait; those that are called stand before those that call
  for (const Definition& definition : definitions_of(without_comments(program))) {
    const std::string name = name_of(definition.head);
    bool synchronises = false;
    for (const std::string& call : called_in(definition.text.substr(definition.head.size())))
      synchronises = synchronises || waits(call, waiting);
    if (synchronises) waiting.insert(name);
    if (definition.head.find("__global__") == std::string::npos) continue;
    KernelText kernel{name, synchronises};
    static const std::regex bounds(R"(__launch_bounds__\s*\(\s*(\d+))");
    if (std::smatch match; std::regex_search(definition.head, match, bounds)) kernel.most_threads = std::stoi(match[1]);
    kernels.push_back(kernel);
  }
  return kernels;
}

std::string as_host_text(const std::string& program) {
  static const std::regex dynamic(R"(extern\s+__shared__\s+([\w\s]+?)(?:__align__\(\d+\)\s*)?\s(\w+)\[\];)");
  return std::regex_replace(program, dynamic, "$1* const $2 = ($1*)shim::dynamicShared;");
}

} // namespace ogee::fake
