// Work of the fake devices: enqueued, and run only when something waits for it.
#pragma once

#include "tests/cuda/fake/memory.h"

#include <deque>

namespace ogee::fake {

/// Memory that an operation uses.
struct Use {
  Address address = 0;
  size_t bytes = 0;
  bool writes = false;
};

struct HostUse {
  const void* memory = nullptr;
  size_t bytes = 0;
};

struct Operation {
  std::string what;
  std::function<void()> run;
  std::vector<Use> uses;
  std::vector<HostUse> host;
  ModuleHandle module = nullptr;
};

} // namespace ogee::fake

namespace ogee::runtime::cuda {

struct Graph_ {
  std::vector<ogee::fake::Operation> operations;
  bool live = true;
};

struct Stream_;

struct GraphExec_ {
  std::vector<ogee::fake::Operation> operations;
  bool live = true;
  Stream_* stream = nullptr; ///< of the last launch, and how far it was then
  uint64_t at = 0;
};

struct Stream_ {
  int number = 0;
  Context_* context = nullptr;
  bool live = true;
  std::deque<ogee::fake::Operation> queue;
  uint64_t enqueued = 0, done = 0;
  ogee::fake::Clock clock;
  std::unique_ptr<Graph_> capture; ///< what is recorded instead
};

struct Event_ {
  int number = 0;
  Context_* context = nullptr;
  bool live = true, timed = false;
  Stream_* stream = nullptr; ///< of the last record, how far it was, and what was before
  uint64_t at = 0;
  ogee::fake::Clock clock;
  double time = 0;
};

} // namespace ogee::runtime::cuda

namespace ogee::fake {

/// Graphs that were not given back, "" for none.
std::string graph_leaks();

class Queue {
public:
  static Queue& get();

  Stream_* make_stream(Context_& context);
  Event_* make_event(Context_& context, bool timed);
  /// A handle that must be a stream of the current context.
  Stream_& stream(const char* function, StreamHandle handle);
  Event_& event(const char* function, EventHandle handle);

  /// Checks what it uses, and enqueues it (or records it in the graph that is captured).
  void enqueue(Stream_& stream, Operation operation);
  /// Checks that a stream may use memory now, and notes that it does.
  void use(Stream_& stream, const Use& use, const std::string& what);
  /// Nobody may use an allocation any more.
  void end_use(Stream_& stream, Allocation& allocation);

  /// Runs what is enqueued, as far as a stream's operation of that number.
  void run(Stream_& stream, uint64_t until);
  void run_all();
  /// The host has waited for it.
  void wait(Stream_& stream);
  void wait(Event_& event);
  void wait_all();

  /// Whether enqueued work uses a range of the host, or a module.
  bool uses_host(const void* memory, size_t bytes) const;
  bool uses_module(ModuleHandle module) const;
  /// Whether a stream of the context is captured: nobody may wait for all of them then.
  bool is_capturing(const Context_& context) const;
  bool is_idle() const;
  std::string leaks() const;

private:
  std::vector<std::unique_ptr<Stream_>> streams_; // kept, so that a handle that is gone is known
  std::vector<std::unique_ptr<Event_>> events_;
  std::set<const void*> handles_;
};

} // namespace ogee::fake
