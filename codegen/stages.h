// The stages of a compilation, and who is told of them.
#pragma once

#include "runtime/program.h"

#include "llvm/ADT/StringRef.h"

#include <functional>
#include <string>

namespace ogee::codegen {

/// In order; after `nest` those of a target. Their names are those of `ogee show --stage` and of dumped files.
enum class Stage {
  trace,
  simplify,
  decompose,
  fuse,
  nest,
  loops, ///< of CPUs, as the next two
  llvm,
  assembly,
  cuda, ///< of CUDA devices: the text of the kernels; then what was made of it
  ptx,
  resources, ///< registers, shared memory and spills of each kernel
};
inline constexpr Stage kLastStage = Stage::resources;

/// "trace", "simplify", "decompose", "fuse", "nest", "loops", "llvm", "asm", "cuda", "ptx", "resources".
llvm::StringRef nameOf(Stage stage);

using StageObserver = std::function<void(Stage, const std::string&)>;

/// An observer that adds the text of each stage to `texts`, then tells `next`, if there is one.
StageObserver keepStages(std::vector<runtime::StageText>& texts, StageObserver next = nullptr);

/// An observer that writes each stage into the folder that OGEE_DUMP names, as <name>.<number>-<stage>.<suffix>; a name
/// that was there before gets a number. Null without that variable, and for eager kernels without OGEE_DUMP_EAGER=1.
/// `error` is set when the folder cannot be written.
StageObserver dumpFromEnvironment(llvm::StringRef name, bool eager, std::string& error);

} // namespace ogee::codegen
