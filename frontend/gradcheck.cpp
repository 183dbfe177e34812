// Central differences, products with the Jacobian, and how they are compared.
#include "frontend/gradcheck.h"

#include "frontend/autograd.h"
#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/signature.h"
#include "frontend/tensor_impl.h"
#include "frontend/transforms.h"

#include <cmath>
#include <cstdio>
#include <optional>

namespace ogee::detail {

FlatInputs flat_inputs(std::vector<Leaf> leaves) {
  FlatInputs inputs;
  for (const Leaf& leaf : leaves) {
    if (!leaf.tensor) continue;
    inputs.tensors.push_back(*leaf.tensor);
    inputs.names.push_back(argument_name(leaf, {}));
  }
  return inputs;
}

namespace {

using Tensors = std::vector<Tensor>;

/// Which of some tensors are of floats.
std::vector<size_t> floats_of(const Tensors& tensors, Loc loc) {
  std::vector<size_t> places;
  for (size_t i = 0; i < tensors.size(); ++i)
    if (tensors[i].is_floating_point(loc)) places.push_back(i);
  return places;
}

Tensors chosen(const Tensors& tensors, const std::vector<size_t>& places) {
  Tensors list;
  for (const size_t place : places) list.push_back(tensors[place]);
  return list;
}

/// Elements in row-major order.
using Elements = std::vector<double>;

Elements elements_of(const Tensor& x, Loc loc) {
  const Tensor dense = on_host(x.to(f64, loc), loc).contiguous(loc);
  const auto* data = reinterpret_cast<const double*>(dense.impl()->data());
  return {data, data + int64_t(dense.numel(loc))};
}

double* data_of(const Tensor& x) { return reinterpret_cast<double*>(x.impl()->data()); }

/// "arg0[1, 2]", or "arg0" where it has rank 0.
std::string element_name(const std::string& name, const Tensor& x, int64_t place, Loc loc) {
  const Shape shape = x.shape(loc);
  std::string index;
  for (size_t axis = shape.size(); axis-- > 0; place /= int64_t(shape[axis]))
    index = std::to_string(place % int64_t(shape[axis])) + (index.empty() ? "" : ", ") + index;
  return shape.empty() ? name : name + "[" + index + "]";
}

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.9g", value);
  return buffer;
}

/// The function in a trace: its inputs, the floats among them made values of their own, and the floats of its result.
struct Traced {
  Tensors inputs, results;

  Traced(const char* name, const FlatFunction& fn, Tensors arguments, Loc loc) {
    for (const size_t place : floats_of(arguments, loc)) {
      arguments[place] = apart(name, arguments[place], loc);
      inputs.push_back(arguments[place]);
    }
    const Tensors all = fn(arguments);
    results = chosen(all, floats_of(all, loc));
  }
};

/// (arguments, a cotangent per result of floats) -> a cotangent per argument of floats.
auto vjp_of(const char* name, const FlatFunction& fn, Loc loc) {
  return compile(
      [=](Tensors arguments, Tensors cotangents) {
        const Traced traced(name, fn, std::move(arguments), loc);
        return pull_back(name, traced.results, cotangents, traced.inputs, loc);
      },
      {.name = name}, loc);
}

/// (arguments, a tangent per argument of floats) -> a tangent per result of floats.
auto jvp_of(const char* name, const FlatFunction& fn, Loc loc) {
  return compile(
      [=](Tensors arguments, Tensors tangents) {
        const Traced traced(name, fn, std::move(arguments), loc);
        Tensors cotangents;
        for (const Tensor& result : traced.results) cotangents.push_back(apart(name, zeros_like(result, {}, loc), loc));
        const Tensors products = pull_back(name, traced.results, cotangents, traced.inputs, loc);
        return pull_back(name, products, tangents, cotangents, loc);
      },
      {.name = name}, loc);
}

/// The gradients on the tape; zeros for an input that no output depends on.
Tensors tape_gradients(const Tensors& outputs, const Tensors& inputs, const Tensors& seeds, bool create_graph,
                       Loc loc) {
  Tensors reached, weights, gradients(inputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad(loc)) continue;
    reached.push_back(outputs[i]);
    weights.push_back(seeds[i]);
  }
  if (!reached.empty())
    gradients = autograd::grad(reached, inputs, weights,
                               {.retain_graph = true, .create_graph = create_graph, .allow_unused = true}, loc);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!gradients[i].defined()) gradients[i] = zeros_like(inputs[i], {}, loc);
  return gradients;
}

