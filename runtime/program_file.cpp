// Programs and images as bytes: the fields of each type, said once for writing and reading; headers with version and
// checksum; files.
#include "runtime/codec.h"
#include "runtime/files.h"
#include "runtime/hash.h"
#include "runtime/program.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace ogee::runtime {

// The fields of each type, in file order. A change of any of them is a new kVersion.
constexpr uint32_t kVersion = 7;

template <class A>
void fields(A& a, SizeStep& s) {
  a.choice(s.op, SizeOp::lt);
  a(s.a, s.b, s.out);
}
template <class A>
void fields(A& a, Symbol& s) {
  a.choice(s.source.kind, SymbolSource::Kind::index);
  a(s.name, s.slot, s.source.arg, s.source.axis, s.lo, s.hi);
}
template <class A>
void fields(A& a, ValueTable& t) {
  a(t.initial, t.symbols, t.steps);
}
template <class A>
void fields(A& a, ArgSpec& s) {
  a.choice(s.dtype, DType::f64);
  a.choice(s.role, Role::random);
  a(s.name, s.dims, s.strides, s.location, s.host);
}
template <class A>
void fields(A& a, SizeCheck& c) {
  a.choice(c.kind, SizeCheck::Kind::less);
  a(c.a, c.b, c.message);
}
template <class A>
void fields(A& a, Buffer& b) {
  a.choice(b.kind, Buffer::Kind::arena);
  a(b.index, b.bytes, b.first_use, b.last_use);
}
template <class A>
void fields(A& a, ResultSpec& r) {
  a.choice(r.dtype, DType::f64);
  a(r.name, r.dims, r.buffer, r.writes, r.in_place);
}
template <class A>
void fields(A& a, FaultSite& s) {
  a(s.message, s.location);
}
template <class A>
void fields(A& a, KernelLaunch& k) {
  a(k.image, k.entry, k.buffers, k.sizes, k.units, k.unit_cost, k.scratch_bytes, k.sites, k.name);
}
template <class A>
void fields(A& a, CudaLaunch& k) {
  a(k.module, k.entry, k.buffers, k.sizes, k.blocks, k.threads, k.shared_bytes, k.sites, k.name, k.location);
}
template <class A>
void fields(A& a, CopyLaunch& c) {
  a(c.from, c.to, c.bytes, c.from_offset, c.to_offset);
}
template <class A>
void fields(A& a, FillLaunch& f) {
  a(f.buffer, f.bytes, f.pattern, f.pattern_bytes);
}
template <class A>
void fields(A& a, Condition& c) {
  a.choice(c.kind, Condition::Kind::buffer);
  a(c.index);
}
template <class A>
void fields(A& a, IfEntry& e) {
  a(e.condition, e.then, e.otherwise);
}
template <class A>
void fields(A& a, WhileEntry& e) {
  a(e.before, e.condition, e.body);
}
template <class A>
void fields(A& a, ForEntry& e) {
  a(e.count, e.induction, e.steps, e.body);
}
template <class A>
void fields(A& a, Window& w) {
  a.choice(w.dtype, DType::f64);
  a(w.buffer, w.offset, w.dims, w.strides);
}
template <class A>
void fields(A& a, CheckLaunch& c) {
  a(c.failed, c.values, c.message, c.location, c.hint);
}
template <class A>
void fields(A& a, MatrixSpec& m) {
  a(m.buffer, m.offset, m.batch_stride, m.ld, m.transposed);
}
template <class A>
void fields(A& a, MatmulLaunch& m) {
  a.choice(m.dtype, DType::f64);
  a.choice(m.function, MatmulFunction::gelu_tanh);
  a(m.batch, m.m, m.n, m.k, m.lhs, m.rhs, m.out, m.bias, m.bias_offset, m.has_residual, m.residual, m.otherwise, m.name,
    m.location);
}
template <class A>
void fields(A& a, StageText& t) {
  a(t.stage, t.text);
}
template <class A>
void fields(A& a, ImageEntry& e) {
  a(e.name, e.offset);
}
template <class A>
void fields(A& a, ImageImport& i) {
  a(i.function, i.offset);
}
template <class A>
void fields(A& a, ImageData& i) {
  uint64_t features = i.features.bits();
  a(i.architecture, features, i.bytes, i.entries, i.imports);
  i.features = CpuFeatures(features);
}
template <class A>
void fields(A& a, CudaModule& m) {
  a(m.architecture, m.code, m.entries, m.resources);
}

template <class A>
void fields(A& a, KernelPlace& k) {
  a(k.module, k.entry);
}

/// A launch: which kind, then its fields.
inline void fields(Writer& writer, Entry& entry) {
  writer(static_cast<uint8_t>(entry.launch.index()));
  std::visit([&](auto& launch) { writer(launch); }, entry.launch);
}
template <size_t kind = 0>
void read_launch(Reader& reader, Entry& entry, uint8_t wanted) {
  if constexpr (kind < std::variant_size_v<decltype(entry.launch)>) {
    if (wanted != kind) return read_launch<kind + 1>(reader, entry, wanted);
    reader.nested([&] { reader(entry.launch.emplace<kind>()); });
  } else {
    reader.fail();
  }
}
inline void fields(Reader& reader, Entry& entry) {
  uint8_t kind = 0;
  reader(kind);
  if (reader.ok()) read_launch(reader, entry, kind);
}

