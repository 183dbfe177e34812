#include "tools/gpu_check/process.h"

#include "frontend/scalar.h"
#include "runtime/error.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

extern char** environ;

namespace ogee::gpu_check {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double kPatience = 10; ///< seconds for the end of what was killed

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// An array of C strings over strings that live on.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    if (!more.count(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

/// In the new process: from here on only what signal handlers may call.
[[noreturn]] void become(char* const* words, char* const* environment, const char* output, const char* folder,
                         bool has_limit) {
  if (has_limit) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL); // an interrupted check leaves nothing that works on
  if (*output) {
    const int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0) dup2(file, 1), dup2(file, 2);
  }
  if (chdir(folder) == 0) execve(words[0], words, environment);
  _exit(127);
}

/// Whether a process ends within so many seconds.
bool ends_within(double seconds, pid_t child, int& status) {
  const auto start = Clock::now();
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (seconds_since(start) > seconds) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// Waits for a process; true if it had to be killed, since its time was up.
bool wait_for(pid_t child, double limit, int& status) {
  if (limit == 0) return waitpid(child, &status, 0), false;
  if (ends_within(limit, child, status)) return false;
  kill(-child, SIGKILL);
  ends_within(kPatience, child, status); // one that hangs inside of a driver stays
  return true;
}

} // namespace

std::string Ended::text(double limit) const {
  if (was_cut) return runtime::concat("ran past its limit of ", Scalar(limit).to_string(), " s");
  if (signal != 0) return runtime::concat("was killed by signal ", signal, " (", strsignal(signal), ")");
  return runtime::concat("ended with status ", status);
}

Ended run(const Command& command) {
  std::vector<std::string> words = command.words, environment = environment_with(command.environment);
  const std::vector<char*> word_list = pointers(words), environment_list = pointers(environment);
  const std::string output = command.output.string(), folder = command.folder.string();
  const auto start = Clock::now();
  const pid_t child = fork();
  if (child == 0) become(word_list.data(), environment_list.data(), output.c_str(), folder.c_str(), command.limit > 0);
  if (child < 0) return {.status = 127};
  int status = 0;
  Ended ended;
  ended.was_cut = wait_for(child, command.limit, status);
  if (command.limit > 0) kill(-child, SIGKILL); // what it has left running
  ended.seconds = seconds_since(start);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  if (WIFEXITED(status)) ended.status = WEXITSTATUS(status);
  return ended;
}

std::string tail(const fs::path& file, size_t characters) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream all;
  all << stream.rdbuf();
  const std::string text = all.str();
  if (text.size() <= characters) return text;
  const size_t line = text.find('\n', text.size() - characters);
  return text.substr(line == text.npos ? text.size() - characters : line + 1);
}

fs::path own_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

fs::path find_program(const std::string& name, const std::vector<fs::path>& folders) {
  std::vector<fs::path> all;
  std::istringstream path(variable("PATH"));
  for (std::string folder; std::getline(path, folder, ':');)
    if (!folder.empty()) all.push_back(folder);
  all.insert(all.end(), folders.begin(), folders.end());
  for (const fs::path& folder : all)
    if (const fs::path file = folder / name; access(file.c_str(), X_OK) == 0 && !fs::is_directory(file)) return file;
  return {};
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

} // namespace ogee::gpu_check
