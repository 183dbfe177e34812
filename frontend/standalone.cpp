// The state of graphs that leave the process.
#include "frontend/standalone.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "frontend/trace.h"
#include "runtime/runtime.h"

#include <algorithm>

namespace ogee::detail {

namespace {

std::vector<uint8_t> bytes_of(const void* data, size_t count) {
  const auto* const first = static_cast<const uint8_t*>(data);
  return count == 0 ? std::vector<uint8_t>() : std::vector<uint8_t>(first, first + count);
}

std::vector<uint8_t> elements_of(const Tensor& x, Loc loc) {
  const Tensor here = on_host(x, loc), dense = here.impl()->dense ? here : copy_dense(here, "save", loc);
  const size_t count = static_cast<size_t>(static_cast<int64_t>(dense.numel(loc)));
  return bytes_of(dense.impl()->data(), count * runtime::item_size(dense.dtype(loc)));
}

/// The name of a tensor from outside, for people.
std::string name_of(const Place& place, const Interface& interface, Loc loc) {
  if (place.kind == Place::Kind::argument) return runtime::concat("arg ", place.index);
  const Capture& capture = interface.captures[place.index];
  const std::string name = capture.tensor.name(loc);
  return name.empty() ? "the tensor first used" + where(capture.first_use) : name;
}

} // namespace

const Interface& standalone_interface(const Graph& graph, const char* function, Loc loc) {
  const Interface* const interface = graph.impl().interface();
  if (!interface)
    fail(loc, function,
         ": this graph belongs to a compiled function; hint: call that function's own, or use trace(fn, specs…)");
  for (const FinalGrad& grad : interface->grads)
    if (grad.graph_result)
      fail(loc, function, ": the function gives a gradient to ", name_of(grad.place, *interface, loc),
           ", which only this process has; hint: return its grad()");
  return *interface;
}

std::vector<std::vector<uint8_t>> present_state(const Interface& interface, Loc loc) {
  std::vector<std::vector<uint8_t>> state;
  if (interface.draws > 0) {
    const runtime::GeneratorState random = runtime::Runtime::get().generator().state();
    for (const uint64_t part : {random.key, random.number}) state.push_back(bytes_of(&part, sizeof part));
  }
  for (const Capture& capture : interface.captures) state.push_back(elements_of(capture.tensor, loc));
  return state;
}

} // namespace ogee::detail
