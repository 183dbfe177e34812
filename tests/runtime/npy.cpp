// NumPy files: round trips, the bytes that NumPy writes, and everything that can be wrong with one.
#include "runtime/npy.h"

#include "runtime/error.h"
#include "runtime/zip.h"
#include "tests/catch.h"
#include "tests/runtime/folder.h"

#include <cstring>
#include <functional>
#include <numeric>

using namespace ogee::runtime;
using ogee::runtime::testing::Folder;

namespace {

/// A .npy file as NumPy writes it, but for the padding of the header.
std::string npy(const std::string& dict, const std::string& elements, char version = 1) {
  std::string file = std::string("\x93NUMPY") + version + '\0';
  file += static_cast<char>(dict.size() & 255);
  file += static_cast<char>(dict.size() >> 8);
  if (version > 1) file += std::string(2, '\0');
  return file + dict + elements;
}

std::string header(const std::string& descr, const std::string& shape, const char* fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <class T>
std::vector<T> elements(const HostArray& array) {
  std::vector<T> out(array.storage->bytes() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), array.storage->data(), array.storage->bytes());
  return out;
}

HostArray load(const Folder& folder, const std::string& content) {
  folder.write("x.npy", content);
  return load_npy(folder.file("x.npy"));
}

/// What loading says, without the function and the path.
std::string error_of(const Folder& folder, const std::string& content) {
  try {
    load(folder, content);
  } catch (const Error& error) {
    const std::string prefix = "load_npy: " + folder.file("x.npy") + ": ", text = error.what();
    return text.starts_with(prefix) ? text.substr(prefix.size()) : "prefix: " + text;
  }
  return "no error";
}

} // namespace

TEST_CASE("npy: every dtype and shape comes back") {
  const Folder folder;
  std::vector<uint8_t> bytes(24 * 8);
  std::iota(bytes.begin(), bytes.end(), uint8_t(3));
  for (unsigned i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    if (dtype == DType::bf16) continue;
    std::vector<uint8_t> data = bytes;
    if (dtype == DType::boolean)
      for (uint8_t& byte : data) byte &= 1;
    for (const std::vector<int64_t>& shape :
         {std::vector<int64_t>{}, {24}, {2, 3, 4}, {0}, {3, 0, 2}, {1, 1, 1, 1, 1, 1, 24}}) {
      save_npy(folder.file("a.npy"), {dtype, shape, data.data()});
      const HostArray array = load_npy(folder.file("a.npy"));
      CHECK(array.dtype == dtype);
      CHECK(array.shape == shape);
      CHECK((elements<uint8_t>(array) ==
             std::vector<uint8_t>(data.begin(), data.begin() + static_cast<ptrdiff_t>(array.storage->bytes()))));
    }
  }
  CHECK_THROWS_WITH(save_npy(folder.file("b.npy"), {DType::bf16, {}, bytes.data()}),
                    "save_npy: " + folder.file("b.npy") + ": NumPy has no dtype for bf16: convert to f32 first");
}

TEST_CASE("npy: the bytes are NumPy's") {
  const Folder folder;
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const std::vector<int64_t> shape = {2, 3}, one = {6};
  save_npy(folder.file("a.npy"), {DType::f32, shape, values.data()});
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  dict += std::string(128 - 10 - dict.size() - 1, ' ') + "\n";
  CHECK(folder.read("a.npy") == npy(dict, raw(values)));
  save_npy(folder.file("a.npy"), {DType::f32, one, values.data()});
  CHECK(folder.read("a.npy").find("'shape': (6,), }") != std::string::npos);
  save_npy(folder.file("a.npy"), {DType::boolean, {}, values.data()});
  CHECK(folder.read("a.npy").find("{'descr': '|b1', 'fortran_order': False, 'shape': (), }") == 10);
}

TEST_CASE("npy: headers in other spellings and versions") {
  const Folder folder;
  const std::string data = raw<int32_t>({7, 8});
  for (const std::string& dict :
       {header("<i4", "(2,)"), std::string("{\"shape\":(2L,),\"descr\":\"<i4\",\"fortran_order\":False}"),
        std::string("{ 'fortran_order' : False , 'shape' : ( 2 ) , 'descr' : '=i4' }   \n"), header("i4", "(2,)")})
    for (const char version : {1, 2, 3}) {
      INFO(dict << int(version));
      CHECK(elements<int32_t>(load(folder, npy(dict, data, version))) == std::vector<int32_t>{7, 8});
    }
  CHECK(load(folder, npy(header("<i4", "(2,)"), data + "and more")).shape == std::vector<int64_t>{2});
}

