// A program whose file is damaged by tests, and the damage.
#pragma once

#include "runtime/hash.h"
#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <algorithm>
#include <random>

namespace ogee::runtime::testing {

inline constexpr size_t kHeader = 28;

inline std::vector<uint8_t> floats(size_t count) {
  const std::vector<float> values = ramp(count);
  std::vector<uint8_t> raw(count * sizeof(float));
  std::memcpy(raw.data(), values.data(), raw.size());
  return raw;
}

/// Copies, fills, a branch, a loop and a check over arguments, state, constants and the arena; on a GPU the flag is the
/// host's.
inline Program interpreted_program(Device::Kind device = Device::Kind::cpu) {
  Builder b;
  b.program.name = "interpreted";
  b.program.device = device;
  const uint32_t x = b.arg("x", {n, 4}), w = b.arg("w", {4}), v = b.arg("v", {4}), flag = b.arg("flag", {}, DType::u8);
  for (size_t i = 1; i < 4; ++i) b.program.args[i].role = Role::captured;
  b.program.args[3].role = Role::random;
  b.program.args[3].host = device != Device::Kind::cpu;
  b.program.state = {floats(4), floats(4), {1}};
  const uint32_t out = b.result("out", {n, 4}), next = b.result("", {4}), there = b.result("", {4});
  b.program.results[1].writes = 1;
  b.program.results[2].writes = 2;
  b.program.results[2].in_place = true;
  const uint32_t c = b.constant(floats(4)), scratch = b.arena(n * 16, 0, 9), none = b.constant({0});
  const Slot row = b.sizes.slot(16), all = b.sizes.slot(n * 16);
  b.program.launches.push_back({CopyLaunch{x, scratch, all}});
  ForEntry loop;
  loop.count = b.sizes.slot(n);
  loop.induction = b.sizes.begin_loop();
  const Slot offset = b.sizes.apply(SizeOp::mul, loop.induction, row);
  loop.steps = b.sizes.end_loop();
  loop.body.push_back({CopyLaunch{scratch, out, row, offset, offset}});
  b.program.launches.push_back({loop});
  IfEntry branch;
  branch.condition = {Condition::Kind::buffer, flag};
  branch.then.push_back({CopyLaunch{w, next, row}});
  branch.otherwise.push_back({FillLaunch{next, row, 0, 4}});
  b.program.launches.push_back({branch});
  b.program.launches.push_back({CopyLaunch{v, there, b.sizes.slot(8), kNoSlot, b.sizes.slot(8)}});
  const Window window{c, DType::f32, b.sizes.slot(0), b.slots({4}), b.slots({1})};
  b.program.launches.push_back({CheckLaunch{none, {window}, "{0} is odd", "a.cpp:3", "halve it"}});
  b.program.texts = {{"trace", "the text of a stage"}};
  return b.finish();
}

inline std::vector<uint8_t> resealed(std::vector<uint8_t> bytes) {
  const Hash128 checksum = hash128(std::span<const uint8_t>(bytes).subspan(kHeader));
  std::memcpy(bytes.data() + 12, &checksum.lo, 8);
  std::memcpy(bytes.data() + 20, &checksum.hi, 8);
  return bytes;
}

/// One to three bytes changed from `first` on: to anything, to the next number, or to a small one, as slots are.
inline std::vector<uint8_t> mutated(std::vector<uint8_t> bytes, size_t first, std::mt19937& random) {
  for (unsigned i = 0; i < 1 + random() % 3; ++i) {
    uint8_t& byte = bytes[first + random() % (bytes.size() - first)];
    const unsigned how = random() % 3;
    byte = static_cast<uint8_t>(how == 0 ? random() : how == 1 ? byte + 1 : random() % 24);
  }
  return bytes;
}

/// Whether it ends soon: loops run as often as numbers say.
inline bool is_small(const Program& program) {
  return std::ranges::all_of(program.values.initial, [](int64_t value) { return -4096 <= value && value <= 4096; });
}

inline void check_text(const std::string& text) {
  REQUIRE(!text.empty());
  REQUIRE(text.size() < 500);
}

} // namespace ogee::runtime::testing
