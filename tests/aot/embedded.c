/* Weights in the object: copied, or read where they are. */
#include "embedded.h"

#include "support.h"

int main(void) {
  static float x[784], copied[10], direct[10];
  embedded_memory memory = {allocate(EMBEDDED_STATE_BYTES), EMBEDDED_STATE_BYTES, allocate(EMBEDDED_WORKSPACE_BYTES(1)),
                            EMBEDDED_WORKSPACE_BYTES(1)};
  embedded_ctx ctx;
  fill(x, 784, 3);
  EXPECT(embedded_init(&ctx, NULL) == embedded_ok);
  EXPECT_TEXT(embedded, embedded_read_embedded_weights(memory.state, 64),
              "embedded_read_weights: the state is too small");
  EXPECT(embedded_read_embedded_weights(memory.state, memory.state_bytes) == embedded_ok);
  EXPECT(embedded_forward(&ctx, &memory, x, copied) == embedded_ok);
  memory.state = (void*)(uintptr_t)embedded_info()->embedded_state;
  EXPECT(embedded_forward(&ctx, &memory, x, direct) == embedded_ok);
  EXPECT(copied[0] > 0 && memcmp(copied, direct, sizeof copied) == 0);
  return 0;
}
