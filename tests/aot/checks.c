/* What a library refuses, in one line each; built with sanitizers, which see whatever is read beyond bounds.

     checks <mlp.weights.safetensors> */
#include "mlp.h"
#include "support.h"
enum { kBatch = 5 };

static float images[kBatch * 784], probabilities[kBatch * 10], loss;
static int64_t labels[kBatch];

static void check_calls(mlp_ctx* ctx, const mlp_memory* memory) {
  mlp_memory other = *memory;
  mlp_ctx none;
  const float* odd = (const float*)(const void*)((const char*)images + 1);
  EXPECT(mlp_forward(ctx, memory, kBatch, images, probabilities) == mlp_ok);
  EXPECT_TEXT(mlp, mlp_forward(ctx, memory, 0, images, probabilities), "mlp_forward: batch is outside 1..32");
  EXPECT_TEXT(mlp, mlp_forward(ctx, memory, 33, images, probabilities), "mlp_forward: batch is outside 1..32");
  EXPECT_TEXT(mlp, mlp_train_step(ctx, memory, INT64_MIN, images, labels, &loss),
              "mlp_train_step: batch is outside 1..32");
  EXPECT_TEXT(mlp, mlp_forward(ctx, memory, kBatch, NULL, probabilities), "mlp_forward: x is null");
  EXPECT_TEXT(mlp, mlp_forward(ctx, memory, kBatch, images, NULL), "mlp_forward: probabilities is null");
  EXPECT_TEXT(mlp, mlp_forward(ctx, memory, kBatch, odd, probabilities), "mlp_forward: x is not aligned");
  EXPECT_TEXT(mlp, mlp_train_step(ctx, memory, kBatch, images, (const int64_t*)(const void*)(images + 1), &loss),
              "mlp_train_step: labels is not aligned");
  EXPECT_TEXT(mlp, mlp_forward(ctx, memory, kBatch, images, images + kBatch * 784 - 1),
              "mlp_forward: probabilities is written and shares memory with another tensor");
  EXPECT_TEXT(mlp, mlp_forward(ctx, memory, kBatch, probabilities + 10 * kBatch - 1, probabilities),
              "mlp_forward: probabilities is written and shares memory with another tensor");
  EXPECT(mlp_forward(ctx, memory, 1, images + 10, images) == mlp_ok);
  EXPECT_TEXT(mlp, mlp_forward(NULL, memory, kBatch, images, probabilities), "mlp_forward: the context is null");
  EXPECT_TEXT(mlp, mlp_forward(ctx, NULL, kBatch, images, probabilities), "mlp_forward: the memory is null");
  EXPECT_TEXT(mlp, mlp_call(ctx, memory, -1, NULL, NULL), "mlp: an index is out of range");
  EXPECT_TEXT(mlp, mlp_call(ctx, memory, MLP_ENTRIES, NULL, NULL), "mlp: an index is out of range");
  memset(&none, 0, sizeof none);
  EXPECT_TEXT(mlp, mlp_forward(&none, memory, kBatch, images, probabilities),
              "mlp: header and object are not of one build, or mlp_init was not called");
  EXPECT_TEXT(mlp, mlp_init(NULL, NULL), "mlp_init: the context is null");

  other.state_bytes = MLP_STATE_BYTES - 1;
  EXPECT_TEXT(mlp, mlp_forward(ctx, &other, kBatch, images, probabilities), "mlp_forward: the state is too small");
  other.state = NULL;
  EXPECT_TEXT(mlp, mlp_forward(ctx, &other, kBatch, images, probabilities), "mlp_forward: the state is null");
  other = *memory;
  other.state = (char*)other.state + 4;
  EXPECT_TEXT(mlp, mlp_forward(ctx, &other, kBatch, images, probabilities), "mlp_forward: the state is not aligned");
  other = *memory;
  other.workspace_bytes = MLP_WORKSPACE_BYTES(1) - 1;
  EXPECT_TEXT(mlp, mlp_forward(ctx, &other, kBatch, images, probabilities), "mlp_forward: the workspace is too small");
  other.workspace = (char*)other.workspace + 32;
  EXPECT_TEXT(mlp, mlp_train_step(ctx, &other, kBatch, images, labels, &loss),
              "mlp_train_step: the workspace is not aligned");
  other.workspace = NULL;
  EXPECT_TEXT(mlp, mlp_forward(ctx, &other, kBatch, images, probabilities), "mlp_forward: the workspace is null");
}

