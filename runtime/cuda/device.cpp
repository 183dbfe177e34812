// GPUs and their contexts, blame, and the end of CUDA in a process.
#include "runtime/cuda/device.h"

#include "runtime/cuda/fault.h"
#include "runtime/cuda/matmul.h"
#include "runtime/cuda/memory.h"
#include "runtime/runtime.h"

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ogee::runtime::cuda {

Blame blame_of(int status) noexcept {
  switch (status) {
  case 0:
  case kNotReady: return Blame::none;
  case kOutOfMemory: return Blame::memory;
  case kStubLibrary:
  case kNoDevice:
  case 101: // invalid device
  case 209: // no code for this device
  case 218: // invalid PTX
  case 221: // no compiler of PTX
  case 222: // PTX newer than the driver
  case 803: // the driver's parts do not fit each other
  case 804: // nor the hardware
    return Blame::world;
  case 214: // uncorrectable memory error
  case 220: // the same of a link
  case 700: // illegal address
  case 702: // ran too long
  case 710: // assertion
  case 714: // the stack
  case 715: // illegal instruction
  case 716: // misaligned address
  case 717: // invalid address space
  case 718: // invalid program counter
  case 719: // launch failure
    return Blame::lost;
  default: return Blame::call;
  }
}

int device_count() noexcept {
  try {
    return Devices::get().count();
  } catch (...) { // variables of the environment that make no sense
    return 0;
  }
}

// --- recent launches ------------------------------------------------------------------------------------------------

void RecentLaunches::add(StreamHandle stream, std::string_view text) noexcept {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[next_];
  entry.stream = stream;
  entry.length = std::min(text.size(), entry.text.size());
  std::memcpy(entry.text.data(), text.data(), entry.length);
  next_ = (next_ + 1) % entries_.size();
  ++count_;
}

void RecentLaunches::forget(StreamHandle stream) noexcept {
  const std::lock_guard lock(mutex_);
  if (count_ == 0) return;
  bool left = false;
  for (Entry& entry : entries_) {
    if (!stream || entry.stream == stream) entry.length = 0;
    left = left || entry.length > 0;
  }
  if (!left) count_ = 0;
}

std::string RecentLaunches::text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[(next_ + i) % entries_.size()];
    if (entry.length == 0) continue;
    text += text.empty() ? "; launches since the last check: " : ", ";
    text.append(entry.text.data(), entry.length);
  }
  if (count_ > entries_.size() && !text.empty()) text += concat(" and ", count_ - entries_.size(), " before");
  return text;
}

// --- one GPU --------------------------------------------------------------------------------------------------------

Gpu::Gpu(const Driver& driver, int index) : driver_(driver), index_(index) {
  check(driver.cuDeviceGet(&handle_, index), "finding the device");
  const auto attribute = [&](DeviceAttribute which) {
    int value = 0;
    check(driver.cuDeviceGetAttribute(&value, which, handle_), "reading the device's properties");
    return value;
  };
  std::array<char, 256> name{};
  check(driver.cuDeviceGetName(name.data(), int(name.size()) - 1, handle_), "reading the device's name");
  properties_.name = name.data();
  properties_.major = attribute(kComputeCapabilityMajor);
  properties_.minor = attribute(kComputeCapabilityMinor);
  properties_.multiprocessors = attribute(kMultiprocessorCount);
  properties_.l2_bytes = size_t(attribute(kL2CacheSize));
  properties_.shared_bytes_per_block = size_t(attribute(kMaxSharedMemoryPerBlockOptin));
  check(driver.cuDeviceTotalMem_v2(&properties_.memory_bytes, handle_), "reading the device's memory size");
  if (!attribute(kMemoryPoolsSupported))
    raise(ErrorCode::unsupported, "CUDA: ", device(), " (", properties_.name, ") has no memory pools");

  check(driver.cuDevicePrimaryCtxRetain(&context_, handle_), "making a context");
  try {
    activate();
    check(driver.cuDeviceGetDefaultMemPool(&pool_, handle_), "finding the memory pool");
    uint64_t most = UINT64_MAX; // freed memory stays with the pool
    check(driver.cuMemPoolSetAttribute(pool_, kReleaseThreshold, &most), "setting up the memory pool");
    pinned_ = std::make_unique<PinnedPool>();
    faults_ = std::make_unique<FaultWords>();
    matmuls_ = std::make_unique<Matmuls>(*this);
    stream_ = std::make_unique<Stream>(*this);
  } catch (...) {
    note(driver.cuDevicePrimaryCtxRelease_v2(handle_), "releasing the context");
    throw;
  }
}

Gpu::~Gpu() = default;

Gpu& Gpu::get(int index) { return Devices::get().gpu(index); }

Stream& Gpu::stream() {
  Stream* const chosen = thread_stream(index_);
  return chosen ? *chosen : *stream_;
}

void Gpu::synchronize() {
  Devices::get().check();
  activate();
  stream().refuse_recording("waiting");
  check(wait_for_all(), "waiting for the device");
  recent_.forget(nullptr);
  faults_->check(true);
}

