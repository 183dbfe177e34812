// Zip archives, after PKWARE's APPNOTE.TXT: local headers with contents, then a directory, then the end record that
// finds it.
#include "runtime/zip.h"

#include "runtime/codec.h"
#include "runtime/error.h"

#include <zlib.h>

#include <algorithm>

namespace ogee::runtime {
namespace {

constexpr uint32_t kLocalMagic = 0x04034b50, kDirectoryMagic = 0x02014b50, kEndMagic = 0x06054b50;
constexpr size_t kLocalBytes = 30, kDirectoryBytes = 46, kEndBytes = 22, kMaxComment = 65535;
constexpr uint16_t kStored = 0, kDeflated = 8;
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kVersion = 20;
constexpr uint16_t kFirstDay = 1 << 5 | 1; ///< 1 January 1980: archives do not depend on the clock

[[noreturn]] void damaged(const char* what) { raise(ErrorCode::corrupt, "damaged zip archive: ", what); }

/// A record's fields, in order. The caller has checked that they are there.
template <class... Fields>
void parse(std::span<const uint8_t> bytes, Fields&... fields) {
  Reader reader(bytes);
  reader(fields...);
  if (!reader.ok()) damaged("a record is cut off");
}

std::span<const uint8_t> part(std::span<const uint8_t> bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) damaged("it is cut off");
  return bytes.subspan(offset, size);
}

/// Where the end record starts: it is searched from the end, since a comment may follow it.
size_t find_end(std::span<const uint8_t> archive) {
  if (archive.size() < kEndBytes) raise(ErrorCode::corrupt, "not a zip archive");
  const size_t last = archive.size() - kEndBytes;
  for (size_t at = last + 1; at-- > 0 && last - at <= kMaxComment;) {
    uint32_t magic = 0;
    parse(archive.subspan(at), magic);
    if (magic == kEndMagic) return at;
  }
  raise(ErrorCode::corrupt, "not a zip archive");
}

std::vector<uint8_t> inflate_all(std::span<const uint8_t> packed, size_t size) {
  constexpr size_t kMaxRatio = 1032; // of deflate: a size beyond it is a lie
  if (size / kMaxRatio > packed.size()) damaged("an entry claims more than it can hold");
  std::vector<uint8_t> content(size + 1); // one more, so that there is an output buffer for empty content
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) raise(ErrorCode::out_of_memory, "no memory to decompress");
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = content.data();
  stream.avail_out = static_cast<uInt>(std::min<size_t>(content.size(), UINT32_MAX));
  const int status = inflate(&stream, Z_FINISH);
  const size_t got = stream.total_out;
  inflateEnd(&stream);
  if (status != Z_STREAM_END || got != size) damaged("an entry does not decompress to its size");
  content.resize(size);
  return content;
}

std::vector<uint8_t> deflate_all(std::span<const uint8_t> content) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    raise(ErrorCode::out_of_memory, "no memory to compress");
  std::vector<uint8_t> packed(deflateBound(&stream, content.size()));
  stream.next_in = const_cast<Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(std::min<size_t>(packed.size(), UINT32_MAX));
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) raise(ErrorCode::unsupported, "content too large for a zip archive");
  return packed;
}

uint32_t checksum_of(std::span<const uint8_t> content) {
  return static_cast<uint32_t>(crc32_z(crc32_z(0, nullptr, 0), content.data(), content.size()));
}

/// The fields that local header and directory share, from `flags` to the length of the extra field.
void write_common(Writer& writer, const ZipEntry& entry) {
  writer(uint16_t(0), entry.method, uint16_t(0), kFirstDay, entry.checksum, entry.packed, entry.size);
  writer(static_cast<uint16_t>(entry.name.size()), uint16_t(0));
}

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

} // namespace

