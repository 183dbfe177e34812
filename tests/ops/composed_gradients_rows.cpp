// The rows: every function of ops.def that has a gradient, over shapes and layouts.
#include "tests/ops/composed_gradients.h"

#include <limits>

namespace ogee::tests::gradients {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

const std::vector<Case> kUnary = {{{{2, 3}}},
                                  {{{}}},
                                  {{{0, 3}}},
                                  {{{3, 1}}},
                                  {{{3, 2}, Layout::transposed}},
                                  {{{2, 3}, Layout::spread}},
                                  {{{2, 3}, Layout::repeated}}};
const std::vector<Case> kFew = {{{{2, 3}}}, {{{}}}, {{{0, 3}}}, {{{3, 2}, Layout::transposed}}};
const std::vector<Case> kPairs = {
    {{{2, 3}}, {{3}}}, {{{}}, {{2, 2}}}, {{{0, 3}}, {{3}}}, {{{3, 2}, Layout::transposed}, {{3, 1}, Layout::spread}}};
const std::vector<Case> kBinary = {{{{2, 3}}, {{2, 3}}},
                                   {{{2, 3}}, {{3}}},
                                   {{{2, 1}}, {{1, 3}}},
                                   {{{}}, {{2, 2}}},
                                   {{{0, 3}}, {{3}}},
                                   {{{}}, {{}}},
                                   {{{3, 2}, Layout::transposed}, {{3, 1}, Layout::spread}},
                                   {{{2, 3}, Layout::repeated}, {{2, 3}, Layout::transposed}}};
const std::vector<Case> kRank3 = {
    {{{2, 3, 2}}}, {{{2, 1, 3}}}, {{{1, 3, 2}, Layout::transposed}}, {{{2, 2, 2}, Layout::repeated}}};

#define UNARY(f, ...) {#f, [](const Tensors& x) { return ogee::f(x[0]); }, kFew, ##__VA_ARGS__}
#define BINARY(f, ...) {#f, [](const Tensors& x) { return ogee::f(x[0], x[1]); }, kPairs, ##__VA_ARGS__}
#define ROW(name, call, ...) {name, [](const Tensors& x) -> Tensor { return call; }, __VA_ARGS__}

Tensor joined(const Tensors& parts) {
  Tensor sum = parts[0].sum() * parts[0].sum();
  for (size_t i = 1; i < parts.size(); ++i) sum = sum + (parts[i] * double(i + 1)).exp().sum();
  return sum;
}

Tensor scanned(const Tensor& init, const Tensor& parts) {
  const auto step = [](Tensor h, Tensor part) {
    const Tensor next = sin(h) * part;
    return std::pair<Tensor, Tensor>(next, next + h);
  };
  const auto [last, stacked] = scan(step, init, parts);
  return last * stacked.sum(0);
}

} // namespace

