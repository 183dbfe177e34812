// Programs as data: what validation refuses, and files: round trips and every kind of damage.
#include "runtime/program.h"

#include "runtime/codec.h"
#include "runtime/hash.h"
#include "tests/catch.h"
#include "tests/runtime/folder.h"
#include "tests/runtime/programs.h"

#include <random>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

/// A program with something of everything; `store_size` runs for real: out[i] = n * 2.
Program rich_program() {
  Builder b;
  b.program.name = "rich";
  b.arg("x", {n, 3});
  const uint32_t out = b.result("out", {n * 2 / 2}, DType::i64), scratch = b.arena(n * 8, 0, 9),
                 c = b.constant({1, 2, 3});
  b.program.args[0].location = "a.cpp:1";
  b.program.checks.push_back({SizeCheck::Kind::less, b.sizes.slot(0), b.sizes.slot(n), "no rows"});
  b.program.index_args = 1;
  b.sizes.bind(*Dim::symbol("k", 2, 9).as_symbol(), {SymbolSource::Kind::index, 0, 0});
  b.program.images.push_back(std::make_shared<const Image>(store_size_image()));
  KernelLaunch kernel;
  kernel.buffers = {out};
  kernel.sizes = b.slots({n * 2});
  kernel.units = b.sizes.slot(n);
  kernel.unit_cost = b.sizes.slot(8);
  kernel.scratch_bytes = b.sizes.slot(128);
  kernel.sites = {{"gather: out of range", "a.cpp:2"}};
  kernel.name = "store";
  b.program.launches.push_back({kernel});
  ForEntry loop;
  loop.count = b.sizes.slot(2);
  loop.induction = b.sizes.begin_loop();
  b.sizes.apply(SizeOp::mul, loop.induction, b.sizes.slot(n));
  loop.steps = b.sizes.end_loop();
  loop.body.push_back({FillLaunch{scratch, b.sizes.slot(8), 7, 4}});
  b.program.launches.push_back({loop});
  IfEntry branch;
  branch.condition = {Condition::Kind::size, b.sizes.slot(0)};
  branch.then.push_back({CopyLaunch{c, scratch, b.sizes.slot(3), kNoSlot, b.sizes.slot(1)}});
  branch.otherwise.push_back({WhileEntry{{}, {Condition::Kind::size, b.sizes.slot(0)}, {}}});
  b.program.launches.push_back({branch});
  const Window window{out, DType::i64, b.sizes.slot(1), b.slots({n}), b.slots({2})};
  b.program.launches.push_back({CheckLaunch{b.constant({0}), {window}, "{0} is odd", "a.cpp:3", "halve it"}});
  return b.finish();
}

/// y = f(x, rate) on a device: a rate of the host, a loop around the kernel.
Program cuda_program() {
  Builder b;
  b.program.name = "cuda";
  const uint32_t x = b.arg("x", {n}), rate = b.arg("rate", {}), y = b.result("y", {n});
  b.program.args[1].host = true;
  CudaLaunch kernel = b.launch(empty_module(2), {x, rate, y}, n, {n});
  kernel.entry = 1;
  kernel.shared_bytes = b.sizes.slot(64);
  kernel.sites = {{"gather: out of range", "a.cpp:5"}};
  ForEntry loop;
  loop.count = b.sizes.slot(2);
  loop.induction = b.sizes.begin_loop();
  loop.steps = b.sizes.end_loop();
  loop.body.push_back({kernel});
  b.program.launches.push_back({loop});
  return b.finish();
}

std::vector<uint8_t> saved(const Program& program) { return program.save().take(); }

/// The bytes with a checksum that is right for them: damage then reaches the decoder.
std::vector<uint8_t> resealed(std::vector<uint8_t> bytes) {
  constexpr size_t kHeader = 28;
  const Hash128 checksum = hash128(std::span<const uint8_t>(bytes).subspan(kHeader));
  std::memcpy(bytes.data() + 12, &checksum.lo, 8);
  std::memcpy(bytes.data() + 20, &checksum.hi, 8);
  return bytes;
}

