// Small trainings whose losses are compared: the same on every device, from the same numbers.
#pragma once

#include <ogee/ogee.h>

#include <string>
#include <vector>

namespace ogee::gpu_check {

/// A way to train: on a device, eagerly or by a compiled step.
struct Way {
  Device device;
  bool compiled = false;
  std::string text() const { return device.to_string() + (compiled ? ", compiled" : ", eager"); }
};

struct TrainingRun {
  const char* name;
  /// The losses of so many steps.
  std::vector<double> (*losses)(const Way& way, int steps);
};
const std::vector<TrainingRun>& training_runs();

/// How losses of two ways differ, "" where they are within a part of each other.
std::string loss_difference(const std::vector<double>& a, const std::vector<double>& b, double tolerance);

} // namespace ogee::gpu_check
