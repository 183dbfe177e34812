// `ogee compile`: a function of a file into a program.
#include "ir/signature.h"
#include "runtime/error.h"
#include "tools/ogee/commands.h"
#include "tools/ogee/function.h"
#include "tools/ogee/program.h"

#include <filesystem>
#include <iostream>

namespace ogee::tools {

void compile(const CompileOptions& options) {
  const codegen::TargetInfo target = targetNamed(options.target);
  codegen::CompileOptions how;
  if (options.target != "cpu") how.target = &target; // else with what is wrong with OGEE_CPU
  const Function function(options.file, options.entry);
  ir::putStateLast(function.op());
  std::vector<runtime::StageText> texts;
  if (options.stages) how.onStage = codegen::keepStages(texts);
  runtime::Program program = function.compile(how);
  program.texts = std::move(texts);
  if (!options.weights.empty()) setState(program, options.weights);
  program.save_file(options.output);
  std::cout << options.output;
  if (std::filesystem::is_regular_file(options.output))
    std::cout << ": " << std::filesystem::file_size(options.output) << " bytes";
  std::cout << "\n";
}

} // namespace ogee::tools
