// Lets the text of CUDA kernels compile as C++ and run on the CPU: what a kernel may use of CUDA without including
// anything, and the threads of a block, one block after the other. A kernel that does not synchronise is a loop over
// its threads; in one that does, every thread is a fiber, and a fiber goes on when those that it waits for have
// arrived. OGEE_SHIM_ORDER (0, 1, 2) chooses in which order threads run: ascending, descending, mixed. Under
// ThreadSanitizer all threads are fibers, which know of each other only what a barrier or an exchange tells them.
#pragma once

#include "tests/cuda/fake/kernel.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

namespace shim {

struct Dims {
  unsigned x = 0, y = 0, z = 0;
};
struct alignas(8) Two {
  unsigned x, y;
};
struct alignas(16) Four {
  unsigned x, y, z, w;
};

inline Dims thread, block, grid, blockSize;
inline unsigned self, threads; ///< the number of a thread in its block, and how many there are
inline char* dynamicShared;
inline const char* kernelName = "?";

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "CUDA kernel %s: %s (block %u, %u, %u, thread %u, %u, %u)\n", kernelName, what, block.x, block.y,
               block.z, thread.x, thread.y, thread.z);
  std::abort();
}

// --- fibers: the registers that a call keeps, and a stack -----------------------------------------------------------

