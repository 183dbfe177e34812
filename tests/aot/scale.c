/* What `ogee aot` made of scale.mlir: its weight, and its check. */
#include "scale.h"

#include "support.h"
#include <math.h>

int main(int argc, char** argv) {
  float x[8] = {0, 1, 2, 3, -1, -2, -3, -4}, y[8], w;
  size_t bytes = 0;
  char* file = read_file(argv[argc - 1], &bytes);
  scale_memory memory = {allocate(SCALE_STATE_BYTES), SCALE_STATE_BYTES, allocate(SCALE_WORKSPACE_BYTES(1)),
                         SCALE_WORKSPACE_BYTES(1)};
  scale_ctx ctx;
  EXPECT(scale_init(&ctx, NULL) == scale_ok);
  EXPECT(scale_read_weights(file, bytes, memory.state, memory.state_bytes) == scale_ok);
  EXPECT(scale_forward(&ctx, &memory, 2, x, y) == scale_ok);
  memcpy(&w, (const char*)memory.state + 3 * sizeof w, sizeof w);
  EXPECT(y[0] == 1.5f && fabsf(y[7] - w * expf(-4)) < 1e-6f);
  x[0] = -1, x[1] = -1, x[2] = -1, x[3] = -1;
  EXPECT_TEXT(scale, scale_forward(&ctx, &memory, 2, x, y),
              "scale_forward: all of a tensor is negative, a number at most at net.cpp:5; hint: shift it");
  free(file);
  return 0;
}
