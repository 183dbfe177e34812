// Whole files: what is written is read, and failures leave nothing behind.
#include "runtime/files.h"

#include "tests/catch.h"
#include "tests/runtime/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace ogee::runtime;
using ogee::runtime::testing::Folder;

TEST_CASE("files: written, replaced, read") {
  const Folder folder;
  const std::string path = folder.file("a");
  const std::vector<uint8_t> bytes(100000, 7);
  REQUIRE(write_file(path, bytes));
  CHECK(*read_file(path) == bytes);
  REQUIRE(write_file(path, {}));
  CHECK(read_file(path)->empty());
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1); // no temporary is left
}

TEST_CASE("files: failures in the system's words") {
  const Folder folder;
  CHECK(read_file(folder.file("no")).message() == "No such file or directory");
  CHECK(read_file(folder.path()).message() == "not a regular file");
  CHECK(read_file("/dev/null").message() == "not a regular file");
  CHECK(write_file(folder.file("no/a"), {}).message() == "No such file or directory");
  std::filesystem::create_directory(folder.file("d"));
  CHECK_FALSE(write_file(folder.file("d"), {}));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("files: devices and pipes are written to, not replaced") {
  const Folder folder;
  std::filesystem::create_symlink("/dev/full", folder.file("full"));
  CHECK(write_file(folder.file("full"), std::vector<uint8_t>(10)).message() == "No space left on device");
  CHECK(std::filesystem::is_character_file(folder.file("full")));
  const std::string pipe = folder.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDWR | O_NONBLOCK);
  const std::vector<uint8_t> bytes{1, 2, 3};
  CHECK(write_file(pipe, bytes));
  std::vector<uint8_t> got(4);
  CHECK(read(reader, got.data(), got.size()) == 3);
  close(reader);
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("files: what is no file of bytes, or too large, is refused at once") {
  const Folder folder;
  REQUIRE(mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK(read_file(folder.file("pipe")).message() == "not a regular file"); // and does not wait for a writer
  folder.write("sparse", "");
  std::error_code error;
  std::filesystem::resize_file(folder.file("sparse"), uint64_t(1) << 43, error);
  if (error) return; // the file system has no such files
  CHECK(read_file(folder.file("sparse"), FileAccess::shared, 1000).message() == "too large");
  CHECK(read_file(folder.file("sparse")).message() == "too large for memory: 8796093022208 bytes");
}

TEST_CASE("files: own files are ours alone") {
  const Folder folder;
  const std::string path = folder.file("a");
  REQUIRE(write_file(path, {}, FileAccess::own));
  struct stat info;
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(read_file(path, FileAccess::own));
  chmod(path.c_str(), 0660);
  CHECK(read_file(path, FileAccess::own).message() == "not a file of this user alone");
  CHECK(read_file(path));
}
