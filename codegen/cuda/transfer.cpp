// The kernel that programs copy by what calls give to recorded launches.
#include "codegen/cuda/emit.h"
#include "codegen/cuda/kernel.h"
#include "runtime/program.h"

namespace ogee::codegen::cuda {

static_assert(kThreads == runtime::kTransferThreads);

std::string transferKernel(llvm::StringRef name) {
  Text text;
  text.open("static __device__ void transfer(u8* to, const u8* from, u64 number, i64 bytes)");
  text.line("const i64 first = (i64)blockIdx.x * blockDim.x + threadIdx.x, step = (i64)gridDim.x * blockDim.x;");
  text.open("if (!from)");
  text.line("if (first < bytes) to[first] = (u8)(number >> (8 * first));");
  text.line("return;");
  text.close();
  text.line("i64 done = 0;");
  text.open("if (is_aligned(to, 16) && is_aligned(from, 16))");
  text.line("done = bytes / 16 * 16;");
  text.line("for (i64 i = first; i < done / 16; i += step) copy<16>(to + 16 * i, from + 16 * i);");
  text.next("else if (is_aligned(to, 4) && is_aligned(from, 4))");
  text.line("done = bytes / 4 * 4;");
  text.line("for (i64 i = first; i < done / 4; i += step) copy<4>(to + 4 * i, from + 4 * i);");
  text.close();
  text.line("for (i64 i = done + first; i < bytes; i += step) to[i] = from[i];");
  text.close();
  const std::string threads = std::to_string(runtime::kTransferThreads);
  std::string parameters, calls;
  for (size_t i = 0; i < runtime::kTransfers; ++i) {
    const std::string n = std::to_string(i);
    parameters += (i ? ", u8* t" : "u8* t") + n + ", const u8* f" + n + ", u64 v" + n + ", i64 n" + n;
    calls += "  transfer(t" + n + ", f" + n + ", v" + n + ", n" + n + ");\n";
  }
  return text.take() + "extern \"C\" __global__ void __launch_bounds__(" + threads + ") " + name.str() + "(" +
         parameters + ") {\n" + calls + "}\n";
}

} // namespace ogee::codegen::cuda
