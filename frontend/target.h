// What a device means for code: what is compiled for it, and programs in its memory. Private to the front end.
#pragma once

#include "codegen/target.h"
#include "runtime/device.h"
#include "runtime/executable.h"

#include <memory>
#include <span>
#include <string>

namespace ogee::detail {

/// What is compiled for a device. Error(no_device) where there is none.
const codegen::TargetInfo& target_of(runtime::Device device);
/// What code for a device depends on besides the program: part of every cache key.
std::string target_key(runtime::Device device);
/// A program made ready on a device.
std::unique_ptr<const runtime::Executable>
make_executable(runtime::Program program, std::span<const runtime::TensorArg> bound, runtime::Device device);

} // namespace ogee::detail
