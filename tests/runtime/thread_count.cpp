// The default number of threads, from pictures of /sys and /proc in a folder.
#include "runtime/thread_count.h"

#include "runtime/error.h"
#include "tests/catch.h"
#include "tests/runtime/folder.h"

#include <cstdlib>

using namespace ogee::runtime;
using ogee::runtime::testing::Folder;

TEST_CASE("thread count: CPUs that share a core count once") {
  Folder root;
  for (const auto& [cpu, siblings] :
       {std::pair(0, "0,4"), std::pair(1, "1,5"), std::pair(4, "0,4"), std::pair(5, "1,5")})
    root.write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list",
               std::string(siblings) + "\n");
  CHECK(physical_cores(root.path(), {0, 1, 4, 5}) == 2);
  CHECK(physical_cores(root.path(), {4, 5}) == 2);
  CHECK(physical_cores(root.path(), {0, 4}) == 1);
  CHECK(physical_cores(root.path(), {0, 7, 8}) == 3); // of 7 and 8 nothing is known
}

TEST_CASE("thread count: limits of cgroup version 2, also of groups above") {
  Folder root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  CHECK_FALSE(cgroup_cpus(root.path()));
  root.write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK_FALSE(cgroup_cpus(root.path()));
  root.write("sys/fs/cgroup/a/b/cpu.max", "350000 100000\n");
  CHECK(cgroup_cpus(root.path()) == 3.5);
  root.write("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  CHECK(cgroup_cpus(root.path()) == 2.0);
  root.write("proc/self/cgroup", "0::/\n");
  root.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  CHECK(cgroup_cpus(root.path()) == 0.5);
}

TEST_CASE("thread count: limits of cgroup version 1") {
  Folder root;
  root.write("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x\nnonsense\n");
  root.write("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n");
  root.write("sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(cgroup_cpus(root.path()));
  root.write("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "150000\n");
  CHECK(cgroup_cpus(root.path()) == 1.5);
}

TEST_CASE("thread count: OGEE_NUM_THREADS") {
  const char* const before = std::getenv("OGEE_NUM_THREADS");
  const std::string saved = before ? before : "";
  setenv("OGEE_NUM_THREADS", "7", 1);
  CHECK(default_threads() == 7);
  for (const char* bad : {"", "0", "-1", "many", "4097", "3 ", "1e3", "99999999999999999999"}) {
    setenv("OGEE_NUM_THREADS", bad, 1);
    CHECK_THROWS_WITH(default_threads(), std::string("OGEE_NUM_THREADS: '") + bad + "' is not a number from 1 to 4096");
  }
  unsetenv("OGEE_NUM_THREADS");
  CHECK(default_threads() >= 1);
  if (before) setenv("OGEE_NUM_THREADS", saved.c_str(), 1);
}
