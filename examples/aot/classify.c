/* Which digit is this? A program of a C compiler, mlp.h and mlp.o; argv[1] is the weights file. */
#include "mlp.h"

static const char* const picture[16] = {
    " ######## ", " #########", "        ##", "        ##", "        ##", "        ##", "        ##", " #########",
    " #########", "        ##", "        ##", "        ##", "        ##", "        ##", " #########", " ######## "};

_Alignas(MLP_ALIGNMENT) static unsigned char state[MLP_STATE_BYTES], workspace[MLP_WORKSPACE_BYTES(1)];
static char file[MLP_WEIGHTS_BYTES];

int main(int argc, char** argv) {
  const mlp_memory memory = {state, sizeof state, workspace, sizeof workspace};
  float x[28 * 28] = {0}, probabilities[10];
  char line[256];
  mlp_ctx ctx;
  mlp_status status = mlp_init(&ctx, NULL);
  FILE* in = fopen(argc > 1 ? argv[1] : "mlp.weights.safetensors", "rb");
  if (!in) return perror("weights"), 1;
  if (!status) status = mlp_read_weights(file, fread(file, 1, sizeof file, in), state, sizeof state);
  fclose(in);
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 10; ++column) x[(row + 6) * 28 + column + 9] = picture[row][column] == '#';
  if (!status) status = mlp_forward(&ctx, &memory, 1, x, probabilities);
  if (status) return puts(mlp_describe(status, line, sizeof line)), 1;
  int best = 0;
  for (int digit = 1; digit < 10; ++digit)
    if (probabilities[digit] > probabilities[best]) best = digit;
  printf("a %d, with probability %.2f\n", best, (double)probabilities[best]);
  return 0;
}