/// x where it requires a gradient, else a leaf in the same memory that does.
Tensor leaf_of(const Tensor& x, Loc loc) { return x.requires_grad(loc) ? x : x.detach(loc).requires_grad_(true, loc); }

/// (arguments, then a cotangent per result of floats) -> a cotangent per argument of floats, on the tape.
FlatFunction tape_vjp_of(const FlatFunction& fn, size_t count, Loc loc) {
  return [=](const Tensors& tensors) {
    Tensors arguments(tensors.begin(), tensors.begin() + count), inputs;
    for (const size_t place : floats_of(arguments, loc)) {
      arguments[place] = leaf_of(arguments[place], loc);
      inputs.push_back(arguments[place]);
    }
    const Tensors all = fn(arguments);
    return tape_gradients(chosen(all, floats_of(all, loc)), inputs, Tensors(tensors.begin() + count, tensors.end()),
                          true, loc);
  };
}

Tensors zeros_like_each(const Tensors& tensors, Loc loc) {
  Tensors list;
  for (const Tensor& tensor : tensors) list.push_back(zeros_like(tensor, {}, loc));
  return list;
}

/// What is checked: a function as it is called and traced, and as it is called on the tape.
struct Subject {
  const FlatFunction &traced, &taped;
};

class Check {
public:
  Check(const char* name, Subject subject, const FlatInputs& inputs, const GradcheckOptions& options, Loc loc)
      : name_(name), subject_(subject), given_(inputs.tensors), inputs_(inputs), options_(options), loc_(loc) {
    if (is_tracing()) fail(loc, name, ": calls the function many times, so it cannot be part of a trace");
    if (!(options.eps > 0)) fail(loc, name, ": eps must be above 0");
    for (size_t i = 0; i < given_.size(); ++i) {
      checked_data(given_[i], name, loc);
      if (given_[i].is_floating_point(loc) && given_[i].dtype(loc) != f64)
        fail(loc, name, ": ", inputs.names[i], " is ", runtime::name(given_[i].dtype(loc)),
             ", needs f64, as differences need its digits; hint: x.to(f64)");
      given_[i] = given_[i].detach(loc);
      inputs_.tensors[i] = given_[i].clone(loc); // stays as it is while elements are moved
    }
    inputPlaces_ = floats_of(inputs_.tensors, loc);
    if (inputPlaces_.empty()) fail(loc, name, ": no input is of floats");
    const Tensors all = function()(inputs_.tensors);
    resultPlaces_ = floats_of(all, loc);
    if (resultPlaces_.empty()) fail(loc, name, ": the function gives no floats");
    for (const Tensor& result : chosen(all, resultPlaces_)) results_.push_back(result.detach(loc));
  }

  bool run() {
    findNumeric();
    if (options_.check_traced) compare(tracedByRows(), "traced");
    if (options_.check_forward_ad) compare(tracedByColumns(), "by Jacobian-vector products");
    if (options_.check_tape) compare(onTape(), "on the tape");
    if (mismatch_ && options_.raise_exception) fail(loc_, *mismatch_);
    return !mismatch_;
  }

  const Tensors& results() const { return results_; }

private:
  /// Of each input: for each of its elements the derivatives of all results, one after the other.
  using Jacobian = std::vector<std::vector<Elements>>;

