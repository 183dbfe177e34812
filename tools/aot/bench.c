/* <library>.bench: times every entry on random inputs.

     mlp.bench [--entry forward] [--seconds 1] [--dim batch=32] [--weights mlp.weights.safetensors] */
#define _POSIX_C_SOURCE 199309L
#include "tools/aot/support.h"

#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int by_value(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

/* Small numbers of every dtype, the same in each run. */
static void fill(void* data, size_t bytes, int dtype) {
  uint32_t random = 1;
  size_t i;
  for (i = 0; i < bytes / OF_LIBRARY(_item_bytes)((OF_LIBRARY(_dtype))dtype); ++i) {
    random = random * 1664525u + 1013904223u;
    switch (dtype) {
    case OF_LIBRARY(_f32): ((float*)data)[i] = (float)(random >> 8) / 8388608.0f - 1.0f; break;
    case OF_LIBRARY(_f64): ((double*)data)[i] = (double)(random >> 8) / 8388608.0 - 1.0; break;
    case OF_LIBRARY(_i32): ((int32_t*)data)[i] = (int32_t)(random >> 29); break;
    case OF_LIBRARY(_i64): ((int64_t*)data)[i] = (int64_t)(random >> 29); break;
    default: ((unsigned char*)data)[i] = (unsigned char)(random >> 31);
    }
  }
}

/* The dims of a call: the largest ones, or what `--dim name=size` says. */
static void choose_dims(int argc, char** argv, const EntryInfo* entry, int64_t* dims) {
  int i, d;
  for (d = 0; d < entry->dim_count; ++d) {
    const size_t length = strlen(entry->dims[d].name);
    dims[d] = entry->dims[d].hi;
    for (i = 1; i + 1 < argc; ++i)
      if (strcmp(argv[i], "--dim") == 0 && strncmp(argv[i + 1], entry->dims[d].name, length) == 0 &&
          argv[i + 1][length] == '=')
        dims[d] = strtoll(argv[i + 1] + length + 1, NULL, 10);
    if (dims[d] < entry->dims[d].lo || dims[d] > entry->dims[d].hi) fail(entry->dims[d].name, "is out of its range");
  }
}

static void measure(const Context* ctx, const Memory* memory, const Call* call, double seconds) {
  const size_t most = 1000000;
  double *times = (double*)allocate(most * sizeof(double)), end;
  size_t count = 0;
  int i;
  for (i = 0; i < 3; ++i) need(run_call(ctx, memory, call));
  for (end = now() + seconds; count < most && (count < 5 || now() < end); ++count) {
    const double start = now();
    need(run_call(ctx, memory, call));
    times[count] = now() - start;
  }
  qsort(times, count, sizeof *times, by_value);
  printf("%s: p50 %.2f us, p99 %.2f us, %zu calls", call->entry->name, 1e6 * times[count / 2],
         1e6 * times[count * 99 / 100], count);
  for (i = 0; i < call->entry->dim_count; ++i)
    printf(", %s = %lld", call->entry->dims[i].name, (long long)call->dims[i]);
  printf("\n");
}

int main(int argc, char** argv) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  const char* wanted = option(argc, argv, "--entry", NULL);
  const double seconds = atof(option(argc, argv, "--seconds", "1"));
  const File weights = find_weights(argc, argv);
  Memory memory = make_memory(1);
  int64_t dims[64];
  Context ctx;
  int i, t, found = 0;
  need(OF_LIBRARY(_init)(&ctx, NULL));
  for (i = 0; i < info->entry_count; ++i) {
    const EntryInfo* entry = &info->entries[i];
    Call call;
    if (wanted && strcmp(wanted, entry->name) != 0) continue;
    found = 1;
    if (entry->dim_count > 64) fail(entry->name, "has too many dims");
    start_state(&memory, &weights);
    choose_dims(argc, argv, entry, dims);
    call = make_call(entry, dims);
    for (t = 0; t < entry->tensor_count; ++t)
      if (entry->tensors[t].use != OF_LIBRARY(_output)) fill(call.tensors[t], call.bytes[t], entry->tensors[t].dtype);
    measure(&ctx, &memory, &call, seconds);
  }
  if (!found) fail(wanted, "there is no such entry");
  return 0;
}
