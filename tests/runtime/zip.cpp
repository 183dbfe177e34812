// Zip archives: round trips, archives of other writers, and damage of every byte.
#include "runtime/zip.h"

#include "runtime/error.h"
#include "tests/catch.h"

#include <cstring>
#include <random>
#include <string>

using namespace ogee::runtime;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

/// Numbers as little-endian bytes of the given widths.
Bytes fields(std::initializer_list<std::pair<int, uint64_t>> widths_and_values) {
  Bytes out;
  for (const auto& [width, value] : widths_and_values)
    for (int i = 0; i < width; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  return out;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes archive(bool compress) {
  ZipWriter writer;
  writer.add("a", bytes_of(std::string(1000, 'x')), compress);
  writer.add("folder/b", bytes_of("short"), compress);
  writer.add("none", {}, compress);
  return std::move(writer).finish();
}

std::string error_of(const Bytes& bytes) {
  try {
    for (const ZipEntry& entry : zip_entries(bytes)) zip_content(bytes, entry);
  } catch (const Error& error) { return error.what(); }
  return "no error";
}

} // namespace

TEST_CASE("zip: what is written is read, and the same each time") {
  for (const bool compress : {false, true}) {
    const Bytes bytes = archive(compress);
    CHECK(bytes == archive(compress));
    const std::vector<ZipEntry> entries = zip_entries(bytes);
    REQUIRE(entries.size() == 3);
    CHECK(entries[1].name == "folder/b");
    CHECK(zip_content(bytes, entries[0]) == bytes_of(std::string(1000, 'x')));
    CHECK(zip_content(bytes, entries[1]) == bytes_of("short"));
    CHECK(zip_content(bytes, entries[2]).empty());
    CHECK((entries[0].packed < 100) == compress);
  }
}

TEST_CASE("zip: archives as Python's zipfile writes them for NumPy") {
  // Local headers with a zip64 field and sizes of all ones (force_zip64), a comment at the end, bytes before the first
  // entry.
  const Bytes content = bytes_of("hello");
  const uint32_t checksum = 0x3610a686;
  const Bytes front = bytes_of("#!");
  const Bytes local = fields({{4, 0x04034b50},
                              {2, 45},
                              {2, 0},
                              {2, 0},
                              {2, 0},
                              {2, 0x21},
                              {4, checksum},
                              {4, UINT32_MAX},
                              {4, UINT32_MAX},
                              {2, 1},
                              {2, 20}}) +
                      bytes_of("h") + fields({{2, 1}, {2, 16}, {8, 5}, {8, 5}});
  const Bytes directory = fields({{4, 0x02014b50},
                                  {2, 45},
                                  {2, 45},
                                  {2, 0},
                                  {2, 0},
                                  {2, 0},
                                  {2, 0x21},
                                  {4, checksum},
                                  {4, 5},
                                  {4, 5},
                                  {2, 1},
                                  {2, 0},
                                  {2, 0},
                                  {2, 0},
                                  {2, 0},
                                  {4, 0},
                                  {4, front.size()}}) +
                          bytes_of("h");
  const size_t offset = front.size() + local.size() + content.size();
  const Bytes end =
      fields({{4, 0x06054b50}, {2, 0}, {2, 0}, {2, 1}, {2, 1}, {4, directory.size()}, {4, offset}, {2, 3}}) +
      bytes_of("bye");
  const Bytes bytes = front + local + content + directory + end;
  const std::vector<ZipEntry> entries = zip_entries(bytes);
  REQUIRE(entries.size() == 1);
  CHECK(zip_content(bytes, entries[0]) == content);
}

TEST_CASE("zip: what is not supported is said") {
  Bytes bytes = archive(false);
  const size_t end = bytes.size() - 22;
  size_t directory;
  uint32_t offset;
  std::memcpy(&offset, &bytes[end + 16], 4);
  directory = offset;
  const auto with = [&](size_t at, std::initializer_list<uint8_t> values) {
    Bytes changed = bytes;
    std::copy(values.begin(), values.end(), changed.begin() + static_cast<ptrdiff_t>(at));
    return changed;
  };
  CHECK(error_of(bytes) == "no error");
  CHECK(error_of(with(directory + 8, {1})) == "encrypted zip archives are not supported");
  CHECK(error_of(with(directory + 10, {12})) == "zip compression method 12 is not supported");
  CHECK(error_of(with(directory + 20, {255, 255, 255, 255})) == "zip entries beyond 4 GB are not supported");
  CHECK(error_of(with(end + 8, {255, 255, 255, 255})) == "zip archives beyond 4 GB or 65534 entries are not supported");
  CHECK(error_of(with(end + 4, {1})) == "zip archives in parts are not supported");
  CHECK(error_of(with(directory + 24, {1})) == "damaged zip archive: a stored entry has two sizes");
  CHECK(error_of(with(directory + 16, {1})) == "damaged zip archive: an entry has a wrong checksum");
  CHECK(error_of(with(40, {'y'})) == "damaged zip archive: an entry has a wrong checksum");
  CHECK(error_of(with(0, {0})) == "damaged zip archive: an entry does not start where it should");
  CHECK(error_of(with(directory, {0})) == "damaged zip archive: its directory is not one");
  CHECK(error_of(with(end + 16, {255, 255, 255})) == "damaged zip archive: its directory lies outside");
  CHECK(error_of({}) == "not a zip archive");
  CHECK(error_of(Bytes(100)) == "not a zip archive");
  bytes = archive(true);
  std::memcpy(&offset, &bytes[bytes.size() - 18 + 12], 4);
  std::memcpy(&offset, &bytes[bytes.size() - 6], 4);
  CHECK(error_of(with(offset + 24, {0, 0, 0, 0x40})) == "damaged zip archive: an entry claims more than it can hold");
  CHECK(error_of(with(offset + 24, {1})) == "damaged zip archive: an entry does not decompress to its size");
}

TEST_CASE("zip: damage never does more than raise") {
  std::mt19937 random(5);
  for (const bool compress : {false, true}) {
    const Bytes good = archive(compress);
    for (size_t length = 0; length < good.size(); ++length)
      CHECK(error_of(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(length))) != "no error");
    for (int round = 0; round < 5000; ++round) {
      Bytes bad = good;
      for (unsigned i = 0; i < 1 + random() % 3; ++i) bad[random() % bad.size()] = static_cast<uint8_t>(random());
      error_of(bad); // ASan and UBSan watch
    }
  }
}
