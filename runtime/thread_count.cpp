// Cores from the affinity mask, sysfs topology and cgroup limits.
#include "runtime/thread_count.h"

#include "runtime/error.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

namespace ogee::runtime {
namespace {

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

/// The logical CPUs that this process may run on.
std::vector<int> allowed_cpus() {
  std::vector<int> cpus;
  cpu_set_t* set = nullptr;
  for (int count = 1024; count <= (1 << 20); count *= 4) { // the kernel refuses a set smaller than its own
    set = CPU_ALLOC(static_cast<size_t>(count));
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(count));
    const bool known = set && sched_getaffinity(0, bytes, set) == 0;
    for (int cpu = 0; known && cpu < count; ++cpu)
      if (CPU_ISSET_S(static_cast<size_t>(cpu), bytes, set)) cpus.push_back(cpu);
    CPU_FREE(set);
    if (known) break;
  }
  return cpus;
}

/// The quota in `folder`: version 2 writes "max 100000" or "150000 100000", version 1 has two files, -1 for none.
std::optional<double> quota_in(const std::string& folder, bool version2) {
  const auto line = version2 ? first_line(folder + "/cpu.max") : first_line(folder + "/cpu.cfs_quota_us");
  const auto period = version2 ? std::nullopt : first_line(folder + "/cpu.cfs_period_us");
  std::istringstream text(line.value_or("") + " " + period.value_or(""));
  double used = 0, of = 0;
  if (text >> used >> of && used > 0 && of > 0) return used / of;
  return std::nullopt;
}

struct Hierarchy {
  std::string mount, path;
  bool version2;
};

/// Where this process stands in the CPU controller: a line of /proc/self/cgroup, "0::/a/b" or "4:cpu,cpuacct:/a/b".
std::optional<Hierarchy> parse_cgroup_line(const std::string& root, const std::string& line) {
  const size_t first = line.find(':'), second = line.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
  if (controllers.empty()) return Hierarchy{root + "/sys/fs/cgroup", path, true};
  std::istringstream names(controllers);
  for (std::string name; std::getline(names, name, ',');)
    if (name == "cpu") return Hierarchy{root + "/sys/fs/cgroup/cpu", path, false};
  return std::nullopt;
}

unsigned from_environment(const char* text) {
  int count = 0;
  const char* const end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, count);
  if (error != std::errc() || stop != end || count < 1 || count > kMaxThreads)
    raise(ErrorCode::invalid_argument, "OGEE_NUM_THREADS: '", text, "' is not a number from 1 to ", kMaxThreads);
  return static_cast<unsigned>(count);
}

} // namespace

unsigned physical_cores(const std::string& root, const std::vector<int>& cpus) {
  std::set<std::string> cores;
  for (const int cpu : cpus) {
    const std::string folder = concat(root, "/sys/devices/system/cpu/cpu", cpu, "/topology/");
    const auto siblings =
        first_line(folder + "thread_siblings_list"); // also a name for the core: the same for all its CPUs
    cores.insert(siblings ? *siblings : concat(cpu));
  }
  return static_cast<unsigned>(cores.size());
}

std::optional<double> cgroup_cpus(const std::string& root) {
  std::optional<double> tightest;
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    std::optional<Hierarchy> group = parse_cgroup_line(root, line);
    while (group) {
      const std::optional<double> quota = quota_in(group->mount + group->path, group->version2);
      if (quota) tightest = std::min(*quota, tightest.value_or(*quota));
      const size_t slash = group->path.rfind('/');
      if (slash == std::string::npos || group->path.size() <= 1) break;
      group->path.resize(std::max<size_t>(slash, 1));
    }
  }
  return tightest;
}

unsigned default_threads() {
  if (const char* text = std::getenv("OGEE_NUM_THREADS")) return from_environment(text);
  unsigned threads = physical_cores("", allowed_cpus());
  if (threads == 0) threads = std::thread::hardware_concurrency();
  if (const std::optional<double> limit = cgroup_cpus(""))
    threads = std::min(threads, static_cast<unsigned>(std::ceil(std::min(*limit, double(kMaxThreads)))));
  return std::clamp<unsigned>(threads, 1, kMaxThreads);
}

} // namespace ogee::runtime
