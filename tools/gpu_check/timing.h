// How benches measure: contestants take turns, after a warm-up; medians.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ogee::gpu_check {

/// The milliseconds that the GPU takes for each of them, by its own clock: medians of `rounds`, in each of which each
/// runs `repeats` times.
std::vector<double> device_milliseconds(const std::vector<std::function<void()>>& contestants, int rounds,
                                        int repeats = 1);
/// The milliseconds until each of them is done, by the host's clock.
std::vector<double> milliseconds_until_done(const std::vector<std::function<void()>>& contestants, int rounds,
                                            int repeats);
/// The microseconds of the host's time for a call that only enqueues.
double host_microseconds(const std::function<void()>& call, int rounds);
/// The milliseconds until it is done, once.
double milliseconds_of_one(const std::function<void()>& call);

double median(std::vector<double> values);

} // namespace ogee::gpu_check