  /// What differences are taken of.
  const FlatFunction& function() const { return options_.check_traced ? subject_.traced : subject_.taped; }

  Elements call(const Tensors& arguments) const {
    const Tensors all = function()(arguments);
    if (floats_of(all, loc_) != resultPlaces_) fail(loc_, name_, ": the function gives something else on every call");
    Elements elements;
    for (const size_t place : resultPlaces_) {
      const Elements more = elements_of(all[place], loc_);
      elements.insert(elements.end(), more.begin(), more.end());
    }
    return elements;
  }

  void findNumeric() {
    for (const size_t place : inputPlaces_) {
      std::vector<Elements> columns;
      for (int64_t i = 0; i < int64_t(inputs_.tensors[place].numel(loc_)); ++i) {
        Elements column = moved(place, i, options_.eps);
        const Elements below = moved(place, i, -options_.eps);
        if (column.size() != below.size())
          fail(loc_, name_, ": the shape of the result depends on the input's elements");
        for (size_t k = 0; k < column.size(); ++k) column[k] = (column[k] - below[k]) / (2 * options_.eps);
        columns.push_back(std::move(column));
      }
      numeric_.push_back(std::move(columns));
    }
  }

  /// The result with one element of an input moved.
  Elements moved(size_t place, int64_t i, double by) const {
    Tensors arguments = inputs_.tensors;
    const Tensor element = on_host(arguments[place].clone(loc_), loc_); // dense
    data_of(element)[i] += by;
    arguments[place] = element.to(arguments[place].device(loc_), loc_);
    return call(arguments);
  }

  Jacobian tracedByRows() const {
    const auto product = vjp_of(name_, subject_.traced, loc_);
    return byRows([&](const Tensors& cotangents) { return product(inputs_.tensors, cotangents); });
  }

  Jacobian onTape() const {
    Tensors arguments = given_, leaves;
    for (const size_t place : inputPlaces_) {
      arguments[place] = leaf_of(given_[place], loc_);
      leaves.push_back(arguments[place]);
    }
    const Tensors all = subject_.taped(arguments);
    if (floats_of(all, loc_) != resultPlaces_) fail(loc_, name_, ": the function gives something else on every call");
    const Tensors results = chosen(all, resultPlaces_);
    return byRows([&](const Tensors& cotangents) { return tape_gradients(results, leaves, cotangents, false, loc_); });
  }

  /// Row by row, from products with cotangents.
  Jacobian byRows(const std::function<Tensors(const Tensors&)>& product) const {
    Jacobian jacobian;
    for (const auto& columns : numeric_) jacobian.emplace_back(columns.size());
    for (size_t r = 0; r < results_.size(); ++r)
      for (int64_t k = 0; k < int64_t(results_[r].numel(loc_)); ++k) {
        const Tensors rows = product(unit(results_, r, k));
        for (size_t input = 0; input < rows.size(); ++input) {
          const Elements row = elements_of(rows[input], loc_);
          for (size_t i = 0; i < row.size(); ++i) jacobian[input][i].push_back(row[i]);
        }
      }
    return jacobian;
  }

  Jacobian tracedByColumns() const {
    Jacobian jacobian;
    const auto product = jvp_of(name_, subject_.traced, loc_);
    const Tensors inputs = chosen(inputs_.tensors, inputPlaces_);
    for (size_t input = 0; input < inputs.size(); ++input) {
      std::vector<Elements> columns(numeric_[input].size());
      for (size_t i = 0; i < columns.size(); ++i)
        for (const Tensor& tangent : product(inputs_.tensors, unit(inputs, input, int64_t(i)))) {
          const Elements more = elements_of(tangent, loc_);
          columns[i].insert(columns[i].end(), more.begin(), more.end());
        }
      jacobian.push_back(std::move(columns));
    }
    return jacobian;
  }

