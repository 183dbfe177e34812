// How many threads to use: the environment's word, else the physical cores that this process may use.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ogee::runtime {

/// What `OGEE_NUM_THREADS` says, else the physical cores within the affinity mask, at most the CPU limit of the cgroup
/// (rounded up). An Error for a value of the variable that is no number from 1 to 4096.
unsigned default_threads();

inline constexpr int kMaxThreads = 4096;

// The parts of it; `root` stands before /sys and /proc, for tests.

/// Of these logical CPUs, how many are on cores of their own.
unsigned physical_cores(const std::string& root, const std::vector<int>& cpus);
/// The tightest CPU quota of this process's cgroup and those above it (version 1 or 2), in CPUs, if there is one.
std::optional<double> cgroup_cpus(const std::string& root);

} // namespace ogee::runtime
