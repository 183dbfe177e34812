// Modules and launches of the fake driver: a module is a shared library that the fake NVRTC has made.
#include "tests/cuda/fake/control.h"
#include "tests/cuda/fake/kernel.h"
#include "tests/cuda/fake/queue.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace ogee::runtime::cuda {

struct Function_ {
  const shim::Kernel* kernel = nullptr;
  Module_* module = nullptr;
  int most_dynamic_shared = 48 << 10;
};

struct Module_ {
  void* library = nullptr;
  Context_* context = nullptr;
  std::map<std::string, std::unique_ptr<Function_>> functions;
};

} // namespace ogee::runtime::cuda

namespace ogee::fake {
namespace {

constexpr unsigned kMostShared = 227 << 10;

std::map<ModuleHandle, std::unique_ptr<Module_>>& modules() {
  static auto* const all = new std::map<ModuleHandle, std::unique_ptr<Module_>>;
  return *all;
}
std::set<const void*>& functions() {
  static auto* const all = new std::set<const void*>;
  return *all;
}

char* stacks() {
  static char* const memory =
      static_cast<char*>(mmap(nullptr, size_t(shim::kMostThreads) * shim::kStack, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  return memory;
}

char* shared_memory() {
  static char* const memory = new char[kMostShared];
  return memory;
}

/// The size of an ELF file in memory: its section headers stand at its end.
size_t size_of(const char* image) {
  Elf64_Ehdr header;
  std::memcpy(&header, image, sizeof header);
  return header.e_shoff + size_t(header.e_shnum) * header.e_shentsize;
}

/// The library within a PTX text, or "".
std::string code_of(const char* ptx) {
  const char* at = std::strstr(ptx, "// code ");
  std::string code;
  if (!at) return code;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (at += 8; at[0] > ' ' && at[1] > ' '; at += 2) code += char(digit(at[0]) << 4 | digit(at[1]));
  return code;
}

void* open_library(const std::string& code) {
  std::string path = (std::filesystem::temp_directory_path() / "ogee-fake-module-XXXXXX").string();
  const int file = mkstemp(path.data());
  if (file < 0 || write(file, code.data(), code.size()) != ssize_t(code.size())) violation("no room for a module");
  close(file);
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  unlink(path.c_str());
  return library;
}

/// Whether code of an architecture runs on a device: of the same major version, of its own ("a") or an older minor one.
bool runs_on(const Device& device, const std::string& architecture, bool ptx) {
  std::string digits = architecture.substr(3);
  const bool exact = digits.ends_with('a');
  if (exact || digits.ends_with('f')) digits.pop_back();
  const int number = std::stoi(digits), major = number / 10, minor = number % 10;
  if (exact) return major == device.major && minor == device.minor;
  if (ptx) return number <= device.major * 10 + device.minor;
  return major == device.major && minor <= device.minor;
}

int load(Machine& machine, ModuleHandle* handle, const void* image, const char*& log) {
  Context_& context = current("cuModuleLoadDataEx");
  const auto* const bytes = static_cast<const char*>(image);
  const bool ptx = std::memcmp(bytes, ELFMAG, SELFMAG) != 0;
  const std::string code = ptx ? code_of(bytes) : std::string(bytes, size_of(bytes));
  if (code.empty()) return log = "ptxas fatal   : no PTX of the fake NVRTC", kInvalidPtx;
  void* const library = open_library(code);
  if (!library) return kInvalidImage;
  const auto* const kernels = static_cast<const shim::Kernel*>(dlsym(library, "ogee_fake_kernels"));
  const auto* const architecture = static_cast<const char*>(dlsym(library, "ogee_fake_architecture"));
  if (!kernels || !architecture || !runs_on(machine.devices[size_t(context.device)], architecture, ptx)) {
    dlclose(library);
    return kernels && architecture ? kNoBinary : kInvalidImage;
  }
  auto module = std::make_unique<Module_>();
  module->library = library;
  module->context = &context;
  for (const shim::Kernel* kernel = kernels; kernel->name; ++kernel) {
    auto function = std::make_unique<Function_>(Function_{kernel, module.get()});
    functions().insert(function.get());
    module->functions[kernel->name] = std::move(function);
  }
  *handle = module.get();
  modules()[module.get()] = std::move(module);
  return kSuccess;
}

Module_& module_of(const char* function, ModuleHandle handle) {
  if (!modules().contains(handle)) violation("%s: a module that is not loaded", function);
  return *handle;
}

Function_& function_of(const char* function, FunctionHandle handle) {
  if (!functions().contains(handle)) violation("%s: a function of a module that is not loaded", function);
  return *handle;
}

/// A kernel's arguments, copied, since they are read before cuLaunchKernel returns.
struct Arguments {
  std::vector<uint64_t> bytes;
  std::vector<void*> params;
  std::vector<Use> uses;

  Arguments(const Arguments&) = delete;
  Arguments(const shim::Kernel& kernel, void** from) : bytes(kernel.params * 2), params(kernel.params) {
    for (unsigned i = 0; i < kernel.params; ++i) {
      if (!from[i]) violation("%s: no argument %u", kernel.name, i);
      if (kernel.bytes[i] > 2 * sizeof(uint64_t)) violation("%s: argument %u is too large", kernel.name, i);
      params[i] = std::memcpy(&bytes[2 * i], from[i], kernel.bytes[i]);
      if (kernel.kinds[i] != 'v') use(kernel, i, bytes[2 * i]);
    }
  }

private:
  void use(const shim::Kernel& kernel, unsigned index, Address address) {
    if (address == 0 || Memory::get().is_host(reinterpret_cast<void*>(address), 0)) return;
    if (!Memory::get().is_device(address)) violation("%s: argument %u is an address of the host", kernel.name, index);
    if (!Memory::get().find(address, 0)) violation("%s: argument %u points to no allocation", kernel.name, index);
    uses.push_back({address, 0, kernel.kinds[index] == 'w'});
  }
};

/// Runs a kernel: what it has pointers to, and nothing else, may be touched by it.
void run(const shim::Kernel& kernel, const shim::Launch& how, const Arguments& arguments) {
  Machine& machine = Machine::get();
  if (const int status = machine.injected("kernel")) {
    machine.lost = status;
    return;
  }
  Memory& memory = Memory::get();
  std::set<Allocation*> open;
  for (const Use& use : arguments.uses) {
    Allocation* const allocation = memory.find(use.address, 0);
    if (!allocation || !allocation->live)
      violation("%s runs on memory that does not live yet, or no more", kernel.name);
    open.insert(allocation);
  }
  for (const Allocation* allocation : open) memory.open(*allocation, true);
  Memory::set_running(kernel.name);
  kernel.run(how, const_cast<void**>(arguments.params.data()));
  Memory::set_running(nullptr);
  for (const Allocation* allocation : open) {
    memory.open(*allocation, false);
    memory.check_rim(*allocation, kernel.name);
  }
}

} // namespace
} // namespace ogee::fake

using namespace ogee::fake;

extern "C" {

int cuModuleLoadDataEx(ModuleHandle* module, const void* image, unsigned options, int* names, void** values) {
  return call(__func__, "", [&](Machine& machine) {
    const char* log = "";
    const int status = load(machine, module, image, log);
    char* buffer = nullptr;
    size_t room = 0;
    for (unsigned i = 0; i < options; ++i) {
      if (names[i] == kErrorLogBuffer) buffer = static_cast<char*>(values[i]);
      if (names[i] == kErrorLogBufferBytes) room = reinterpret_cast<size_t>(values[i]);
    }
    if (buffer && room) std::snprintf(buffer, room, "%s", log);
    return status;
  });
}

int cuModuleUnload(ModuleHandle handle) {
  return call(__func__, "", [&](Machine&) {
    Module_& module = module_of("cuModuleUnload", handle);
    current("cuModuleUnload");
    if (Queue::get().uses_module(handle)) violation("cuModuleUnload: a kernel of the module is still enqueued");
    for (const auto& [name, function] : module.functions) functions().erase(function.get());
    dlclose(module.library);
    modules().erase(handle);
    return 0;
  });
}

int cuModuleGetFunction(FunctionHandle* function, ModuleHandle handle, const char* name) {
  return call(__func__, name, [&](Machine&) -> int {
    Module_& module = module_of("cuModuleGetFunction", handle);
    const auto found = module.functions.find(name);
    if (found == module.functions.end()) return kNotFound;
    *function = found->second.get();
    return 0;
  });
}

int cuFuncGetAttribute(int* value, int attribute, FunctionHandle handle) {
  return call(__func__, text("%d", attribute), [&](Machine&) -> int {
    const Function_& function = function_of("cuFuncGetAttribute", handle);
    switch (attribute) {
    case kSharedBytes: *value = 0; break;
    case kLocalBytes: *value = 0; break;
    case kRegisters: *value = 32; break;
    case kMaxDynamicSharedBytes: *value = function.most_dynamic_shared; break;
    default: return kInvalidValue;
    }
    return 0;
  });
}

int cuFuncSetAttribute(FunctionHandle handle, int attribute, int value) {
  return call(__func__, text("%d, %d", attribute, value), [&](Machine&) -> int {
    Function_& function = function_of("cuFuncSetAttribute", handle);
    if (attribute != kMaxDynamicSharedBytes || value < 0 || unsigned(value) > kMostShared) return kInvalidValue;
    function.most_dynamic_shared = value;
    return 0;
  });
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, FunctionHandle handle, int threads, size_t) {
  return call(__func__, text("%d", threads), [&](Machine&) {
    function_of("cuOccupancyMaxActiveBlocksPerMultiprocessor", handle);
    *blocks = std::max(1, 2048 / std::max(threads, 1));
    return 0;
  });
}

int cuLaunchKernel(FunctionHandle handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned shared, StreamHandle stream_handle, void** params,
                   void** extra) {
  Function_* const known = functions().contains(handle) ? handle : nullptr;
  return call(__func__,
              text("%s, %u, %u, %u, %u, %u, %u, %u, %s", known ? known->kernel->name : "?", grid_x, grid_y, grid_z,
                   block_x, block_y, block_z, shared, name(stream_handle).c_str()),
              [&](Machine&) -> int {
                Function_& function = function_of("cuLaunchKernel", handle);
                const shim::Kernel& kernel = *function.kernel;
                Stream_& stream = Queue::get().stream("cuLaunchKernel", stream_handle);
                if (function.module->context != stream.context)
                  violation("%s: its module is loaded on another device", kernel.name);
                if (extra) violation("%s: extra arguments", kernel.name);
                if (!grid_x || !grid_y || !grid_z || !block_x || !block_y || !block_z) return kInvalidValue;
                if (grid_x > 0x7fffffff || grid_y > 0xffff || grid_z > 0xffff) return kInvalidValue;
                const uint64_t threads = uint64_t(block_x) * block_y * block_z;
                if (threads > shim::kMostThreads || block_z > 64) return kInvalidValue;
                if (threads > kernel.most_threads) return kTooManyResources;
                if (shared > unsigned(function.most_dynamic_shared)) return kInvalidValue;
                const shim::Launch how{
                    {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_memory(), shared, stacks()};
                const auto arguments = std::make_shared<const Arguments>(kernel, params);
                Queue::get().enqueue(stream, {.what = kernel.name,
                                              .run = [&kernel, how, arguments] { run(kernel, how, *arguments); },
                                              .uses = arguments->uses,
                                              .module = function.module});
                return 0;
              });
}

const char* ogee_fake_cuda_leaks() {
  static std::string leaks;
  const std::lock_guard lock(Machine::get().mutex);
  Queue::get().wait_all();
  leaks = Memory::get().leaks() + Queue::get().leaks() + graph_leaks();
  if (!modules().empty()) leaks += text("%zu modules", modules().size());
  return leaks.c_str();
}

} // extern "C"
