#include "tests/cuda/machine.h"
