// Recorded graphs: text, picture, arguments; nothing runs.
#include "tests/frontend/support.h"

#include <atomic>
#include <regex>
#include <set>
#include <thread>

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("graph: a graph from specs") {
  const uint64_t before = stats().kernels_compiled;
  const Graph graph = trace([](Tensor x, Tensor w) { return softmax(relu(matmul(x, w)), -1); }, spec(f32, {32, 784}),
                            spec(f32, {784, 128}));
  const std::string ir = graph.ir();
  for (const char* op : {"ogee.dot", "ogee.compare le", "ogee.select", "ogee.amax", "ogee.exp", "ogee.sum", "ogee.div"})
    CHECK(contains(ir, op));
  CHECK(contains(ir, "tensor<32x128xf32>"));
  CHECK(graph.inputs() == std::vector<std::string>{"arg0", "arg1"});
  CHECK(graph.result_count() == 1);
  CHECK(stats().kernels_compiled == before);
}

TEST_CASE("graph: named sizes stand in the graph as arithmetic") {
  const Graph graph = trace(
      [](Tensor x) {
        const Dim b = x.size(0), t = x.size(1);
        return x.reshape({b * t, 8}) + 1;
      },
      spec(f32, {dim("batch", 1, 256), dim("time"), 8}));
  const std::string ir = graph.ir();
  CHECK(contains(ir, "ogee.dims = [\"batch\", \"time\", \"\"]"));
  CHECK(contains(ir, "arith.muli"));
  CHECK(contains(ir, "tensor<?x8xf32>"));
}

TEST_CASE("graph: every operation carries its line and its module") {
  const std::string here = OGEE_HERE;
  const Graph graph = trace(
      [](Tensor x) {
        Scope scope("fc1");
        return x + 1;
      },
      spec(f32, {2}));
  CHECK(contains(graph.ir(), "graph.cpp"));
  CHECK(contains(graph.ir(), "fc1"));
}

TEST_CASE("graph: a picture for Graphviz") {
  const std::string dot = trace([](Tensor x, Tensor y) { return (x + y) * y; }, spec(f32, {2}), spec(f32, {2})).dot();
  CHECK(contains(dot, "digraph"));
  CHECK(contains(dot, "label=\"add\\ngraph.cpp:"));
  CHECK(contains(dot, "v0 -> o0"));
}

namespace {

/// Reads the part of Graphviz's language that pictures use: a digraph of node, edge and attribute statements, one per
/// line. The name of the node that an edge names before its own statement, or what is wrong; "" for a well-formed text.
class DotReader {
public:
  explicit DotReader(const std::string& text) : in_(text) {}

  std::string fault() {
    std::string line;
    std::getline(in_, line);
    if (!std::regex_match(line, std::regex(R"(digraph "([^"\\]|\\.)*" \{)"))) return line;
    while (std::getline(in_, line) && line != "}")
      if (!statement(line)) return line;
    if (line != "}" || std::getline(in_, line)) return "the end";
    return "";
  }
  size_t nodes() const { return nodes_.size(); }
  size_t edges() const { return edges_; }

private:
  bool statement(const std::string& line) {
    static const std::string word = "[A-Za-z_][A-Za-z_0-9]*", attribute = word + R"(=([a-z]+|"([^"\\]|\\.)*"))",
                             list = R"( \[)" + attribute + "(, " + attribute + R"()*\];?)";
    static const std::regex node("  (" + word + ")" + list), edge("  (" + word + ") -> (" + word + ");");
    std::smatch match;
    if (std::regex_match(line, match, edge)) return ++edges_, nodes_.contains(match[1]) && nodes_.contains(match[2]);
    if (!std::regex_match(line, match, node)) return false;
    return match[1] == "node" || nodes_.insert(match[1]).second;
  }

  std::istringstream in_;
  std::set<std::string> nodes_;
  size_t edges_ = 0;
};

} // namespace

TEST_CASE("graph: pictures are well-formed") {
  auto g = compile([](Tensor x, Tensor w) {
    Scope scope("a \"quoted\" \\ name");
    return std::pair(softmax(matmul(x, w), -1), x.sum());
  });
  g(ones({2, 3}), ones({3, 4}));
  for (const std::string& dot : {g.dot(), trace([](Tensor x) { return x[0]; }, spec(f32, {dim("b"), 2})).dot()}) {
    DotReader reader(dot);
    CHECK(reader.fault() == "");
    CHECK(reader.nodes() > 3);
    CHECK(reader.edges() > 2);
  }
  CHECK(DotReader("digraph \"x\" {\n  v0 -> v1;\n}\n").fault() == "  v0 -> v1;");
}

TEST_CASE("graph: stages have the names of dumps") {
  CHECK(std::string(name(Stage::fuse)) == "fuse");
  CHECK(std::string(name(Stage::assembly)) == "asm");
}

TEST_CASE("graph: sizes that are equal by a check of the call alone") {
  const Dim m = dim("m"), n = dim("n"), k = dim("k");
  auto sum_of = [](Tensor a, Tensor b) { return (a.slice(1, 1) + b).sum(); };
  const CompiledGraph g = trace(sum_of, spec(f32, {m, n}), spec(f32, {m, k})).compile();
  const Tensor a = arange(12).reshape({3, 4}).to(f32), b = ones({3, 3});
  CHECK(equal(g({a, b})[0], sum_of(a, b)));
  CHECK(contains(error_of([&] { g({a, ones({3, 4})}); }), "n = 4"));
  auto joined = [](Tensor a, Tensor b) { return (b + cat({a, a}, 1)).amax(); };
  CHECK(equal(trace(joined, spec(f32, {m, n}), spec(f32, {m, k})).compile()({a, ones({3, 8})})[0],
              joined(a, ones({3, 8}))));
}

TEST_CASE("graph: nothing of graphs that are gone stands in the next ones, on any thread") {
  auto scaled = [](Tensor x) { return x.exp() * 2; };
  const auto texts_of = [&] {
    const Graph graph = trace(scaled, spec(f32, {dim("n"), 4}));
    return graph.ir() + graph.ir(Stage::fuse) + graph.ir(Stage::loops);
  };
  const std::string first = texts_of();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  std::vector<std::string> texts(4);
  for (std::string& text : texts)
    threads.emplace_back([&text, &texts_of, &wrong] {
      for (int64_t n = 1; n < 8; ++n) {
        const auto other = trace([](Tensor x) { return logsumexp(x.sin(), {0}); }, spec(f64, {dim("n"), n})).compile();
        wrong += !equal(other({zeros({1, n}, f64)})[0], zeros({n}, f64));
        text = texts_of();
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  for (const std::string& text : texts) CHECK(text == first);
}
