// CUDA's driver (libcuda): opened at the first use, through declarations of our own. A struct of function pointers by
// the names that the library has them under; what they mean is NVIDIA's "CUDA Driver API".
#pragma once

#include "runtime/result.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ogee::runtime::cuda {

using Address = uint64_t; ///< on a device
using ContextHandle = struct Context_*;
using StreamHandle = struct Stream_*;
using EventHandle = struct Event_*;
using ModuleHandle = struct Module_*;
using FunctionHandle = struct Function_*;
using PoolHandle = struct Pool_*;
using GraphHandle = struct Graph_*;
using GraphExecHandle = struct GraphExec_*;

/// X(name, parameters); all give 0 where they succeed. A name without its suffix is another function, of an older
/// driver. All of these exist since CUDA 11.4.
#define OGEE_CUDA_DRIVER(X)                                                                                            \
  X(cuInit, (unsigned flags))                                                                                          \
  X(cuDriverGetVersion, (int* version))                                                                                \
  X(cuGetErrorName, (int status, const char** name))                                                                   \
  X(cuGetErrorString, (int status, const char** text))                                                                 \
  X(cuDeviceGetCount, (int* count))                                                                                    \
  X(cuDeviceGet, (int* device, int ordinal))                                                                           \
  X(cuDeviceGetName, (char* name, int length, int device))                                                             \
  X(cuDeviceGetAttribute, (int* value, int attribute, int device))                                                     \
  X(cuDeviceTotalMem_v2, (size_t* bytes, int device))                                                                  \
  X(cuDevicePrimaryCtxRetain, (ContextHandle * context, int device))                                                   \
  X(cuDevicePrimaryCtxRelease_v2, (int device))                                                                        \
  X(cuCtxSetCurrent, (ContextHandle context))                                                                          \
  X(cuCtxGetCurrent, (ContextHandle * context))                                                                        \
  X(cuCtxSynchronize, (void))                                                                                          \
  X(cuMemGetInfo_v2, (size_t* free, size_t* total))                                                                    \
  X(cuMemAllocAsync, (Address * memory, size_t bytes, StreamHandle stream))                                            \
  X(cuMemFreeAsync, (Address memory, StreamHandle stream))                                                             \
  X(cuDeviceGetDefaultMemPool, (PoolHandle * pool, int device))                                                        \
  X(cuMemPoolSetAttribute, (PoolHandle pool, int attribute, void* value))                                              \
  X(cuMemPoolGetAttribute, (PoolHandle pool, int attribute, void* value))                                              \
  X(cuMemPoolTrimTo, (PoolHandle pool, size_t keep))                                                                   \
  X(cuMemHostAlloc, (void** memory, size_t bytes, unsigned flags))                                                     \
  X(cuMemFreeHost, (void* memory))                                                                                     \
  X(cuMemcpyHtoDAsync_v2, (Address to, const void* from, size_t bytes, StreamHandle stream))                           \
  X(cuMemcpyDtoHAsync_v2, (void* to, Address from, size_t bytes, StreamHandle stream))                                 \
  X(cuMemcpyDtoDAsync_v2, (Address to, Address from, size_t bytes, StreamHandle stream))                               \
  X(cuMemcpyPeerAsync, (Address to, ContextHandle to_context, Address from, ContextHandle from_context, size_t bytes,  \
                        StreamHandle stream))                                                                          \
  X(cuMemsetD8Async, (Address to, unsigned char value, size_t count, StreamHandle stream))                             \
  X(cuMemsetD32Async, (Address to, unsigned value, size_t count, StreamHandle stream))                                 \
  X(cuStreamCreate, (StreamHandle * stream, unsigned flags))                                                           \
  X(cuStreamDestroy_v2, (StreamHandle stream))                                                                         \
  X(cuStreamSynchronize, (StreamHandle stream))                                                                        \
  X(cuStreamQuery, (StreamHandle stream))                                                                              \
  X(cuStreamWaitEvent, (StreamHandle stream, EventHandle event, unsigned flags))                                       \
  X(cuEventCreate, (EventHandle * event, unsigned flags))                                                              \
  X(cuEventDestroy_v2, (EventHandle event))                                                                            \
  X(cuEventRecord, (EventHandle event, StreamHandle stream))                                                           \
  X(cuEventQuery, (EventHandle event))                                                                                 \
  X(cuEventSynchronize, (EventHandle event))                                                                           \
  X(cuEventElapsedTime, (float* milliseconds, EventHandle from, EventHandle to))                                       \
  X(cuModuleLoadDataEx,                                                                                                \
    (ModuleHandle * module, const void* image, unsigned options, int* option_names, void** option_values))             \
  X(cuModuleUnload, (ModuleHandle module))                                                                             \
  X(cuModuleGetFunction, (FunctionHandle * function, ModuleHandle module, const char* name))                           \
  X(cuFuncGetAttribute, (int* value, int attribute, FunctionHandle function))                                          \
  X(cuFuncSetAttribute, (FunctionHandle function, int attribute, int value))                                           \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor, (int* blocks, FunctionHandle function, int threads, size_t shared))   \
  X(cuLaunchKernel,                                                                                                    \
    (FunctionHandle function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,   \
     unsigned block_z, unsigned shared, StreamHandle stream, void** params, void** extra))                             \
  X(cuStreamBeginCapture_v2, (StreamHandle stream, int mode))                                                          \
  X(cuStreamEndCapture, (StreamHandle stream, GraphHandle * graph))                                                    \
  X(cuStreamIsCapturing, (StreamHandle stream, int* status))                                                           \
  X(cuGraphInstantiateWithFlags, (GraphExecHandle * exec, GraphHandle graph, unsigned long long flags))                \
  X(cuGraphUpload, (GraphExecHandle exec, StreamHandle stream))                                                        \
  X(cuGraphLaunch, (GraphExecHandle exec, StreamHandle stream))                                                        \
  X(cuGraphExecDestroy, (GraphExecHandle exec))                                                                        \
  X(cuGraphDestroy, (GraphHandle graph))

