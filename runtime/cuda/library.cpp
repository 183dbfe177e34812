// Where CUDA's libraries may lie.
#include "runtime/cuda/library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

namespace ogee::runtime::cuda {
namespace {

/// Where libraries may lie under a folder that a user names.
constexpr const char* kBelow[] = {
    "",          "lib64", "lib", "nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib", "cuda_nvrtc/lib", "nvidia/cublas/lib",
    "cublas/lib"};

} // namespace

std::string named_folder() {
  const char* folder = std::getenv("OGEE_CUDA_PATH");
  return folder ? folder : "";
}

std::vector<std::string> candidates(std::span<const char* const> names, const std::string& folder) {
  std::vector<std::string> files;
  const auto add = [&](const std::string& below) {
    for (const char* name : names) files.push_back(below + "/" + name);
  };
  if (!folder.empty())
    for (const char* below : kBelow) {
      std::string path = (std::filesystem::path(folder) / below).lexically_normal().string();
      while (path.size() > 1 && path.ends_with('/')) path.pop_back();
      add(path);
    }
  for (const char* name : names) files.emplace_back(name);
  add("/usr/local/cuda/lib64");
  return files;
}

Result<Library> open_file(const std::string& file) {
  if (void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) return Library{handle, file};
  const char* reason = dlerror();
  return Failure{concat("CUDA: ", reason ? reason : file), ErrorCode::unsupported};
}

Result<Library> open_library(const char* what, std::span<const char* const> names, const std::string& folder,
                             ErrorCode code) {
  for (const std::string& file : candidates(names, folder))
    if (auto library = open_file(file)) return library;
  return Failure{missing_library(what, names, folder), code};
}

std::string missing_library(const char* what, std::span<const char* const> names, const std::string& folder) {
  std::string list;
  for (const char* name : names) list += concat(list.empty() ? "" : " or ", name);
  return concat("CUDA: ", what, " is missing: no ", list, " in ", folder.empty() ? "" : folder + ", ",
                "the system's folders or /usr/local/cuda/lib64; hint: OGEE_CUDA_PATH names a folder with CUDA's "
                "libraries");
}

void* Symbols::address(const char* name) {
  void* const found = dlsym(handle_, name);
  if (!found && missing_.empty()) missing_ = name;
  return found;
}

std::string file_of(const void* address, const std::string& otherwise) {
  Dl_info info;
  return dladdr(address, &info) && info.dli_fname ? info.dli_fname : otherwise;
}

} // namespace ogee::runtime::cuda
