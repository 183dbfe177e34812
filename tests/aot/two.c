/* Two models and a second copy of one of them, under another name, in one program. */
#include "encoder.h"
#include "mlp.h"
#include "mlp_copy.h"
#include "support.h"

int main(int argc, char** argv) {
  static float x[784], t[32 * 64], y[10], z[10], u[32 * 64];
  size_t bytes = 0, encoder_bytes = 0;
  char *file = read_file(argv[argc - 2], &bytes), *encoder_file = read_file(argv[argc - 1], &encoder_bytes);
  mlp_memory first = {allocate(MLP_STATE_BYTES), MLP_STATE_BYTES, allocate(MLP_WORKSPACE_BYTES(1)),
                      MLP_WORKSPACE_BYTES(1)};
  mlp_copy_memory second = {allocate(MLP_COPY_STATE_BYTES), MLP_COPY_STATE_BYTES, allocate(MLP_COPY_WORKSPACE_BYTES(1)),
                            MLP_COPY_WORKSPACE_BYTES(1)};
  encoder_memory third = {allocate(ENCODER_STATE_BYTES), ENCODER_STATE_BYTES, allocate(ENCODER_WORKSPACE_BYTES(1)),
                          ENCODER_WORKSPACE_BYTES(1)};
  mlp_ctx a;
  mlp_copy_ctx b;
  encoder_ctx c;
  fill(x, 784, 1);
  fill(t, 32 * 64, 2);
  EXPECT(mlp_init(&a, NULL) == mlp_ok && mlp_copy_init(&b, NULL) == mlp_copy_ok);
  EXPECT(encoder_init(&c, NULL) == encoder_ok);
  EXPECT(mlp_read_weights(file, bytes, first.state, first.state_bytes) == mlp_ok);
  EXPECT(mlp_copy_read_weights(file, bytes, second.state, second.state_bytes) == mlp_copy_ok);
  EXPECT(encoder_read_weights(encoder_file, encoder_bytes, third.state, third.state_bytes) == encoder_ok);
  EXPECT(encoder_error_of(encoder_read_weights(file, bytes, third.state, third.state_bytes)) == encoder_error_weights);
  EXPECT(mlp_forward(&a, &first, 1, x, y) == mlp_ok && mlp_copy_forward(&b, &second, 1, x, z) == mlp_copy_ok);
  EXPECT(memcmp(y, z, sizeof y) == 0 && y[0] > 0);
  EXPECT(encoder_forward(&c, &third, 1, 32, t, u) == encoder_ok && u[0] != 0);
  /* the table of one is not the other's */
  EXPECT_TEXT(mlp_copy, mlp_copy_forward((const mlp_copy_ctx*)(const void*)&a, &second, 1, x, z),
              "mlp_copy: header and object are not of one build, or mlp_copy_init was not called");
  return 0;
}
