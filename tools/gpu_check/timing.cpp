#include "tools/gpu_check/timing.h"

#include <ogee/ogee.h>

#include <algorithm>
#include <chrono>

namespace ogee::gpu_check {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kQueued = 8; ///< calls between two waits where the host's time is measured: the queue must not fill

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

/// `time(i)` of each contestant in turns; the first round is the warm-up.
std::vector<double> medians_in_turns(size_t contestants, int rounds, const std::function<double(size_t)>& time) {
  std::vector<std::vector<double>> times(contestants);
  for (int round = -1; round < rounds; ++round)
    for (size_t i = 0; i < contestants; ++i)
      if (const double taken = time(i); round >= 0) times[i].push_back(taken);
  std::vector<double> medians;
  for (const std::vector<double>& list : times) medians.push_back(median(list));
  return medians;
}

} // namespace

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

std::vector<double> device_milliseconds(const std::vector<std::function<void()>>& contestants, int rounds,
                                        int repeats) {
  Event start(cuda(), /*timed=*/true), end(cuda(), /*timed=*/true);
  return medians_in_turns(contestants.size(), rounds, [&](size_t i) {
    synchronize();
    start.record();
    for (int repeat = 0; repeat < repeats; ++repeat) contestants[i]();
    end.record();
    end.synchronize();
    return static_cast<double>(end.milliseconds_since(start)) / repeats;
  });
}

std::vector<double> milliseconds_until_done(const std::vector<std::function<void()>>& contestants, int rounds,
                                            int repeats) {
  return medians_in_turns(contestants.size(), rounds, [&](size_t i) {
    synchronize();
    const auto start = Clock::now();
    for (int repeat = 0; repeat < repeats; ++repeat) contestants[i]();
    synchronize();
    return microseconds_since(start) / 1000 / repeats;
  });
}

double host_microseconds(const std::function<void()>& call, int rounds) {
  std::vector<double> times;
  for (int round = -1; round < rounds; ++round) {
    synchronize();
    for (int i = 0; i < kQueued; ++i) {
      const auto start = Clock::now();
      call();
      if (const double taken = microseconds_since(start); round >= 0) times.push_back(taken);
    }
  }
  return median(times);
}

double milliseconds_of_one(const std::function<void()>& call) {
  synchronize();
  const auto start = Clock::now();
  call();
  synchronize();
  return microseconds_since(start) / 1000;
}

} // namespace ogee::gpu_check
