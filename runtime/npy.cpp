// The .npy format, versions 1 to 3, as numpy.lib.format describes it: a magic, the length of a header, a Python dict as
// text, the elements.
#include "runtime/npy.h"

#include "runtime/files.h"
#include "runtime/shape.h"
#include "runtime/zip.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ogee::runtime {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kSuffix = ".npy";
constexpr size_t kAlignment = 64; ///< of the elements in the file

struct Header {
  std::string descr; ///< "<f4"
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

/// Reads the dict of a header: three known keys, each with a value of its kind.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = text();
      expect(':');
      value(key);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (seen_ != 7) wrong();
    return std::move(header_);
  }

private:
  [[noreturn]] static void wrong() { raise(ErrorCode::corrupt, "damaged header"); }

  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  bool accept(char wanted) {
    skip_blanks();
    if (rest_.empty() || rest_[0] != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) wrong();
  }
  std::string text() {
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_[0];
    const size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) wrong();
    const std::string found(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return found;
  }
  bool truth() {
    skip_blanks();
    for (const auto& [word, value] : {std::pair("True", true), std::pair("False", false)})
      if (rest_.starts_with(word)) return rest_.remove_prefix(std::strlen(word)), value;
    wrong();
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> numbers;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      int64_t number = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
      if (error != std::errc()) wrong();
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      accept('L'); // as Python 2 wrote long integers
      numbers.push_back(number);
      if (accept(',')) continue;
      expect(')');
      break;
    }
    return numbers;
  }
  void value(const std::string& key) {
    skip_blanks();
    if (key == "descr") {
      if (rest_.starts_with('[')) raise(ErrorCode::unsupported, "arrays of records are not supported");
      header_.descr = text();
      seen_ |= 1;
    } else if (key == "fortran_order") {
      header_.fortran_order = truth();
      seen_ |= 2;
    } else if (key == "shape") {
      header_.shape = tuple();
      seen_ |= 4;
    } else {
      wrong();
    }
  }

  std::string_view rest_;
  Header header_;
  int seen_ = 0;
};

struct NumpyDType {
  std::string_view name; ///< without the byte order
  DType dtype;
};

constexpr NumpyDType kDTypes[] = {{"b1", DType::boolean}, {"u1", DType::u8},  {"i1", DType::i8},  {"i4", DType::i32},
                                  {"i8", DType::i64},     {"f2", DType::f16}, {"f4", DType::f32}, {"f8", DType::f64}};

DType dtype_of(const std::string& descr, bool& swapped) {
  swapped = descr.starts_with('>');
  const bool ordered = !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
  for (const NumpyDType& known : kDTypes)
    if (std::string_view(descr).substr(ordered ? 1 : 0) == known.name) return known.dtype;
  raise(ErrorCode::unsupported, "dtype '", descr, "' is not supported");
}

std::string descr_of(DType dtype) {
  for (const NumpyDType& known : kDTypes)
    if (known.dtype == dtype) return concat(item_size(dtype) == 1 ? "|" : "<", known.name);
  raise(ErrorCode::unsupported, "NumPy has no dtype for ", name(dtype), ": convert to f32 first");
}

void swap_bytes(std::byte* data, size_t bytes, size_t item) {
  for (size_t at = 0; at < bytes; at += item) std::reverse(data + at, data + at + item);
}

/// Copies a column-major array into row-major order.
void copy_transposed(std::byte* to, const uint8_t* from, std::span<const int64_t> shape, size_t item) {
  const size_t rank = shape.size();
  std::vector<size_t> step(rank, item), index(rank, 0);
  for (size_t i = 1; i < rank; ++i) step[i] = step[i - 1] * static_cast<size_t>(shape[i - 1]);
  size_t offset = 0;
  for (;;) {
    std::memcpy(to, from + offset, item);
    to += item;
    size_t axis = rank;
    while (axis-- > 0) { // count up, the last axis fastest
      offset += step[axis];
      if (++index[axis] < static_cast<size_t>(shape[axis])) break;
      offset -= step[axis] * index[axis];
      index[axis] = 0;
    }
    if (axis == SIZE_MAX) return;
  }
}

/// The text of the header and where the elements begin.
std::pair<std::string_view, size_t> split_header(std::span<const uint8_t> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(kMagic)) raise(ErrorCode::corrupt, "not a .npy file");
  const size_t fixed = kMagic.size() + 2;
  if (file.size() < fixed) raise(ErrorCode::corrupt, "truncated: the header is cut off");
  const unsigned version = file[kMagic.size()];
  if (version < 1 || version > 3) raise(ErrorCode::unsupported, ".npy version ", version, " is not supported");
  const size_t count = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < count && fixed + i < file.size(); ++i) length |= size_t(file[fixed + i]) << (8 * i);
  const size_t start = fixed + count;
  if (file.size() < start || file.size() - start < length)
    raise(ErrorCode::corrupt, "truncated: the header is cut off");
  return {text.substr(start, length), start + length};
}

