/* What the programs of a library share: memory, files, weights. They are programs, not the library: they use malloc. */
#ifndef OGEE_AOT_SUPPORT_H
#define OGEE_AOT_SUPPORT_H

#include "tools/aot/library.h"

#include <stdlib.h>

/* Ends the program with one line. */
static void fail(const char* what, const char* why) {
  fprintf(stderr, "%s: %s: %s\n", OF_LIBRARY(_info)()->name, what, why);
  exit(1);
}

static void need(Status status) {
  char text[512];
  if (!status) return;
  fprintf(stderr, "%s\n", OF_LIBRARY(_describe)(status, text, sizeof text));
  exit(1);
}

/* `bytes` bytes, aligned as the library asks, all 0. */
static void* allocate(size_t bytes) {
  const size_t alignment = 64;
  char* memory = (char*)malloc(bytes + 2 * alignment);
  if (!memory) fail("memory", "there is not enough");
  memory += alignment - (uintptr_t)memory % alignment;
  memset(memory, 0, bytes + alignment - 1);
  return memory;
}

typedef struct File {
  char* bytes;
  size_t size;
} File;

static File read_file(const char* path) {
  File file = {NULL, 0};
  FILE* in = fopen(path, "rb");
  long size = 0;
  if (!in) fail(path, "cannot be opened");
  if (fseek(in, 0, SEEK_END) || (size = ftell(in)) < 0 || fseek(in, 0, SEEK_SET)) fail(path, "cannot be read");
  file.size = (size_t)size;
  file.bytes = (char*)allocate(file.size);
  if (fread(file.bytes, 1, file.size, in) != file.size) fail(path, "cannot be read");
  fclose(in);
  return file;
}

static inline Memory make_memory(unsigned workers) {
  Memory memory;
  memory.state_bytes = OF_LIBRARY(_state_bytes)();
  memory.state = allocate(memory.state_bytes);
  memory.workspace_bytes = OF_LIBRARY(_workspace_bytes)(workers);
  memory.workspace = allocate(memory.workspace_bytes);
  return memory;
}

/* The state as it begins: from the object, or from a file. */
static void start_state(const Memory* memory, const File* weights) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  if (info->embedded_state)
    need(OF_LIBRARY(_read_embedded_weights)(memory->state, memory->state_bytes));
  else if (info->state_count > 0)
    need(OF_LIBRARY(_read_weights)(weights->bytes, weights->size, memory->state, memory->state_bytes));
}

/* A file of the library: beside this program, or where it was written (OGEE_FILES). */
static File read_own_file(const char* program, const char* suffix) {
  const char* name = strrchr(program, '/');
  char path[1024];
  snprintf(path, sizeof path, "%.*s%s%s", name ? (int)(name - program + 1) : 0, program, OF_LIBRARY(_info)()->name,
           suffix);
#ifdef OGEE_FILES
  {
    FILE* found = fopen(path, "rb");
    if (!found) snprintf(path, sizeof path, "%s/%s%s", OGEE_FILES, OF_LIBRARY(_info)()->name, suffix);
    if (found) fclose(found);
  }
#endif
  return read_file(path);
}

/* The value of `--option value`, or `otherwise`. */
static const char* option(int argc, char** argv, const char* name, const char* otherwise) {
  int i;
  for (i = 1; i + 1 < argc; ++i)
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  return otherwise;
}

/* The weights of the library: those that `--weights` names, or its own. */
static File find_weights(int argc, char** argv) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  const char* path = option(argc, argv, "--weights", NULL);
  const File none = {NULL, 0};
  if (info->embedded_state || info->state_count == 0) return none;
  return path ? read_file(path) : read_own_file(argv[0], ".weights.safetensors");
}

/* The tensors of a call. */
typedef struct Call {
  const EntryInfo* entry;
  int64_t *dims, *sizes;
  void** tensors;
  size_t* bytes;
} Call;

static size_t count_of(const Call* call, int tensor) {
  const TensorInfo* info = &call->entry->tensors[tensor];
  size_t count = 1;
  int axis;
  for (axis = 0; axis < info->rank; ++axis) count *= (size_t)call->sizes[info->first_size + axis];
  return count;
}

/* Memory for all tensors of a call with these dims. */
static Call make_call(const EntryInfo* entry, const int64_t* dims) {
  Call call;
  int i;
  call.entry = entry;
  call.dims = (int64_t*)allocate(((size_t)entry->dim_count + 1) * sizeof(int64_t));
  call.sizes = (int64_t*)allocate(((size_t)entry->size_count + 1) * sizeof(int64_t));
  call.tensors = (void**)allocate(((size_t)entry->tensor_count + 1) * sizeof(void*));
  call.bytes = (size_t*)allocate(((size_t)entry->tensor_count + 1) * sizeof(size_t));
  for (i = 0; i < entry->dim_count; ++i) call.dims[i] = dims[i];
  entry->sizes(call.dims, call.sizes);
  for (i = 0; i < entry->tensor_count; ++i) {
    call.bytes[i] = count_of(&call, i) * OF_LIBRARY(_item_bytes)(entry->tensors[i].dtype);
    call.tensors[i] = allocate(call.bytes[i]);
  }
  return call;
}

static Status run_call(const Context* ctx, const Memory* memory, const Call* call) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  return OF_LIBRARY(_call)(ctx, memory, (int32_t)(call->entry - info->entries), call->tensors, call->dims);
}

#endif
