// Tensors from nothing, from C++ values and memory, from a generator of random numbers, and from files.
#pragma once

#include "frontend/tensor.h"

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace ogee {

/// C++ values for `tensor(…)`: a number, a braced list (of lists …), a vector (of vectors …).
class Values {
public:
  template <class T>
    requires std::integral<T> || std::floating_point<T>
  Values(T number) : numbers_{Scalar(number)} {}
  Values(std::initializer_list<Values> list) { join(std::span(list.begin(), list.size())); }
  template <class T>
    requires std::constructible_from<Values, T>
  Values(const std::vector<T>& list) {
    const std::vector<Values> values(list.begin(), list.end());
    join(values);
  }

  const std::vector<int64_t>& shape() const { return shape_; }
  const std::vector<Scalar>& numbers() const { return numbers_; }
  /// Whether every list at one depth has the same length.
  bool regular() const { return regular_; }

private:
  void join(std::span<const Values> list);

  std::vector<int64_t> shape_;
  std::vector<Scalar> numbers_;
  bool regular_ = true;
};

/// A tensor of the given values. Integers give i64, bools bool, floating numbers the default dtype.
/// Error when the lists at one depth differ in length, and for a number that a given dtype of integers cannot hold.
Tensor tensor(const Values& values, const Options& options = {}, Loc loc = Loc::current());

Tensor zeros(const Dims& shape, const Options& options = {}, Loc loc = Loc::current());
Tensor ones(const Dims& shape, const Options& options = {}, Loc loc = Loc::current());
/// The dtype is that of the value unless options say more; Error when it cannot hold the value.
Tensor full(const Dims& shape, const Scalar& value, const Options& options = {}, Loc loc = Loc::current());
/// Elements of no defined value (zeros in a trace).
Tensor empty(const Dims& shape, const Options& options = {}, Loc loc = Loc::current());
/// n x m (n x n) with ones on the diagonal.
Tensor eye(const Dim& n, const Options& options = {}, Loc loc = Loc::current());
Tensor eye(const Dim& n, const Dim& m, const Options& options = {}, Loc loc = Loc::current());
/// 0, 1 … below end; start, start + step … before end. Integers give i64, floating numbers the default dtype.
/// Error where steps do not lead from start to end.
Tensor arange(const Scalar& end, const Options& options = {}, Loc loc = Loc::current());
Tensor arange(const Scalar& start, const Scalar& end, const Options& options = {}, Loc loc = Loc::current());
Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, const Options& options = {},
              Loc loc = Loc::current());
/// `steps` numbers evenly from start to end, both included.
Tensor linspace(double start, double end, int64_t steps, const Options& options = {}, Loc loc = Loc::current());

/// A tensor on memory of the caller's, which stays alive as long as the tensor or is freed by `deleter`. The dtype is
/// that of T; strides count elements (default: dense row-major). Tensors can be written, so the memory may not be
/// const: copy it, or cast the const away and never write.
Tensor from_blob(void* data, const Dims& shape, const std::vector<int64_t>& strides, DType dtype,
                 std::function<void(void*)> deleter = {}, Loc loc = Loc::current());
template <class T>
Tensor from_blob(T* data, const Dims& shape, const std::vector<int64_t>& strides = {},
                 std::function<void(void*)> deleter = {}, Loc loc = Loc::current()) {
  static_assert(!std::is_const_v<T>, "from_blob takes memory that may be written: copy it, or cast the const away");
  return from_blob(data, shape, strides, dtype_of<std::remove_const_t<T>>(), std::move(deleter), loc);
}
/// Dense row-major memory; a template, so that a braced list is a list of strides.
template <class T, std::invocable<void*> Deleter>
Tensor from_blob(T* data, const Dims& shape, Deleter deleter, Loc loc = Loc::current()) {
  return from_blob(data, shape, {}, std::function<void(void*)>(std::move(deleter)), loc);
}

/// Restarts the process's generator of random numbers. Error in a trace.
void manual_seed(uint64_t seed, Loc loc = Loc::current());
/// Uniform in [0, 1).
Tensor rand(const Dims& shape, const Options& options = {}, Loc loc = Loc::current());
/// Normal with mean 0 and variance 1.
Tensor randn(const Dims& shape, const Options& options = {}, Loc loc = Loc::current());
/// Integers in [low, high), low 0 where not given, i64 unless options say more. Error where the dtype cannot hold them.
Tensor randint(int64_t low, int64_t high, const Dims& shape, const Options& options = {}, Loc loc = Loc::current());
Tensor randint(int64_t high, const Dims& shape, const Options& options = {}, Loc loc = Loc::current());
/// Not a call: two numbers may be low and high without a shape, or high and one size. Write the shape as a list:
/// `randint(10, {3})`.
template <class T>
  requires std::integral<T> || std::same_as<T, Dim>
Tensor randint(int64_t low_or_high, T high_or_size, const Options& options = {}, Loc loc = Loc::current()) = delete;

/// NumPy's files: one tensor, or several by name (.npz, uncompressed).
void save_npy(const std::string& path, const Tensor& x, Loc loc = Loc::current());
Tensor load_npy(const std::string& path, Loc loc = Loc::current());
void savez(const std::string& path, const std::map<std::string, Tensor>& tensors, Loc loc = Loc::current());
std::map<std::string, Tensor> load_npz(const std::string& path, Loc loc = Loc::current());

} // namespace ogee
