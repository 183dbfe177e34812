/* <library>.run: tells what a library holds, and tests it on the golden inputs that it was made with.

     mlp.run --info
     mlp.run --selftest [--exact] [--golden mlp_golden.npz] [--weights mlp.weights.safetensors]

   Results are compared bit for bit where the golden file was made by the same code, or with --exact; else within a
   tolerance. Both files are found beside the program. */
#include "tools/aot/arrays.h"

#include <math.h>

static int has_flag(int argc, char** argv, const char* name) {
  int i;
  for (i = 1; i < argc; ++i)
    if (strcmp(argv[i], name) == 0) return 1;
  return 0;
}

static const char* const kDTypes[] = {"bool", "u8", "i8", "i32", "i64", "f16", "bf16", "f32", "f64"};

static void print_info(void) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  int i, j;
  printf("%s: abi %u, state %zu bytes, workspace %zu bytes\n", info->name, (unsigned)info->abi,
         OF_LIBRARY(_state_bytes)(), OF_LIBRARY(_workspace_bytes)(1));
  for (i = 0; i < info->variant_count; ++i)
    printf("code for %s (%s)\n", info->variants[i].name, info->variants[i].triple);
  for (i = 0; i < info->entry_count; ++i) {
    const EntryInfo* entry = &info->entries[i];
    printf("%s: at most %.3f MFLOP, %.3f MB read and written\n", entry->name, entry->flop / 1e6, entry->bytes / 1e6);
    for (j = 0; j < entry->dim_count; ++j)
      printf("  %s in %lld..%lld\n", entry->dims[j].name, (long long)entry->dims[j].lo, (long long)entry->dims[j].hi);
    for (j = 0; j < entry->tensor_count; ++j) {
      static const char* const uses[] = {"input", "output", "read and written"};
      printf("  %s: %s of rank %d, %s\n", entry->tensors[j].name, kDTypes[entry->tensors[j].dtype],
             (int)entry->tensors[j].rank, uses[entry->tensors[j].use]);
    }
  }
  for (i = 0; i < info->state_count; ++i)
    printf("state %s: %s, %zu bytes at %zu, %s\n", info->state[i].name, kDTypes[info->state[i].dtype],
           info->state[i].bytes, info->state[i].offset, info->state[i].kind);
}

static double element(const char* data, int dtype, size_t i) {
  float f;
  double d;
  switch (dtype) {
  case OF_LIBRARY(_f32): memcpy(&f, data + 4 * i, 4); return f;
  case OF_LIBRARY(_f64): memcpy(&d, data + 8 * i, 8); return d;
  default: return 0;
  }
}

/* Elements that differ: in bits if `exact` or for what is no float, else by more than rounding explains. */
static size_t differing(const char* a, const char* b, size_t bytes, int dtype, int exact, double* worst) {
  const size_t item = OF_LIBRARY(_item_bytes)((OF_LIBRARY(_dtype))dtype);
  const int is_float = dtype == OF_LIBRARY(_f32) || dtype == OF_LIBRARY(_f64);
  size_t i, wrong = 0;
  for (i = 0; i < bytes / item; ++i) {
    const double x = is_float ? element(a, dtype, i) : 0, y = is_float ? element(b, dtype, i) : 0;
    const double apart = fabs(x - y);
    if (memcmp(a + i * item, b + i * item, item) == 0 || (x != x && y != y)) continue;
    if (apart > *worst) *worst = apart;
    wrong += exact || !is_float || !(apart <= 1e-4 * fabs(y) + 1e-5);
  }
  return wrong;
}

static int is_variant(const Array* target, const char* variant) {
  return target->data && target->bytes == strlen(variant) && memcmp(target->data, variant, target->bytes) == 0;
}

/* One golden case; returns how many elements differ. */
static size_t replay(const Context* ctx, const Memory* memory, const EntryInfo* entry, int number, const File* golden,
                     int exact) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  char name[512];
  size_t wrong = 0;
  double worst = 0;
  Array given;
  Call call;
  int i;
  snprintf(name, sizeof name, "dims.%s.%d", entry->name, number);
  given = need_array(golden, name, (size_t)entry->dim_count * sizeof(int64_t));
  {
    int64_t* dims = (int64_t*)allocate(given.bytes + 8);
    memcpy(dims, given.data, given.bytes);
    call = make_call(entry, dims);
  }
  for (i = 0; i < entry->tensor_count; ++i) {
    if (entry->tensors[i].use == OF_LIBRARY(_output)) continue;
    snprintf(name, sizeof name, "%s%s.%d.%s", entry->tensors[i].use == OF_LIBRARY(_in_out) ? "before." : "",
             entry->name, number, entry->tensors[i].name);
    memcpy(call.tensors[i], need_array(golden, name, call.bytes[i]).data, call.bytes[i]);
  }
  need(run_call(ctx, memory, &call));
  for (i = 0; i < entry->tensor_count; ++i) {
    if (entry->tensors[i].use == OF_LIBRARY(_input)) continue;
    snprintf(name, sizeof name, "%s.%d.%s", entry->name, number, entry->tensors[i].name);
    wrong += differing((const char*)call.tensors[i], need_array(golden, name, call.bytes[i]).data, call.bytes[i],
                       entry->tensors[i].dtype, exact, &worst);
  }
  if (entry->writes_state) {
    snprintf(name, sizeof name, "state.%s.%d", entry->name, number);
    given = need_array(golden, name, memory->state_bytes);
    for (i = 0; i < info->state_count; ++i)
      wrong += differing((const char*)memory->state + info->state[i].offset, given.data + info->state[i].offset,
                         info->state[i].bytes, info->state[i].dtype, exact, &worst);
  }
  printf("%s %d: %zu elements differ, by %g at most\n", entry->name, number, wrong, worst);
  return wrong;
}

static int selftest(int argc, char** argv) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  const char* path = option(argc, argv, "--golden", NULL);
  const File golden = path ? read_file(path) : read_own_file(argv[0], "_golden.npz");
  const File weights = find_weights(argc, argv);
  char name[512];
  Memory memory = make_memory(1);
  size_t wrong = 0;
  Array target;
  Context ctx;
  int entry, number, cases = 0, exact;
  need(OF_LIBRARY(_init)(&ctx, NULL));
  target = find_array(&golden, "target");
  exact = has_flag(argc, argv, "--exact") || is_variant(&target, info->variants[ctx.variant].name);
  for (entry = 0; entry < info->entry_count; ++entry)
    for (number = 0;; ++number) {
      snprintf(name, sizeof name, "dims.%s.%d", info->entries[entry].name, number);
      if (!find_array(&golden, name).data) break;
      start_state(&memory, &weights);
      wrong += replay(&ctx, &memory, &info->entries[entry], number, &golden, exact);
      ++cases;
    }
  if (!cases) fail("the golden file", "holds no inputs for these entries");
  printf("%s on %s, %s: %s\n", info->name, info->variants[ctx.variant].name, exact ? "bit for bit" : "within tolerance",
         wrong ? "FAILED" : "passed");
  return wrong != 0;
}

int main(int argc, char** argv) {
  if (has_flag(argc, argv, "--info")) return print_info(), 0;
  if (has_flag(argc, argv, "--selftest")) return selftest(argc, argv);
  fprintf(stderr, "usage: %s --info | --selftest [--exact] [--golden file.npz] [--weights file.safetensors]\n",
          argv[0]);
  return 1;
}