/* An error leaves the state as it was. */
static mlp_status read_weights(const char* file, size_t bytes) {
  static char *state, *before;
  mlp_status status;
  char* exact = (char*)malloc(bytes ? bytes : 1); /* of this size and no more: sanitizers see its end */
  if (!state) state = (char*)allocate(MLP_STATE_BYTES);
  if (!before) before = (char*)allocate(MLP_STATE_BYTES);
  memcpy(exact, file, bytes);
  memcpy(before, state, MLP_STATE_BYTES);
  status = mlp_read_weights(exact, bytes, state, MLP_STATE_BYTES);
  if (status) {
    EXPECT_TEXT(mlp, status, "mlp_read_weights: the file is not the weights file of this model");
    EXPECT(memcmp(before, state, MLP_STATE_BYTES) == 0);
  }
  free(exact);
  return status;
}

static void check_weights(const char* file, size_t bytes) {
  char *damaged = (char*)malloc(bytes + 64), *state = (char*)allocate(MLP_STATE_BYTES);
  const size_t header = (size_t)(unsigned char)file[0] | (size_t)(unsigned char)file[1] << 8;
  uint32_t seed = 7;
  int i, j, refused = 0;
  EXPECT(read_weights(file, bytes) == mlp_ok);
  for (i = 0; i < 64; ++i) EXPECT(read_weights(file, (8 + header) * (size_t)i / 64) != mlp_ok);
  EXPECT(read_weights(file, bytes - 1) != mlp_ok);
  for (i = 0; i < 1000; ++i) {
    size_t size = bytes;
    memcpy(damaged, file, bytes);
    for (j = 1 + (int)(draw(&seed) % 3); j > 0; --j) {
      const size_t at = draw(&seed) % (i % 8 ? 8 + header : size);
      switch (draw(&seed) % 4) {
      case 0: damaged[at] = (char)draw(&seed); break;
      case 1: damaged[at] = "{}[]\",:\\0987 x"[draw(&seed) % 14]; break;
      case 2: damaged[at] = (char)(damaged[at] ^ 1 << draw(&seed) % 8); break;
      default: size = at < size ? at : size;
      }
    }
    refused += read_weights(damaged, size) != mlp_ok;
  }
  printf("%d of 1000 damaged weights files refused\n", refused);
  EXPECT(refused > 700); /* other numbers are no damage that could be seen */

  EXPECT_TEXT(mlp, mlp_read_weights(NULL, 8, state, MLP_STATE_BYTES), "mlp_read_weights: the file is null");
  EXPECT_TEXT(mlp, mlp_read_weights(file, bytes, NULL, 0), "mlp_read_weights: the state is null");
  EXPECT_TEXT(mlp, mlp_read_weights(file, bytes, state, 64), "mlp_read_weights: the state is too small");
  EXPECT_TEXT(mlp, mlp_read_weights(file, bytes, state + 8, MLP_STATE_BYTES),
              "mlp_read_weights: the state is not aligned");
  EXPECT(mlp_read_weights(file, bytes, state, MLP_STATE_BYTES) == mlp_ok);
  EXPECT(MLP_WEIGHTS_BYTES == bytes && mlp_write_weights(state, damaged, bytes) == mlp_ok);
  EXPECT(memcmp(file, damaged, bytes) == 0);
  EXPECT_TEXT(mlp, mlp_write_weights(state, damaged, bytes - 1), "mlp_write_weights: the file is too small");
  EXPECT_TEXT(mlp, mlp_write_weights(state, NULL, bytes), "mlp_write_weights: the file is null");
  EXPECT_TEXT(mlp, mlp_write_weights(NULL, damaged, bytes), "mlp_write_weights: the state is null");
  free(damaged);
  free(state);
}

int main(int argc, char** argv) {
  mlp_ctx ctx;
  mlp_memory memory = {allocate(MLP_STATE_BYTES), MLP_STATE_BYTES, allocate(MLP_WORKSPACE_BYTES(1)),
                       MLP_WORKSPACE_BYTES(1)};
  size_t bytes = 0;
  char* file = read_file(argv[argc - 1], &bytes);
  EXPECT(sizeof ctx <= 64);
  EXPECT(mlp_init(&ctx, NULL) == mlp_ok);
  check_calls(&ctx, &memory);
  check_weights(file, bytes);
  free(file);
  free(memory.state);
  free(memory.workspace);
  return 0;
}
