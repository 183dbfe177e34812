// Losses, composed of other functions.
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/tensor.h"
#include "frontend/tensor_impl.h"

#include <limits>

namespace ogee {

using namespace detail;

Tensor mse_loss(const Tensor& x, const Tensor& target, Loc loc) {
  return mean(square(sub(x, target, loc), loc), {}, false, loc);
}

Tensor cross_entropy(const Tensor& x, const Tensor& target, Loc loc) {
  const Shape scores = x.shape(loc), given = target.shape(loc);
  if (!x.is_floating_point(loc))
    fail(loc, "cross_entropy: the scores are ", runtime::name(x.dtype(loc)), ", need floats");
  if (!runtime::is_integer(target.dtype(loc)))
    fail(loc, "cross_entropy: the target is ", runtime::name(target.dtype(loc)),
         ", needs the numbers of classes as i64");
  if (scores.empty()) fail(loc, "cross_entropy: the scores have no axis of classes");
  const size_t axis = scores.size() == 1 ? 0 : 1;
  Shape expected = scores;
  expected.erase(axis);
  bool fits = given.size() == expected.size();
  for (size_t i = 0; fits && i < given.size(); ++i) fits = try_equal(given[i], expected[i]) != std::optional(false);
  if (!fits) fail(loc, "cross_entropy: scores of ", scores, " need a target of ", expected, ", not ", given);
  if (!scores[axis].is_number()) fail(loc, "cross_entropy: the number of classes is known at run time only: ", scores);

  const int64_t classes = scores[axis].number();
  Shape along(scores.size(), 1);
  along[axis] = classes;
  const Tensor wanted = unsqueeze(target, static_cast<int64_t>(axis), loc);
  const Tensor is_target = eq(wanted, arange(classes, target.dtype(loc), loc).reshape(along, loc), loc);
  const Tensor picked = sum(where(is_target, log_softmax(x, static_cast<int64_t>(axis), loc), 0, loc),
                            static_cast<int64_t>(axis), false, loc);
  const Tensor exists = logical_and(ge(target, 0, loc), lt(target, classes, loc), loc);
  return neg(mean(where(exists, picked, std::numeric_limits<double>::quiet_NaN(), loc), {}, false, loc), loc);
}

} // namespace ogee
