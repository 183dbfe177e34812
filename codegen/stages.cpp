// Names and numbers of stages, and the files that OGEE_DUMP asks for.
#include "codegen/stages.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <map>
#include <mutex>

namespace ogee::codegen {

using llvm::StringRef;

StringRef nameOf(Stage stage) {
  static constexpr const char* kNames[] = {"trace", "simplify", "decompose", "fuse", "nest",     "loops",
                                           "llvm",  "asm",      "cuda",      "ptx",  "resources"};
  return kNames[static_cast<int>(stage)];
}

StageObserver keepStages(std::vector<runtime::StageText>& texts, StageObserver next) {
  return [&texts, next = std::move(next)](Stage stage, const std::string& text) {
    texts.push_back({nameOf(stage).str(), text});
    if (next) next(stage, text);
  };
}

namespace {

/// A name of its own for each function that is dumped, fit for a file: "main", "main-2" …
std::string dumpName(StringRef function) {
  static std::mutex mutex;
  static std::map<std::string, int> used;
  std::string name = function.str();
  for (char& c : name)
    if (!llvm::isAlnum(c) && c != '_' && c != '-') c = '_';
  std::lock_guard lock(mutex);
  const int number = ++used[name];
  return number == 1 ? name : name + "-" + std::to_string(number);
}

StringRef suffixOf(Stage stage) {
  switch (stage) {
  case Stage::nest:
  case Stage::resources: return ".txt";
  case Stage::llvm: return ".ll";
  case Stage::assembly: return ".s";
  case Stage::cuda: return ".cu";
  case Stage::ptx: return ".ptx";
  default: return ".mlir";
  }
}

/// Its place among the stages of a target, from 1 on.
int numberOf(Stage stage) {
  const int place = static_cast<int>(stage);
  return stage < Stage::cuda ? place + 1 : place - static_cast<int>(Stage::cuda) + static_cast<int>(Stage::nest) + 2;
}

} // namespace

StageObserver dumpFromEnvironment(StringRef function, bool eager, std::string& error) {
  const char* folder = std::getenv("OGEE_DUMP");
  const char* withEager = std::getenv("OGEE_DUMP_EAGER");
  if (!folder || !*folder || (eager && !(withEager && *withEager == '1'))) return nullptr;
  std::error_code failed = llvm::sys::fs::create_directories(folder);
  if (!failed) failed = llvm::sys::fs::access(folder, llvm::sys::fs::AccessMode::Write);
  if (failed) {
    error = std::string("OGEE_DUMP: ") + folder + ": " + failed.message();
    return nullptr;
  }
  return [prefix = std::string(folder) + "/" + dumpName(function)](Stage stage, const std::string& text) {
    const std::string number = llvm::formatv("{0:2}", numberOf(stage)).str();
    std::error_code failed;
    llvm::raw_fd_ostream out(prefix + "." + number + "-" + nameOf(stage).str() + suffixOf(stage).str(), failed);
    if (!failed) out << text;
  };
}

} // namespace ogee::codegen
