// Zip archives in memory: what .npz files are. Stored and deflated entries; no encryption, no archives beyond 4 GB.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ogee::runtime {

/// A file in an archive, as its directory says.
struct ZipEntry {
  std::string name;
  uint16_t method = 0;
  uint32_t checksum = 0; ///< CRC-32 of the content
  uint32_t packed = 0;   ///< bytes in the archive
  uint32_t size = 0;     ///< bytes of the content
  uint32_t offset = 0;   ///< of its local header
};

// Both raise Errors (corrupt, unsupported) for anything that is not right.

/// The directory of an archive.
std::vector<ZipEntry> zip_entries(std::span<const uint8_t> archive);
/// The content of an entry, its checksum verified.
std::vector<uint8_t> zip_content(std::span<const uint8_t> archive, const ZipEntry& entry);

/// Writes an archive, file by file. The same content gives the same bytes.
class ZipWriter {
public:
  /// An Error(unsupported) when the archive would leave the 4 GB that the format has room for.
  void add(const std::string& name, std::span<const uint8_t> content, bool compress);
  std::vector<uint8_t> finish() &&;

private:
  std::vector<uint8_t> bytes_;
  std::vector<ZipEntry> entries_;
};

} // namespace ogee::runtime
