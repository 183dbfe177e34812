/* Kernels on a small pool of threads give the bits of one thread; hooks; one context in several threads.

     threads <mlp.weights.safetensors> */
#include "mlp.h"
#include "support.h"
#include <pthread.h>
#include <stdint.h>

enum { kWorkers = 3, kBatch = 32 };

typedef void Body(void* data, int64_t i, uint32_t worker);

typedef struct Loop {
  int64_t next, count;
  Body* body;
  void* data;
} Loop;

typedef struct Thread {
  Loop* loop;
  uint32_t worker;
} Thread;

static void* work(void* data) {
  const Thread* thread = (const Thread*)data;
  Loop* loop = thread->loop;
  int64_t i;
  while ((i = __atomic_fetch_add(&loop->next, 1, __ATOMIC_RELAXED)) < loop->count)
    loop->body(loop->data, i, thread->worker);
  return NULL;
}

static int loops;

/* Starts its threads for each loop: enough for a test. */
static void parallel_for(void* user, int64_t count, Body* body, void* data) {
  Loop loop = {0, count, body, data};
  pthread_t ids[kWorkers];
  Thread threads[kWorkers];
  uint32_t i;
  EXPECT(user == &loops);
  ++loops;
  for (i = 0; i < kWorkers; ++i) {
    threads[i].loop = &loop;
    threads[i].worker = i;
    EXPECT(pthread_create(&ids[i], NULL, work, &threads[i]) == 0);
  }
  for (i = 0; i < kWorkers; ++i) pthread_join(ids[i], NULL);
}

typedef struct Model {
  mlp_memory memory;
  float x[kBatch * 784], y[kBatch * 10], loss[4];
  int64_t labels[kBatch];
} Model;

static char* file;
static size_t file_bytes;

static Model* make_model(uint32_t workers) {
  Model* model = (Model*)allocate(sizeof *model);
  int i;
  model->memory.state_bytes = mlp_state_bytes();
  model->memory.state = allocate(model->memory.state_bytes);
  model->memory.workspace_bytes = mlp_workspace_bytes(workers);
  model->memory.workspace = allocate(model->memory.workspace_bytes);
  EXPECT(mlp_read_weights(file, file_bytes, model->memory.state, model->memory.state_bytes) == mlp_ok);
  fill(model->x, kBatch * 784, 5);
  for (i = 0; i < kBatch; ++i) model->labels[i] = i % 10;
  return model;
}

static void train(const mlp_ctx* ctx, Model* model) {
  int i;
  for (i = 0; i < 4; ++i)
    EXPECT(mlp_train_step(ctx, &model->memory, kBatch - i, model->x, model->labels, &model->loss[i]) == mlp_ok);
  EXPECT(mlp_forward(ctx, &model->memory, kBatch, model->x, model->y) == mlp_ok);
}

static int equal(const Model* a, const Model* b) {
  return memcmp(a->loss, b->loss, sizeof a->loss) == 0 && memcmp(a->y, b->y, sizeof a->y) == 0 &&
         memcmp(a->memory.state, b->memory.state, MLP_STATE_BYTES) == 0;
}

typedef struct Job {
  const mlp_ctx* ctx;
  Model* model;
} Job;

static void* run_job(void* data) {
  train(((const Job*)data)->ctx, ((const Job*)data)->model);
  return NULL;
}

static int starts, ends, last_start;

static void trace(void* user, const char* kernel, int is_end) {
  EXPECT(user == &starts && kernel && kernel[0]);
  *(is_end ? &ends : &starts) += 1;
  EXPECT(starts - ends == !is_end);
}

static int stop_at;
static int stop(void* user) {
  EXPECT(user == &starts);
  return starts >= stop_at;
}

int main(int argc, char** argv) {
  mlp_hooks hooks = {0};
  mlp_ctx serial, parallel, hooked;
  Model *expected, *got, *other;
  Job jobs[2];
  pthread_t ids[2];
  int i;
  file = read_file(argv[argc - 1], &file_bytes);
  EXPECT(mlp_init(&serial, NULL) == mlp_ok);
  expected = make_model(1);
  train(&serial, expected);

  hooks.user = &loops;
  hooks.workers = kWorkers;
  hooks.parallel_for = parallel_for;
  EXPECT(mlp_init(&parallel, &hooks) == mlp_ok);
  got = make_model(kWorkers);
  train(&parallel, got);
  EXPECT(loops > 0 && equal(expected, got));
  got->memory.workspace_bytes = mlp_workspace_bytes(1);
  if (mlp_workspace_bytes(1) < mlp_workspace_bytes(kWorkers))
    EXPECT_TEXT(mlp, mlp_forward(&parallel, &got->memory, 1, got->x, got->y),
                "mlp_forward: the workspace is too small");

  for (i = 0; i < 2; ++i) { /* one context, two threads, each with its memory */
    jobs[i].ctx = &serial;
    jobs[i].model = make_model(1);
    EXPECT(pthread_create(&ids[i], NULL, run_job, &jobs[i]) == 0);
  }
  for (i = 0; i < 2; ++i) {
    pthread_join(ids[i], NULL);
    EXPECT(equal(expected, jobs[i].model));
  }

  memset(&hooks, 0, sizeof hooks);
  hooks.user = &starts;
  hooks.trace = trace;
  hooks.abort = stop;
  stop_at = 1 << 30;
  EXPECT(mlp_init(&hooked, &hooks) == mlp_ok);
  other = make_model(1);
  train(&hooked, other);
  EXPECT(equal(expected, other) && starts > 8 && starts == ends);
  last_start = starts;
  stop_at = starts + 2;
  EXPECT_TEXT(mlp, mlp_train_step(&hooked, &other->memory, 1, other->x, other->labels, other->loss),
              "mlp: ended by the abort hook");
  EXPECT(starts == last_start + 2);
  printf("%d loops on %d workers, %d kernels\n", loops, kWorkers, starts);
  return 0;
}
