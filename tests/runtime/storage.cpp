// Storage: owners, external memory, versions. Covers: owned_block
#include "runtime/storage.h"

#include "runtime/error.h"
#include "runtime/stats.h"
#include "tests/catch.h"

using namespace ogee::runtime;

TEST_CASE("storage: memory lives as long as its last owner") {
  const int64_t before = stats().bytes_live;
  StorageRef a = Storage::allocate(1000);
  CHECK(reinterpret_cast<uintptr_t>(a->data()) % 64 == 0);
  CHECK(a->bytes() == 1000);
  CHECK(a->use_count() == 1);
  CHECK(stats().bytes_live >= before + 1000);
  StorageRef b = a;
  CHECK(a == b);
  CHECK(b->use_count() == 2);
  a = nullptr;
  CHECK(b->use_count() == 1);
  CHECK(stats().bytes_live >= before + 1000);
  b = std::move(a);
  CHECK_FALSE(b);
  CHECK(stats().bytes_live == before);
}

TEST_CASE("storage: external memory goes back through its deleter, once") {
  int deleted = 0;
  float values[4] = {1, 2, 3, 4};
  {
    const StorageRef a = Storage::external(values, sizeof values, [&] { ++deleted; });
    const StorageRef b = a;
    CHECK(a->is_external());
    CHECK(reinterpret_cast<float*>(b->data())[2] == 3);
    CHECK(deleted == 0);
  }
  CHECK(deleted == 1);
  Storage::external(values, sizeof values);
}

TEST_CASE("storage: writes are counted; empty storage has no memory") {
  const StorageRef a = Storage::allocate(0);
  CHECK(a->data() == nullptr);
  CHECK(a->version() == 0);
  a->bump_version();
  CHECK(a->version() == 1);
  CHECK_THROWS_WITH(Storage::allocate(8, Device("cuda:77")),
                    Catch::Matchers::StartsWith("there is no device cuda:77: CUDA"));
}