std::string reason(const Result<Program>& result) { return result ? "right" : result.message(); }

/// What validation says after a change.
template <class Change>
std::string invalid(Change change, Program program = rich_program()) {
  change(program);
  const Status status = program.validate();
  return status ? "right" : status.message();
}

KernelLaunch& kernel_of(Program& program) { return std::get<KernelLaunch>(program.launches[0].launch); }
CudaLaunch& cuda_kernel_of(Program& program) {
  return std::get<CudaLaunch>(std::get<ForEntry>(program.launches[0].launch).body[0].launch);
}

/// What validation says after a change of a program for a device, or of its module.
template <class Change>
std::string invalid_cuda(Change change) {
  return invalid(change, cuda_program());
}
template <class Change>
std::string invalid_module(Change change) {
  return invalid_cuda([&](Program& p) {
    CudaModule module = *p.modules[0];
    change(module);
    p.modules[0] = std::make_shared<const CudaModule>(std::move(module));
  });
}

} // namespace

TEST_CASE("program: a saved program is the same program") {
  const Program program = rich_program();
  REQUIRE(program.validate());
  const std::vector<uint8_t> bytes = saved(program);
  Result<Program> loaded = Program::load(bytes);
  REQUIRE(loaded);
  CHECK(saved(*loaded) == bytes);
  CHECK(loaded->name == "rich");
  CHECK(loaded->args[0].location == "a.cpp:1");
  CHECK(std::get<KernelLaunch>(loaded->launches[0].launch).sites[0].message == "gather: out of range");

  const Executable executable(std::move(*loaded));
  std::vector<float> x(15);
  const std::vector<int64_t> sizes = {5, 3};
  const int64_t k = 3;
  const TensorArg args[] = {tensor(x, sizes)};
  Sink sink;
  executable.run({args, std::span(&k, 1)}, sink);
  CHECK(sink.values<int64_t>(0) == std::vector<int64_t>(5, 10));
}

TEST_CASE("program: files") {
  const Folder folder;
  const std::string path = folder.file("m.ogee");
  rich_program().save_file(path);
  CHECK(saved(Program::load_file(path)) == saved(rich_program()));
  folder.write("m.ogee", "something else");
  CHECK_THROWS_WITH(Program::load_file(path), "load_program: " + path + ": not a program: too short");
  CHECK_THROWS_WITH(Program::load_file(folder.file("no")),
                    "load_program: " + folder.file("no") + ": No such file or directory");
  CHECK_THROWS_WITH(rich_program().save_file(folder.file("no/m")),
                    "save_program: " + folder.file("no/m") + ": No such file or directory");
}

TEST_CASE("program: functions of this process cannot be saved") {
  CHECK(add_program().finish().save().message() == "a program with in-process functions cannot be saved");
}

TEST_CASE("program: damaged bytes are refused, whatever is damaged") {
  const std::vector<uint8_t> good = saved(rich_program());
  CHECK(reason(Program::load({})) == "not a program: too short");
  std::vector<uint8_t> bad = good;
  bad[0] ^= 1;
  CHECK(reason(Program::load(bad)) == "not a program: wrong first bytes");
  const std::vector<uint8_t> text(64, ' ');
  CHECK(reason(Program::load(text)) == "not a program: wrong first bytes; hint: IR text has to be compiled first");
  bad = good;
  bad[8] = 99;
  CHECK(reason(Program::load(bad)) == "made by another version of ogee (format 99, this one reads 7)");
  for (size_t at = 12; at < good.size(); ++at) {
    bad = good;
    bad[at] ^= 1 << (at % 8);
    REQUIRE(reason(Program::load(bad)) == "not a program: wrong checksum");
  }
  bad = good;
  bad.push_back(0);
  CHECK(reason(Program::load(bad)) == "not a program: wrong checksum");
  CHECK(reason(Program::load(resealed(bad))) == "not a program: a section does not fit");
}

