// The commands of the program `ogee`, and their options. They raise Errors, or Reported after diagnostics.
#pragma once

#include "tools/ogee/arrays.h"

#include <map>
#include <string>

namespace ogee::tools {

struct RunOptions {
  std::string file, entry;
  std::string inputs;        ///< .npz; may be "" for a function without arguments
  std::string outputs;       ///< .npz; "": results are listed only
  std::string expect;        ///< .npz to compare results with; "": none
  bool reference = false;    ///< interpret instead of compiling
  bool checkNumbers = false; ///< NaN mode
  Tolerance tolerance;
};
void run(const RunOptions& options);

struct ShowOptions {
  std::string file, entry;
  std::string stage = "trace";
  std::string format = "text";
};
void show(const ShowOptions& options);

struct BenchOptions {
  std::string file, entry;
  std::string inputs;                  ///< .npz; "": random data
  std::map<std::string, int64_t> dims; ///< sizes by name, for random data
  double seconds = 1;                  ///< how long to measure
};
void bench(const BenchOptions& options);

} // namespace ogee::tools
