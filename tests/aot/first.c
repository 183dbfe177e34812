/* The first inference of a program. */
#include "mlp.h"
#include "support.h"

int main(int argc, char** argv) {
  static float x[784], y[10];
  size_t bytes = 0;
  char *file = read_file(argv[argc - 1], &bytes), line[256];
  mlp_memory memory = {allocate(MLP_STATE_BYTES), MLP_STATE_BYTES, allocate(MLP_WORKSPACE_BYTES(1)),
                       MLP_WORKSPACE_BYTES(1)};
  mlp_ctx ctx;
  mlp_status status = mlp_init(&ctx, NULL);
  if (!status) status = mlp_read_weights(file, bytes, memory.state, memory.state_bytes);
  fill(x, 784, 1);
  if (!status) status = mlp_forward(&ctx, &memory, 1, x, y);
  puts(mlp_describe(status, line, sizeof line));
  return status != mlp_ok;
}
