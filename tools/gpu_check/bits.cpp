// The suite `bits`: element-wise functions, conversions and draws have the same bits on the GPU as on the CPU.
#include "runtime/error.h"
#include "tools/gpu_check/functions.h"
#include "tools/gpu_check/patterns.h"
#include "tools/gpu_check/suites.h"

namespace ogee::gpu_check {
namespace {

using runtime::concat;

constexpr DType kDTypes[] = {DType::boolean, DType::i32, DType::i64, DType::f32, DType::f64};

/// Counts a check for each element. `operands`: of the function, to tell where results differ.
void compare(Findings& findings, const std::string& what, const Tensor& there, const Tensor& here,
             const Operands* operands) {
  const auto count = static_cast<uint64_t>(static_cast<int64_t>(here.numel()));
  const Tensor back = there.cpu();
  if (back.dtype() != here.dtype() || back.shape() != here.shape())
    return findings.fail(concat(what, ": another dtype or shape than on the CPU"));
  const Difference found = difference(back, here);
  if (found.count == 0) return findings.add_checks(count, 0);
  const std::string of =
      operands ? concat(" of ", element_text(operands->x, found.at), ", ", element_text(operands->y, found.at)) : "";
  findings.fail(concat(what, ": ", found.count, " of ", count, " differ, first", of, ": ", element_text(back, found.at),
                       " on the GPU, ", element_text(here, found.at), " on the CPU"));
  findings.add_checks(count - static_cast<uint64_t>(found.count), static_cast<uint64_t>(found.count) - 1);
}

void compare_functions(Findings& findings, const std::vector<Function>& functions, DType dtype, int64_t count) {
  const Operands here = patterns(dtype, count);
  const Tensor x = here.x.cuda(), y = here.y.cuda();
  for (const Function& function : functions)
    compare(findings, concat(function.name, " of ", runtime::name(dtype)), function.run(x, y),
            function.run(here.x, here.y), &here);
}

/// The same functions inside a compiled one, a few at a time.
void compare_compiled(Findings& findings, int64_t count) {
  const Operands here = patterns(f32, count);
  const std::vector<Function> functions = functions_of_f32();
  constexpr size_t kAtOnce = 8;
  for (size_t from = 0; from < functions.size(); from += kAtOnce) {
    const std::vector<Function> some(functions.begin() + static_cast<std::ptrdiff_t>(from),
                                     functions.begin() +
                                         static_cast<std::ptrdiff_t>(std::min(functions.size(), from + kAtOnce)));
    const auto together = compile([some](const Tensor& x, const Tensor& y) {
      std::vector<Tensor> results;
      for (const Function& function : some) results.push_back(function.run(x, y));
      return results;
    });
    const std::vector<Tensor> there = together(here.x.cuda(), here.y.cuda());
    for (size_t i = 0; i < some.size(); ++i)
      compare(findings, some[i].name + ", compiled", there[i], some[i].run(here.x, here.y), &here);
  }
}

void compare_conversions(Findings& findings, int64_t count) {
  for (const DType from : kDTypes) {
    const Operands here = patterns(from, count);
    const Tensor x = here.x.cuda();
    for (const DType to : kDTypes)
      if (to != from)
        compare(findings, concat("conversion of ", runtime::name(from), " to ", runtime::name(to)), x.to(to),
                here.x.to(to), &here);
  }
}

/// Normal draws of f64 go through libm, and are left out.
void compare_draws(Findings& findings, int64_t count) {
  const auto draws = [&](Device device) {
    manual_seed(20);
    return std::vector<Tensor>{rand({count}, device),
                               randn({count}, device),
                               rand({count / 3}, {f64, device}),
                               randint(-5, 1000000007, {count}, device),
                               randint(0, 9, {7, count / 64}, {i32, device}),
                               rand_like(zeros({5, 3}, device))};
  };
  const std::vector<Tensor> here = draws("cpu"), there = draws("cuda");
  for (size_t i = 0; i < here.size(); ++i) compare(findings, concat("draw ", i), there[i], here[i], nullptr);
}

} // namespace

void run_bits(Findings& findings) {
  const int64_t count = findings.settings().quick ? 1 << 12 : 1 << 21;
  compare_functions(findings, functions_of_f32(), f32, count);
  compare_functions(findings, functions_of_f64(), f64, count);
  for (const DType dtype : {DType::i32, DType::i64}) compare_functions(findings, functions_of_integers(), dtype, count);
  compare_compiled(findings, count);
  compare_conversions(findings, count);
  compare_draws(findings, count);
}

} // namespace ogee::gpu_check
