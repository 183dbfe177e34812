// Finds and opens cuBLASLt.
#include "runtime/cuda/cublaslt.h"

#include "runtime/cuda/library.h"

namespace ogee::runtime::cuda {
namespace {

constexpr const char* kNames[] = {"libcublasLt.so.13", "libcublasLt.so.12"};

/// The name of a function that the library lacks, "" if it has all.
std::string load(CublasLt& library, void* handle) {
  Symbols symbols(handle);
#define OGEE_FIND(result, name, parameters) symbols.find(library.name, #name);
  OGEE_CUBLASLT(OGEE_FIND)
#undef OGEE_FIND
  return symbols.missing();
}

} // namespace

const Result<CublasLt>& CublasLt::get() {
  static const Result<CublasLt>* const library = new Result<CublasLt>(open(named_folder()));
  return *library;
}

Result<CublasLt> CublasLt::open(const std::string& folder) {
  const auto file = open_library("cuBLASLt", kNames, folder, ErrorCode::unsupported);
  if (!file) return file.failure();
  CublasLt library;
  if (const std::string missing = load(library, file->handle); !missing.empty())
    return Failure{concat("CUDA: ", file->path, " has no ", missing), ErrorCode::unsupported};
  library.version = library.cublasLtGetVersion();
  library.path = file_of(reinterpret_cast<const void*>(library.cublasLtGetVersion), file->path);
  return library;
}

std::string CublasLt::describe(int status) const {
  const char* const text = cublasLtGetStatusString(status);
  return text ? concat(text, " (", status, ")") : concat("status ", status);
}

} // namespace ogee::runtime::cuda
