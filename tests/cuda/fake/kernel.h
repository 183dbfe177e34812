// What the fake NVRTC puts into a module, and the fake driver calls.
#pragma once

namespace shim {

/// One run of a kernel.
struct Launch {
  unsigned grid[3] = {1, 1, 1}, block[3] = {1, 1, 1};
  char* shared = nullptr; ///< dynamic shared memory
  unsigned shared_bytes = 0;
  char* stacks = nullptr; ///< kMostThreads of kStack bytes, for the threads of a block
};

struct Kernel {
  const char* name;
  void (*run)(const Launch& launch, void** params);
  unsigned params;
  const unsigned* bytes; ///< of each parameter
  const char* kinds;     ///< of each: 'v' a value, 'r' a pointer to what it reads, 'w' one to what it writes
  unsigned most_threads; ///< of a block, as __launch_bounds__ says
};

constexpr unsigned kMostThreads = 1024, kWarp = 32, kStack = 64 << 10;

} // namespace shim