#if defined(__SANITIZE_THREAD__)
#define OGEE_SHIM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define OGEE_SHIM_TSAN 1
#endif
#endif
#ifdef OGEE_SHIM_TSAN
extern "C" {
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void* __tsan_get_current_fiber();
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
// The shim's own data is shared by design: what touches it says so.
#define OGEE_SHIM_OWN __attribute__((no_sanitize("thread"), noinline))
inline constexpr bool kFindsRaces = true;
inline void* newTsanFiber() { return __tsan_create_fiber(0); }
inline void* presentTsanFiber() { return __tsan_get_current_fiber(); }
inline void switchTsanFiber(void* fiber) { __tsan_switch_to_fiber(fiber, 1); } // 1: this orders nothing
inline void acquire(void* at) { __tsan_acquire(at); }
inline void release(void* at) { __tsan_release(at); }
#else
#define OGEE_SHIM_OWN
inline constexpr bool kFindsRaces = false;
inline void* newTsanFiber() { return nullptr; }
inline void* presentTsanFiber() { return nullptr; }
inline void switchTsanFiber(void*) {}
inline void acquire(void*) {}
inline void release(void*) {}
#endif

OGEE_SHIM_OWN inline void become(unsigned i) {
  self = i;
  thread = {i % blockSize.x, i / blockSize.x % blockSize.y, i / blockSize.x / blockSize.y};
}

#if defined(__x86_64__)
extern "C" void shim_switch(void** from, void* to);
asm(R"(
.text
.weak shim_switch
.type shim_switch, @function
shim_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size shim_switch, . - shim_switch
)");
OGEE_SHIM_OWN inline void* prepare(char* stack, void (*entry)()) {
  void** top = reinterpret_cast<void**>(stack + kStack) - 2; // a call leaves the stack 8 above a multiple of 16
  *top = reinterpret_cast<void*>(entry);
  std::memset(top -= 6, 0, 6 * sizeof(void*));
  return top;
}
inline constexpr bool kHasFibers = true;
#else
inline void shim_switch(void**, void*) {}
inline void* prepare(char*, void (*)()) { return nullptr; }
inline constexpr bool kHasFibers = false;
#endif

enum class State : unsigned char { ready, atWarp, atBlock, done };

struct Fiber {
  void* at = nullptr;
  State state = State::ready;
  void* tsan = nullptr; ///< stays: fibers of later blocks come after those of earlier ones
};

/// What the lanes of a warp exchange: two sets in turn, since some may be at the next exchange already.
struct Warp {
  uint64_t values[2][kWarp];
  unsigned arrived = 0, round = 0;
  char order[2]; ///< their addresses stand for what exchanges order
};

struct Block {
  char* stacks = nullptr;
  Fiber fibers[kMostThreads];
  Warp warps[kMostThreads / kWarp];
  unsigned atBarrier = 0, left = 0;
  void* scheduler = nullptr;
  void* schedulerTsan = nullptr;
  unsigned barriers = 0;
  char started = 0, ended = 0, barrier[2]; ///< their addresses stand for what orders threads
  void (*body)(void*) = nullptr;
  void* arguments = nullptr;
};
inline Block storage;
inline Block* running = nullptr; ///< while threads are fibers

inline void needFibers() {
  if (!running) fail("waits for other threads, but was taken for one that does not");
}

OGEE_SHIM_OWN inline void wait(State state) {
  Fiber& fiber = running->fibers[self];
  fiber.state = state;
  switchTsanFiber(running->schedulerTsan);
  shim_switch(&fiber.at, running->scheduler);
}

OGEE_SHIM_OWN inline void enter() {
  acquire(&running->started);
  running->body(running->arguments);
  release(&running->ended);
  --running->left;
  wait(State::done);
}

OGEE_SHIM_OWN inline void wake(unsigned from, unsigned to, State state) {
  for (unsigned i = from; i < to; ++i)
    if (running->fibers[i].state == state) running->fibers[i].state = State::ready;
}

/// The values of all lanes of the warp.
OGEE_SHIM_OWN inline const uint64_t* exchange(uint64_t value) {
  needFibers();
  Warp& warp = running->warps[self / kWarp];
  const unsigned round = warp.round % 2, first = self / kWarp * kWarp;
  const unsigned lanes = threads - first < kWarp ? threads - first : kWarp;
  release(&warp.order[round]);
  warp.values[round][self % kWarp] = value;
  if (++warp.arrived == lanes) {
    warp.arrived = 0;
    ++warp.round;
    wake(first, first + lanes, State::atWarp);
  } else {
    wait(State::atWarp);
  }
  acquire(&warp.order[round]);
  return warp.values[round];
}

OGEE_SHIM_OWN inline void barrier() {
  needFibers();
  char* const order = &running->barrier[running->barriers % 2];
  release(order);
  if (++running->atBarrier == threads) {
    running->atBarrier = 0;
    ++running->barriers;
    wake(0, threads, State::atBlock);
  } else {
    wait(State::atBlock);
  }
  acquire(order);
}

inline unsigned inOrder(unsigned i) {
  static const char* order = std::getenv("OGEE_SHIM_ORDER");
  if (!order || *order == '0') return i;
  if (*order == '1') return threads - 1 - i;
  const unsigned mixed = (i % 2 ? threads - 1 - i / 2 : i / 2) + threads / 3; // from both ends
  return mixed % threads;
}

OGEE_SHIM_OWN inline void runFibers() {
  if (!kHasFibers) fail("this machine has no fibers");
  Block& b = *running;
  b.left = threads;
  b.atBarrier = 0;
  for (Warp& warp : b.warps) warp.arrived = warp.round = 0;
  b.schedulerTsan = presentTsanFiber();
  release(&b.started);
  for (unsigned i = 0; i < threads; ++i)
    b.fibers[i] = {prepare(b.stacks + size_t(i) * kStack, enter), State::ready,
                   b.fibers[i].tsan ? b.fibers[i].tsan : newTsanFiber()};
  while (b.left > 0) {
    bool stuck = true;
    for (unsigned n = 0; n < threads; ++n) {
      const unsigned i = inOrder(n);
      if (b.fibers[i].state != State::ready) continue;
      stuck = false;
      become(i);
      switchTsanFiber(b.fibers[i].tsan);
      shim_switch(&b.scheduler, b.fibers[i].at);
    }
    if (stuck) fail("threads wait for others that have left, or that wait elsewhere");
  }
  acquire(&b.ended);
}

/// Runs blocks [begin, end), counted along x, then y, then z.
template <class Kernel>
OGEE_SHIM_OWN void launch(const Launch& launch, uint64_t begin, uint64_t end, bool synchronises, Kernel kernel) {
  grid = {launch.grid[0], launch.grid[1], launch.grid[2]};
  blockSize = {launch.block[0], launch.block[1], launch.block[2]};
  threads = blockSize.x * blockSize.y * blockSize.z;
  dynamicShared = launch.shared;
  storage.stacks = launch.stacks;
  storage.body = [](void* arguments) { (*static_cast<Kernel*>(arguments))(); };
  storage.arguments = &kernel;
  for (uint64_t i = begin; i < end; ++i) {
    block = {unsigned(i % grid.x), unsigned(i / grid.x % grid.y), unsigned(i / grid.x / grid.y)};
    if (launch.shared_bytes) std::memset(launch.shared, 0xff, launch.shared_bytes);
    if (synchronises || kFindsRaces) {
      running = &storage;
      runFibers();
      running = nullptr;
      continue;
    }
    for (unsigned n = 0; n < threads; ++n) {
      become(inOrder(n));
      kernel();
    }
  }
}

constexpr unsigned kThreads = 256;
inline char* ownStacks() {
  static std::vector<char> stacks(size_t(kThreads) * kStack);
  return stacks.data();
}

/// The same for blocks of 256 threads in a row, on those stacks.
template <class Kernel>
void launch(int64_t begin, int64_t end, unsigned blocks, bool synchronises, Kernel kernel) {
  launch({.grid = {blocks, 1, 1}, .block = {kThreads, 1, 1}, .stacks = ownStacks()}, begin, end, synchronises, kernel);
}

// --- kernels as a module's table lists them -------------------------------------------------------------------------

template <class T>
constexpr char kindOf() {
  if (!std::is_pointer_v<T>) return 'v';
  return std::is_const_v<std::remove_pointer_t<T>> ? 'r' : 'w';
}

template <auto function, bool synchronises>
struct Entry;
template <class... T, void (*function)(T...), bool synchronises>
struct Entry<function, synchronises> {
  static constexpr unsigned bytes[] = {unsigned(sizeof(T))..., 0};
  static constexpr char kinds[] = {kindOf<T>()..., 0};

  static void run(const Launch& how, void** params) {
    const uint64_t blocks = uint64_t(how.grid[0]) * how.grid[1] * how.grid[2];
    [&]<size_t... i>(std::index_sequence<i...>) {
      launch(how, 0, blocks, synchronises, [=] { function(*static_cast<T*>(params[i])...); });
    }(std::index_sequence_for<T...>());
  }
  static constexpr Kernel describe(const char* name, unsigned most_threads) {
    return {name, run, sizeof...(T), bytes, kinds, most_threads};
  }
};

template <class T>
uint64_t toBits(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
OGEE_SHIM_OWN T fromLane(T value, unsigned lane) {
  const uint64_t bits = exchange(toBits(value))[lane];
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

} // namespace shim

using uint2 = shim::Two;
using uint4 = shim::Four;
#define threadIdx shim::thread
#define blockIdx shim::block
#define gridDim shim::grid
#define blockDim shim::blockSize

inline void __syncthreads() { shim::barrier(); }
inline void __syncwarp() { shim::exchange(0); }
template <class T>
T __shfl_sync(unsigned, T value, int lane) {
  return shim::fromLane(value, unsigned(lane));
}
template <class T>
T __shfl_down_sync(unsigned, T value, int places) {
  const unsigned lane = shim::self % shim::kWarp, from = lane + unsigned(places);
  return shim::fromLane(value, from < shim::kWarp ? from : lane);
}

inline unsigned atomicCAS(unsigned* at, unsigned expected, unsigned value) {
  const unsigned found = *at;
  if (found == expected) *at = value;
  return found;
}
inline void __threadfence_system() {}

inline float __fmaf_rn(float x, float y, float z) { return std::fmaf(x, y, z); }
inline double __fma_rn(double x, double y, double z) { return std::fma(x, y, z); }
inline float __fsqrt_rn(float x) { return std::sqrt(x); }
inline double __dsqrt_rn(double x) { return std::sqrt(x); }
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __clz(unsigned x) { return std::countl_zero(x); }
inline int __clzll(unsigned long long x) { return std::countl_zero(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
inline double __longlong_as_double(unsigned long long x) { return std::bit_cast<double>(x); }
