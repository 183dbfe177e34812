// Finds, opens and initialises the driver.
#include "runtime/cuda/driver.h"

#include "runtime/cuda/library.h"

#include <cstdlib>
#include <filesystem>

namespace ogee::runtime::cuda {
namespace {

constexpr const char* kNames[] = {"libcuda.so.1"};
constexpr int kOldest = 12000;

std::string version_text(int number) { return concat(number / 1000, ".", number % 1000 / 10); }

/// The name of a function that the library lacks, "" if it has all.
std::string load(Driver& driver, void* library) {
  Symbols symbols(library);
#define OGEE_FIND(name, parameters) symbols.find(driver.name, #name);
  OGEE_CUDA_DRIVER(OGEE_FIND)
#undef OGEE_FIND
  return symbols.missing();
}

/// Why cuInit failed.
std::string initialisation_text(const Driver& driver, int status) {
  if (status == kStubLibrary) return concat("CUDA: ", driver.path, " is the toolkit's stub, not a driver");
  const std::string found = concat("the driver ", driver.version(), " (", driver.path, ")");
  if (status != kNoDevice) return concat("CUDA: ", found, " does not start: ", driver.describe(status));
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return concat("CUDA: ", found, " finds no device",
                visible ? concat("; CUDA_VISIBLE_DEVICES is '", visible, "'") : "");
}

Result<Driver> start(const Library& library) {
  const auto no_device = [](const std::string& text) { return Failure{text, ErrorCode::no_device}; };
  Driver driver;
  driver.path = library.path;
  const std::string missing = load(driver, library.handle);
  if (driver.cuDriverGetVersion) {
    driver.path = file_of(reinterpret_cast<const void*>(driver.cuDriverGetVersion), library.path);
    if (driver.cuDriverGetVersion(&driver.version_number) != 0) driver.version_number = 0;
  }
  // An old driver lacks functions: its age is what a user can act on.
  if (driver.version_number > 0 && driver.version_number < kOldest)
    return no_device(concat("CUDA: the driver ", driver.version(), " (", driver.path,
                            ") is too old: ", version_text(kOldest), " or newer is needed"));
  if (!missing.empty())
    return no_device(concat("CUDA: the driver ", driver.version(), " (", driver.path, ") has no ", missing));
  if (const int status = driver.cuInit(0); status != 0) return no_device(initialisation_text(driver, status));
  return driver;
}

} // namespace

const Result<Driver>& Driver::get() {
  static const Result<Driver>* const driver = new Result<Driver>(open(named_folder()));
  return *driver;
}

Result<Driver> Driver::open(const std::string& folder) {
  std::optional<Failure> first;
  for (const std::string& file : candidates(kNames, folder)) {
    const auto library = open_file(file);
    if (!library) {
      if (!first && std::filesystem::exists(file)) first = Failure{library.message(), ErrorCode::no_device};
      continue;
    }
    auto driver = start(*library);
    if (driver) return driver;
    if (!first) first = driver.failure();
  }
  if (first) return *first;
  return Failure{missing_library("the driver", kNames, folder), ErrorCode::no_device};
}

std::string Driver::version() const { return version_text(version_number); }

std::string Driver::describe(int status) const {
  const char *name = nullptr, *text = nullptr;
  if (cuGetErrorName(status, &name) != 0 || !name) return concat("error ", status);
  if (cuGetErrorString(status, &text) != 0 || !text) return name;
  return concat(name, " (", text, ")");
}

} // namespace ogee::runtime::cuda