TEST_CASE("program: damage behind a right checksum never does more than fail") {
  const std::vector<uint8_t> good = saved(rich_program());
  for (size_t length = 28; length < good.size(); ++length) {
    const std::vector<uint8_t> cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(length));
    REQUIRE_FALSE(Program::load(resealed(cut)));
  }
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> bad = good;
    for (unsigned i = 0; i < 1 + random() % 3; ++i)
      bad[28 + random() % (bad.size() - 28)] = static_cast<uint8_t>(random() % 3 == 0 ? 255 : random());
    const Result<Program> loaded = Program::load(resealed(bad)); // ASan and UBSan watch
    refused += !loaded;
  }
  CHECK(refused > 10000);
}

TEST_CASE("program: launches nested without end are refused") {
  Program program = rich_program();
  for (int depth = 0; depth < 200; ++depth) {
    IfEntry branch;
    branch.then = std::move(program.launches);
    program.launches.clear();
    program.launches.push_back({std::move(branch)});
  }
  CHECK(program.validate().message() == "program: launches are nested too deeply");
  CHECK(reason(Program::load(saved(program))) == "not a program: a section does not fit");
}

TEST_CASE("program: validation finds every reference to what is not there") {
  CHECK(invalid([](Program&) {}) == "right");
  CHECK(invalid([](Program& p) { p.values.symbols[0].source.arg = 1; }) ==
        "program: a symbol comes from an argument that is not there");
  CHECK(invalid([](Program& p) { p.values.symbols[0].source.axis = 2; }) ==
        "program: a symbol comes from an argument that is not there");
  CHECK(invalid([](Program& p) { p.index_args = 0; }) == "program: a symbol comes from an argument that is not there");
  CHECK(invalid([](Program& p) { p.values.symbols[0].slot = 999; }) ==
        "program: a symbol comes from an argument that is not there");
  CHECK(invalid([](Program& p) { p.values.steps[0].a = 999; }) == "program: a size step uses a slot that is not there");
  CHECK(invalid([](Program& p) { p.args[0].dims[0] = 999; }) == "program: an argument has a slot that is not there");
  CHECK(invalid([](Program& p) { p.args[0].dims[1] = p.values.steps[0].out; }) ==
        "program: an argument has a derived size: it must be a check");
  CHECK(invalid([](Program& p) { p.args[0].strides = {0}; }) ==
        "program: an argument has more strides than dims, or fewer");
  CHECK(invalid([](Program& p) { p.state = {{1, 2}}; }) == "program: the state is not that of its arguments");
  CHECK(invalid([](Program& p) {
          p.args[0].role = Role::captured;
          p.state = {{1, 2}};
        }) == "program: the state has a size that is no number");
  CHECK(invalid([](Program& p) {
          p.args.push_back({"w", DType::f32, {}, {}, "", Role::random});
          p.state = {{1, 2}};
        }) == "program: the state of an argument has another size");
  CHECK(invalid([](Program& p) {
          p.args.push_back({"w", DType::f32, {}, {}, "", Role::captured});
          p.args.push_back({"x", DType::f32, {}, {}, "", Role::input});
          p.state = {{1, 2, 3, 4}};
        }) == "program: an argument that each call gives comes after the state");
  CHECK(invalid([](Program& p) { p.checks[0].b = 999; }) == "program: a check reads a slot that is not there");
  CHECK(invalid([](Program& p) { p.buffers[0].index = 1; }) == "program: a buffer is an argument that is not there");
  CHECK(invalid([](Program& p) { p.buffers[1].index = 2; }) == "program: a buffer is a result that is not there");
  CHECK(invalid([](Program& p) {
          p.buffers[1].kind = Buffer::Kind::constant;
          p.buffers[1].index = 0;
        }) == "program: a result has the buffer of something else");
  CHECK(invalid([](Program& p) { p.buffers[2].bytes = 999; }) == "program: a buffer has a size that is not there");
  CHECK(invalid([](Program& p) { p.buffers[2].first_use = 10; }) ==
        "program: a buffer is used last before it is used first");
  CHECK(invalid([](Program& p) { p.buffers[3].index = 2; }) == "program: a buffer is a constant that is not there");
  CHECK(invalid([](Program& p) { p.results[0].buffer = 2; }) == "program: a result has the buffer of something else");
  CHECK(invalid([](Program& p) { p.results[0].buffer = 9; }) == "program: a result has a buffer that is not there");
  CHECK(invalid([](Program& p) { p.results[0].dims = {999}; }) == "program: a result has a slot that is not there");
  CHECK(invalid([](Program& p) { p.buffers.push_back({Buffer::Kind::result, 0}); }) ==
        "program: a buffer is a result that has another one");
  CHECK(invalid([](Program& p) { p.values.symbols.push_back(p.values.symbols[0]); }) ==
        "program: two symbols have one slot");
  CHECK(invalid([](Program& p) { p.results[0].in_place = true; }) ==
        "program: a result is in the memory of no argument");
  CHECK(invalid([](Program& p) { p.results[0].writes = 9; }) ==
        "program: a result is written to an argument that is not there");
  CHECK(invalid([](Program& p) {
          p.results[0].writes = 0;
          p.args[0].dtype = p.results[0].dtype == DType::f64 ? DType::f32 : DType::f64;
        }) == "program: a result is written to an argument of another form");
  CHECK(invalid([](Program& p) {
          p.args.push_back({"w", DType::i64, p.results[0].dims, {}, "", Role::captured});
          p.results[0].writes = 1;
          p.results.push_back(p.results[0]);
          p.results[1].buffer = static_cast<uint32_t>(p.buffers.size());
          p.buffers.push_back({Buffer::Kind::result, 1});
        }) == "program: two results are written to one argument");
  CHECK(invalid([](Program& p) { p.buffers[2].bytes = std::get<ForEntry>(p.launches[1].launch).induction; }) ==
        "program: a loop changes a size of an argument, a result or a buffer");
  CHECK(invalid([](Program& p) { p.images.clear(); }) == "program: a launch has an image that is not there");
  CHECK(invalid([](Program& p) { p.images[0] = nullptr; }) == "program: an image is missing");
  CHECK(invalid([](Program& p) { kernel_of(p).entry = 1; }) == "program: a launch has an entry that is not there");
  CHECK(invalid([](Program& p) { kernel_of(p).buffers = {9}; }) == "program: a launch has a buffer that is not there");
  CHECK(invalid([](Program& p) { kernel_of(p).sizes[0] = 999; }) == "program: a launch has a size that is not there");
  CHECK(invalid([](Program& p) { kernel_of(p).units = kNoSlot; }) == "program: a launch has a size that is not there");
  CHECK(invalid([](Program& p) { kernel_of(p).scratch_bytes = 999; }) ==
        "program: a launch has a size that is not there");
  CHECK(invalid([](Program& p) { std::get<ForEntry>(p.launches[1].launch).count = 999; }) ==
        "program: a loop has a slot that is not there");
  CHECK(invalid([](Program& p) { std::get<ForEntry>(p.launches[1].launch).steps[0].out = 999; }) ==
        "program: a size step uses a slot that is not there");
  CHECK(invalid([](Program& p) { p.launches.push_back({CheckLaunch{99}}); }) ==
        "program: a check has a buffer that is not there");
  CHECK(invalid([](Program& p) { p.launches.push_back({CheckLaunch{0, {{0, DType::f32, 0, {0}, {}}}}}); }) ==
        "program: a check has a value that is not there");
  CHECK(invalid([](Program& p) { p.launches.push_back({FillLaunch{0, 0, 0, 3}}); }) ==
        "program: a fill has a pattern of an odd size");
  CHECK(invalid([](Program& p) { p.launches.push_back({CopyLaunch{0, 99}}); }) ==
        "program: a copy has a buffer that is not there");
  CHECK(invalid([](Program& p) { p.launches.push_back({IfEntry{{Condition::Kind::buffer, 99}, {}, {}}}); }) ==
        "program: a condition reads what is not there");
  CHECK(invalid([](Program& p) { p.launches.push_back({WhileEntry{{}, {Condition::Kind::size, 999}, {}}}); }) ==
        "program: a condition reads what is not there");
}