void Gpu::synchronize(Stream& stream) {
  Devices::get().check();
  activate();
  stream.refuse_recording("waiting");
  check(driver_.cuStreamSynchronize(stream.handle()), "waiting for the device");
  recent_.forget(stream.handle());
  faults_->check(false);
}

void Gpu::add(Keeper& keeper) {
  const std::lock_guard lock(keepers_mutex_);
  keepers_.push_back(&keeper);
}

void Gpu::remove(Keeper& keeper) noexcept {
  const std::lock_guard lock(keepers_mutex_);
  std::erase(keepers_, &keeper);
}

void Gpu::reclaim() noexcept {
  const std::lock_guard lock(keepers_mutex_);
  for (Keeper* const keeper : keepers_) keeper->reclaim();
}

int Gpu::wait_for_all() noexcept {
  const std::lock_guard lock(recordings_);
  return driver_.cuCtxSynchronize();
}

void Gpu::activate() { check(driver_.cuCtxSetCurrent(context_), "choosing the device"); }

bool Gpu::try_activate() noexcept {
  if (Devices::get().is_over()) return false;
  int status = driver_.cuCtxSetCurrent(context_);
  if (status != 0) status = driver_.cuCtxSetCurrent(context_); // what is not given back now never is
  note(status, "choosing the device");
  return status == 0;
}

void Gpu::fail(int status, std::string_view what) {
  const std::string text = concat("CUDA: ", device(), ": ", what, " failed: ", driver_.describe(status));
  switch (blame_of(status)) {
  case Blame::memory: raise(ErrorCode::out_of_memory, text);
  case Blame::world: raise(ErrorCode::unsupported, text);
  case Blame::lost: {
    const std::string all = text + recent_.text();
    Devices::get().lose(all);
    raise(ErrorCode::no_device, all, "; CUDA cannot be used any more in this process");
  }
  default: raise(ErrorCode::state, text);
  }
}

void Gpu::note(int status, std::string_view what) noexcept {
  if (blame_of(status) != Blame::lost) return;
  try {
    fail(status, what);
  } catch (...) { // what is given back has no one to tell: the next call says it
  }
}

// --- all of them ----------------------------------------------------------------------------------------------------

namespace {

/// What ends CUDA in this process: its end (the driver may be gone before the last tensor) and a fork (a context does
/// not survive it).
void at_exit() { Devices::get().lose("the process ends"); }
void in_child() { Devices::get().lose("the process was forked after CUDA's first use"); }

} // namespace

Devices& Devices::get() { return Runtime::get().gpus(); }

const Driver& Devices::driver() {
  const Result<Driver>& driver = Driver::get();
  if (!driver) throw Error(driver.failure().code, driver.message());
  if (!watches_) { // after the driver has started: handlers run in reverse
    watches_ = true;
    std::atexit(at_exit);
    pthread_atfork(nullptr, nullptr, in_child);
  }
  return *driver;
}

Gpu& Devices::gpu(int index) {
  check();
  if (index >= 0 && index < kMost)
    if (Gpu* const gpu = gpus_[index].load(std::memory_order_acquire)) return *gpu;
  const std::lock_guard lock(mutex_);
  const Device device(Device::Kind::cuda, index);
  const Result<Driver>& opened = Driver::get();
  if (!opened) raise(opened.failure().code, "there is no device ", device, ": ", opened.message());
  const Driver& driver = this->driver();
  int count = 0;
  const int status = driver.cuDeviceGetCount(&count);
  if (status != 0) {
    const std::string text = concat("CUDA: counting devices failed: ", driver.describe(status));
    if (blame_of(status) == Blame::lost) lose(text);
    raise(ErrorCode::no_device, text);
  }
  if (index < 0 || index >= std::min(count, kMost))
    raise(ErrorCode::no_device, "there is no device ", device, ": CUDA has ", count,
          count == 1 ? " device" : " devices");
  std::atomic<Gpu*>& gpu = gpus_[index];
  if (!gpu.load(std::memory_order_relaxed)) gpu.store(new Gpu(driver, index), std::memory_order_release);
  return *gpu.load(std::memory_order_relaxed);
}

Gpu* Devices::made(int index) noexcept {
  return index < 0 || index >= kMost ? nullptr : gpus_[index].load(std::memory_order_acquire);
}

int Devices::count() noexcept {
  if (is_over()) return 0;
  const std::lock_guard lock(mutex_);
  int count = 0;
  if (!Driver::get() || driver().cuDeviceGetCount(&count) != 0) return 0;
  return std::clamp(count, 0, kMost);
}

void Devices::lose(const std::string& reason) noexcept {
  const char* none = nullptr;
  char* const text = strdup(reason.c_str()); // the first reason stays for as long as the process runs
  if (!text || !reason_.compare_exchange_strong(none, text)) std::free(text);
  over_.store(true, std::memory_order_release);
}

void Devices::check() const {
  if (!is_over()) return;
  const char* const reason = reason_.load();
  raise(ErrorCode::no_device, "CUDA cannot be used any more in this process: ", reason ? reason : "no memory");
}

} // namespace ogee::runtime::cuda
