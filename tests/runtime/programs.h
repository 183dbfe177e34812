// Small programs for tests, whose kernels are functions of the test program or a few bytes of machine code.
#pragma once

#include "runtime/executable.h"
#include "runtime/shape.h"
#include "runtime/size_table.h"

#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace ogee::runtime::testing {

/// An image of functions of this process: entries "k0", "k1" ….
inline ImageRef in_process(std::vector<KernelFn> functions) {
  ImageData data;
  for (size_t i = 0; i < functions.size(); ++i) data.entries.push_back({"k" + std::to_string(i), 0});
  data.functions = std::move(functions);
  return std::make_shared<const Image>(std::move(data));
}

/// Kernels on f32, whose sizes are (n, …): buffers 0 and 1 in, the last one out.
inline int32_t add_kernel(void* const* buffers, const int64_t*, int64_t begin, int64_t end, void*) {
  const auto *x = static_cast<const float*>(buffers[0]), *y = static_cast<const float*>(buffers[1]);
  for (int64_t i = begin; i < end; ++i) static_cast<float*>(buffers[2])[i] = x[i] + y[i];
  return 0;
}
inline int32_t twice_kernel(void* const* buffers, const int64_t*, int64_t begin, int64_t end, void*) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<float*>(buffers[1])[i] = 2 * static_cast<const float*>(buffers[0])[i];
  return 0;
}

/// out[i] = sizes[0] for i in [begin, end): machine code that does the same as in_process functions could.
inline std::vector<uint8_t> store_size_code() {
#if defined(__x86_64__)
  return {0x48, 0x8B, 0x07,       // mov rax, [rdi]
          0x4C, 0x8B, 0x0E,       // mov r9, [rsi]
          0x48, 0x39, 0xCA,       // next: cmp rdx, rcx
          0x7D, 0x09,             // jge done
          0x4C, 0x89, 0x0C, 0xD0, // mov [rax + 8 * rdx], r9
          0x48, 0xFF, 0xC2,       // inc rdx
          0xEB, 0xF2,             // jmp next
          0x31, 0xC0,             // done: xor eax, eax
          0xC3};                  // ret
#else
  const uint32_t words[] = {0xF9400005,  // ldr x5, [x0]
                            0xF9400026,  // ldr x6, [x1]
                            0xEB03005F,  // next: cmp x2, x3
                            0x5400008A,  // b.ge done
                            0xF82278A6,  // str x6, [x5, x2, lsl #3]
                            0x91000442,  // add x2, x2, #1
                            0x17FFFFFC,  // b next
                            0x52800000,  // done: mov w0, #0
                            0xD65F03C0}; // ret
  std::vector<uint8_t> bytes(sizeof words);
  std::memcpy(bytes.data(), words, sizeof words);
  return bytes;
#endif
}

inline ImageData store_size_image() {
  ImageData data;
  data.architecture = host_architecture();
  data.bytes = store_size_code();
  data.entries = {{"store_size", 0}};
  return data;
}

/// A module with entries "k0", "k1" … whose code is no more than the head of a cubin.
inline CudaModuleRef empty_module(size_t entries = 1, const std::string& architecture = "sm_90") {
  CudaModule module;
  module.architecture = architecture;
  module.code.assign(64, 0);
  const uint8_t magic[] = {0x7f, 'E', 'L', 'F', 2};
  std::memcpy(module.code.data(), magic, sizeof magic);
  for (size_t i = 0; i < entries; ++i) module.entries.push_back("k" + std::to_string(i));
  return std::make_shared<const CudaModule>(std::move(module));
}

/// Builds a Program step by step; symbols are those of the arguments' dims.
class Builder {
public:
  Program program;
  SizeTable sizes;

