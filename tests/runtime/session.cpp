// Programs with their state: what a call writes, what it gives, and what is refused.
#include "runtime/session.h"

#include "tests/catch.h"
#include "tests/runtime/folder.h"
#include "tests/runtime/programs.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

std::vector<uint8_t> bytes(const std::vector<float>& values) {
  std::vector<uint8_t> raw(values.size() * sizeof(float));
  std::memcpy(raw.data(), values.data(), raw.size());
  return raw;
}

std::vector<float> floats(std::span<const std::byte> raw) {
  std::vector<float> values(raw.size() / sizeof(float));
  std::memcpy(values.data(), raw.data(), raw.size());
  return values;
}

/// total += x; sum = x + bias: the total and the bias are state.
Builder counting(bool in_place) {
  Builder b;
  b.program.name = "counting";
  const uint32_t x = b.arg("x", {3}), total = b.arg("total", {3}), bias = b.arg("bias", {3});
  b.program.args[1].role = b.program.args[2].role = Role::captured;
  const uint32_t sum = b.result("sum", {3}), next = b.result("", {3});
  b.program.results[1].writes = 1;
  b.program.results[1].in_place = in_place;
  b.program.launches.push_back({b.launch(add_kernel, {x, bias, sum}, 3)});
  b.program.launches.push_back({b.launch(add_kernel, {x, total, next}, 3)});
  b.program.state = {bytes({1, 2, 3}), bytes({10, 20, 30})};
  return b;
}

std::vector<float> run(Session& session, std::vector<float> x) {
  const std::vector<int64_t> sizes = {static_cast<int64_t>(x.size())};
  const TensorArg args[] = {tensor(x, sizes)};
  Sink sink;
  session.run({args}, sink);
  CHECK(sink.results.size() == 1);
  return sink.values<float>(0);
}

} // namespace

TEST_CASE("session: a call gives its results and writes its state") {
  for (const bool in_place : {false, true}) {
    Session session(counting(in_place).finish());
    CHECK(session.given() == 1);
    CHECK(session.gives(0));
    CHECK_FALSE(session.gives(1));
    CHECK(run(session, {1, 1, 1}) == std::vector<float>{11, 21, 31});
    CHECK(run(session, {0, 1, 2}) == std::vector<float>{10, 21, 32});
    CHECK(floats(session.state(0)) == std::vector<float>{2, 4, 6});
    CHECK(floats(session.state(1)) == std::vector<float>{10, 20, 30});
    CHECK(reinterpret_cast<uintptr_t>(session.state(0).data()) % 64 == 0);
    CHECK(reinterpret_cast<uintptr_t>(session.state(1).data()) % 64 == 0);
  }
}

TEST_CASE("session: a call that is refused leaves the state alone") {
  Session session(counting(false).finish());
  CHECK(error_of([&] { run(session, {1, 2}); }) == "arg 0 (x) dim 0 is 2, expected 3");
  CHECK(error_of([&] {
          Sink sink;
          session.run({}, sink);
        }) == "expected 1 tensors, got 0");
  CHECK(floats(session.state(0)) == std::vector<float>{1, 2, 3});
}

TEST_CASE("session: a call that faults does not write what is not in place") {
  Builder b = counting(false);
  const auto fault = [](void* const*, const int64_t*, int64_t, int64_t, void*) { return int32_t{1}; };
  KernelLaunch kernel = b.launch(fault, {0}, 1);
  kernel.sites = {{"gather: out of range", "a.cpp:2"}};
  b.program.launches.push_back({kernel});
  Session session(b.finish());
  CHECK(error_of([&] { run(session, {1, 1, 1}); }) == "gather: out of range at a.cpp:2");
  CHECK(floats(session.state(0)) == std::vector<float>{1, 2, 3});
}

