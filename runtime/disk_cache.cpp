// The disk cache: one file per key with a header that says who wrote it; least recently used files go first.
#include "runtime/disk_cache.h"

#include "runtime/build_id.h"
#include "runtime/codec.h"
#include "runtime/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace ogee::runtime {
namespace {

namespace fs = std::filesystem;
using Clock = fs::file_time_type::clock;

constexpr std::array<uint8_t, 8> kMagic = {'o', 'g', 'e', 'e', 'c', 'a', 'c', 'h'};
constexpr uint32_t kVersion = 1;
constexpr std::string_view kSuffix = ".ogee";
constexpr std::string_view kTemporary = ".tmp"; ///< what write_file appends while it writes
constexpr auto kTouchAfter = std::chrono::minutes(1);
constexpr auto kAbandonedAfter = std::chrono::hours(1);

/// The build that writes and reads files.
const std::string& this_build() {
  static const std::string id = build_id(&kMagic);
  return id;
}

std::vector<uint8_t> with_header(const Hash128& key, std::span<const uint8_t> bytes) {
  const Hash128 checksum = hash128(bytes);
  Writer writer;
  writer.raw(kMagic);
  writer(kVersion, this_build(), key.lo, key.hi, checksum.lo, checksum.hi, uint64_t(bytes.size()));
  writer.raw(bytes);
  return std::move(writer.bytes);
}

/// What stands behind a header that is entirely right.
std::optional<std::vector<uint8_t>> without_header(const Hash128& key, std::vector<uint8_t> file) {
  if (file.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), file.begin())) return std::nullopt;
  Reader reader(std::span<const uint8_t>(file).subspan(kMagic.size()));
  uint32_t version = 0;
  std::string build;
  Hash128 found, checksum;
  uint64_t size = 0;
  reader(version, build, found.lo, found.hi, checksum.lo, checksum.hi, size);
  if (!reader.ok() || version != kVersion || build != this_build() || found != key || size > file.size())
    return std::nullopt;
  const size_t header = with_header(key, {}).size();
  if (file.size() - header != size || hash128(std::span(file).subspan(header)) != checksum) return std::nullopt;
  file.erase(file.begin(), file.begin() + static_cast<ptrdiff_t>(header));
  return file;
}

uint64_t parse_size(const char* text) {
  const std::string_view all = text;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  const std::string_view unit(end, static_cast<size_t>(all.data() + all.size() - end));
  constexpr std::string_view kUnits = "KMG";
  const size_t which = unit.size() == 1 ? kUnits.find(unit[0]) : std::string_view::npos;
  const int shift = unit.empty() ? 0 : which == std::string_view::npos ? -1 : 10 * (static_cast<int>(which) + 1);
  if (error != std::errc() || shift < 0 || number > (UINT64_MAX >> (shift + 1)))
    raise(ErrorCode::invalid_argument, "OGEE_CACHE_SIZE: '", all,
          "' is not a size: expected a number, alone or with K, M or G");
  return number << shift;
}

struct CacheFile {
  fs::path path;
  uint64_t bytes;
  fs::file_time_type used;
};

/// The cache's files in a folder; removes what writers that died have left.
std::vector<CacheFile> list_files(const std::string& folder) {
  std::vector<CacheFile> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string extension = entry.path().extension().string();
    if (!entry.is_regular_file(error)) continue;
    const CacheFile file{entry.path(), entry.file_size(error), entry.last_write_time(error)};
    if (error) continue; // someone else has just removed it
    if (extension == kTemporary && Clock::now() - file.used > kAbandonedAfter)
      fs::remove(file.path, error);
    else if (extension == kSuffix)
      files.push_back(file);
  }
  return files;
}

} // namespace

DiskCacheOptions DiskCacheOptions::from_environment() {
  DiskCacheOptions options;
  if (const char* size = std::getenv("OGEE_CACHE_SIZE")) options.max_bytes = parse_size(size);
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (std::getenv("OGEE_CACHE_DIR"))
    options.folder = variable("OGEE_CACHE_DIR");
  else if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    options.folder = cache + "/ogee";
  else if (const std::string home = variable("HOME"); !home.empty())
    options.folder = home + "/.cache/ogee";
  return options;
}

std::string DiskCache::path(const Hash128& key) const { return concat(options_.folder, "/", key, kSuffix); }

std::optional<std::vector<uint8_t>> DiskCache::load(const Hash128& key) const {
  if (!enabled() || !is_private_folder()) return std::nullopt;
  const std::string file = path(key);
  Result<std::vector<uint8_t>> bytes = read_file(file, FileAccess::own, options_.max_bytes);
  if (!bytes) return std::nullopt;
  std::optional<std::vector<uint8_t>> content = without_header(key, std::move(*bytes));
  std::error_code error;
  if (content && Clock::now() - fs::last_write_time(file, error) > kTouchAfter)
    fs::last_write_time(file, Clock::now(), error);
  return content;
}

void DiskCache::store(const Hash128& key, std::span<const uint8_t> bytes) {
  if (!enabled() || bytes.size() > options_.max_bytes / 8 || !prepare_folder()) return;
  const std::vector<uint8_t> file = with_header(key, bytes);
  if (write_file(path(key), file, FileAccess::own)) keep_bounded(file.size());
}

/// Makes the folder if need be.
bool DiskCache::prepare_folder() const {
  std::error_code error;
  if (!fs::exists(options_.folder, error)) {
    fs::create_directories(fs::path(options_.folder).parent_path(), error);
    ::mkdir(options_.folder.c_str(), 0700);
  }
  return is_private_folder();
}

/// Whether the folder is one of ours that only we can write.
bool DiskCache::is_private_folder() const {
  struct stat info;
  if (::stat(options_.folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return false;
  return info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void DiskCache::keep_bounded(uint64_t stored) {
  const std::lock_guard lock(mutex_);
  bytes_ += stored;
  if (measured_ && bytes_ <= options_.max_bytes) return;
  bytes_ = measure_and_evict();
  measured_ = true;
}

/// Removes the files that were not used for longest until three quarters of the bound are left, when it is exceeded.
/// Returns what is left.
uint64_t DiskCache::measure_and_evict() const {
  std::vector<CacheFile> files = list_files(options_.folder);
  uint64_t total = 0;
  for (const CacheFile& file : files) total += file.bytes;
  if (total <= options_.max_bytes) return total;
  std::ranges::sort(files, {}, &CacheFile::used);
  for (const CacheFile& file : files) {
    if (total <= options_.max_bytes / 4 * 3) break;
    std::error_code error;
    fs::remove(file.path, error);
    if (!error) total -= file.bytes;
  }
  return total;
}

} // namespace ogee::runtime