  /// An argument whose dims are numbers or symbols; returns its buffer.
  uint32_t arg(const std::string& name, const Shape& dims, DType dtype = DType::f32) {
    ArgSpec spec{name, dtype};
    const auto index = static_cast<uint32_t>(program.args.size());
    for (uint32_t axis = 0; axis < dims.size(); ++axis) {
      if (const DimSymbol* symbol = dims[axis].as_symbol()) sizes.bind(*symbol, {SymbolSource::Kind::dim, index, axis});
      spec.dims.push_back(sizes.slot(dims[axis]));
    }
    program.args.push_back(spec);
    return buffer({Buffer::Kind::argument, index});
  }
  uint32_t result(const std::string& name, const Shape& dims, DType dtype = DType::f32) {
    const auto index = static_cast<uint32_t>(program.results.size());
    ResultSpec spec{name, dtype, slots(dims), buffer({Buffer::Kind::result, index})};
    program.results.push_back(spec);
    return spec.buffer;
  }
  uint32_t constant(std::vector<uint8_t> bytes) {
    program.constants.push_back(std::move(bytes));
    return buffer({Buffer::Kind::constant, static_cast<uint32_t>(program.constants.size() - 1)});
  }
  uint32_t arena(const Dim& bytes, uint32_t first, uint32_t last) {
    return buffer({Buffer::Kind::arena, 0, sizes.slot(bytes), first, last});
  }
  uint32_t buffer(Buffer buffer) {
    program.buffers.push_back(buffer);
    return static_cast<uint32_t>(program.buffers.size() - 1);
  }
  std::vector<Slot> slots(const Shape& dims) {
    std::vector<Slot> all;
    for (const Dim& dim : dims) all.push_back(sizes.slot(dim));
    return all;
  }
  /// A launch of a function of this process over `units`.
  KernelLaunch launch(KernelFn function, std::vector<uint32_t> buffers, const Dim& units, const Shape& arguments = {}) {
    program.images.push_back(in_process({function}));
    KernelLaunch kernel;
    kernel.image = static_cast<uint32_t>(program.images.size() - 1);
    kernel.buffers = std::move(buffers);
    kernel.sizes = slots(arguments);
    kernel.units = sizes.slot(units);
    kernel.name = "test";
    return kernel;
  }
  /// A launch of the first entry of a module.
  CudaLaunch launch(CudaModuleRef module, std::vector<uint32_t> buffers, const Dim& blocks,
                    const Shape& arguments = {}) {
    program.device = Device::Kind::cuda;
    program.modules.push_back(std::move(module));
    CudaLaunch kernel;
    kernel.module = static_cast<uint32_t>(program.modules.size() - 1);
    kernel.buffers = std::move(buffers);
    kernel.sizes = slots(arguments);
    kernel.blocks = sizes.slot(blocks);
    kernel.threads = 256;
    kernel.name = "test";
    kernel.location = "a.cpp:4";
    return kernel;
  }
  Program finish() {
    program.values = sizes.table();
    return program;
  }
};

/// A tensor argument over a vector.
template <class T>
TensorArg tensor(std::vector<T>& data, const std::vector<int64_t>& sizes, DType dtype = DType::f32,
                 const int64_t* strides = nullptr) {
  return {data.data(), sizes.data(), strides, static_cast<uint32_t>(sizes.size()), dtype};
}

/// What an action's Error says.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) { return error.what(); }
  return "no error";
}

/// count values: first, first + 1 …
inline std::vector<float> ramp(size_t count, float first = 0) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

/// Keeps what a program reports.
class Sink final : public ResultSink {
public:
  struct Reported {
    std::vector<std::byte> memory;
    std::vector<int64_t> dims;
  };
  std::vector<Reported> results;

  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t bytes) override {
    if (results.size() <= result) results.resize(result + 1);
    Reported& reported = results[result];
    reported.dims.assign(dims.begin(), dims.end());
    reported.memory.assign(static_cast<size_t>(bytes) + 1, std::byte(0xee)); // one more: never null
    return reported.memory.data();
  }
  template <class T>
  std::vector<T> values(size_t result) const {
    std::vector<T> out((results[result].memory.size() - 1) / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), results[result].memory.data(), out.size() * sizeof(T));
    return out;
  }
};

/// The size of most programs here.
inline const Dim n = Dim::symbol("n", 1, 1 << 20);

/// z = x + y over [n], one kernel.
inline Builder add_program() {
  Builder b;
  const uint32_t x = b.arg("x", {n}), y = b.arg("y", {n}), z = b.result("z", {n});
  b.program.launches.push_back({b.launch(add_kernel, {x, y, z}, n, {n})});
  return b;
}

/// Runs a program of two vectors of equal size.
inline std::vector<float> run_two(const Executable& executable, std::vector<float> x, std::vector<float> y) {
  const std::vector<int64_t> sizes = {static_cast<int64_t>(x.size())};
  const TensorArg args[] = {tensor(x, sizes), tensor(y, sizes)};
  Sink sink;
  executable.run({args}, sink);
  return sink.values<float>(0);
}

} // namespace ogee::runtime::testing
