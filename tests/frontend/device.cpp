// Devices and the default dtype.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("device: devices") {
  CHECK(text(zeros({1}).device()) == "cpu");
  CHECK(contains(error_of([] { Device("tpu"); }), "tpu"));
  if (!cuda_is_available())
    CHECK(contains(error_of([] { zeros({1}).to(Device("cuda")); }), "to: there is no device cuda:0"));
}

TEST_CASE("device: the default dtype") {
  set_default_dtype(f64);
  CHECK(zeros({1}).dtype() == f64);
  CHECK(tensor(1.0).dtype() == f64);
  CHECK((tensor(1) * 0.5).dtype() == f64);
  set_default_dtype(f32);
  CHECK(contains(error_of([] { set_default_dtype(i64); }), "set_default_dtype: needs f32 or f64, not i64"));
}

TEST_CASE("device: a number of threads that makes no sense") {
  const std::string here = OGEE_HERE, message = error_of([] { set_num_threads(0); });
  CHECK(contains(message, here));
  CHECK(num_threads() >= 1);
}

TEST_CASE("device: numbers saturate") {
  CHECK(Scalar(1e30).as_int() == INT64_MAX);
  CHECK(Scalar(-1e30).as_int() == INT64_MIN);
  CHECK(Scalar(0.0 / 0.0).as_int() == 0);
}