  /// Zeros like some tensors, but for a one.
  Tensors unit(const Tensors& like, size_t tensor, int64_t element) const {
    Tensors list = zeros_like_each(like, loc_);
    Tensor one = zeros(like[tensor].shape(loc_), {f64, Device()}, loc_);
    data_of(one)[element] = 1;
    list[tensor] = one.to(like[tensor].device(loc_), like[tensor].dtype(loc_), loc_);
    return list;
  }

  void compare(const Jacobian& analytic, const char* how) {
    if (mismatch_) return;
    std::string first;
    size_t wrong = 0, count = 0;
    for (size_t input = 0; input < analytic.size(); ++input)
      for (size_t i = 0; i < analytic[input].size(); ++i)
        for (size_t k = 0; k < analytic[input][i].size(); ++k) {
          const double a = analytic[input][i][k], n = numeric_[input][i][k];
          ++count;
          if (a == n || std::abs(a - n) <= options_.atol + options_.rtol * std::abs(n)) continue;
          if (wrong++ == 0)
            first = runtime::concat("the derivative of ", result_name(k), " with respect to ", input_name(input, i),
                                    ": numeric ", text(n), ", ", how, " ", text(a));
        }
    if (wrong > 0)
      mismatch_ =
          runtime::concat(name_, ": ", first, wrong == 1 ? "" : ", the first of ",
                          wrong == 1 ? "" : std::to_string(wrong) + " that differ, of " + std::to_string(count));
  }

  std::string input_name(size_t input, size_t element) const {
    const size_t place = inputPlaces_[input];
    return element_name(inputs_.names[place], inputs_.tensors[place], int64_t(element), loc_);
  }

  std::string result_name(size_t element) const {
    size_t result = 0;
    for (; int64_t(element) >= int64_t(results_[result].numel(loc_)); ++result)
      element -= size_t(int64_t(results_[result].numel(loc_)));
    return element_name("result" + std::to_string(result), results_[result], int64_t(element), loc_);
  }

  const char* name_;
  const Subject subject_;
  Tensors given_; ///< the inputs in their own memory
  FlatInputs inputs_;
  const GradcheckOptions options_;
  const Loc loc_;
  std::vector<size_t> inputPlaces_, resultPlaces_; ///< of the floats
  Tensors results_;
  Jacobian numeric_;
  std::optional<std::string> mismatch_;
};

} // namespace

bool gradcheck(const FlatFunction& fn, const FlatInputs& inputs, const GradcheckOptions& options, Loc loc) {
  const EnableGradGuard on;
  return Check("gradcheck", {fn, fn}, inputs, options, loc).run();
}

bool gradgradcheck(const FlatFunction& fn, const FlatInputs& inputs, const GradcheckOptions& options, Loc loc) {
  constexpr const char* kName = "gradgradcheck";
  const EnableGradGuard on;
  const Check first(kName, {fn, fn}, inputs, options, loc); // for its Errors
  FlatInputs all = inputs;
  for (const Tensor& result : first.results()) {
    // Cotangents that are neither equal nor 0, and the same in every run.
    Tensor cotangent = zeros(result.shape(loc), {f64, Device()}, loc);
    const auto count = int64_t(cotangent.numel(loc));
    for (int64_t i = 0; i < count; ++i) data_of(cotangent)[i] = std::cos(1.7 * double(i) + double(all.tensors.size()));
    all.names.push_back("cotangent" + std::to_string(all.tensors.size() - inputs.tensors.size()));
    all.tensors.push_back(cotangent.to(result.device(loc), loc));
  }
  const size_t count = inputs.tensors.size();
  const auto product = vjp_of(kName, fn, loc);
  const FlatFunction traced = [product, count](const Tensors& tensors) {
    return product(Tensors(tensors.begin(), tensors.begin() + count), Tensors(tensors.begin() + count, tensors.end()));
  };
  const FlatFunction taped = tape_vjp_of(fn, count, loc);
  return Check(kName, {traced, taped}, all, options, loc).run();
}

} // namespace ogee::detail
