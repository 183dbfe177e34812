/* What the C programs of these tests share: one line and an end where something is not as expected. */
#ifndef OGEE_TESTS_AOT_SUPPORT_H
#define OGEE_TESTS_AOT_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                                              \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                  \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

/* A status says one line. */
#define EXPECT_TEXT(name, status, expected)                                                                            \
  do {                                                                                                                 \
    char line_[512];                                                                                                   \
    name##_describe(status, line_, sizeof line_);                                                                      \
    if (strcmp(line_, expected) != 0) {                                                                                \
      fprintf(stderr, "%s:%d: %s\n  expected %s\n", __FILE__, __LINE__, line_, expected);                              \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

static inline void* allocate(size_t bytes) {
  void* memory = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
  EXPECT(memory);
  memset(memory, 0, bytes);
  return memory;
}

static inline char* read_file(const char* path, size_t* bytes) {
  FILE* file = fopen(path, "rb");
  char* text;
  long size;
  EXPECT(file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0);
  text = (char*)malloc((size_t)size + 1); /* one more, so that an empty file has memory too */
  EXPECT(text && fread(text, 1, (size_t)size, file) == (size_t)size);
  fclose(file);
  *bytes = (size_t)size;
  return text;
}

static inline uint32_t draw(uint32_t* seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static inline void fill(float* data, size_t count, uint32_t seed) {
  size_t i;
  for (i = 0; i < count; ++i) data[i] = (float)draw(&seed) / 8388608.0f - 1.0f;
}

#endif
