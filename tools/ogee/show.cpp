// `ogee show`: the text of a function at one stage of its compilation, or its picture; what a program takes and gives.
#include "ir/dot.h"
#include "runtime/error.h"
#include "tools/ogee/commands.h"
#include "tools/ogee/function.h"
#include "tools/ogee/program.h"

#include "mlir/Parser/Parser.h"

#include <iostream>
#include <optional>

namespace ogee::tools {

using codegen::Stage;

namespace {

/// The stage of a name; one that `--stage` accepts.
Stage stageNamed(const std::string& name) {
  Stage stage = Stage::trace;
  while (codegen::nameOf(stage) != name) stage = Stage(int(stage) + 1);
  return stage;
}

/// What the compilation says of a stage. The first one needs no compilation, so that it shows what cannot be compiled.
std::string textOf(const Function& function, Stage stage, const std::string& targetName) {
  std::string found;
  if (stage == Stage::trace) {
    llvm::raw_string_ostream(found) << function.op() << "\n";
    return found;
  }
  const bool isCuda = targetName.empty() ? stage >= Stage::cuda : targetName.starts_with("cuda");
  if (stage > Stage::nest && isCuda != (stage >= Stage::cuda))
    runtime::raise(runtime::ErrorCode::invalid_argument, "stage ", codegen::nameOf(stage).str(), " is none of target ",
                   targetName);
  const codegen::TargetInfo target = targetNamed(!targetName.empty() ? targetName : isCuda ? "cuda" : "cpu");
  codegen::CompileOptions options;
  if (!targetName.empty() || isCuda) options.target = &target;
  options.onStage = [&](Stage reached, const std::string& text) {
    if (reached == stage) found = text;
  };
  try {
    function.compile(options);
  } catch (const Reported&) { // behind the stage: there is what was asked for
    if (found.empty()) throw;
  }
  return found;
}

std::string dotOf(const std::string& text) {
  mlir::MLIRContext context(dialects(), mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  return ir::toDot(*module->getOps<mlir::func::FuncOp>().begin());
}

} // namespace

void show(const ShowOptions& options) {
  const bool program = runtime::Program::is_program_file(options.file);
  const bool picture = options.format == "dot";
  if (program && options.stage.empty()) {
    if (picture)
      runtime::raise(runtime::ErrorCode::invalid_argument, "--format dot shows a stage of a program: choose it with ",
                     "--stage");
    std::cout << signatureOf(options.file, options.entry);
    return;
  }
  const Stage stage = stageNamed(options.stage.empty() ? "trace" : options.stage);
  if (picture && stage > Stage::fuse)
    runtime::raise(runtime::ErrorCode::invalid_argument, "stage ", options.stage,
                   " is no graph: --format dot shows stages up to fuse");
  const std::string text = program ? keptStage(options.file, options.entry, options.stage)
                                   : textOf(Function(options.file, options.entry), stage, options.target);
  std::cout << (picture ? dotOf(text) : text);
}

} // namespace ogee::tools
