/* Arrays by name in NumPy's .npz files whose members are stored as they are: what `ogee aot` and numpy.savez write. */
#ifndef OGEE_AOT_ARRAYS_H
#define OGEE_AOT_ARRAYS_H

#include "tools/aot/support.h"

typedef struct Array {
  const char* data;
  size_t bytes;
} Array;

static uint64_t little(const char* at, int bytes) {
  uint64_t value = 0;
  while (bytes-- > 0) value = value << 8 | (unsigned char)at[bytes];
  return value;
}

/* The elements behind the header of a .npy file. */
static Array elements_of(const char* npy, size_t size, const char* name) {
  Array array = {NULL, 0};
  size_t begin;
  if (size < 10 || memcmp(npy, "\223NUMPY\1", 7) != 0) fail(name, "is no .npy array of version 1");
  begin = 10 + (size_t)little(npy + 8, 2);
  if (begin > size) fail(name, "is cut off");
  array.data = npy + begin;
  array.bytes = size - begin;
  return array;
}

/* The array `name` of an archive; data null if it has none. */
static Array find_array(const File* file, const char* name) {
  const Array none = {NULL, 0};
  const size_t length = strlen(name);
  size_t at = 0;
  while (at + 30 <= file->size && memcmp(file->bytes + at, "PK\3\4", 4) == 0) {
    const char* header = file->bytes + at;
    const size_t size = (size_t)little(header + 18, 4), name_size = (size_t)little(header + 26, 2);
    const size_t begin = at + 30 + name_size + (size_t)little(header + 28, 2);
    if (little(header + 8, 2) != 0 || (little(header + 6, 2) & 8)) fail(name, "the archive is compressed or streamed");
    if (begin > file->size || size > file->size - begin) fail(name, "the archive is cut off");
    if (name_size == length + 4 && memcmp(header + 30, name, length) == 0 &&
        memcmp(header + 30 + length, ".npy", 4) == 0)
      return elements_of(file->bytes + begin, size, name);
    at = begin + size;
  }
  return none;
}

static Array need_array(const File* file, const char* name, size_t bytes) {
  const Array array = find_array(file, name);
  if (!array.data) fail(name, "there is no such array");
  if (array.bytes != bytes) fail(name, "has the wrong size");
  return array;
}

#endif