namespace {

constexpr std::array<uint8_t, 8> kMagic = {'o', 'g', 'e', 'e', 'p', 'r', 'o', 'g'};
constexpr size_t kHeaderBytes = sizeof kMagic + 4 + 16;

constexpr uint32_t tag(const char (&text)[5]) {
  return uint32_t(text[0]) | uint32_t(text[1]) << 8 | uint32_t(text[2]) << 16 | uint32_t(text[3]) << 24;
}

/// The code of a program, by value.
struct Code {
  std::vector<ImageData> images;
  std::vector<CudaModule> modules;
};

template <class A>
void sections(A& a, Program& p, Code& code) {
  a.section(tag("head"), [&] {
    a.choice(p.device, Device::Kind::cuda);
    a(p.name, p.index_args, p.trusted);
  });
  a.section(tag("vals"), [&] { a(p.values, p.checks); });
  a.section(tag("sign"), [&] { a(p.args, p.results); });
  a.section(tag("bufs"), [&] { a(p.buffers); });
  a.section(tag("cons"), [&] { a(p.constants); });
  a.section(tag("imgs"), [&] { a(code.images); });
  a.section(tag("cuda"), [&] { a(code.modules, p.transfer); });
  a.section(tag("list"), [&] { a(p.launches); });
  a.section(tag("stat"), [&] { a(p.state); });
  a.section(tag("text"), [&] { a(p.texts); });
}

Failure corrupt(const char* what) { return Failure{concat("not a program: ", what), ErrorCode::corrupt}; }

} // namespace

Result<std::vector<uint8_t>> Program::save() const {
  Code code;
  for (const ImageRef& image : images) {
    if (!image->data().functions.empty())
      return Failure{"a program with in-process functions cannot be saved", ErrorCode::unsupported};
    code.images.push_back(image->data());
  }
  for (const CudaModuleRef& module : modules) code.modules.push_back(*module);
  Writer payload;
  sections(payload, const_cast<Program&>(*this), code); // a Writer only reads
  const Hash128 checksum = hash128(payload.bytes);
  Writer file;
  file.raw(kMagic);
  file(kVersion, checksum.lo, checksum.hi);
  file.raw(payload.bytes);
  return std::move(file.bytes);
}

namespace {
bool is_text(std::span<const uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == '\n' || (byte >= ' ' && byte <= '~'); });
}
} // namespace

Result<Program> Program::load(std::span<const uint8_t> bytes, Machine machine) {
  if (bytes.size() < kHeaderBytes) return corrupt("too short");
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin()))
    return corrupt(is_text(bytes.first(kHeaderBytes)) ? "wrong first bytes; hint: IR text has to be compiled first"
                                                      : "wrong first bytes");
  Reader header(bytes.subspan(sizeof kMagic, kHeaderBytes - sizeof kMagic));
  uint32_t version = 0;
  Hash128 checksum;
  header(version, checksum.lo, checksum.hi);
  if (version != kVersion)
    return Failure{concat("made by another version of ogee (format ", version, ", this one reads ", kVersion, ")"),
                   ErrorCode::unsupported};
  const std::span<const uint8_t> payload = bytes.subspan(kHeaderBytes);
  if (hash128(payload) != checksum) return corrupt("wrong checksum");

  Program program;
  Code code;
  Reader reader(payload);
  sections(reader, program, code);
  if (!reader.finished()) return corrupt("a section does not fit");
  for (ImageData& image : code.images) program.images.push_back(std::make_shared<const Image>(std::move(image)));
  for (CudaModule& module : code.modules)
    program.modules.push_back(std::make_shared<const CudaModule>(std::move(module)));
  if (Status valid = program.validate(); !valid) return valid.failure();
  for (const ImageRef& image : program.images)
    if (Status runs = machine == Machine::any ? Status() : image->check_machine(); !runs) return runs.failure();
  return program;
}

void Program::save_file(const std::string& path) const {
  Result<std::vector<uint8_t>> bytes = save();
  if (!bytes) raise(bytes.failure().code, "save_program: ", path, ": ", bytes.message());
  if (Status written = write_file(path, *bytes); !written)
    raise(ErrorCode::io, "save_program: ", path, ": ", written.message());
}

Program Program::load_file(const std::string& path, Machine machine) {
  Result<std::vector<uint8_t>> bytes = read_file(path);
  if (!bytes) raise(ErrorCode::io, "load_program: ", path, ": ", bytes.message());
  Result<Program> program = load(*bytes, machine);
  if (!program) raise(program.failure().code, "load_program: ", path, ": ", program.message());
  return std::move(program).take();
}

bool Program::is_program_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, kMagic.size()> first{};
  return file.read(first.data(), first.size()) && std::ranges::equal(first, kMagic);
}

std::vector<uint8_t> encode_image(const ImageData& image) {
  Writer writer;
  writer(kVersion, image);
  return std::move(writer.bytes);
}

Result<ImageData> decode_image(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  uint32_t version = 0;
  ImageData image;
  reader(version, image);
  if (!reader.finished() || version != kVersion) return Failure{"not an image", ErrorCode::corrupt};
  if (Status valid = Image(image).check(); !valid) return valid.failure();
  return image;
}

std::vector<uint8_t> encode_module(const CudaModule& module) {
  Writer writer;
  writer(kVersion, module);
  return std::move(writer.bytes);
}

Result<CudaModule> decode_module(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  uint32_t version = 0;
  CudaModule module;
  reader(version, module);
  if (!reader.finished() || version != kVersion) return Failure{"not a module", ErrorCode::corrupt};
  if (Status valid = module.check(); !valid) return valid.failure();
  return module;
}

} // namespace ogee::runtime
