// The MLIR side of a graph: a function in a context that only graphs derived from it share. Included by the few files
// of the front end that know MLIR.
#pragma once

#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "ir/location.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <mutex>
#include <optional>
#include <string>

namespace ogee::detail {

/// A context, used by one thread at a time. Loading its dialects takes a millisecond: the context of small graphs that
/// are gone waits for the next one.
struct SharedContext {
  SharedContext();
  /// One that waits, or a new one.
  static std::shared_ptr<SharedContext> take();

  std::mutex mutex;
  mlir::MLIRContext context;
  size_t used = 0; ///< values and bytes of constants in its graphs: it holds types and attributes of all until it goes
};

struct GraphImpl::Module {
  explicit Module(std::shared_ptr<SharedContext> shared = SharedContext::take()) : shared(std::move(shared)) {}

  std::shared_ptr<SharedContext> shared; ///< goes after the module
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  Device device; ///< that it is compiled for
  bool trusted = false;

  mlir::MLIRContext& context() { return shared->context; }
  std::mutex& mutex() { return shared->mutex; }
};

/// Collects the first error while it lives.
class DiagnosticCatcher {
public:
  explicit DiagnosticCatcher(mlir::MLIRContext& context)
      : handler_(&context, [this](mlir::Diagnostic& diagnostic) {
          if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error || message_) return mlir::success();
          message_ = diagnostic.str();
          if (const std::string place = ir::describe(diagnostic.getLocation()); !place.empty())
            *message_ += " at " + place;
          return mlir::success();
        }) {}

  [[noreturn]] void raise(Loc loc) const {
    if (message_ && has_place(*message_)) throw runtime::Error(ErrorCode::unsupported, *message_);
    fail_with(ErrorCode::unsupported, message_.value_or("the graph cannot be compiled"), loc);
  }

private:
  std::optional<std::string> message_;
  mlir::ScopedDiagnosticHandler handler_;
};

} // namespace ogee::detail
