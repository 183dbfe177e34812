// Running other programs: with a time limit, their output in a file, and nothing of theirs left behind.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ogee::gpu_check {

struct Command {
  std::vector<std::string> words;                 ///< the program and its arguments
  std::map<std::string, std::string> environment; ///< besides this process's own
  std::filesystem::path output;                   ///< where its output goes; "": where this process's goes
  std::filesystem::path folder = ".";             ///< where it works
  /// Seconds after which it is killed with all that it has started; 0: never, it ends with this process's own group.
  double limit = 0;
};

/// How a program ended.
struct Ended {
  int status = 0; ///< what it returned
  int signal = 0; ///< what killed it, 0: nothing
  bool was_cut = false;
  double seconds = 0;

  bool well() const { return status == 0 && signal == 0 && !was_cut; }
  /// "ran past its limit of 60 s", "was killed by signal 11 (Segmentation fault)", "ended with status 1".
  std::string text(double limit = 0) const;
};

/// Status 127: it could not be started.
Ended run(const Command& command);

/// The last lines of a file, at most so many characters; "" where it cannot be read.
std::string tail(const std::filesystem::path& file, size_t characters);

/// The folder of this program's file, where its companions lie.
std::filesystem::path own_folder();

/// The file of a program on PATH or in one of further folders; "" where there is none.
std::filesystem::path find_program(const std::string& name, const std::vector<std::filesystem::path>& folders);

/// A variable of the environment, "" where it is not set.
std::string variable(const char* name);

} // namespace ogee::gpu_check