std::vector<GradientRow> pointwise_rows() {
  return {
      UNARY(abs),
      UNARY(neg),
      UNARY(sign),
      UNARY(positive),
      UNARY(square, Domain::zeros),
      UNARY(reciprocal, Domain::positive),
      UNARY(sqrt, Domain::positive),
      UNARY(rsqrt, Domain::positive),
      UNARY(cbrt),
      UNARY(exp, Domain::zeros),
      UNARY(exp2, Domain::zeros),
      UNARY(expm1, Domain::zeros),
      UNARY(log, Domain::positive),
      UNARY(log2, Domain::positive),
      UNARY(log10, Domain::positive),
      UNARY(log1p, Domain::positive),
      UNARY(sin, Domain::zeros),
      UNARY(cos, Domain::zeros),
      UNARY(tan, Domain::positive),
      UNARY(atan, Domain::zeros),
      UNARY(sinh, Domain::zeros),
      UNARY(cosh, Domain::zeros),
      ROW("tanh", tanh(x[0]), kUnary, Domain::zeros),
      UNARY(erf, Domain::zeros),
      UNARY(sigmoid, Domain::zeros),
      UNARY(relu),
      UNARY(silu, Domain::zeros),
      UNARY(softplus, Domain::zeros),
      UNARY(floor),
      UNARY(ceil),
      UNARY(trunc),
      UNARY(round),
      UNARY(gelu, Domain::zeros),
      ROW("gelu tanh", gelu(x[0], "tanh"), kFew, Domain::zeros),
      ROW("leaky_relu", leaky_relu(x[0], 0.25), kFew),
      ROW("clamp low", clamp(x[0], -0.5), kFew),
      ROW("clamp numbers", clamp(x[0], -0.5, 1.2), kFew),
      ROW("clamp tensors", clamp(x[0], x[1] - 2, x[1]), kPairs),
      ROW("pow 0", pow(x[0], 0), kFew),
      ROW("pow 2", pow(x[0], 2), kFew, Domain::zeros),
      ROW("pow 3", pow(x[0], 3), kFew, Domain::zeros),
      ROW("pow 4", pow(x[0], 4), kFew, Domain::zeros),
      ROW("pow 0.5", pow(x[0], 0.5), kFew, Domain::positive),
      ROW("pow 1.7", pow(x[0], 1.7), kUnary, Domain::positive),
      ROW("pow -1", pow(x[0], -1.0), kFew, Domain::positive),
      ROW("pow of a number", pow(1.5, x[0]), kFew, Domain::zeros),
      ROW("pow of exponents", pow(x[0] * x[0] + 0.5, x[1]), kPairs, Domain::zeros),
      BINARY(pow, Domain::positive),
      ROW("add", add(x[0], x[1]), kBinary),
      BINARY(sub),
      ROW("mul", mul(x[0], x[1]), kBinary, Domain::zeros),
      ROW("div", div(x[0], x[1]), kBinary, Domain::positive),
      ROW("add number", 2 + x[0] * 3 - 1, kFew),
      ROW("div number", 2 / x[0] / 4, kFew, Domain::positive),
      BINARY(floor_divide, Domain::positive),
      BINARY(remainder),
      BINARY(fmod),
      BINARY(atan2),
      BINARY(maximum),
      BINARY(minimum),
      ROW("where", where(x[0] > x[1], x[0] * x[1], x[1]), kBinary),
      ROW("where number", where(x[0] > 0.25, x[0] * x[0], 2.0), kFew),
      ROW("masked_fill", masked_fill(x[0] * x[0], x[0] > 0.5, 7), kFew),
      ROW("masked_fill tensor", masked_fill(x[0] * x[1], x[1] < 0.5, x[0].sum()), {kBinary[0], kBinary[4]}),
      ROW("x in place",
          [&] {
            Tensor y = x[0].clone();
            y *= x[1];
            y.exp_();
            y += x[0];
            return y;
          }(),
          {kBinary[0], kBinary[1], kBinary[4], kBinary[6]}),
  };
}

