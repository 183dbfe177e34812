/* Doubles eight numbers by the library that CMake made of twice.mlir. */
#include <twice.h>

int main(void) {
  const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  float y[8];
  twice_memory memory = {NULL, 0, NULL, 0};
  twice_ctx ctx;
  if (twice_init(&ctx, NULL) || twice_forward(&ctx, &memory, x, y)) return 1;
  return y[7] == 16 ? 0 : 2;
}
