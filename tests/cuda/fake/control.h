// What tests tell the fake driver and ask it, found by dlsym in the opened library. In the environment, read when the
// driver starts:
//   OGEE_FAKE_CUDA_DEVICES (1), OGEE_FAKE_CUDA_CAPABILITY (9.0), OGEE_FAKE_CUDA_MEMORY (bytes of a device),
//   OGEE_FAKE_CUDA_VERSION (13000), OGEE_FAKE_CUDA_FAIL=function:call:status[,…] (call 1 is the next; the function
//   `kernel` stands for the runs of kernels), OGEE_FAKE_CUDA_REVERSE=1 (where streams may run in any order, the last
//   one first).
#pragma once

extern "C" {

/// The given call from now on (1: the next) of a function fails with a status; those that lose the context are given
/// ever after.
void ogee_fake_cuda_fail(const char* function, unsigned long long call, int status);
/// How often a function was called.
unsigned long long ogee_fake_cuda_calls(const char* function);
/// Starts or stops the record of calls and of what runs.
void ogee_fake_cuda_record(int on);
/// The record since the last call, a line each; valid until the next.
const char* ogee_fake_cuda_take_record();
/// What is not given back: "2 allocations (512 bytes) 1 pinned blocks 1 streams …", "" for nothing; work that is
/// enqueued runs first.
const char* ogee_fake_cuda_leaks();
}
