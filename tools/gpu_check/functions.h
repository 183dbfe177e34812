// The functions whose bits are compared: every element-wise function of the front end, and some that are made of them.
#pragma once

#include <ogee/ogee.h>

#include <string>
#include <vector>

namespace ogee::gpu_check {

struct Function {
  std::string name;
  Tensor (*run)(const Tensor& x, const Tensor& y);
};

/// Of f32 operands: all.
std::vector<Function> functions_of_f32();
/// Of f64: those that IEEE rounds (others call libm on the CPU).
std::vector<Function> functions_of_f64();
/// Of integers: those that give integers or bools.
std::vector<Function> functions_of_integers();

} // namespace ogee::gpu_check
