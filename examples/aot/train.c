/* Training goes on where the model is used: it has learnt digits, and is shown their mirror images.

     train <weights file> <file for the new weights> */
#include "mlp.h"
#include <stdlib.h>

enum { kBatch = 32 };

_Alignas(MLP_ALIGNMENT) static unsigned char state[MLP_STATE_BYTES], workspace[MLP_WORKSPACE_BYTES(1)];
static char file[MLP_WEIGHTS_BYTES];
static float images[kBatch * 28 * 28], probabilities[kBatch * 10];
static int64_t labels[kBatch];

/* Seven segments, as digits.cpp draws them, mirrored. */
static void draw(float* image, int digit, int left, int top) {
  static const unsigned char segments[10] = {119, 18, 93, 91, 58, 107, 111, 82, 127, 123};
  static const int boxes[7][4] = {{1, 0, 8, 2}, {0, 1, 2, 7}, {8, 1, 2, 7}, {1, 7, 8, 2},
                                  {0, 8, 2, 7}, {8, 8, 2, 7}, {1, 14, 8, 2}};
  for (int i = 0; i < 28 * 28; ++i) image[i] = 0.2f * (float)rand() / (float)RAND_MAX;
  for (int s = 0; s < 7; ++s)
    for (int i = 0; (segments[digit] >> (6 - s) & 1) && i < boxes[s][2] * boxes[s][3]; ++i)
      image[(top + boxes[s][1] + i / boxes[s][2]) * 28 + left + 9 - boxes[s][0] - i % boxes[s][2]] = 1;
}

static void draw_batch(void) {
  for (int i = 0; i < kBatch; ++i) {
    labels[i] = rand() % 10;
    draw(&images[i * 28 * 28], (int)labels[i], rand() % 18, rand() % 12);
  }
}

static int correct(void) {
  int count = 0;
  for (int i = 0; i < kBatch; ++i) {
    int best = 0;
    for (int digit = 1; digit < 10; ++digit)
      if (probabilities[i * 10 + digit] > probabilities[i * 10 + best]) best = digit;
    count += best == labels[i];
  }
  return count;
}

static void need(mlp_status status) {
  char line[256];
  if (!status) return;
  puts(mlp_describe(status, line, sizeof line));
  exit(1);
}

static FILE* opened(const char* path, const char* mode) {
  FILE* stream = fopen(path, mode);
  if (stream) return stream;
  perror(path);
  exit(1);
}

int main(int argc, char** argv) {
  const mlp_memory memory = {state, sizeof state, workspace, sizeof workspace};
  mlp_ctx ctx;
  float loss = 0;
  if (argc != 3) return puts("usage: train <weights file> <file for the new weights>"), 2;
  FILE* in = opened(argv[1], "rb");
  need(mlp_init(&ctx, NULL));
  need(mlp_read_weights(file, fread(file, 1, sizeof file, in), state, sizeof state));
  fclose(in);
  for (int step = 0; step <= 600; ++step) {
    draw_batch();
    if (step % 200 == 0) {
      need(mlp_forward(&ctx, &memory, kBatch, images, probabilities));
      printf("after %3d steps: %2d of %d right\n", step, correct(), (int)kBatch);
    }
    need(mlp_train_step(&ctx, &memory, kBatch, images, labels, &loss));
  }
  FILE* out = opened(argv[2], "wb");
  need(mlp_write_weights(state, file, sizeof file));
  if (fwrite(file, 1, sizeof file, out) != sizeof file || fclose(out)) return perror(argv[2]), 1;
  printf("loss %.3f; weights in %s\n", (double)loss, argv[2]);
  return loss < 1 ? 0 : 1;
}
