/* A small pool of threads for the hook `parallel_for` of a library: hooks.user is the pool, hooks.workers its size. */
#ifndef POOL_H
#define POOL_H

#include <pthread.h>
#include <stdint.h>

enum { kPoolWorkers = 4 };

typedef struct Pool {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  void (*body)(void* data, int64_t i, uint32_t worker);
  void* data;
  int64_t next, count, running; /* calls that are left, and calls that are under way */
  uint32_t workers;             /* numbers that are taken; the caller of a loop is 0 */
} Pool;

/* Makes calls until none is left; with the mutex held. */
static void pool_help(Pool* pool, uint32_t worker) {
  while (pool->next < pool->count) {
    const int64_t i = pool->next++;
    ++pool->running;
    pthread_mutex_unlock(&pool->mutex);
    pool->body(pool->data, i, worker);
    pthread_mutex_lock(&pool->mutex);
    if (--pool->running == 0) pthread_cond_broadcast(&pool->changed);
  }
}

static void* pool_thread(void* user) {
  Pool* pool = (Pool*)user;
  pthread_mutex_lock(&pool->mutex);
  for (const uint32_t worker = ++pool->workers;; pthread_cond_wait(&pool->changed, &pool->mutex))
    pool_help(pool, worker);
  return NULL;
}

static void pool_parallel_for(void* user, int64_t count, void (*body)(void*, int64_t, uint32_t), void* data) {
  Pool* pool = (Pool*)user;
  pthread_mutex_lock(&pool->mutex);
  pool->body = body;
  pool->data = data;
  pool->next = 0;
  pool->count = count;
  pthread_cond_broadcast(&pool->changed);
  pool_help(pool, 0);
  while (pool->running > 0) pthread_cond_wait(&pool->changed, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

/* Its threads live as long as the program. Returns 0 if all went well. */
static int pool_start(Pool* pool) {
  pthread_t thread;
  *pool = (Pool){.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  for (int i = 1; i < kPoolWorkers; ++i)
    if (pthread_create(&thread, NULL, pool_thread, pool)) return 1;
  return 0;
}

#endif
