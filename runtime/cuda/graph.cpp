// Recording on a stream that nobody else knows, and launching.
#include "runtime/cuda/graph.h"

#include "runtime/environment.h"

#include <utility>

namespace ogee::runtime::cuda {
namespace {

/// While it lives, this thread's work on the stream's GPU is recorded.
class Recording {
public:
  explicit Recording(Stream& stream) : stream_(stream), before_(set_thread_stream(stream.gpu().index(), &stream)) {}
  ~Recording() { set_thread_stream(stream_.gpu().index(), before_); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

private:
  Stream& stream_;
  Stream* const before_;
};

/// What a stream has recorded, given back when it is instantiated.
class Recorded {
public:
  explicit Recorded(Gpu& gpu) : gpu_(gpu) {}
  ~Recorded() {
    if (handle && gpu_.try_activate()) gpu_.note(gpu_.driver().cuGraphDestroy(handle), "giving back a graph");
  }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  GraphHandle handle = nullptr;

private:
  Gpu& gpu_;
};

} // namespace

bool records_graphs() {
  static const bool wanted = is_switched_on("OGEE_CUDA_GRAPH", true);
  return wanted && !checks_each_launch();
}

Graph::Graph(Gpu& gpu, std::string_view name, const std::function<void()>& enqueue) : gpu_(gpu) {
  Devices::get().check();
  gpu.activate();
  const Driver& driver = gpu.driver();
  Recorded recorded(gpu);
  Stream stream(gpu, Stream::Use::recording);
  {
    const std::lock_guard lock(gpu.recordings()); // nobody may wait for the whole device meanwhile
    constexpr int kThreadLocal = 1;
    gpu.check(driver.cuStreamBeginCapture_v2(stream.handle(), kThreadLocal), "recording launches");
    std::exception_ptr failed;
    try {
      const Recording recording(stream);
      enqueue();
    } catch (...) { failed = std::current_exception(); }
    const int status = gpu.try_activate() ? driver.cuStreamEndCapture(stream.handle(), &recorded.handle) : 0;
    if (failed) std::rethrow_exception(failed);
    gpu.check(status, "recording launches");
  }
  note_ = concat(name, "'s graph (", stream.recorded(), ")");
  gpu.check(driver.cuGraphInstantiateWithFlags(&handle_, recorded.handle, 0), "making a graph of launches");
}

Graph::~Graph() {
  if (!handle_ || !gpu_.try_activate()) return;
  const int status = gpu_.wait_for_all(); // it may still run
  gpu_.note(status, "waiting for the device");
  if (status == 0) gpu_.note(gpu_.driver().cuGraphExecDestroy(handle_), "giving back a graph");
}

void Graph::launch() const {
  Devices::get().check();
  gpu_.activate();
  if (const int status = gpu_.driver().cuGraphLaunch(handle_, gpu_.stream().handle()); status != 0)
    gpu_.check(status, concat("launching ", note_));
  note_launch(gpu_, note_);
}

} // namespace ogee::runtime::cuda
