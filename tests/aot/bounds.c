/* Every entry of a library on memory that ends where pages begin that nobody may touch: compiled code is not
   instrumented, so these see what it touches. Built as the programs of a library are. */
#define _GNU_SOURCE
#include "tools/aot/support.h"

#include <sys/mman.h>

static void* at_page_end(size_t bytes) {
  const size_t page = 4096, whole = (bytes + page - 1) / page * page;
  char* memory = (char*)mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory + whole, page, PROT_NONE)) fail("memory", "there is not enough");
  return memory + whole - bytes;
}

static int64_t between(int64_t lo, int64_t hi, int number) {
  const int64_t steps[] = {0, 1, 5, 12, INT64_MAX};
  return steps[number] > hi - lo ? hi : lo + steps[number];
}

int main(int argc, char** argv) {
  const LibraryInfo* info = OF_LIBRARY(_info)();
  const File weights = find_weights(argc, argv);
  int number, d, t, calls = 0;
  Context ctx;
  need(OF_LIBRARY(_init)(&ctx, NULL));
  for (int32_t i = 0; i < info->entry_count; ++i)
    for (number = 0; number < 5; ++number) {
      const EntryInfo* entry = &info->entries[i];
      const Memory memory = {at_page_end(OF_LIBRARY(_state_bytes)()), OF_LIBRARY(_state_bytes)(),
                             at_page_end(OF_LIBRARY(_workspace_bytes)(1)), OF_LIBRARY(_workspace_bytes)(1)};
      int64_t dims[8];
      Call call;
      start_state(&memory, &weights);
      for (d = 0; d < entry->dim_count; ++d) dims[d] = between(entry->dims[d].lo, entry->dims[d].hi, (number + d) % 5);
      call = make_call(entry, dims);
      for (t = 0; t < entry->tensor_count; ++t) {
        char* elements = (char*)at_page_end(call.bytes[t]);
        memset(elements, entry->tensors[t].dtype == OF_LIBRARY(_bool) ? 1 : 0, call.bytes[t]);
        call.tensors[t] = elements;
      }
      need(run_call(&ctx, &memory, &call));
      ++calls;
    }
  printf("%s: %d calls stay within bounds\n", info->name, calls);
  return 0;
}