TEST_CASE("program: one for a device is saved and loaded where there is none") {
  const Program program = cuda_program();
  REQUIRE(program.validate());
  Result<Program> loaded = Program::load(saved(program));
  REQUIRE(loaded);
  CHECK(saved(*loaded) == saved(program));
  CHECK(loaded->device == Device::Kind::cuda);
  CHECK((!loaded->args[0].host && loaded->args[1].host));
  CHECK(loaded->modules[0]->architecture == "sm_90");
  const CudaLaunch& launch = cuda_kernel_of(*loaded);
  CHECK((launch.entry == 1 && launch.threads == 256 && launch.name == "test" && launch.location == "a.cpp:4"));
  CHECK(launch.sites[0].location == "a.cpp:5");
}

TEST_CASE("program: validation of programs for a device") {
  CHECK(invalid_cuda([](Program&) {}) == "right");
  CHECK(invalid_cuda([](Program& p) { p.device = Device::Kind::cpu; }) ==
        "program: an argument that is the host's needs rank 0, and a program for a device");
  CHECK(invalid_cuda([](Program& p) {
          p.device = Device::Kind::cpu;
          p.args[1].host = false;
        }) == "program: it has code for another kind of device");
  CHECK(invalid([](Program& p) { p.device = Device::Kind::cuda; }) ==
        "program: it has code for another kind of device");
  CHECK(invalid_cuda([](Program& p) { p.args[0].host = true; }) ==
        "program: an argument that is the host's needs rank 0, and a program for a device");
  CHECK(invalid_cuda([](Program& p) { p.modules[0] = nullptr; }) == "program: a module is missing");
  CHECK(invalid_cuda([](Program& p) { p.modules.clear(); }) == "program: a launch has a module that is not there");
  CHECK(invalid_cuda([](Program& p) { p.launches.push_back({KernelLaunch{}}); }) ==
        "program: a launch has an image that is not there");
  CHECK(invalid_cuda([](Program& p) { cuda_kernel_of(p).entry = 2; }) ==
        "program: a launch has an entry that is not there");
  CHECK(invalid_cuda([](Program& p) { cuda_kernel_of(p).buffers[0] = 9; }) ==
        "program: a launch has a buffer that is not there");
  CHECK(invalid_cuda([](Program& p) { cuda_kernel_of(p).sizes[0] = 999; }) ==
        "program: a launch has a size that is not there");
  CHECK(invalid_cuda([](Program& p) { cuda_kernel_of(p).blocks = kNoSlot; }) ==
        "program: a launch has a size that is not there");
  CHECK(invalid_cuda([](Program& p) { cuda_kernel_of(p).shared_bytes = 999; }) ==
        "program: a launch has a size that is not there");
  for (const uint32_t threads : {0u, 1025u})
    CHECK(invalid_cuda([&](Program& p) { cuda_kernel_of(p).threads = threads; }) ==
          "program: a launch has a block of no or of too many threads");
  CHECK(invalid_cuda([](Program& p) { p.launches.push_back({CopyLaunch{0, 1}}); }) ==
        "program: a copy writes to an argument of the host");
  CHECK(invalid_cuda([](Program& p) { p.launches.push_back({FillLaunch{1, 0, 0, 4}}); }) ==
        "program: a fill writes to an argument of the host");
  CHECK(invalid_cuda([](Program& p) {
          p.results[0].dims.clear();
          p.results[0].writes = 1;
          p.results[0].in_place = true;
        }) == "program: a result is in the memory of an argument of the host");
}

