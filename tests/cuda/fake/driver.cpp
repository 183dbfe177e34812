// libcuda.so.1 of the fake machine: devices, contexts and memory; and what tests tell it (control.h).
#include "tests/cuda/fake/control.h"
#include "tests/cuda/fake/queue.h"
#include "tests/cuda/fake/work.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace ogee::runtime::cuda {

struct Pool_ {
  int device = 0;
};

} // namespace ogee::runtime::cuda

namespace ogee::fake {
namespace {

thread_local Context_* current_context = nullptr;

struct StatusText {
  int status;
  const char *name, *text;
};
constexpr StatusText kStatuses[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {34, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {600, "CUDA_ERROR_NOT_READY", "device not ready"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

const StatusText* find_status(int status) {
  const auto* found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                   [&](const StatusText& entry) { return entry.status == status; });
  return found == std::end(kStatuses) ? nullptr : found;
}

Device& device_of(const char* function, int device) {
  auto& devices = Machine::get().devices;
  if (device < 0 || size_t(device) >= devices.size()) violation("%s: there is no device %d", function, device);
  return devices[size_t(device)];
}

Pool_& pool_of(int device) {
  static std::map<int, Pool_> pools;
  return pools[device] = {device};
}

/// The bytes of a range, which must be of an allocation that lives when it runs.
char* bytes_of(Address address, size_t bytes, const char* function) {
  Allocation* const allocation = Memory::get().find(address, bytes);
  if (!allocation || !allocation->live) violation("%s runs on memory that does not live yet, or no more", function);
  return Memory::get().alias(address);
}

/// Enqueues an operation of a function on a stream.
int enqueue(const char* function, StreamHandle handle, Operation operation) {
  Queue::get().enqueue(Queue::get().stream(function, handle), std::move(operation));
  return kSuccess;
}

void check_not_empty(const char* function, size_t bytes) {
  if (bytes == 0) violation("%s: 0 bytes", function);
}

template <class T>
int memset_async(const char* function, Address to, T value, size_t count, StreamHandle stream) {
  check_not_empty(function, count);
  if (to % sizeof(T)) violation("%s: the address is not aligned", function);
  const size_t bytes = count * sizeof(T);
  return enqueue(function, stream,
                 {.what = text("%s %zu bytes", function, bytes),
                  .run =
                      [=] {
                        char* const at = bytes_of(to, bytes, function);
                        for (size_t i = 0; i < count; ++i) std::memcpy(at + i * sizeof(T), &value, sizeof(T));
                      },
                  .uses = {{to, bytes, true}}});
}

} // namespace

Context_& current(const char* function) {
  if (!current_context) violation("%s without a current context", function);
  return *current_context;
}

} // namespace ogee::fake

using namespace ogee::fake;

extern "C" {

int cuInit(unsigned flags) {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  machine.record("cuInit");
  if (flags != 0) violation("cuInit: flags");
  if (const int status = machine.injected("cuInit")) return status;
  if (machine.devices.empty()) return kNoDevice;
  machine.initialised = true;
  return kSuccess;
}

int cuDriverGetVersion(int* version) {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  if (const int status = machine.injected("cuDriverGetVersion")) return status;
  *version = machine.version;
  return kSuccess;
}

int cuGetErrorName(int status, const char** name) {
  const auto* found = find_status(status);
  *name = found ? found->name : nullptr;
  return found ? kSuccess : kInvalidValue;
}

int cuGetErrorString(int status, const char** text) {
  const auto* found = find_status(status);
  *text = found ? found->text : nullptr;
  return found ? kSuccess : kInvalidValue;
}

int cuDeviceGetCount(int* count) {
  return call(__func__, "", [&](Machine& machine) { return *count = int(machine.devices.size()), 0; });
}

int cuDeviceGet(int* device, int ordinal) {
  return call(__func__, text("%d", ordinal), [&](Machine& machine) {
    if (ordinal < 0 || size_t(ordinal) >= machine.devices.size()) return int(kInvalidDevice);
    *device = ordinal;
    return 0;
  });
}

int cuDeviceGetName(char* name, int length, int device) {
  return call(__func__, text("%d", device), [&](Machine&) {
    std::snprintf(name, size_t(length), "%s", device_of("cuDeviceGetName", device).name.c_str());
    return 0;
  });
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  return call(__func__, text("%d, %d", attribute, device), [&](Machine&) {
    const Device& info = device_of("cuDeviceGetAttribute", device);
    switch (attribute) {
    case kMultiprocessorCount: *value = 8; break;
    case kL2CacheSize: *value = 4 << 20; break;
    case kComputeCapabilityMajor: *value = info.major; break;
    case kComputeCapabilityMinor: *value = info.minor; break;
    case kMaxSharedMemoryPerBlockOptin: *value = 227 << 10; break;
    case kMemoryPoolsSupported: *value = 1; break;
    default: return int(kInvalidValue);
    }
    return 0;
  });
}

int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  return call(__func__, text("%d", device),
              [&](Machine&) { return *bytes = device_of("cuDeviceTotalMem_v2", device).memory, 0; });
}

int cuDevicePrimaryCtxRetain(ContextHandle* context, int device) {
  return call(__func__, text("%d", device), [&](Machine& machine) {
    ++device_of("cuDevicePrimaryCtxRetain", device).retained;
    *context = machine.contexts[size_t(device)].get();
    return 0;
  });
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  return call(__func__, text("%d", device), [&](Machine&) {
    if (--device_of("cuDevicePrimaryCtxRelease_v2", device).retained < 0) violation("a context is released twice");
    return 0;
  });
}

int cuCtxSetCurrent(ContextHandle context) {
  return call(__func__, context ? text("%d", context->device) : "null", [&](Machine& machine) {
    if (context && machine.devices[size_t(context->device)].retained == 0)
      violation("cuCtxSetCurrent: the context of device %d is not retained", context->device);
    current_context = context;
    return 0;
  });
}

int cuCtxGetCurrent(ContextHandle* context) {
  return call(__func__, "", [&](Machine&) { return *context = current_context, 0; });
}

int cuCtxSynchronize(void) {
  return call(__func__, "", [&](Machine& machine) {
    if (Queue::get().is_capturing(current("cuCtxSynchronize")))
      violation("cuCtxSynchronize while a stream is captured");
    Queue::get().wait_all();
    return machine.lost;
  });
}

// --- memory ---------------------------------------------------------------------------------------------------------

int cuMemGetInfo_v2(size_t* free, size_t* total) {
  return call(__func__, "", [&](Machine& machine) {
    const int device = current("cuMemGetInfo_v2").device;
    *total = machine.devices[size_t(device)].memory;
    *free = *total - Memory::get().reserved(device);
    return 0;
  });
}

int cuMemAllocAsync(Address* memory, size_t bytes, StreamHandle handle) {
  return call(__func__, text("%zu, %s", bytes, name(handle).c_str()), [&](Machine&) -> int {
    check_not_empty("cuMemAllocAsync", bytes);
    Stream_& stream = Queue::get().stream("cuMemAllocAsync", handle);
    if (stream.capture) return kCaptureUnsupported;
    Allocation* const allocation = Memory::get().allocate(stream.context->device, bytes);
    if (!allocation) return kOutOfMemory;
    enqueue("cuMemAllocAsync", handle,
            {.what = text("allocate %zu bytes", bytes), .run = [=] { allocation->live = true; }});
    allocation->stream = stream.number;
    allocation->created = stream.clock[stream.number];
    *memory = allocation->base;
    return 0;
  });
}

int cuMemFreeAsync(Address memory, StreamHandle handle) {
  return call(__func__, name(handle), [&](Machine&) -> int {
    Queue& queue = Queue::get();
    Stream_& stream = queue.stream("cuMemFreeAsync", handle);
    if (stream.capture) return kCaptureUnsupported;
    Allocation* const allocation = Memory::get().find(memory, 0);
    if (!allocation || allocation->base != memory) violation("cuMemFreeAsync: an address that was not allocated");
    if (allocation->freed) violation("cuMemFreeAsync: memory of %zu bytes is freed twice", allocation->bytes);
    queue.end_use(stream, *allocation);
    enqueue("cuMemFreeAsync", handle,
            {.what = text("free %zu bytes", allocation->bytes),
             .run =
                 [=] {
                   if (!allocation->live) violation("memory is freed before it is allocated");
                   Memory::get().check_rim(*allocation, "something");
                   Memory::get().release(*allocation);
                 },
             .uses = {{memory, allocation->bytes, true}}});
    Memory::get().forget(*allocation);
    return 0;
  });
}

int cuDeviceGetDefaultMemPool(PoolHandle* pool, int device) {
  return call(__func__, text("%d", device), [&](Machine&) { return *pool = &pool_of(device), 0; });
}

int cuMemPoolSetAttribute(PoolHandle, int attribute, void*) {
  return call(__func__, text("%d", attribute),
              [&](Machine&) { return attribute == kReleaseThreshold ? int(kSuccess) : int(kInvalidValue); });
}

int cuMemPoolGetAttribute(PoolHandle pool, int attribute, void* value) {
  return call(__func__, text("%d", attribute), [&](Machine&) {
    if (attribute != kReservedCurrent) return int(kInvalidValue);
    *static_cast<uint64_t*>(value) = Memory::get().reserved(pool->device);
    return 0;
  });
}

int cuMemPoolTrimTo(PoolHandle pool, size_t keep) {
  return call(__func__, text("%zu", keep), [&](Machine&) { return Memory::get().trim(pool->device, keep), 0; });
}

int cuMemHostAlloc(void** memory, size_t bytes, unsigned flags) {
  return call(__func__, text("%zu, %u", bytes, flags), [&](Machine&) -> int {
    check_not_empty("cuMemHostAlloc", bytes);
    current("cuMemHostAlloc");
    *memory = Memory::get().allocate_host(bytes);
    return *memory ? kSuccess : int(kOutOfMemory);
  });
}

int cuMemFreeHost(void* memory) {
  return call(__func__, "", [&](Machine&) {
    current("cuMemFreeHost");
    if (Queue::get().uses_host(memory, 1)) violation("cuMemFreeHost: enqueued work still uses it");
    if (!Memory::get().free_host(memory)) violation("cuMemFreeHost: not pinned memory, or freed twice");
    return 0;
  });
}

int cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, StreamHandle stream) {
  return call(__func__, text("%zu, %s", bytes, name(stream).c_str()), [&](Machine&) {
    check_not_empty("cuMemcpyHtoDAsync_v2", bytes);
    std::shared_ptr<std::vector<char>> staged; // what is not pinned is read now
    const bool pinned = Memory::get().is_host(from, bytes);
    if (!pinned)
      staged =
          std::make_shared<std::vector<char>>(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
    Operation copy{.what = text("copy %zu bytes to the device", bytes), .uses = {{to, bytes, true}}};
    if (pinned) copy.host = {{from, bytes}};
    copy.run = [=] { std::memcpy(bytes_of(to, bytes, "a copy to the device"), staged ? staged->data() : from, bytes); };
    return enqueue("cuMemcpyHtoDAsync_v2", stream, std::move(copy));
  });
}

int cuMemcpyDtoHAsync_v2(void* to, Address from, size_t bytes, StreamHandle stream) {
  return call(__func__, text("%zu, %s", bytes, name(stream).c_str()), [&](Machine& machine) {
    check_not_empty("cuMemcpyDtoHAsync_v2", bytes);
    const bool pinned = Memory::get().is_host(to, bytes);
    Operation copy{.what = text("copy %zu bytes to the host", bytes), .uses = {{from, bytes, false}}};
    if (pinned) copy.host = {{to, bytes}};
    copy.run = [=] { std::memcpy(to, bytes_of(from, bytes, "a copy to the host"), bytes); };
    enqueue("cuMemcpyDtoHAsync_v2", stream, std::move(copy));
    if (!pinned) Queue::get().wait(*stream); // such a copy is done when the call returns
    return machine.lost;
  });
}

int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, StreamHandle stream) {
  return call(__func__, text("%zu, %s", bytes, name(stream).c_str()), [&](Machine&) {
    check_not_empty("cuMemcpyDtoDAsync_v2", bytes);
    if (to < from + bytes && from < to + bytes) violation("cuMemcpyDtoDAsync_v2: the ranges overlap");
    return enqueue("cuMemcpyDtoDAsync_v2", stream,
                   {.what = text("copy %zu bytes", bytes),
                    .run = [=] { std::memcpy(bytes_of(to, bytes, "a copy"), bytes_of(from, bytes, "a copy"), bytes); },
                    .uses = {{from, bytes, false}, {to, bytes, true}}});
  });
}

int cuMemcpyPeerAsync(Address to, ContextHandle to_context, Address from, ContextHandle from_context, size_t bytes,
                      StreamHandle stream) {
  return call(__func__, text("%zu, %s", bytes, name(stream).c_str()), [&](Machine&) {
    check_not_empty("cuMemcpyPeerAsync", bytes);
    const auto is_on = [&](Address address, ContextHandle context) {
      Allocation* const allocation = Memory::get().find(address, bytes);
      if (!allocation || allocation->device != context->device)
        violation("cuMemcpyPeerAsync: memory that is not of device %d", context->device);
    };
    is_on(to, to_context);
    is_on(from, from_context);
    return enqueue(
        "cuMemcpyPeerAsync", stream,
        {.what = text("copy %zu bytes from device %d to %d", bytes, from_context->device, to_context->device),
         .run = [=] { std::memcpy(bytes_of(to, bytes, "a copy"), bytes_of(from, bytes, "a copy"), bytes); },
         .uses = {{from, bytes, false}, {to, bytes, true}}});
  });
}

int cuMemsetD8Async(Address to, unsigned char value, size_t count, StreamHandle stream) {
  return call(__func__, text("%zu, %s", count, name(stream).c_str()),
              [&](Machine&) { return memset_async("cuMemsetD8Async", to, value, count, stream); });
}

int cuMemsetD32Async(Address to, unsigned value, size_t count, StreamHandle stream) {
  return call(__func__, text("%zu, %s", count, name(stream).c_str()),
              [&](Machine&) { return memset_async("cuMemsetD32Async", to, value, count, stream); });
}

// --- work of other libraries ----------------------------------------------------------------------------------------

void ogee_fake_cuda_enqueue(StreamHandle stream, const char* what, const WorkUse* uses, unsigned count,
                            void (*run)(void* context, char* const* memory), void (*drop)(void* context),
                            void* context) {
  const std::shared_ptr<void> owned(context, drop);
  call("ogee_fake_cuda_enqueue", what, [&](Machine&) {
    Operation operation{.what = what};
    for (const WorkUse& use : std::span(uses, count)) operation.uses.push_back({use.address, use.bytes, use.writes});
    operation.run = [run, owned, used = operation.uses, name = operation.what] {
      std::vector<char*> memory;
      for (const Use& use : used) memory.push_back(bytes_of(use.address, use.bytes, name.c_str()));
      run(owned.get(), memory.data());
    };
    return enqueue(what, stream, std::move(operation));
  });
}
static_assert(std::is_same_v<decltype(ogee_fake_cuda_enqueue), EnqueueWork>);

// --- what tests tell it ---------------------------------------------------------------------------------------------

void ogee_fake_cuda_fail(const char* function, unsigned long long number, int status) {
  const std::lock_guard lock(Machine::get().mutex);
  Machine::get().fail(function, number, status);
}

unsigned long long ogee_fake_cuda_calls(const char* function) {
  const std::lock_guard lock(Machine::get().mutex);
  return Machine::get().calls(function);
}

void ogee_fake_cuda_record(int on) {
  const std::lock_guard lock(Machine::get().mutex);
  Machine::get().set_recording(on != 0);
}

const char* ogee_fake_cuda_take_record() {
  static std::string record;
  const std::lock_guard lock(Machine::get().mutex);
  record = Machine::get().take_record();
  return record.c_str();
}

} // extern "C"

#define OGEE_SAME(name, parameters)                                                                                    \
  extern "C" int name parameters;                                                                                      \
  static_assert(std::is_same_v<decltype(&::name), decltype(Driver::name)>);
OGEE_CUDA_DRIVER(OGEE_SAME)