TEST_CASE("npy: Fortran order and big-endian elements are converted") {
  const Folder folder;
  const std::vector<int32_t> columns = {1, 4, 2, 5, 3, 6}; // [[1, 2, 3], [4, 5, 6]] column by column
  CHECK(elements<int32_t>(load(folder, npy(header("<i4", "(2, 3)", "True"), raw(columns)))) ==
        std::vector<int32_t>{1, 2, 3, 4, 5, 6});
  std::vector<int64_t> cube(24), expected;
  std::iota(cube.begin(), cube.end(), 0);
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      for (int64_t k = 0; k < 4; ++k) expected.push_back(i + 2 * (j + 3 * k));
  CHECK(elements<int64_t>(load(folder, npy(header("<i8", "(2, 3, 4)", "True"), raw(cube)))) == expected);
  CHECK(elements<int64_t>(load(folder, npy(header("<i8", "()", "True"), raw<int64_t>({5})))) ==
        std::vector<int64_t>{5});
  CHECK(load(folder, npy(header("<i8", "(0, 3)", "True"), "")).shape == std::vector<int64_t>{0, 3});
  CHECK(elements<int32_t>(load(folder, npy(header(">i4", "(2,)"), std::string("\0\0\1\2\0\0\0\7", 8)))) ==
        std::vector<int32_t>{258, 7});
  CHECK(elements<uint8_t>(load(folder, npy(header("|b1", "(3,)"), std::string("\0\1\2", 3)))) ==
        std::vector<uint8_t>{0, 1, 1});
}

TEST_CASE("npy: what is wrong with a file is said") {
  const Folder folder;
  const std::string data(4096, 'x');
  CHECK(error_of(folder, npy(header("<f4", "(1024,)"), data)) == "no error");
  CHECK(error_of(folder, npy(header("<f4", "(1024,)"), data.substr(0, 100))) == "truncated: needs 4096 bytes, has 100");
  CHECK(error_of(folder, "") == "not a .npy file");
  CHECK(error_of(folder, "PK\3\4") == "not a .npy file");
  CHECK(error_of(folder, "\x93NUMPY\1") == "truncated: the header is cut off");
  CHECK(error_of(folder, npy(header("<f4", "(1024,)"), "").substr(0, 40)) == "truncated: the header is cut off");
  CHECK(error_of(folder, npy(header("<f4", "(1,)"), data, 9)) == ".npy version 9 is not supported");
  CHECK(error_of(folder, npy(header("<u2", "(1,)"), data)) == "dtype '<u2' is not supported");
  CHECK(error_of(folder, npy(header("<c8", "(1,)"), data)) == "dtype '<c8' is not supported");
  CHECK(error_of(folder, npy(header("|O", "(1,)"), data)) == "dtype '|O' is not supported");
  CHECK(error_of(folder, npy(header("", "(1,)"), data)) == "dtype '' is not supported");
  CHECK(error_of(folder, npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", data)) ==
        "arrays of records are not supported");
  CHECK(error_of(folder, npy(header("<f4", "(-1,)"), data)) == "damaged header: negative size -1");
  CHECK(error_of(folder, npy(header("<f4", "(9223372036854775807, 4)"), data)) ==
        "damaged header: too many elements: [9223372036854775807, 4]");
  CHECK(error_of(folder, npy(header("<f4", "(4611686018427387904,)"), data)) ==
        "damaged header: too many bytes: [4611686018427387904] of f32");
  for (const char* bad :
       {"", "{", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}", "{'x': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4, 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"}) {
    INFO(bad);
    CHECK(error_of(folder, npy(bad, data)) == "damaged header");
  }
  CHECK_THROWS_WITH(load_npy(folder.file("none.npy")),
                    "load_npy: " + folder.file("none.npy") + ": No such file or directory");
  CHECK_THROWS_WITH(save_npy(folder.file("no/a.npy"), {DType::u8, {}, data.data()}),
                    "save_npy: " + folder.file("no/a.npy") + ": No such file or directory");
}

TEST_CASE("npz: arrays by name, stored and deflated") {
  const Folder folder;
  const std::vector<float> weights(5000, 0.5f);
  const std::vector<int64_t> labels = {3, 1, 4};
  const std::vector<int64_t> matrix = {50, 100}, three = {3}, none = {0};
  const std::pair<std::string, HostView> arrays[] = {{"fc1.weight", {DType::f32, matrix, weights.data()}},
                                                     {"labels", {DType::i64, three, labels.data()}},
                                                     {"empty", {DType::f64, none, nullptr}}};
  for (const bool compress : {false, true}) {
    save_npz(folder.file("a.npz"), arrays, compress);
    CHECK((folder.read("a.npz").size() < 5000) == compress);
    const NamedArrays loaded = load_npz(folder.file("a.npz"));
    REQUIRE(loaded.size() == 3);
    CHECK(loaded[0].first == "fc1.weight");
    CHECK(loaded[0].second.shape == matrix);
    CHECK(elements<float>(loaded[0].second) == weights);
    CHECK(elements<int64_t>(loaded[1].second) == labels);
    CHECK(loaded[2].second.shape == none);
  }
  save_npz(folder.file("a.npz"), {});
  CHECK(load_npz(folder.file("a.npz")).empty());
}

TEST_CASE("npz: what is wrong inside is said with the array's name") {
  const Folder folder;
  ZipWriter writer;
  const std::string text = "hello";
  writer.add("note.txt", std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()), false);
  const std::vector<uint8_t> bytes = std::move(writer).finish();
  folder.write("a.npz", std::string(bytes.begin(), bytes.end()));
  CHECK_THROWS_WITH(load_npz(folder.file("a.npz")),
                    "load_npz: " + folder.file("a.npz") + ": note.txt: not a .npy file");
  folder.write("a.npz", npy(header("<f4", "(1,)"), "abcd"));
  CHECK_THROWS_WITH(load_npz(folder.file("a.npz")), "load_npz: " + folder.file("a.npz") + ": not a zip archive");
}
