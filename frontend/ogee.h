// Everything a user of ogee needs: #include <ogee/ogee.h>.
#pragma once

#include "frontend/aot.h"
#include "frontend/autograd.h"
#include "frontend/compile.h"
#include "frontend/control.h"
#include "frontend/creation.h"
#include "frontend/cuda.h"
#include "frontend/device.h"
#include "frontend/gradcheck.h"
#include "frontend/graph.h"
#include "frontend/operators.h"
#include "frontend/optim.h"
#include "frontend/print.h"
#include "frontend/program.h"
#include "frontend/scope.h"
#include "frontend/tensor.h"
#include "frontend/transforms.h"
#include "runtime/stats.h"

namespace ogee {

using runtime::reset_stats;
using runtime::Stats;
using runtime::stats;

} // namespace ogee
