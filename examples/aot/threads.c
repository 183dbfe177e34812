/* A batch on four threads, with the pool of pool.h: the same numbers as on one. argv[1] is the weights file. */
#include "mlp.h"
#include "pool.h"

enum { kBatch = 64 };

_Alignas(MLP_ALIGNMENT) static unsigned char state[MLP_STATE_BYTES], workspace[MLP_WORKSPACE_BYTES(kPoolWorkers)];
static char file[MLP_WEIGHTS_BYTES];
static float x[kBatch * 784], serial[kBatch * 10], parallel[kBatch * 10];

int main(int argc, char** argv) {
  static Pool pool;
  const mlp_memory memory = {state, sizeof state, workspace, sizeof workspace};
  const mlp_hooks hooks = {.user = &pool, .workers = kPoolWorkers, .parallel_for = pool_parallel_for};
  mlp_ctx one, four;
  FILE* in = fopen(argc > 1 ? argv[1] : "mlp.weights.safetensors", "rb");
  if (!in || pool_start(&pool)) return perror("threads"), 1;
  for (int i = 0; i < kBatch * 784; ++i) x[i] = (float)(i % 7) / 7;
  mlp_status status = mlp_read_weights(file, fread(file, 1, sizeof file, in), state, sizeof state);
  if (!status) status = mlp_init(&one, NULL);
  if (!status) status = mlp_init(&four, &hooks);
  if (!status) status = mlp_forward(&one, &memory, kBatch, x, serial);
  for (int i = 0; i < 100 && !status; ++i) status = mlp_forward(&four, &memory, kBatch, x, parallel);
  puts(mlp_describe(status, file, sizeof file));
  fclose(in);
  return status || memcmp(serial, parallel, sizeof serial) != 0;
}
