// Products by cuBLASLt, the fake one: every form of a problem against plain loops, and what the library refuses.
// Covers: cublaslt
#include "runtime/cuda/matmul.h"

#include "runtime/cuda/graph.h"
#include "runtime/cuda/memory.h"
#include "tests/cuda/machine.h"
#include "tests/runtime/folder.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Elements on the device, from `offset` elements behind the beginning of an allocation.
template <class T>
class Array {
public:
  Array(const std::vector<T>& values, size_t offset = 0)
      : count_(values.size()), bytes_((values.size() + offset) * sizeof(T)), memory_(allocate(gpu(), bytes_)),
        offset_(offset) {
    copy_to_device(gpu(), data(), values.data(), count_ * sizeof(T));
  }
  ~Array() { deallocate(gpu(), memory_, bytes_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  static Gpu& gpu() { return Gpu::get(0); }
  std::byte* data() const { return memory_ + offset_ * sizeof(T); }
  std::vector<T> values() const {
    std::vector<T> all(count_);
    copy_to_host(gpu(), all.data(), data(), count_ * sizeof(T));
    return all;
  }

private:
  size_t count_, bytes_;
  std::byte* memory_;
  size_t offset_;
};

template <class T>
std::vector<T> random_values(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<T> values(count);
  for (T& value : values) value = T(int(engine() % 17)) / 4 - 2;
  return values;
}

/// Matrices of a problem that lie with a gap between rows.
MatmulMatrix matrix(int64_t rows, int64_t columns, bool transposed) {
  const int64_t ld = (transposed ? rows : columns) + 3;
  return {ld, ld * (transposed ? columns : rows) + 1, transposed};
}

int64_t elements(const MatmulMatrix& matrix, int64_t batch, int64_t rows, int64_t columns) {
  return batch * matrix.batch_stride + matrix.ld * (matrix.transposed ? columns : rows);
}

int64_t position(const MatmulMatrix& matrix, int64_t batch, int64_t row, int64_t column) {
  return batch * matrix.batch_stride + (matrix.transposed ? column * matrix.ld + row : row * matrix.ld + column);
}

template <class T>
struct Operands {
  std::vector<T> lhs, rhs, bias, residual, out;

  explicit Operands(const MatmulProblem& p)
      : lhs(random_values<T>(elements(p.lhs, p.batch, p.m, p.k), 1)),
        rhs(random_values<T>(elements(p.rhs, p.batch, p.k, p.n), 2)), bias(random_values<T>(p.n, 3)),
        residual(random_values<T>(elements(p.residual, p.batch, p.m, p.n), 4)),
        out(elements(p.out, p.batch, p.m, p.n), T(-7)) {}

  /// What `out` has to become.
  std::vector<T> expected(const MatmulProblem& p) const {
    std::vector<T> result = out;
    for (int64_t b = 0; b < p.batch; ++b)
      for (int64_t i = 0; i < p.m; ++i)
        for (int64_t j = 0; j < p.n; ++j) {
          T sum = 0;
          for (int64_t k = 0; k < p.k; ++k)
            sum = std::fma(lhs[position(p.lhs, b, i, k)], rhs[position(p.rhs, b, k, j)], sum);
          if (p.has_residual) sum += residual[position(p.residual, b, i, j)];
          if (p.has_bias) sum += bias[j];
          result[position(p.out, b, i, j)] = p.function == MatmulFunction::relu && sum <= 0 ? T(0) : sum;
        }
    return result;
  }
};

MatmulProblem problem_of(DType dtype, int64_t batch, int64_t m, int64_t n, int64_t k, bool lhs_t = false,
                         bool rhs_t = false) {
  MatmulProblem p;
  p.dtype = dtype;
  p.batch = batch;
  p.m = m;
  p.n = n;
  p.k = k;
  p.lhs = matrix(m, k, lhs_t);
  p.rhs = matrix(k, n, rhs_t);
  p.residual = p.out = matrix(m, n, false);
  return p;
}

/// Whether the library did it; `result` is what the memory of the result holds then.
template <class T>
bool multiply(const MatmulProblem& p, const Operands<T>& values, std::vector<T>& result, size_t offset = 0) {
  const Array<T> lhs(values.lhs, offset), rhs(values.rhs, offset), bias(values.bias, offset),
      residual(values.residual, offset), out(values.out, offset);
  ogee::runtime::OwnedBlock workspace;
  const bool done = Gpu::get(0).matmuls().run(p, {lhs.data(), rhs.data(), bias.data(), residual.data(), out.data()},
                                              workspace, LaunchNote("dot", "dot", "a.cpp:1"));
  result = out.values();
  return done;
}

template <class T>
void check_forms(DType dtype) {
  int64_t size = 2;
  for (const int64_t batch : {1, 3})
    for (unsigned form = 0; form < 32; ++form) {
      MatmulProblem p = problem_of(dtype, batch, size % 5 + 1, size % 7 + 1, size % 4 + 1, form & 1, form & 2);
      p.has_bias = form & 4;
      p.has_residual = form & 8;
      p.function = form & 16 ? MatmulFunction::relu : MatmulFunction::none;
      ++size;
      const Operands<T> values(p);
      for (const size_t offset : {0, 1}) { // an address that is a multiple of an element alone
        std::vector<T> result;
        INFO("form " << form << " batch " << batch << " offset " << offset);
        const bool done = multiply(p, values, result, offset);
        if (is_fake()) REQUIRE(done); // a library may have no algorithm for some forms
        CHECK(result == (done ? values.expected(p) : values.out));
      }
    }
}

} // namespace

TEST_CASE("matmul: every form of a problem") {
  check_forms<float>(DType::f32);
  check_forms<double>(DType::f64);
}

TEST_CASE("matmul: a matrix that is repeated along the batch") {
  MatmulProblem p = problem_of(DType::f32, 4, 3, 5, 2);
  p.rhs.batch_stride = 0;
  const Operands<float> values(p);
  std::vector<float> result;
  REQUIRE(multiply(p, values, result));
  CHECK(result == values.expected(p));
}

TEST_CASE("matmul: what the library cannot do is left to others", "[fake]") {
  std::vector<float> result;
  const auto left = [&](const MatmulProblem& p) {
    const Operands<float> values(p);
    return !multiply(p, values, result) && result == values.out;
  };
  MatmulProblem overlapping = problem_of(DType::f32, 1, 3, 5, 9);
  overlapping.lhs.ld = 1;
  CHECK(left(overlapping));
  CHECK(left(problem_of(DType::f32, 1, 3, 5, 0)));
  CHECK(left(problem_of(DType::f32, 1, 0, 5, 2)));
  const Setting refuse("OGEE_FAKE_CUBLASLT_REFUSE", "bias,batch");
  CHECK(left(problem_of(DType::f32, 2, 13, 5, 2)));
  MatmulProblem bias = problem_of(DType::f32, 1, 13, 5, 2);
  CHECK_FALSE(left(bias));
  bias.has_bias = true;
  CHECK(left(bias));
}

TEST_CASE("matmul: relu keeps NaN, or is not used", "[fake]") {
  MatmulProblem p = problem_of(DType::f32, 2, 11, 3, 2);
  p.function = MatmulFunction::relu;
  Operands<float> values(p);
  values.lhs[0] = float(kNaN);
  std::vector<float> result;
  REQUIRE(multiply(p, values, result));
  CHECK(std::isnan(result[0]));
  p.m = 12;
  const Setting drops("OGEE_FAKE_CUBLASLT_RELU", "drops_nan");
  CHECK_FALSE(multiply(p, Operands<float>(p), result));
}

TEST_CASE("matmul: an algorithm is asked for once, and kept", "[fake]") {
  const MatmulProblem p = problem_of(DType::f32, 1, 21, 4, 3);
  const Operands<float> values(p);
  std::vector<float> result;
  REQUIRE(multiply(p, values, result));
  const Setting refuse("OGEE_FAKE_CUBLASLT_REFUSE", "all");
  CHECK(error_of([&] { multiply(p, values, result); }) ==
        "CUDA: cuda:0: launching dot (dot at a.cpp:1) failed: cuBLASLt: not supported (15)");
}

TEST_CASE("matmul: who is out of memory waits for who records, not the other way round", "[fake]") {
  const MatmulProblem p = problem_of(DType::f32, 1, 4, 4, 4);
  const Operands<float> values(p);
  const Array<float> lhs(values.lhs), rhs(values.rhs), out(values.out), other(values.out);
  Gpu& gpu = Gpu::get(0);
  const LaunchNote note("dot", "dot", "a.cpp:1");
  ogee::runtime::OwnedBlock workspace, late;
  REQUIRE(gpu.matmuls().run(p, {lhs.data(), rhs.data(), nullptr, nullptr, out.data()}, workspace, note));
  std::thread thread;
  const Graph graph(gpu, "step", [&] {
    const uint64_t before = fake_calls("cuMemAllocAsync");
    fake_fail("cuMemAllocAsync", 1, kOutOfMemory);
    thread = std::thread(
        [&] { gpu.matmuls().run(p, {lhs.data(), rhs.data(), nullptr, nullptr, other.data()}, late, note); });
    while (fake_calls("cuMemAllocAsync") == before) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20)); // until it waits
    gpu.matmuls().run(p, {lhs.data(), rhs.data(), nullptr, nullptr, out.data()}, workspace, note);
  });
  thread.join();
  graph.launch();
  CHECK(other.values() == values.expected(p));
  CHECK(out.values() == values.expected(p));
}

TEST_CASE("cublaslt: a library that is missing is one line", "[fake]") {
  const testing::Folder folder;
  const auto library = CublasLt::open("/nowhere");
  if (!library)
    CHECK(library.message() == "CUDA: cuBLASLt is missing: no libcublasLt.so.13 or libcublasLt.so.12 in /nowhere, the "
                               "system's folders or /usr/local/cuda/lib64; hint: OGEE_CUDA_PATH names a folder with "
                               "CUDA's libraries");
  const auto fake = CublasLt::open(OGEE_FAKE_CUDA);
  REQUIRE(fake.ok());
  CHECK(fake->version == 130000);
  CHECK(fake->describe(15) == "not supported (15)");
}
