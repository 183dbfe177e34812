// Module paths per thread, and guarded host state.
#include "frontend/scope.h"

#include "frontend/trace.h"
#include "runtime/runtime.h"

namespace ogee {

namespace {
thread_local std::string current;
}

Scope::Scope(std::string_view name) : outer_length_(current.size()) {
  if (!current.empty()) current += '.';
  current += name;
}

Scope::~Scope() { current.resize(outer_length_); }

const std::string& Scope::path() noexcept { return current; }

namespace detail {

uint64_t StateBase::read() const {
  const uint64_t bits = cell_->bits.load(std::memory_order_acquire);
  if (Trace* trace = Trace::current()) {
    cell_->guarded.store(true, std::memory_order_release);
    trace->guard(cell_, bits);
  }
  return bits;
}

void StateBase::write(uint64_t bits) {
  const bool changed = cell_->bits.exchange(bits, std::memory_order_acq_rel) != bits;
  if (changed && cell_->guarded.load(std::memory_order_acquire)) runtime::Runtime::get().bump_epoch();
}

} // namespace detail
} // namespace ogee