/// Statuses, attributes and flags, by the driver's own names without their prefixes.
enum Status : int {
  kOutOfMemory = 2,
  kDeinitialized = 4,
  kStubLibrary = 34,
  kNoDevice = 100,
  kNotReady = 600,
};
enum DeviceAttribute : int {
  kMultiprocessorCount = 16,
  kL2CacheSize = 38,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kMaxSharedMemoryPerBlockOptin = 97,
  kMemoryPoolsSupported = 115,
};
enum PoolAttribute : int { kReleaseThreshold = 4, kReservedCurrent = 5 };
enum FunctionAttribute : int { kSharedBytes = 1, kLocalBytes = 3, kRegisters = 4, kMaxDynamicSharedBytes = 8 };
enum JitOption : int { kErrorLogBuffer = 5, kErrorLogBufferBytes = 6 };
inline constexpr unsigned kStreamNonBlocking = 1, kEventDefault = 0, kEventDisableTiming = 2, kHostAllocPortable = 1;

/// The functions of an opened and initialised driver.
struct Driver {
#define OGEE_DECLARE(name, parameters) int(*name) parameters = nullptr;
  OGEE_CUDA_DRIVER(OGEE_DECLARE)
#undef OGEE_DECLARE

  int version_number = 0; ///< 13000
  std::string path;       ///< the file

  /// The driver of this process, looked for at the first call: the same answer ever after. A Failure (no_device) names
  /// what is missing: the library, a function, a new enough version, a device.
  static const Result<Driver>& get();
  /// The same, anew, with the extra folder ("": none) given.
  static Result<Driver> open(const std::string& folder);

  /// "13.0".
  std::string version() const;
  /// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
  std::string describe(int status) const;
};

} // namespace ogee::runtime::cuda
