// Everything a user of ogee needs: #include <ogee/ogee.h>.
#pragma once

#include "frontend/compile.h"
#include "frontend/creation.h"
#include "frontend/device.h"
#include "frontend/graph.h"
#include "frontend/operators.h"
#include "frontend/print.h"
#include "frontend/scope.h"
#include "frontend/tensor.h"
#include "runtime/stats.h"

namespace ogee {

namespace runtime {
// As in runtime/runtime.h, which would take half the time of parsing this header.
void set_num_threads(int threads);
int num_threads();
} // namespace runtime

using runtime::num_threads;
using runtime::reset_stats;
using runtime::set_num_threads;
using runtime::Stats;
using runtime::stats;

} // namespace ogee