TEST_CASE("program: validation of modules") {
  CHECK(invalid_module([](CudaModule& m) { m.architecture = "x86"; }) ==
        "module: 'x86' is no architecture of CUDA: expected sm_90, sm_90a or compute_90");
  const std::string no_cubin = "module: its code is no cubin",
                    no_text = "module: its code is no text that ends with a zero";
  CHECK(invalid_module([](CudaModule& m) { m.code.clear(); }) == no_cubin);
  CHECK(invalid_module([](CudaModule& m) { m.code[0] = 'x'; }) == no_cubin);
  CHECK(invalid_module([](CudaModule& m) { m.code[4] = 1; }) == no_cubin); // 32 bits
  CHECK(invalid_module([](CudaModule& m) { m.code.pop_back(); }) == no_cubin);
  CHECK(invalid_module([](CudaModule& m) { m.code[0x28] = 65; }) == no_cubin); // sections beyond its end
  CHECK(invalid_module([](CudaModule& m) { m.code[0x36] = m.code[0x38] = 9; }) == no_cubin);
  CHECK(invalid_module([](CudaModule& m) { m.architecture = "compute_90"; }) == "right");
  CHECK(invalid_module([](CudaModule& m) {
          m.architecture = "compute_90";
          m.code = {'x'};
        }) == no_text);
  for (const char* name : {"", "k 0", "k\n"})
    CHECK(invalid_module([&](CudaModule& m) { m.entries[0] = name; }) ==
          "module: an entry has a name that kernels do not have");
}