std::vector<ZipEntry> zip_entries(std::span<const uint8_t> archive) {
  const size_t end = find_end(archive);
  uint32_t magic, size, offset;
  uint16_t disk, first_disk, here, count;
  parse(archive.subspan(end), magic, disk, first_disk, here, count, size, offset);
  if (count == UINT16_MAX || size == UINT32_MAX || offset == UINT32_MAX)
    raise(ErrorCode::unsupported, "zip archives beyond 4 GB or 65534 entries are not supported");
  if (disk != 0 || first_disk != 0 || here != count)
    raise(ErrorCode::unsupported, "zip archives in parts are not supported");
  if (size > end || offset > end - size) damaged("its directory lies outside");

  std::vector<ZipEntry> entries;
  std::span<const uint8_t> directory = archive.subspan(offset, size);
  for (unsigned i = 0; i < count; ++i) {
    ZipEntry& entry = entries.emplace_back();
    uint16_t made_by, version, flags, time, date, name, extra, comment, disk_of, internal;
    uint32_t external;
    parse(directory, magic, made_by, version, flags, entry.method, time, date, entry.checksum, entry.packed, entry.size,
          name, extra, comment, disk_of, internal, external, entry.offset);
    if (magic != kDirectoryMagic) damaged("its directory is not one");
    const std::span<const uint8_t> text = part(directory, kDirectoryBytes, name);
    entry.name.assign(text.begin(), text.end());
    if (flags & kEncrypted) raise(ErrorCode::unsupported, "encrypted zip archives are not supported");
    if (entry.packed == UINT32_MAX || entry.size == UINT32_MAX || entry.offset == UINT32_MAX)
      raise(ErrorCode::unsupported, "zip entries beyond 4 GB are not supported");
    const size_t record = kDirectoryBytes + size_t(name) + extra + comment;
    directory = directory.subspan(part(directory, 0, record).size());
  }
  return entries;
}

std::vector<uint8_t> zip_content(std::span<const uint8_t> archive, const ZipEntry& entry) {
  const std::span<const uint8_t> local = part(archive, entry.offset, kLocalBytes);
  uint32_t magic;
  uint16_t name, extra;
  parse(local, magic);
  parse(local.subspan(kLocalBytes - 4), name, extra);
  if (magic != kLocalMagic) damaged("an entry does not start where it should");
  const std::span<const uint8_t> packed =
      part(archive, uint64_t(entry.offset) + kLocalBytes + name + extra, entry.packed);
  std::vector<uint8_t> content;
  if (entry.method == kStored) {
    if (entry.packed != entry.size) damaged("a stored entry has two sizes");
    content.assign(packed.begin(), packed.end());
  } else if (entry.method == kDeflated) {
    content = inflate_all(packed, entry.size);
  } else {
    raise(ErrorCode::unsupported, "zip compression method ", entry.method, " is not supported");
  }
  if (checksum_of(content) != entry.checksum) damaged("an entry has a wrong checksum");
  return content;
}

void ZipWriter::add(const std::string& name, std::span<const uint8_t> content, bool compress) {
  if (content.size() >= UINT32_MAX || name.size() > UINT16_MAX || entries_.size() + 1 >= UINT16_MAX)
    raise(ErrorCode::unsupported, name, " is too large for a zip archive");
  const std::vector<uint8_t> packed = compress ? deflate_all(content) : std::vector<uint8_t>();
  const std::span<const uint8_t> data = compress ? std::span<const uint8_t>(packed) : content;
  if (bytes_.size() + kLocalBytes + name.size() + data.size() >= UINT32_MAX)
    raise(ErrorCode::unsupported, "the arrays are too large for one zip archive");
  const ZipEntry& entry = entries_.emplace_back(
      ZipEntry{name, compress ? kDeflated : kStored, checksum_of(content), static_cast<uint32_t>(data.size()),
               static_cast<uint32_t>(content.size()), static_cast<uint32_t>(bytes_.size())});
  Writer header;
  header(kLocalMagic, kVersion);
  write_common(header, entry);
  header.raw(bytes_of(name));
  bytes_.insert(bytes_.end(), header.bytes.begin(), header.bytes.end());
  bytes_.insert(bytes_.end(), data.begin(), data.end());
}

std::vector<uint8_t> ZipWriter::finish() && {
  Writer directory;
  for (const ZipEntry& entry : entries_) {
    directory(kDirectoryMagic, kVersion, kVersion);
    write_common(directory, entry);
    directory(uint16_t(0), uint16_t(0), uint16_t(0), uint32_t(0), entry.offset);
    directory.raw(bytes_of(entry.name));
  }
  if (bytes_.size() + directory.bytes.size() >= UINT32_MAX)
    raise(ErrorCode::unsupported, "the arrays are too large for one zip archive");
  const auto count = static_cast<uint16_t>(entries_.size());
  const auto size = static_cast<uint32_t>(directory.bytes.size());
  const auto offset = static_cast<uint32_t>(bytes_.size());
  directory(kEndMagic, uint16_t(0), uint16_t(0), count, count, size, offset, uint16_t(0));
  bytes_.insert(bytes_.end(), directory.bytes.begin(), directory.bytes.end());
  return std::move(bytes_);
}

} // namespace ogee::runtime
