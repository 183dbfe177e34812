// Graphs after recording: their text, their picture, their compilation. Turns MLIR's diagnostics into Errors.
#include "frontend/graph.h"

#include "codegen/compile.h"
#include "frontend/failure.h"
#include "frontend/mlir_module.h"
#include "frontend/target.h"
#include "ir/dialect.h"
#include "ir/location.h"
#include "ir/signature.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include "llvm/Support/raw_ostream.h"

#include <fstream>
#include <mutex>
#include <optional>

namespace ogee {

namespace {

codegen::Stage codegen_stage(Stage stage) {
  switch (stage) {
  case Stage::trace: return codegen::Stage::trace;
  case Stage::simplify: return codegen::Stage::simplify;
  case Stage::fuse: return codegen::Stage::fuse;
  case Stage::nest: return codegen::Stage::nest;
  case Stage::loops: return codegen::Stage::loops;
  case Stage::llvm: return codegen::Stage::llvm;
  case Stage::assembly: return codegen::Stage::assembly;
  case Stage::cuda: return codegen::Stage::cuda;
  case Stage::ptx: return codegen::Stage::ptx;
  case Stage::resources: return codegen::Stage::resources;
  }
  std::abort();
}

std::string escape(llvm::StringRef text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

} // namespace

const char* name(Stage stage) noexcept { return codegen::nameOf(codegen_stage(stage)).data(); }

namespace detail {

namespace {

/// The module for people: behind every operation its line and module path.
std::string print_with_lines(mlir::ModuleOp module) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = module.clone();
  auto shorten = [&](mlir::Location location) -> mlir::Location {
    const std::string place = ir::describe(location);
    auto* context = module.getContext();
    if (place.empty()) return mlir::UnknownLoc::get(context);
    return mlir::NameLoc::get(mlir::StringAttr::get(context, place));
  };
  copy->walk([&](mlir::Operation* op) {
    op->setLoc(shorten(op->getLoc()));
    for (mlir::Region& region : op->getRegions())
      for (mlir::BlockArgument argument : region.getArguments())
        argument.setLoc(mlir::UnknownLoc::get(module.getContext()));
  });
  std::string text, clean;
  llvm::raw_string_ostream out(text);
  copy->print(out, mlir::OpPrintingFlags().enableDebugInfo(true, /*prettyForm=*/true));
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(text).split(lines, '\n');
  for (llvm::StringRef line : lines) // the printer lists the locations once more
    if (!line.empty() && !line.starts_with("#loc")) clean += line.str() + "\n";
  for (size_t at; (at = clean.find(" [unknown]")) != std::string::npos;) clean.erase(at, 10);
  return clean;
}

} // namespace

/// Null for this machine, whose settings may be wrong: then compiling says so.
static const codegen::TargetInfo* target_for(Device device, Loc loc) {
  if (device.is_cpu()) return nullptr;
  return with_place(loc, [&] { return &target_of(device); });
}

GraphImpl::GraphImpl(std::unique_ptr<Module> module) : module_(std::move(module)) {}
GraphImpl::~GraphImpl() = default;

Device GraphImpl::device() const { return module_->device; }

void GraphImpl::set_host(const std::vector<unsigned>& arguments) {
  std::lock_guard lock(module_->mutex());
  for (unsigned argument : arguments)
    module_->function.setArgAttr(argument, ir::kHostAttr, mlir::UnitAttr::get(&module_->context()));
}

std::string GraphImpl::text(Stage stage, Loc loc) {
  std::lock_guard lock(module_->mutex());
  if (stage == Stage::trace) return print_with_lines(*module_->module);
  std::string found;
  codegen::CompileOptions options{
      .name = module_->function.getName().str(), .trusted = module_->trusted, .checkNumbers = is_anomaly_enabled()};
  const codegen::TargetInfo any = codegen::cudaTarget();
  if (!module_->device.is_cpu() || stage >= Stage::cuda) options.target = &any; // to look at it needs no device
  if (module_->device.index() < cuda_device_count() && !module_->device.is_cpu())
    options.target = target_for(module_->device, loc);
  options.onStage = [&](codegen::Stage reached, const std::string& text) {
    if (reached == codegen_stage(stage)) found = text;
  };
  mlir::OwningOpRef<mlir::ModuleOp> copy = module_->module->clone();
  DiagnosticCatcher diagnostics(module_->context());
  const auto program = codegen::compile(*copy->getOps<mlir::func::FuncOp>().begin(), options);
  if (mlir::failed(program) && found.empty()) diagnostics.raise(loc); // else it failed behind the stage
  return found;
}

runtime::Program GraphImpl::compile(Loc loc, bool eager, bool check_numbers, bool keep_stages) {
  std::lock_guard lock(module_->mutex());
  const std::string name = module_->function.getName().str();
  codegen::CompileOptions options{.name = name,
                                  .target = target_for(module_->device, loc),
                                  .trusted = module_->trusted,
                                  .checkNumbers = check_numbers,
                                  .eager = eager};
  std::string dump_error;
  options.onStage = codegen::dumpFromEnvironment(name, eager, dump_error);
  if (!dump_error.empty()) fail_with(ErrorCode::io, dump_error, loc);
  std::vector<runtime::StageText> texts;
  if (keep_stages) options.onStage = codegen::keepStages(texts, std::move(options.onStage));
  mlir::OwningOpRef<mlir::ModuleOp> copy = module_->module->clone();
  DiagnosticCatcher diagnostics(module_->context());
  mlir::FailureOr<runtime::Program> program = codegen::compile(*copy->getOps<mlir::func::FuncOp>().begin(), options);
  if (mlir::failed(program)) diagnostics.raise(loc);
  program->texts = std::move(texts);
  return std::move(*program);
}

std::string GraphImpl::source() {
  std::lock_guard lock(module_->mutex());
  std::string text;
  llvm::raw_string_ostream out(text);
  module_->module->print(out, mlir::OpPrintingFlags().enableDebugInfo());
  return text + "\n";
}

std::vector<std::string> GraphImpl::inputs() {
  std::lock_guard lock(module_->mutex());
  std::vector<std::string> names;
  for (unsigned i = 0; i < module_->function.getNumArguments(); ++i) {
    auto name = module_->function.getArgAttrOfType<mlir::StringAttr>(i, ir::kNameAttr);
    names.push_back(name ? name.str() : "");
  }
  return names;
}

size_t GraphImpl::result_count() { return module_->function.getNumResults(); }

std::string GraphImpl::dot() {
  std::lock_guard lock(module_->mutex());
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "digraph \"" << escape(module_->function.getName()) << "\" {\n  node [fontname=monospace];\n";
  llvm::DenseMap<mlir::Value, unsigned> ids;
  auto value = [&](mlir::Value v, llvm::StringRef label) { // a statement of its own: it writes
    const unsigned id = ids.size();
    ids[v] = id;
    out << "  v" << id << " [shape=ellipse, label=\"" << escape(label) << "\\n" << v.getType() << "\"];\n";
    return id;
  };
  for (mlir::BlockArgument argument : module_->function.getArguments()) {
    auto name = module_->function.getArgAttrOfType<mlir::StringAttr>(argument.getArgNumber(), ir::kNameAttr);
    value(argument, name ? name.strref() : llvm::StringRef("argument"));
  }
  unsigned op_id = 0;
  for (mlir::Operation& op : module_->function.getBody().front()) {
    out << "  o" << op_id << " [shape=box, style=filled, label=\"" << escape(op.getName().stripDialect());
    if (const std::string place = ir::describe(op.getLoc()); !place.empty()) out << "\\n" << escape(place);
    out << "\"];\n";
    for (mlir::Value operand : op.getOperands()) out << "  v" << ids.lookup(operand) << " -> o" << op_id << ";\n";
    for (mlir::Value result : op.getResults()) {
      const unsigned id = value(result, "");
      out << "  o" << op_id << " -> v" << id << ";\n";
    }
    ++op_id;
  }
  out << "}\n";
  return text;
}

} // namespace detail

std::string Graph::ir(Stage stage, Loc loc) const { return impl_->text(stage, loc); }
std::string Graph::dot() const { return impl_->dot(); }
std::vector<std::string> Graph::inputs() const { return impl_->inputs(); }
size_t Graph::result_count() const { return impl_->result_count(); }

void Graph::save(const std::string& path, Loc loc) const {
  std::ofstream file(path, std::ios::binary);
  file << impl_->source();
  if (!file.flush()) detail::fail_with(detail::ErrorCode::io, "save: cannot write " + path, loc);
}

std::ostream& operator<<(std::ostream& out, const Graph& graph) { return out << graph.ir(); }

} // namespace ogee