TEST_CASE("program: damage of a program for a device never does more than fail") {
  const std::vector<uint8_t> good = saved(cuda_program());
  for (size_t length = 28; length < good.size(); ++length)
    REQUIRE_FALSE(Program::load(resealed({good.begin(), good.begin() + static_cast<ptrdiff_t>(length)})));
  std::mt19937 random(2);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> bad = good;
    for (unsigned i = 0; i < 1 + random() % 3; ++i)
      bad[28 + random() % (bad.size() - 28)] = static_cast<uint8_t>(random() % 3 == 0 ? 255 : random());
    refused += !Program::load(resealed(bad)); // ASan and UBSan watch
  }
  CHECK(refused > 10000);
}

TEST_CASE("program: modules have a byte form of their own") {
  const CudaModuleRef module = empty_module(3);
  const std::vector<uint8_t> bytes = encode_module(*module);
  const Result<CudaModule> back = decode_module(bytes);
  REQUIRE(back);
  CHECK(encode_module(*back) == bytes);
  CHECK(back->entries[2] == "k2");
  CHECK(decode_module(std::span(bytes).first(bytes.size() - 1)).message() == "not a module");
  CudaModule bad = *module;
  bad.code.clear();
  CHECK(decode_module(encode_module(bad)).message() == "module: its code is no cubin");
}

TEST_CASE("program: every entry of a launch list is visited, those inside of others too") {
  const Program program = rich_program();
  std::vector<size_t> kinds;
  for_each_entry(program.launches, [&](const Entry& entry) { kinds.push_back(entry.launch.index()); });
  CHECK(kinds == std::vector<size_t>{0, 5, 2, 3, 1, 4, 6}); // a kernel, for {fill}, if {copy} {while}, a check
}

TEST_CASE("program: images have a byte form of their own") {
  ImageData data = store_size_image();
  data.bytes.resize(64);
  data.imports = {{"exp", 40}};
  const std::vector<uint8_t> bytes = encode_image(data);
  const Result<ImageData> back = decode_image(bytes);
  REQUIRE(back);
  CHECK(encode_image(*back) == bytes);
  CHECK(back->imports[0].function == "exp");
  CHECK_FALSE(decode_image(std::span(bytes).first(bytes.size() - 1)));
  data.imports[0].function = "system";
  CHECK(decode_image(encode_image(data)).message() == "image: may not call system");
}