HostArray parse_npy(std::span<const uint8_t> file) {
  const auto [text, start] = split_header(file);
  const Header header = HeaderParser(text).parse();
  bool swapped = false;
  HostArray array{dtype_of(header.descr, swapped), header.shape, {}};
  const Result<int64_t> needed = checked_bytes(array.shape, array.dtype);
  if (!needed) raise(ErrorCode::corrupt, "damaged header: ", needed.message());
  const auto bytes = static_cast<size_t>(*needed);
  if (file.size() - start < bytes)
    raise(ErrorCode::corrupt, "truncated: needs ", bytes, " bytes, has ", file.size() - start);

  array.storage = Storage::allocate(bytes);
  std::byte* const data = array.storage->data();
  const size_t item = item_size(array.dtype);
  if (header.fortran_order && bytes != 0)
    copy_transposed(data, file.data() + start, array.shape, item);
  else if (bytes != 0)
    std::memcpy(data, file.data() + start, bytes);
  if (swapped) swap_bytes(data, bytes, item);
  if (array.dtype == DType::boolean)
    std::transform(data, data + bytes, data, [](std::byte b) { return b == std::byte(0) ? b : std::byte(1); });
  return array;
}

std::vector<uint8_t> format_npy(const HostView& array) {
  const size_t bytes = static_cast<size_t>(checked_bytes(array.shape, array.dtype).take());
  std::string shape;
  for (const int64_t size : array.shape) shape += concat(size, array.shape.size() == 1 ? "," : ", ");
  if (array.shape.size() > 1) shape.resize(shape.size() - 2);
  std::string text =
      concat("{'descr': '", descr_of(array.dtype), "', 'fortran_order': False, 'shape': (", shape, "), }");
  const size_t fixed = kMagic.size() + 4;
  const size_t padded = (fixed + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  text.append(padded - fixed - text.size() - 1, ' ');
  text += '\n';
  if (text.size() > UINT16_MAX) raise(ErrorCode::unsupported, "too many dims for a .npy file");

  std::vector<uint8_t> file(kMagic.begin(), kMagic.end());
  file.insert(file.end(), {1, 0, static_cast<uint8_t>(text.size()), static_cast<uint8_t>(text.size() >> 8)});
  file.insert(file.end(), text.begin(), text.end());
  const auto* const data = static_cast<const uint8_t*>(array.data);
  if (bytes != 0) file.insert(file.end(), data, data + bytes);
  return file;
}

/// Runs `action`; its Errors get the function and the path in front.
template <class Action>
auto about_file(std::string_view function, const std::string& path, Action action) {
  try {
    return action();
  } catch (const Error& error) { raise(error.code(), function, ": ", path, ": ", error.what()); }
}

} // namespace

HostArray load_npy(const std::string& path) {
  return about_file("load_npy", path, [&] { return parse_npy(read_file(path).take()); });
}

void save_npy(const std::string& path, const HostView& array) {
  about_file("save_npy", path, [&] { write_file(path, format_npy(array)).take(); });
}

NamedArrays load_npz(const std::string& path) {
  return about_file("load_npz", path, [&] {
    const std::vector<uint8_t> archive = read_file(path).take();
    NamedArrays arrays;
    for (const ZipEntry& entry : zip_entries(archive)) {
      const bool suffixed = entry.name.ends_with(kSuffix);
      const std::string name = entry.name.substr(0, entry.name.size() - (suffixed ? kSuffix.size() : 0));
      try {
        arrays.emplace_back(name, parse_npy(zip_content(archive, entry)));
      } catch (const Error& error) { raise(error.code(), name, ": ", error.what()); }
    }
    return arrays;
  });
}

std::vector<uint8_t> encode_npz(std::span<const std::pair<std::string, HostView>> arrays, bool compress) {
  ZipWriter archive;
  for (const auto& [name, array] : arrays) archive.add(concat(name, kSuffix), format_npy(array), compress);
  return std::move(archive).finish();
}

void save_npz(const std::string& path, std::span<const std::pair<std::string, HostView>> arrays, bool compress) {
  about_file("save_npz", path, [&] { write_file(path, encode_npz(arrays, compress)).take(); });
}

} // namespace ogee::runtime
