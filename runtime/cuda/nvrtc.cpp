// Finds and opens NVRTC, and compiles with it.
#include "runtime/cuda/nvrtc.h"

#include "runtime/build_id.h"
#include "runtime/cuda/architecture.h"
#include "runtime/cuda/library.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

namespace ogee::runtime::cuda {

using Program = void*;

/// The functions in use; all but the one of the version give 0 where they succeed. Handles lead to the same library for
/// as long as the process runs.
struct Nvrtc::Functions {
  int (*version)(int* major, int* minor) = nullptr;
  const char* (*error_string)(int status) = nullptr;
  int (*architecture_count)(int* count) = nullptr;
  int (*architecture_list)(int* list) = nullptr;
  int (*create)(Program* program, const char* text, const char* name, int headers, const char* const* header_texts,
                const char* const* header_names) = nullptr;
  int (*destroy)(Program* program) = nullptr;
  int (*compile)(Program program, int options, const char* const* option_texts) = nullptr;
  int (*log_size)(Program program, size_t* size) = nullptr;
  int (*log)(Program program, char* text) = nullptr;
  int (*ptx_size)(Program program, size_t* size) = nullptr;
  int (*ptx)(Program program, char* text) = nullptr;
  int (*cubin_size)(Program program, size_t* size) = nullptr;
  int (*cubin)(Program program, char* bytes) = nullptr;

  /// The name of a function that the library lacks, "" if it has all.
  std::string load(void* library) {
    Symbols symbols(library);
    symbols.find(version, "nvrtcVersion");
    symbols.find(error_string, "nvrtcGetErrorString");
    symbols.find(architecture_count, "nvrtcGetNumSupportedArchs");
    symbols.find(architecture_list, "nvrtcGetSupportedArchs");
    symbols.find(create, "nvrtcCreateProgram");
    symbols.find(destroy, "nvrtcDestroyProgram");
    symbols.find(compile, "nvrtcCompileProgram");
    symbols.find(log_size, "nvrtcGetProgramLogSize");
    symbols.find(log, "nvrtcGetProgramLog");
    symbols.find(ptx_size, "nvrtcGetPTXSize");
    symbols.find(ptx, "nvrtcGetPTX");
    symbols.find(cubin_size, "nvrtcGetCUBINSize");
    symbols.find(cubin, "nvrtcGetCUBIN");
    return symbols.missing();
  }
};

namespace {

constexpr const char* kNames[] = {"libnvrtc.so.13", "libnvrtc.so.12"};

/// What `get` writes into `size(…)` bytes.
template <class Bytes, class Size, class Get>
Bytes read(Program program, Size size, Get get, bool text) {
  size_t count = 0;
  if (size(program, &count) != 0 || count == 0) return {};
  Bytes bytes(count, 0);
  if (get(program, bytes.data()) != 0) return {};
  if (text) bytes.resize(count - 1); // the zero at the end
  return bytes;
}

} // namespace

const Result<Nvrtc>& Nvrtc::get() {
  static const Result<Nvrtc>* const library = new Result<Nvrtc>(open(named_folder()));
  return *library;
}

Result<Nvrtc> Nvrtc::open(const std::string& folder) {
  const auto library = open_library("NVRTC", kNames, folder, ErrorCode::unsupported);
  if (!library) return library.failure();
  Nvrtc nvrtc;
  auto functions = std::make_shared<Functions>();
  if (const std::string missing = functions->load(library->handle); !missing.empty())
    return Failure{concat("CUDA: ", library->path, " has no ", missing), ErrorCode::unsupported};
  nvrtc.path_ = file_of(reinterpret_cast<const void*>(functions->version), library->path);
  functions->version(&nvrtc.major_, &nvrtc.minor_);
  // The library opens this one by its bare name, which finds it beside itself only where the system looks there.
  const std::string builtins = concat("libnvrtc-builtins.so.", nvrtc.version());
  const auto beside = std::filesystem::path(nvrtc.path_).parent_path() / builtins;
  if (!dlopen(beside.c_str(), RTLD_NOW | RTLD_GLOBAL) && !dlopen(builtins.c_str(), RTLD_NOW | RTLD_GLOBAL))
    return Failure{concat("CUDA: ", builtins, " is missing: not beside ", nvrtc.path_, " nor in the system's folders"),
                   ErrorCode::unsupported};
  int count = 0;
  if (functions->architecture_count(&count) == 0 && count > 0) {
    nvrtc.architectures_.resize(count);
    functions->architecture_list(nvrtc.architectures_.data());
    std::sort(nvrtc.architectures_.begin(), nvrtc.architectures_.end());
  }
  nvrtc.identity_ = concat(nvrtc.version(), " ", build_id(reinterpret_cast<const void*>(functions->version)));
  nvrtc.functions_ = std::move(functions);
  return nvrtc;
}

Result<Nvrtc::Code> Nvrtc::compile(const std::string& text, const std::string& architecture) const {
  const auto parsed = Architecture::parse(architecture);
  if (!parsed || std::find(architectures_.begin(), architectures_.end(), parsed->number) == architectures_.end())
    return Failure{concat("CUDA: NVRTC ", version(), " does not compile for ", architecture, "; it does for ",
                          list_of(architectures_)),
                   ErrorCode::unsupported};
  Program program = nullptr;
  if (const int status = functions_->create(&program, text.c_str(), "ogee.cu", 0, nullptr, nullptr); status != 0)
    return failure("CUDA: NVRTC: ", functions_->error_string(status));
  const std::string target = "--gpu-architecture=" + architecture;
  std::vector<const char*> options = {target.c_str(),       "--std=c++17",       "--fmad=false",
                                      "--ftz=false",        "--prec-div=true",   "--prec-sqrt=true",
                                      "--disable-warnings", "--ptxas-options=-v"};
  if (major_ >= 13) options.push_back("--no-cache"); // its own cache would start CUDA in this process
  const int status = functions_->compile(program, int(options.size()), options.data());
  Code code;
  code.log = read<std::string>(program, functions_->log_size, functions_->log, true);
  if (status == 0) {
    code.ptx = read<std::string>(program, functions_->ptx_size, functions_->ptx, true);
    code.cubin = read<std::vector<char>>(program, functions_->cubin_size, functions_->cubin, false);
  }
  functions_->destroy(&program);
  if (status != 0) return failure("CUDA: NVRTC: ", functions_->error_string(status), "\n", code.log);
  return code;
}

} // namespace ogee::runtime::cuda
