// Lets the text of CUDA kernels compile as C++ and run on the CPU: what a kernel may use of CUDA without including
// anything, and the threads of a block, one block after the other. A kernel that does not synchronise is a loop over
// its threads; in one that does, every thread is a fiber, and a fiber goes on when those that it waits for have
// arrived. OGEE_SHIM_ORDER (0, 1, 2) chooses in which order threads run: ascending, descending, mixed.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(threads)
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

inline Dims thread, block, grid;

constexpr unsigned kThreads = 256, kWarp = 32, kStack = 64 << 10;

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "CUDA kernel: %s (block %u, thread %u)\n", what, block.x, thread.x);
  std::abort();
}

// --- fibers: the registers that a call keeps, and a stack -----------------------------------------------------------

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
inline void* prepare(char* stack, void (*entry)()) {
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
};

/// What the lanes of a warp exchange: two sets in turn, since some may be at the next exchange already.
struct Warp {
  uint64_t values[2][kWarp];
  unsigned arrived = 0, round = 0;
};

struct Block {
  std::vector<char> stacks = std::vector<char>(size_t(kThreads) * kStack);
  Fiber fibers[kThreads];
  Warp warps[kThreads / kWarp];
  unsigned atBarrier = 0, left = 0;
  void* scheduler = nullptr;
  void (*body)(void*) = nullptr;
  void* arguments = nullptr;
};
inline Block* running = nullptr;
inline Block& storage() {
  static Block block;
  return block;
}

inline void wait(State state) {
  Fiber& fiber = running->fibers[thread.x];
  fiber.state = state;
  shim_switch(&fiber.at, running->scheduler);
}

inline void enter() {
  running->body(running->arguments);
  --running->left;
  wait(State::done);
}

inline void wake(unsigned from, unsigned to, State state) {
  for (unsigned i = from; i < to; ++i)
    if (running->fibers[i].state == state) running->fibers[i].state = State::ready;
}

/// The values of all lanes of the warp.
inline const uint64_t* exchange(uint64_t value) {
  Warp& warp = running->warps[thread.x / kWarp];
  const unsigned round = warp.round % 2, first = thread.x / kWarp * kWarp;
  warp.values[round][thread.x % kWarp] = value;
  if (++warp.arrived == kWarp) {
    warp.arrived = 0;
    ++warp.round;
    wake(first, first + kWarp, State::atWarp);
  } else {
    wait(State::atWarp);
  }
  return warp.values[round];
}

inline void barrier() {
  if (++running->atBarrier == kThreads) {
    running->atBarrier = 0;
    wake(0, kThreads, State::atBlock);
  } else {
    wait(State::atBlock);
  }
}

inline unsigned inOrder(unsigned i) {
  static const char* order = std::getenv("OGEE_SHIM_ORDER");
  if (!order || *order == '0') return i;
  return *order == '1' ? kThreads - 1 - i : (i * 77 + 13) % kThreads;
}

inline void runFibers() {
  if (!kHasFibers) fail("this machine has no fibers");
  Block& b = *running;
  b.left = kThreads;
  b.atBarrier = 0;
  for (Warp& warp : b.warps) warp.arrived = warp.round = 0;
  for (unsigned i = 0; i < kThreads; ++i) b.fibers[i] = {prepare(b.stacks.data() + size_t(i) * kStack, enter)};
  while (b.left > 0) {
    bool stuck = true;
    for (unsigned n = 0; n < kThreads; ++n) {
      const unsigned i = inOrder(n);
      if (b.fibers[i].state != State::ready) continue;
      stuck = false;
      thread.x = i;
      shim_switch(&b.scheduler, b.fibers[i].at);
    }
    if (stuck) fail("threads wait for others that have left, or that wait elsewhere");
  }
}

/// Runs blocks [begin, end) of `blocks`.
template <class Kernel>
void launch(int64_t begin, int64_t end, unsigned blocks, bool synchronises, Kernel kernel) {
  Block& threads = storage();
  running = &threads;
  grid = {blocks, 1, 1};
  threads.body = [](void* arguments) { (*static_cast<Kernel*>(arguments))(); };
  threads.arguments = &kernel;
  for (block = {unsigned(begin), 0, 0}; block.x < end; ++block.x) {
    if (synchronises) {
      runFibers();
      continue;
    }
    for (unsigned i = 0; i < kThreads; ++i) {
      thread.x = inOrder(i);
      kernel();
    }
  }
}

template <class T>
uint64_t toBits(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
T fromLane(T value, unsigned lane) {
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

inline void __syncthreads() { shim::barrier(); }
inline void __syncwarp() { shim::exchange(0); }
template <class T>
T __shfl_sync(unsigned, T value, int lane) {
  return shim::fromLane(value, unsigned(lane));
}
template <class T>
T __shfl_down_sync(unsigned, T value, int places) {
  const unsigned lane = threadIdx.x % shim::kWarp, from = lane + unsigned(places);
  return shim::fromLane(value, from < shim::kWarp ? from : lane);
}

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
