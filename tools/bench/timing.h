// How benches measure.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace ogee::bench {

double seconds(const auto& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double>& times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

/// Nanoseconds of a call, as the median of batches of 1000.
double nanoseconds(const auto& run) {
  std::vector<double> times;
  for (int i = 0; i < 51; ++i)
    times.push_back(1e6 * seconds([&] {
                      for (int j = 0; j < 1000; ++j) run();
                    }));
  return median(times);
}

} // namespace ogee::bench
