// Copies between any two devices: on a fake machine with two GPUs.
#include "runtime/copy.h"

#include "tests/cuda/machine.h"

#include <cstring>

using namespace ogee::runtime;
using namespace ogee::tests;

TEST_CASE("copy: bytes travel between the CPU and GPUs", "[fake]") {
  const StorageRef a = Storage::allocate(16), b = Storage::allocate(16, Device("cuda:0")),
                   c = Storage::allocate(16, Device("cuda:1")), d = Storage::allocate(16);
  std::memcpy(a->data(), "0123456789abcdef", 16);
  copy_bytes(*b, 0, *a, 0, 16);
  std::memset(a->data(), 0, 16); // the copy is enqueued; what it reads may change
  copy_bytes(*c, 8, *b, 2, 8);
  copy_bytes(*c, 0, *c, 8, 4);
  copy_bytes(*d, 0, *c, 0, 16);
  copy_bytes(*a, 0, *d, 0, 16);
  const std::string_view text(reinterpret_cast<char*>(a->data()), 16);
  CHECK(text.substr(0, 4) == "2345");
  CHECK(text.substr(8) == "23456789");
}

TEST_CASE("copy: ranges beyond a storage are an Error") {
  const StorageRef a = Storage::allocate(16), b = Storage::allocate(8);
  CHECK(error_of([&] { copy_bytes(*a, 9, *b, 0, 8); }) == "copy: 8 bytes at 9 are not within 16 bytes");
  CHECK(error_of([&] { copy_bytes(*a, 0, *b, 1, 8); }) == "copy: 8 bytes at 1 are not within 8 bytes");
  CHECK(error_of([&] { copy_bytes(*a, 16, *b, 8, 0); }) == "no error");
}
