// The commands of the program `ogee`, and their options. They raise Errors, or Reported after diagnostics.
#pragma once

#include "tools/ogee/arrays.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace ogee::tools {

struct RunOptions {
  std::string file, entry;
  std::string inputs;        ///< .npz; may be "" for a function without arguments
  std::string outputs;       ///< .npz; "": results are listed only
  std::string expect;        ///< .npz to compare results with; "": none
  std::string device;        ///< "cpu", "cuda", "cuda:1"; "": the CPU, or of a program the first that it is for
  bool reference = false;    ///< interpret instead of compiling
  bool checkNumbers = false; ///< NaN mode
  Tolerance tolerance;
};
void run(const RunOptions& options);

struct CompileOptions {
  std::string file, entry;
  std::string target = "cpu"; ///< as `targetNamed` knows it
  std::string weights;        ///< .npz with the first values of the state, by name; "": it is saved without
  bool stages = false;        ///< keep the text of every stage
  std::string output;         ///< .ogee
};
void compile(const CompileOptions& options);

struct ShowOptions {
  std::string file, entry;
  std::string stage;  ///< "": the first one, or of a program its signature
  std::string target; ///< as `targetNamed` knows it; "": one that has the stage
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

struct AotOptions {
  std::string file;
  std::vector<std::string> entries; ///< none: all functions of the file
  std::string name, out = ".";
  std::vector<std::string> cpus = {""}; ///< "": this machine, or the triple's plainest
  std::string triple;                   ///< "": that of the CPUs
  std::string weights;                  ///< .npz; "": the caller of the library brings them
  bool embed = false;
  std::set<std::string> emit = {"obj", "header"};
};
void aot(const AotOptions& options);

} // namespace ogee::tools
