// The list of tests/ir/math_catalog.h, and inputs for it.
#include "tests/ir/math_catalog.h"

#include "ir/philox.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

namespace ogee::ir::tests {

namespace {

const std::pair<Lane, const char*> kLaneNames[] = {{Lane::boolean, "i1"}, {Lane::i8, "i8"},   {Lane::i32, "i32"},
                                                   {Lane::i64, "i64"},    {Lane::f32, "f32"}, {Lane::f64, "f64"}};

std::string nameOf(Lane lane) {
  for (const auto& [candidate, name] : kLaneNames)
    if (candidate == lane) return name;
  return "?";
}

class Builders {
public:
  std::vector<CatalogEntry> entries;

  void add(const std::string& name, Lane result, Lane operand, size_t operands, const Body& body) {
    Lanes lanes(operands + 1, operand);
    lanes[0] = result;
    entries.push_back({name + " " + nameOf(operand), lanes, body, {}});
  }
  void addUnary(const char* name, std::initializer_list<Lane> lanes, Value (*function)(Builder&, Value)) {
    for (const Lane lane : lanes) add(name, lane, lane, 1, unary(function));
  }
  void addBinary(const char* name, std::initializer_list<Lane> lanes, Value (*function)(Builder&, Value, Value)) {
    for (const Lane lane : lanes) add(name, lane, lane, 2, binary(function));
  }
  void addConversions() {
    for (const auto& [from, fromName] : kLaneNames)
      for (const auto& [to, toName] : kLaneNames)
        if (from != to) addConversion(from, to, "", math::Signedness::isSigned);
    for (const Lane lane : {Lane::boolean, Lane::i32, Lane::i64, Lane::f32, Lane::f64}) {
      addConversion(Lane::i8, lane, "unsigned ", math::Signedness::isUnsigned);
      addConversion(lane, Lane::i8, "unsigned ", math::Signedness::isUnsigned);
    }
  }

private:
  void addConversion(Lane from, Lane to, const std::string& prefix, math::Signedness sign) {
    entries.push_back(
        {"convert " + prefix + nameOf(from) + " to " + nameOf(to),
         {to, from},
         [=](Builder& b, mlir::ValueRange args) { return math::convert(b, args[0], laneType(b, to), sign, sign); },
         {}});
  }
};

void addFloatFunctions(Builders& list) {
  list.addUnary("exp", {Lane::f32}, math::exp);
  list.addUnary("expm1", {Lane::f32}, math::expm1);
  list.addUnary("log", {Lane::f32}, math::log);
  list.addUnary("log2", {Lane::f32}, math::log2);
  list.addUnary("log10", {Lane::f32}, math::log10);
  list.addUnary("log1p", {Lane::f32}, math::log1p);
  list.addUnary("tanh", {Lane::f32}, math::tanh);
  list.addUnary("logistic", {Lane::f32}, math::logistic);
  list.addUnary("erf", {Lane::f32}, math::erf);
  list.addUnary("sin", {Lane::f32}, math::sin);
  list.addUnary("cos", {Lane::f32}, math::cos);
  list.addUnary("tan", {Lane::f32}, math::tan);
  list.addUnary("cbrt", {Lane::f32}, math::cbrt);
  list.addBinary("atan2", {Lane::f32}, math::atan2);
  const auto floats = {Lane::f32, Lane::f64};
  list.addUnary("sqrt", floats, math::sqrt);
  list.addUnary("rsqrt", floats, math::rsqrt);
  list.addUnary("floor", floats, math::floor);
  list.addUnary("ceil", floats, math::ceil);
  list.addUnary("trunc", floats, math::trunc);
  list.addUnary("roundEven", floats, math::roundEven);
  list.addUnary("roundAfz", floats, math::roundAfz);
  for (const Lane lane : floats) list.add("isFinite", Lane::boolean, lane, 1, unary(math::isFinite));
}

void addBasicFunctions(Builders& list) {
  const auto integers = {Lane::i8, Lane::i32, Lane::i64},
             numbers = {Lane::i8, Lane::i32, Lane::i64, Lane::f32, Lane::f64};
  list.addBinary("pow", {Lane::i8, Lane::i32, Lane::i64, Lane::f32}, math::pow);
  list.addBinary("div", numbers, math::div);
  list.addBinary("rem", numbers, math::rem);
  list.addBinary("max", numbers, math::max);
  list.addBinary("min", numbers, math::min);
  list.addUnary("abs", numbers, math::abs);
  list.addUnary("sign", numbers, math::sign);
  list.addBinary("shl", integers, math::shl);
  list.addBinary("shrArith", integers, math::shrArith);
  list.addBinary("shrLogic", integers, math::shrLogic);
  list.addUnary("popcnt", integers, math::popcnt);
  list.addUnary("clz", integers, math::clz);
  list.addBinary("max", {Lane::boolean}, math::max);
  list.addBinary("min", {Lane::boolean}, math::min);
}

void addRandomFunctions(Builders& list) {
  using Distribution = Value (*)(Builder&, Value, Value, Value);
  const auto draw = [&](const char* name, Lane result, Distribution function) {
    list.add(name, result, Lane::i64, 3,
             [function](Builder& b, mlir::ValueRange args) { return function(b, args[0], args[1], args[2]); });
  };
  draw("word", Lane::i32, philox::word);
  draw("wideWord", Lane::i64, philox::wideWord);
  draw("uniformF32", Lane::f32, philox::uniformF32);
  draw("uniformF64", Lane::f64, philox::uniformF64);
  draw("normalF32", Lane::f32, philox::normalF32);
  draw("normalF64", Lane::f64, philox::normalF64);
  list.entries.back().calls = {"log", "sin", "cos"};
  list.add("integers", Lane::i64, Lane::i64, 5, [](Builder& b, mlir::ValueRange args) {
    return philox::integers(b, args[0], args[1], args[2], args[3], args[4]);
  });
  list.add("sinTurns", Lane::f32, Lane::i32, 1, unary(math::sinTurns));
}

/// Values at which functions turn, as integers and as floats.
constexpr int64_t kIntegers[] = {0,  1,  -1, 2,   -2,   3,         7,         -8,        31,
                                 32, 63, 64, 127, -128, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
constexpr double kFloats[] = {0.0,     -0.0,       1.0,      -1.0,      0.5,      -0.5,      1.5,
                              -2.5,    2.0,        -3.0,     10.0,      -100,     1e-3,      0x1p31,
                              -0x1p31, 0x1p63,     -0x1p63,  0x1p-126,  0x1p-149, 0x1p-1074, 0x1.fffffep127,
                              1e300,   16777217.0, INFINITY, -INFINITY, NAN};

/// The bits of element i of an argument.
uint64_t mixedInput(Lane lane, size_t i, std::mt19937_64& random) {
  const uint64_t bits = random();
  const bool isFloat = lane == Lane::f32 || lane == Lane::f64;
  if (lane == Lane::boolean) return bits & 1;
  if (i % 3 == 0) {
    if (!isFloat) return static_cast<uint64_t>(kIntegers[bits % std::size(kIntegers)]);
    const double value = kFloats[bits % std::size(kFloats)];
    return lane == Lane::f64 ? std::bit_cast<uint64_t>(value) : std::bit_cast<uint32_t>(static_cast<float>(value));
  }
  if (i % 3 == 1 || !isFloat) return bits >> (isFloat ? 0 : bits % 64);
  const double small = std::ldexp(static_cast<double>(static_cast<int64_t>(bits)), -60); // within ±8
  return lane == Lane::f64 ? std::bit_cast<uint64_t>(small) : std::bit_cast<uint32_t>(static_cast<float>(small));
}

uint64_t canonical(Lane lane, uint64_t bits) {
  const bool isNaN = (lane == Lane::f32 && std::isnan(std::bit_cast<float>(static_cast<uint32_t>(bits)))) ||
                     (lane == Lane::f64 && std::isnan(std::bit_cast<double>(bits)));
  return isNaN ? ~uint64_t(0) : bits;
}

} // namespace

size_t byteSize(Lane lane) {
  switch (lane) {
  case Lane::boolean:
  case Lane::i8: return 1;
  case Lane::i32:
  case Lane::f32: return 4;
  case Lane::i64:
  case Lane::f64: return 8;
  }
  return 0;
}

Body unary(Value (*function)(Builder&, Value)) {
  return [function](Builder& b, mlir::ValueRange args) { return function(b, args[0]); };
}

Body binary(Value (*function)(Builder&, Value, Value)) {
  return [function](Builder& b, mlir::ValueRange args) { return function(b, args[0], args[1]); };
}

const std::vector<CatalogEntry>& catalog() {
  static const std::vector<CatalogEntry> entries = [] {
    Builders list;
    addFloatFunctions(list);
    addBasicFunctions(list);
    list.addConversions();
    addRandomFunctions(list);
    return list.entries;
  }();
  return entries;
}

std::vector<uint64_t> runOnMixedInputs(const CatalogEntry& entry, const JitOptions& options, size_t n) {
  std::mt19937_64 random(1);
  std::vector<std::vector<char>> memory;
  for (const Lane lane : entry.lanes) {
    std::vector<char>& bytes = memory.emplace_back(n * byteSize(lane));
    if (memory.size() == 1) continue;
    for (size_t i = 0; i < n; ++i) {
      const uint64_t bits = mixedInput(lane, i / 2 + memory.size(), random);
      std::memcpy(&bytes[i * byteSize(lane)], &bits, byteSize(lane));
    }
  }
  std::vector<void*> buffers;
  for (std::vector<char>& bytes : memory) buffers.push_back(bytes.data());
  Loop(entry.body, entry.lanes, options)(buffers.data(), static_cast<int64_t>(n));
  std::vector<uint64_t> results(n);
  for (size_t i = 0; i < n; ++i) {
    std::memcpy(&results[i], &memory[0][i * byteSize(entry.lanes[0])], byteSize(entry.lanes[0]));
    results[i] = canonical(entry.lanes[0], results[i]);
  }
  return results;
}

} // namespace ogee::ir::tests
