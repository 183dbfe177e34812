// A straight run of launches as one: recorded once (CUDA calls that a capture), then launched any number of times.
#pragma once

#include "runtime/cuda/module.h"

#include <functional>

namespace ogee::runtime::cuda {

/// Whether runs of launches are recorded at all: not with OGEE_CUDA_GRAPH=0, nor with OGEE_CUDA_SYNC=1. An Error where
/// the former is neither 0 nor 1.
bool records_graphs();

class Graph {
public:
  /// Records what `enqueue` enqueues as this thread's work on the GPU; none of it runs. Nothing in it may wait,
  /// allocate on the GPU or copy from or to the host: Error(state). Other Errors are those of `enqueue` and the driver.
  /// `name`: what is recorded, for errors that come later.
  Graph(Gpu& gpu, std::string_view name, const std::function<void()>& enqueue);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// Enqueues all of it on this thread's stream. Launches of one graph must not overlap: they are the caller's to
  /// order.
  void launch() const;

private:
  Gpu& gpu_;
  std::string note_; ///< its name, and those of its launches
  GraphExecHandle handle_ = nullptr;
};

} // namespace ogee::runtime::cuda