TEST_CASE("session: run-time strides of the state are those of dense memory") {
  Builder b;
  const uint32_t w = b.arg("w", {2, 3}), out = b.result("out", {2}, DType::i64);
  b.program.args[0].role = Role::captured;
  const Dim outer = Dim::symbol("w.stride0", 0), inner = Dim::symbol("w.stride1", 0);
  b.sizes.bind(*outer.as_symbol(), {SymbolSource::Kind::stride, 0, 0});
  b.sizes.bind(*inner.as_symbol(), {SymbolSource::Kind::stride, 0, 1});
  b.program.args[0].strides = b.slots({outer, inner});
  const auto show = [](void* const* buffers, const int64_t* sizes, int64_t, int64_t, void*) {
    std::memcpy(buffers[1], sizes, 16);
    return int32_t{0};
  };
  b.program.launches.push_back({b.launch(show, {w, out}, 1, {outer, inner})});
  b.program.state = {bytes({1, 2, 3, 4, 5, 6})};
  Session session(b.finish());
  Sink sink;
  session.run({}, sink);
  CHECK(sink.values<int64_t>(0) == std::vector<int64_t>{3, 1});
}

TEST_CASE("session: results that are written to a given argument are the caller's") {
  Builder b;
  const uint32_t x = b.arg("x", {3}), next = b.result("", {3});
  b.program.results[0].writes = 0;
  b.program.launches.push_back({b.launch(twice_kernel, {x, next}, 3)});
  Session session(b.finish());
  CHECK(session.gives(0));
  CHECK(run(session, {1, 2, 3}) == std::vector<float>{2, 4, 6});
}

TEST_CASE("session: state without values is an Error that names it") {
  Builder b = counting(false);
  b.program.state.clear();
  CHECK(error_of([&] { Session session(b.finish()); }) == "program counting: its state has no values: total, bias");
}

TEST_CASE("session: arguments are checked even where a program says that it trusts them") {
  Builder b = counting(false);
  b.program.trusted = true;
  Session session(b.finish());
  CHECK(error_of([&] { run(session, {1, 2}); }) == "arg 0 (x) dim 0 is 2, expected 3");
}

TEST_CASE("session: a result of another size than the state it is written to") {
  Builder b = counting(false);
  b.program.results[1].dims = b.slots({2});
  Session session(b.finish());
  CHECK(error_of([&] { run(session, {1, 1, 1}); }) ==
        "result 1 does not have the size of total, which it is written to");
  b.program.results[1].writes = 0;
  Session other(b.finish());
  CHECK(error_of([&] { run(other, {1, 1, 1}); }) == "result 1 does not have the size of x, which it is written to");
}

TEST_CASE("session: writers take turns") {
  Session session(counting(true).finish());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      std::vector<float> x{1, 1, 1};
      const std::vector<int64_t> sizes = {3};
      const TensorArg args[] = {tensor(x, sizes)};
      for (int i = 0; i < 50; ++i) {
        Sink sink;
        session.run({args}, sink);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(floats(session.state(0)) == std::vector<float>{201, 202, 203});
}

TEST_CASE("session: code for another machine is refused when it is loaded") {
  const Folder folder;
  const std::string path = folder.file("p.ogee");
  const auto saved = [&](const std::function<void(ImageData&)>& change) {
    Builder b;
    ImageData data = store_size_image();
    change(data);
    b.program.images.push_back(std::make_shared<const Image>(data));
    b.finish().save_file(path);
    CHECK(Program::is_program_file(path));
    CHECK(Program::load_file(path, Machine::any).images.size() == 1);
    return error_of([&] { Program::load_file(path); });
  };
  CHECK(saved([](ImageData&) {}) == "no error");
  CHECK(saved([](ImageData& data) { data.architecture = "riscv64"; }) ==
        concat("load_program: ", path, ": the code is for riscv64, this machine is ", host_architecture()));
  CHECK(saved([](ImageData& data) { data.features = CpuFeatures(uint64_t(1) << 63); }) ==
        "load_program: " + path + ": the code needs CPU features that this machine lacks: feature 63");
  folder.write("empty", "");
  CHECK_FALSE(Program::is_program_file(folder.file("empty")));
  CHECK_FALSE(Program::is_program_file(folder.path()));
}