std::vector<GradientRow> reduction_rows() {
  std::vector<GradientRow> rows;
  using Reduction = Tensor (*)(const Tensor&, const Axes&, bool);
  const auto add = [&](const std::string& name, Reduction f, bool empty, Domain domain, bool ties = true) {
    std::vector<Case> cases(kRank3.begin(), kRank3.begin() + (ties ? 4 : 3)); // equal ones have no second derivative
    if (empty) cases.push_back({{{2, 0, 3}}});
    const auto along = [&](const char* what, const Axes& axes, bool keepdim) {
      rows.push_back({name + what, [=](const Tensors& x) { return f(x[0], axes, keepdim); }, cases, domain});
    };
    along(" axis 1", 1, false);
    along(" axes 0, -1 kept", {0, -1}, true);
    cases.push_back({{{}}});
    cases.push_back({{{3, 2}, Layout::transposed}});
    along(" all", {}, false);
  };
#define REDUCTION(name, call, empty, domain, ...)                                                                      \
  add(                                                                                                                 \
      name, [](const Tensor& x, const Axes& axes, bool keepdim) -> Tensor { return call; }, empty,                     \
      domain __VA_OPT__(, ) __VA_ARGS__)
  REDUCTION("sum", sum(x, axes, keepdim), true, Domain::all);
  REDUCTION("mean", mean(x * x, axes, keepdim), false, Domain::all);
  REDUCTION("prod", prod(x, axes, keepdim), true, Domain::positive);
  REDUCTION("prod of zeros", prod(x, axes, keepdim), false, Domain::zeros);
  REDUCTION("var", var(x, axes, 0.5, keepdim), false, Domain::all);
  REDUCTION("amax", amax(x * x, axes, keepdim), false, Domain::positive, false);
  REDUCTION("amin", amin(x * x, axes, keepdim), false, Domain::positive, false);
  REDUCTION("norm", norm(x, 2, axes, keepdim), false, Domain::all);
  REDUCTION("norm 1", norm(x, 1, axes, keepdim), true, Domain::all);
  REDUCTION("norm 3", norm(x, 3, axes, keepdim), false, Domain::all);
  REDUCTION("norm 0.5", norm(x, 0.5, axes, keepdim), false, Domain::positive);
  REDUCTION("norm inf", norm(x * x, kInf, axes, keepdim), false, Domain::positive, false);
  REDUCTION("norm -inf", norm(x * x, -kInf, axes, keepdim), false, Domain::positive, false);
  REDUCTION("norm 0", norm(x, 0, axes, keepdim), false, Domain::all);
  REDUCTION("logsumexp", logsumexp(x, axes, keepdim), false, Domain::zeros);
#undef REDUCTION
  const std::vector<Case> others = {
      {{{2, 3, 2}}}, {{{2, 3, 1}}}, {{{2, 2, 3}, Layout::transposed}}, {{{2, 0, 3}}}, {{{2, 3, 2}, Layout::spread}}};
  const std::vector<GradientRow> more = {
      ROW("std", ogee::std(x[0], 1, 1, true), {{{{2, 3, 4}}}, {{{2, 4, 3}, Layout::transposed}}}),
      ROW("std all", ogee::std(x[0], {}, 0), {{{{2, 3}}}, {{{3, 2}, Layout::transposed}}}),
      ROW("max all", max(x[0]), {{{{2, 3}}}, {{{}}}, {{{3, 2}, Layout::transposed}}}),
      ROW("min all", min(x[0] * x[0]), {{{{2, 3}}}, {{{}}}}),
      ROW("max axis", max(x[0], 1, true).values, {kRank3[0], kRank3[2]}),
      ROW("min axis", min(x[0], -2).values, {kRank3[0], kRank3[2]}),
      BINARY(max),
      BINARY(min),
      ROW("softmax", softmax(x[0], 1), others, Domain::zeros),
      ROW("softmax last", softmax(x[0], -1), others),
      ROW("softmax of rank 0", softmax(x[0].reshape({1}), 0), {{{{}}}}),
      ROW("log_softmax", log_softmax(x[0], 1), others, Domain::zeros),
      ROW("log_softmax last", log_softmax(x[0], -1), others),
      ROW("mse_loss", mse_loss(x[0], x[1]), {kBinary[0], kBinary[1], kBinary[6]}),
      ROW("cross_entropy", cross_entropy(x[0], remainder(arange(x[0].size(0)), 3)),
          {{{{4, 3}}}, {{{4, 3}, Layout::transposed}}, {{{1, 3}}}}),
      ROW("cross_entropy of one", cross_entropy(x[0], tensor(1)), {{{{3}}}}),
      ROW("cross_entropy of images", cross_entropy(x[0], arange(8).reshape({2, 2, 2}) % 3),
          {{{{2, 3, 2, 2}}}, {{{2, 3, 2, 2}, Layout::transposed}}}),
  };
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

std::vector<GradientRow> product_rows() {
  using enum Layout;
  const std::vector<Case> products = {
      {{{2, 3}}, {{3, 4}}},
      {{{2, 3}, transposed}, {{3, 4}}},
      {{{2, 3}}, {{3, 4}, transposed}},
      {{{2, 3}, transposed}, {{3, 4}, transposed}},
      {{{2, 3}, spread}, {{3, 2}, repeated}},
      {{{1, 3}}, {{3, 1}}},
      {{{2, 1}}, {{1, 3}}},
      {{{2, 0}}, {{0, 3}}},
      {{{0, 2}}, {{2, 3}}},
      {{{3}}, {{3}}},
      {{{3}}, {{3, 2}}},
      {{{2, 3}}, {{3}}},
      {{{3}}, {{2, 3, 2}}},
      {{{2, 2, 3}}, {{3}}},
      {{{2, 2, 3}}, {{3, 2}}},
      {{{2, 2, 3}, transposed}, {{3, 2}, transposed}},
      {{{2, 3}}, {{2, 3, 2}}},
      {{{2, 2, 3}}, {{2, 3, 2}}},
      {{{2, 2, 3}, transposed}, {{2, 3, 2}, transposed}},
      {{{2, 1, 2, 3}}, {{3, 3, 2}}},
      {{{1, 2, 3}}, {{2, 3, 2}}},
      {{{2, 2, 3}, repeated}, {{1, 3, 2}}},
  };
  return {
      ROW("matmul", matmul(x[0], x[1]), products),
      ROW("matmul of t", matmul(x[0].t(), x[1].t()), {{{{3, 2}}, {{4, 3}}}, {{{3, 2}, transposed}, {{4, 3}}}}),
      ROW("matmul with itself", matmul(x[0], x[0].transpose(-1, -2)), {{{{2, 3}}}, {{{2, 2, 3}}}, {{{1, 1}}}}),
      ROW("dot", dot(x[0], x[1]), {{{{3}}, {{3}}}, {{{3}, spread}, {{3}}}, {{{0}}, {{0}}}, {{{1}}, {{1}}}}),
  };
}

/// Views and copies, squared so that they have a second derivative.
std::vector<GradientRow> movement_rows() {
  using enum Layout;
  const std::vector<Case> cases = {
      {{{2, 3, 4}}}, {{{2, 3, 4}, transposed}}, {{{2, 3, 4}, spread}}, {{{2, 3, 4}, repeated}}};
  const std::vector<Case> pairs = {
      {{{2, 3}}, {{2, 3}}}, {{{3, 3}, transposed}, {{3, 3}, spread}}, {{{0, 2}}, {{0, 2}}}, {{{1, 1}}, {{1, 1}}}};
  const auto empty = [](std::vector<Case> list, const Sizes& sizes) {
    list.push_back({{sizes}});
    return list;
  };
  return {
      ROW("reshape", square(x[0].reshape({4, -1})), cases),
      ROW("reshape of one", square(x[0].reshape({1, 1})), {{{{}}}, {{{1}}}}),
      ROW("view", square(x[0].view({2, 12})), {{{{2, 3, 4}}}}),
      ROW("flatten", square(x[0].flatten(1)), empty(cases, {2, 0, 3})),
      ROW("transpose", square(x[0].transpose(0, -1)), empty(cases, {2, 0, 3})),
      ROW("t", square(x[0].t()), {{{{2, 3}}}, {{{3}}}, {{{}}}, {{{2, 3}, transposed}}}),
      ROW("permute", square(x[0].permute({1, 2, 0})), cases),
      ROW("squeeze", square(x[0].squeeze()), {{{{1, 3, 1}}}, {{{1}}}, {{{2, 3}}}}),
      ROW("squeeze axis", square(x[0].squeeze(1)), {{{{2, 1, 3}}}, {{{2, 3}}}}),
      ROW("unsqueeze", square(x[0].unsqueeze(-1)), empty(cases, {})),
      ROW("expand", square(x[0].expand({2, 3, 4})), {{{{3, 1}}}, {{{}}}, {{{2, 3, 4}}}, {{{1, 3, 1}, transposed}}}),
      ROW("expand to nothing", square(x[0].expand({0, 3})), {{{{1, 3}}}, {{{3}}}}),
      ROW("broadcast_to", square(x[0].broadcast_to({2, 3})), {{{{3}}}, {{{2, 1}}}, {{{3}, spread}}}),
      ROW("select", square(x[0].select(1, -2)), cases),
      ROW("index", square(x[0][1][0]), cases),
      ROW("slice", square(x[0].slice(2, 0, kEnd, 3)), cases),
      ROW("slice of nothing", square(x[0].slice(1, 2, 2)), cases),
      ROW("narrow", square(x[0].narrow(-1, 1, 2)), cases),
      ROW("split", joined(x[0].split(2, 1)), cases),
      ROW("split sizes", joined(x[0].split({1, 0, 3}, -1)), cases),
      ROW("chunk", joined(x[0].chunk(2, -1)), cases),
      ROW("unbind", joined(x[0].unbind(1)), cases),
      ROW("repeat", square(x[0].repeat({2, 1, 2})), {{{{2, 3}}}, {{{1, 2, 2}, transposed}}, {{{}}}, {{{0, 2}}}}),
      ROW("repeat no times", square(x[0].repeat({0, 2})), {{{{2, 3}}}}),
      ROW("flip", square(x[0].flip({0, -1})), empty(cases, {2, 0, 3})),
      ROW("pad", square(x[0].pad({1, 2, 0, 1}, 3)), cases),
      ROW("pad that cuts", square(x[0].pad({-1, 2})), cases),
      ROW("contiguous", square(x[0].contiguous()), empty(cases, {})),
      ROW("clone", square(x[0].clone()), empty(cases, {0, 3})),
      ROW("to itself", square(x[0].to(f64)), cases),
      ROW("to f32", (x[0].to(f32).to(f64) * x[0]), {{{{2, 3}}}, {{{}}}, {{{0, 2}}}}, Domain::all, 1e-6),
      ROW("cat", square(cat({x[0], x[1] * x[0], x[1]}, 1)), pairs),
      ROW("cat with nothing", square(cat({x[0], x[1]}, 0)), {{{{2, 3}}, {{0, 3}}}, {{{0}}, {{2, 3}}}}),
      ROW("stack", square(stack({x[0], x[1]}, -1)), pairs),
      ROW("stack of rank 0", square(stack({x[0], x[0] * x[1]})), {{{{}}, {{}}}}),
      ROW("views of views", square(x[0].transpose(0, 1)[1].slice(0, 0, kEnd, 2).unsqueeze(0).expand({3, -1, -1})),
          cases),
      ROW(
          "a view written",
          [&] {
            Tensor y = x[0] * 2;
            y.select(1, 0).copy_(x[0].select(1, 1) * x[0].select(1, 2));
            y.transpose(0, 2)[1] *= 3;
            y[0].slice(1, 0, kEnd, 2).sin_();
            return square(y);
          }(),
          cases),
  };
}

std::vector<GradientRow> control_rows() {
  const std::vector<Case> cases = {{{{3}}, {{3, 3}}}, {{{3}, Layout::spread}, {{3, 3}, Layout::transposed}}};
  return {
      ROW("cond",
          cond(
              x[0].sum() > 0, [&] { return matmul(x[1], x[0]); }, [&] { return x[0] * x[0]; }),
          cases),
      ROW("while_loop",
          while_loop([&](Tensor h) { return h.abs().sum() < 50; },
                     [&](Tensor h) { return Tensor(tanh(matmul(x[1], h)) + h * 1.5); }, x[0], {.max_trips = 3}),
          cases),
      ROW("scan", scanned(x[0], x[1]), cases),
  };
}

} // namespace ogee::tests::gradients
