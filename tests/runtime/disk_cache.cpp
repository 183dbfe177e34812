// The disk cache: what is stored is found, by this build only; damage of each kind is a miss; the size is bounded.
#include "runtime/disk_cache.h"

#include "runtime/build_id.h"
#include "runtime/error.h"
#include "tests/catch.h"
#include "tests/runtime/folder.h"

#include <sys/stat.h>

#include <cstdlib>
#include <thread>

using namespace ogee::runtime;
using ogee::runtime::testing::Folder;
namespace fs = std::filesystem;

namespace {

using Bytes = std::vector<uint8_t>;

Hash128 key(int i) { return hash128("key " + std::to_string(i)); }

Bytes content(int i, size_t size = 1000) { return Bytes(size, static_cast<uint8_t>(i)); }

/// An environment variable for the time of a test.
class Variable {
public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* const before = std::getenv(name)) before_ = before;
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }

private:
  const char* name_;
  std::optional<std::string> before_;
};

uint64_t folder_bytes(const std::string& folder) {
  uint64_t total = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) total += entry.file_size();
  return total;
}

} // namespace

TEST_CASE("disk cache: what is stored is found, also by another process's cache") {
  const Folder folder;
  DiskCache cache({folder.file("deep/cache")});
  CHECK_FALSE(cache.load(key(1)));
  cache.store(key(1), content(1));
  cache.store(key(2), {});
  CHECK(cache.load(key(1)) == content(1));
  CHECK(cache.load(key(2)) == Bytes());
  CHECK_FALSE(cache.load(key(3)));
  CHECK(DiskCache({folder.file("deep/cache")}).load(key(1)) == content(1));
  cache.store(key(1), content(5));
  CHECK(cache.load(key(1)) == content(5));
  struct stat info;
  REQUIRE(stat(folder.file("deep/cache").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("disk cache: without a folder nothing is kept") {
  DiskCache cache({""});
  CHECK_FALSE(cache.enabled());
  cache.store(key(1), content(1));
  CHECK_FALSE(cache.load(key(1)));
}

TEST_CASE("disk cache: a file damaged in any place is a miss, and is written anew") {
  const Folder folder;
  DiskCache cache({folder.path()});
  cache.store(key(1), content(1));
  const std::string name = fs::path(cache.path(key(1))).filename();
  const std::string good = folder.read(name);
  const auto misses = [&](const std::string& bytes) {
    fs::remove(folder.file(name));
    folder.write(name, bytes);
    chmod(folder.file(name).c_str(), 0600);
    return !cache.load(key(1)).has_value();
  };
  REQUIRE_FALSE(misses(good));
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    REQUIRE(misses(bad));
  }
  for (const size_t length : {size_t(0), size_t(7), size_t(20), good.size() / 2, good.size() - 1})
    CHECK(misses(good.substr(0, length)));
  CHECK(misses(good + "x"));
  cache.store(key(1), content(1));
  CHECK(cache.load(key(1)) == content(1));
}

TEST_CASE("disk cache: a file of another key, build or user is a miss") {
  const Folder folder;
  DiskCache cache({folder.path()});
  cache.store(key(1), content(1));
  const std::string name = fs::path(cache.path(key(1))).filename();
  fs::copy_file(cache.path(key(1)), cache.path(key(2)));
  CHECK_FALSE(cache.load(key(2)));

  std::string other = folder.read(name);
  const std::string build = build_id(reinterpret_cast<const void*>(&build_id));
  const size_t at = other.find(build);
  REQUIRE(at != std::string::npos);
  other[at] = other[at] == '0' ? '1' : '0';
  folder.write(name, other);
  CHECK_FALSE(cache.load(key(1)));

  cache.store(key(1), content(1));
  chmod(cache.path(key(1)).c_str(), 0622); // others could have written it
  CHECK_FALSE(cache.load(key(1)));
  if (geteuid() == 0) {
    cache.store(key(1), content(1));
    REQUIRE(cache.load(key(1)));
    REQUIRE(chown(cache.path(key(1)).c_str(), 12345, 12345) == 0);
    CHECK_FALSE(cache.load(key(1)));
  }
}

TEST_CASE("disk cache: a pipe or a huge file in a key's place is a miss") {
  const Folder folder;
  DiskCache cache({folder.path()});
  cache.store(key(1), content(1));
  fs::remove(cache.path(key(1)));
  REQUIRE(mkfifo(cache.path(key(1)).c_str(), 0600) == 0);
  CHECK_FALSE(cache.load(key(1)));
  cache.store(key(1), content(1));
  CHECK(cache.load(key(1)) == content(1));
  std::error_code error;
  fs::resize_file(cache.path(key(1)), uint64_t(1) << 43, error);
  if (!error) CHECK_FALSE(cache.load(key(1)));
  fs::permissions(folder.path(), fs::perms::all);
  cache.store(key(1), content(1));
  CHECK_FALSE(cache.load(key(1))); // others could have put something there
}

TEST_CASE("disk cache: a folder that others can write, or that is none, is left alone") {
  const Folder folder;
  fs::create_directory(folder.file("open"));
  chmod(folder.file("open").c_str(), 0777);
  DiskCache open({folder.file("open")});
  open.store(key(1), content(1));
  CHECK(fs::is_empty(folder.file("open")));
  folder.write("file", "");
  DiskCache none({folder.file("file")});
  none.store(key(1), content(1));
  CHECK_FALSE(none.load(key(1)));
  DiskCache nowhere({"/proc/nowhere/cache"});
  nowhere.store(key(1), content(1));
  CHECK_FALSE(nowhere.load(key(1)));
}

TEST_CASE("disk cache: the size is bounded, and what was used last stays") {
  const Folder folder;
  DiskCache cache({folder.path(), 20000});
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (int i = 0; i < 100; ++i) {
    cache.store(key(i), content(i));
    if (i == 5) CHECK(cache.load(key(5)));
    for (int j = 0; j <= i; ++j) // as if days had passed, in this order
      if (fs::exists(cache.path(key(j))) && j != 5)
        fs::last_write_time(cache.path(key(j)), old + std::chrono::seconds(j));
    REQUIRE(folder_bytes(folder.path()) <= 20000);
  }
  CHECK(cache.load(key(5)));
  CHECK(cache.load(key(99)));
  CHECK_FALSE(cache.load(key(0)));
  cache.store(key(200), content(1, 19000)); // one alone would push out all others
  CHECK_FALSE(cache.load(key(200)));
  CHECK(cache.load(key(99)));
}

TEST_CASE("disk cache: a hit makes an old file young; temporaries of the dead are removed") {
  const Folder folder;
  DiskCache cache({folder.path(), 20000});
  cache.store(key(1), content(1));
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24);
  fs::last_write_time(cache.path(key(1)), old);
  CHECK(cache.load(key(1)));
  CHECK(fs::last_write_time(cache.path(key(1))) > old + std::chrono::hours(23));
  folder.write("x.ogee.1.2.tmp", "half");
  fs::last_write_time(folder.file("x.ogee.1.2.tmp"), old);
  folder.write("y.ogee.1.2.tmp", "half");
  DiskCache({folder.path(), 20000}).store(key(2), content(2));
  CHECK_FALSE(fs::exists(folder.file("x.ogee.1.2.tmp")));
  CHECK(fs::exists(folder.file("y.ogee.1.2.tmp"))); // its writer may live
}

TEST_CASE("disk cache: many threads store and load the same keys") {
  const Folder folder;
  DiskCache cache({folder.path(), 100000});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id)
    threads.emplace_back([&, id] {
      for (int i = 0; i < 100; ++i) {
        const int which = (i * 7 + id) % 20;
        cache.store(key(which), content(which, 5000));
        if (const auto found = cache.load(key((which + 3) % 20))) wrong += *found != content((which + 3) % 20, 5000);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("disk cache: the environment") {
  const Variable home("HOME", "/h"), xdg("XDG_CACHE_HOME", nullptr), dir("OGEE_CACHE_DIR", nullptr),
      size("OGEE_CACHE_SIZE", nullptr);
  const auto folder = [] { return DiskCacheOptions::from_environment().folder; };
  const auto bytes = [](const char* text) {
    const Variable variable("OGEE_CACHE_SIZE", text);
    return DiskCacheOptions::from_environment().max_bytes;
  };
  CHECK(folder() == "/h/.cache/ogee");
  {
    const Variable cache("XDG_CACHE_HOME", "/x");
    CHECK(folder() == "/x/ogee");
    const Variable ours("OGEE_CACHE_DIR", "/o");
    CHECK(folder() == "/o");
    const Variable off("OGEE_CACHE_DIR", "");
    CHECK(folder().empty());
  }
  {
    const Variable homeless("HOME", nullptr);
    CHECK(folder().empty());
  }
  CHECK(DiskCacheOptions::from_environment().max_bytes == 512u << 20);
  CHECK(bytes("1000") == 1000);
  CHECK(bytes("3K") == 3072);
  CHECK(bytes("2M") == 2u << 20);
  CHECK(bytes("5G") == uint64_t(5) << 30);
  for (const char* bad : {"", "x", "-1", "1T", "1 M", "1MB", "99999999999999999999", "9999999999999G"})
    CHECK_THROWS_WITH(bytes(bad), std::string("OGEE_CACHE_SIZE: '") + bad +
                                      "' is not a size: expected a number, alone or with K, M or G");
}
