// Whole files through POSIX calls, whose errors can be told.
#include "runtime/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace ogee::runtime {
namespace {

Failure last_error() { return Failure{std::strerror(errno), ErrorCode::io}; }

/// An open file, closed at the end.
class Descriptor {
public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }
  /// Whether everything written has been accepted.
  bool close() noexcept {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
  }

private:
  int fd_;
};

bool write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

/// Devices and pipes are written to: renaming would put a file in their place.
bool is_stream(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

Status write_stream(const std::string& path, std::span<const uint8_t> bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0 || !write_all(file.get(), bytes) || !file.close()) return last_error();
  return {};
}

} // namespace

Result<std::vector<uint8_t>> read_file(const std::string& path, FileAccess access, uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // a pipe would wait for its writer
  struct stat info;
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return last_error();
  if (!S_ISREG(info.st_mode)) return Failure{"not a regular file", ErrorCode::io};
  const bool ours = info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (access == FileAccess::own && !ours) return Failure{"not a file of this user alone", ErrorCode::io};
  if (static_cast<uint64_t>(info.st_size) > max_bytes) return Failure{"too large", ErrorCode::io};
  const int64_t memory = int64_t(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  if (info.st_size > memory)
    return Failure{concat("too large for memory: ", info.st_size, " bytes"), ErrorCode::out_of_memory};
  std::vector<uint8_t> bytes(static_cast<size_t>(info.st_size));
  size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + got, bytes.size() - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error();
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  bytes.resize(got);
  return bytes;
}

Status write_file(const std::string& path, std::span<const uint8_t> bytes, FileAccess access) {
  if (access == FileAccess::shared && is_stream(path)) return write_stream(path, bytes);
  static std::atomic<unsigned> counter{0};
  // The time tells this process from one that had its number and died while it wrote.
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string temporary = concat(path, ".", ::getpid(), ".", counter.fetch_add(1), ".", now, ".tmp");
  const mode_t mode = access == FileAccess::own ? 0600 : 0666;
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0) return last_error();
  const bool done = write_all(file.get(), bytes) && file.close() && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (done) return {};
  const Failure failure = last_error();
  ::unlink(temporary.c_str());
  return failure;
}

} // namespace ogee::runtime
