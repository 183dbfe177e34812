// Capturing a stream into a graph, and running that, on the fake driver.
#include "tests/cuda/fake/queue.h"

#include <algorithm>

using namespace ogee::fake;

namespace {

std::vector<std::unique_ptr<Graph_>>& graphs() {
  static auto* const all = new std::vector<std::unique_ptr<Graph_>>;
  return *all;
}
std::vector<std::unique_ptr<GraphExec_>>& execs() {
  static auto* const all = new std::vector<std::unique_ptr<GraphExec_>>;
  return *all;
}

template <class T>
T& known(const std::vector<std::unique_ptr<T>>& all, T* handle, const char* function) {
  const bool found = std::any_of(all.begin(), all.end(), [&](auto& item) { return item.get() == handle; });
  if (!found || !handle->live) violation("%s: a handle that is not, or no more", function);
  return *handle;
}

} // namespace

extern "C" {

int cuStreamBeginCapture_v2(StreamHandle handle, int mode) {
  return call(__func__, name(handle), [&](Machine&) -> int {
    Stream_& stream = Queue::get().stream("cuStreamBeginCapture_v2", handle);
    if (mode != 1) violation("cuStreamBeginCapture_v2: a mode that other threads feel");
    if (stream.capture) return kCaptureUnsupported;
    stream.capture = std::make_unique<Graph_>();
    return 0;
  });
}

int cuStreamEndCapture(StreamHandle handle, GraphHandle* graph) {
  return call(__func__, name(handle), [&](Machine&) -> int {
    Stream_& stream = Queue::get().stream("cuStreamEndCapture", handle);
    if (!stream.capture) return kCaptureInvalidated;
    *graph = graphs().emplace_back(std::move(stream.capture)).get();
    return 0;
  });
}

int cuStreamIsCapturing(StreamHandle handle, int* status) {
  return call(__func__, name(handle), [&](Machine&) {
    *status = Queue::get().stream("cuStreamIsCapturing", handle).capture ? 1 : 0;
    return 0;
  });
}

int cuGraphInstantiateWithFlags(GraphExecHandle* exec, GraphHandle graph, unsigned long long) {
  return call(__func__, "", [&](Machine&) {
    auto made = std::make_unique<GraphExec_>();
    made->operations = known(graphs(), graph, "cuGraphInstantiateWithFlags").operations;
    *exec = execs().emplace_back(std::move(made)).get();
    return 0;
  });
}

int cuGraphUpload(GraphExecHandle exec, StreamHandle stream) {
  return call(__func__, name(stream), [&](Machine&) {
    known(execs(), exec, "cuGraphUpload");
    Queue::get().stream("cuGraphUpload", stream);
    return 0;
  });
}

int cuGraphLaunch(GraphExecHandle exec, StreamHandle handle) {
  return call(__func__, name(handle), [&](Machine&) {
    Stream_& stream = Queue::get().stream("cuGraphLaunch", handle);
    GraphExec_& graph = known(execs(), exec, "cuGraphLaunch");
    if (stream.capture) violation("cuGraphLaunch: a graph in a graph");
    merge(stream.clock, Machine::get().host);
    if (graph.stream && graph.stream != &stream && stream.clock[graph.stream->number] < graph.at)
      violation("cuGraphLaunch: %s does not wait for the run of the same graph on %s", name(&stream).c_str(),
                name(graph.stream).c_str());
    for (const Operation& operation : graph.operations) Queue::get().enqueue(stream, operation);
    graph.stream = &stream;
    graph.at = stream.enqueued;
    return 0;
  });
}

int cuGraphExecDestroy(GraphExecHandle exec) {
  return call(__func__, "", [&](Machine&) {
    GraphExec_& graph = known(execs(), exec, "cuGraphExecDestroy");
    if (graph.stream && graph.stream->done < graph.at) violation("cuGraphExecDestroy: the graph still runs");
    graph.live = false;
    return 0;
  });
}

int cuGraphDestroy(GraphHandle graph) {
  return call(__func__, "", [&](Machine&) { return known(graphs(), graph, "cuGraphDestroy").live = false, 0; });
}

} // extern "C"

std::string ogee::fake::graph_leaks() {
  const auto live = [](const auto& all) { return std::ranges::count_if(all, [](auto& item) { return item->live; }); };
  const auto count = live(graphs()) + live(execs());
  return count ? text("%td graphs ", count) : "";
}
