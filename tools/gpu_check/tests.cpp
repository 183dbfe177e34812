// The suites `rows`, `frontend`, `runtime` and `examples`: programs of tests and examples, told to work on the GPU.
#include "tools/gpu_check/tests.h"

#include "runtime/error.h"
#include "tools/gpu_check/process.h"
#include "tools/gpu_check/suites.h"
#include <ogee/ogee.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

namespace ogee::gpu_check {
namespace {

using runtime::concat;
namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What stands in XML for a text.
std::string plain(std::string text) {
  for (const auto& [code, character] : {std::pair("&lt;", "<"),
                                        {"&gt;", ">"},
                                        {"&quot;", "\""},
                                        {"&apos;", "'"},
                                        {"&#10;", " "},
                                        {"&#xA;", " "},
                                        {"&amp;", "&"}})
    for (size_t at; (at = text.find(code)) != text.npos;) text.replace(at, std::string(code).size(), character);
  return text;
}

/// The attribute of the first such element after `from`; "" for none.
std::string attribute(const std::string& xml, const std::string& element, const std::string& name, size_t from = 0) {
  const size_t start = xml.find("<" + element + " ", from);
  if (start == xml.npos) return "";
  const size_t end = xml.find('>', start), at = xml.find(" " + name + "=\"", start);
  if (at == xml.npos || at > end) return "";
  const size_t value = at + name.size() + 3;
  return plain(xml.substr(value, xml.find('"', value) - value));
}

uint64_t number(const std::string& text) { return text.empty() ? 0 : std::stoull(text); }

/// The numbers of "epoch 1: mean loss 0.6930".
std::vector<double> losses_in(const std::string& text) {
  std::vector<double> losses;
  const std::regex pattern("loss ([-0-9.e]+)");
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    losses.push_back(std::stod((*at)[1]));
  return losses;
}

/// Runs an example on the CPU and on the GPU: what it says of its losses agrees.
void compare_example(Findings& findings, const std::string& name, const std::vector<std::string>& arguments) {
  std::vector<double> losses[2];
  for (const std::string device : {"cpu", "cuda"}) {
    Command command{{own_folder() / name, "--quick", "--device", device}};
    command.words.insert(command.words.end(), arguments.begin(), arguments.end());
    command.output = findings.folder() / (name + "." + device + ".log");
    command.folder = findings.folder();
    const Ended ended = run(command);
    if (!findings.check(ended.well(),
                        concat(name, " --device ", device, " ", ended.text(), ": ", tail(command.output, 400))))
      return;
    losses[device == "cuda"] = losses_in(read(command.output));
  }
  findings.check(!losses[0].empty() && losses[0].size() == losses[1].size(), name + ": tells no losses");
  for (size_t i = 0; i < std::min(losses[0].size(), losses[1].size()); ++i)
    findings.check(std::abs(losses[0][i] - losses[1][i]) <= 2e-3,
                   concat(name, ": a loss is ", Scalar(losses[0][i]).to_string(), " on the CPU, ",
                          Scalar(losses[1][i]).to_string(), " on the GPU"));
}

/// What became of a program of tests.
struct Started {
  std::string missing; ///< the file, where it is not there
  Ended ended;
  std::string output, xml;
};

/// `files`: what its files' names begin with.
Started start(const TestRun& test, const fs::path& files) {
  const fs::path program = own_folder() / test.program;
  if (!fs::exists(program)) return {.missing = program};
  Command command{{program}, test.environment, files.string() + ".log", files.parent_path()};
  command.words.insert(command.words.end(), test.arguments.begin(), test.arguments.end());
  for (const std::string& word : {std::string("-r"), std::string("junit"), std::string("-o"), files.string() + ".xml"})
    command.words.push_back(word);
  const Ended ended = run(command);
  return {"", ended, tail(command.output, 1000), read(files.string() + ".xml")};
}

void take_run(Findings& findings, const std::string& program, const Started& started) {
  if (!started.missing.empty())
    return findings.fail(concat(started.missing, " is missing; hint: tools/gpu-check builds it"));
  if (started.xml.find("</testsuite>") == std::string::npos)
    return findings.fail(concat(program, " ", started.ended.text(), ": ", started.output));
  const auto failed_before = findings.content()["failed"].get<uint64_t>();
  take_report(findings, program, started.xml);
  if (!started.ended.well() && findings.content()["failed"] == failed_before)
    findings.fail(concat(program, " ", started.ended.text(), ": ", started.output));
}

} // namespace

void take_report(Findings& findings, const std::string& program, const std::string& xml) {
  const uint64_t checks = number(attribute(xml, "testsuite", "tests")),
                 failed =
                     number(attribute(xml, "testsuite", "failures")) + number(attribute(xml, "testsuite", "errors"));
  if (checks == 0) return findings.fail(program + ": ran no checks");
  uint64_t told = 0;
  for (size_t at = 0; (at = xml.find("<testcase ", at)) != xml.npos; ++at) {
    const size_t end = std::min(xml.find("<testcase ", at + 1), xml.size());
    for (const char* kind : {"failure", "error"}) {
      const size_t found = xml.find(concat("<", kind, " "), at);
      if (found == xml.npos || found > end) continue;
      findings.fail(
          concat(program, ": ", attribute(xml, "testcase", "name", at), ": ", attribute(xml, kind, "message", at)));
      ++told;
    }
  }
  findings.add_checks(checks - std::min(checks, failed), failed - std::min(failed, told));
}

void run_tests(Findings& findings, const std::vector<TestRun>& runs) {
  std::vector<Started> all(runs.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < runs.size(); ++i)
    threads.emplace_back([&, i] { all[i] = start(runs[i], findings.folder() / concat(runs[i].program, ".", i)); });
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < runs.size(); ++i) take_run(findings, runs[i].program, all[i]);
}

TestRun rows_run(const std::string& device, unsigned part, unsigned parts) {
  return {"ops_tests", {"[ops]"}, {{"OGEE_TEST_DEVICE", device}, {"OGEE_TEST_SHARD", concat(part, "/", parts)}}};
}

void run_rows(Findings& findings) {
  if (findings.settings().quick) return run_tests(findings, {rows_run("cuda", 5, 1200)});
  const unsigned parts = std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
  std::vector<TestRun> runs;
  for (unsigned part = 0; part < parts; ++part) runs.push_back(rows_run("cuda", part, parts));
  run_tests(findings, runs);
}

void run_frontend(Findings& findings) {
  std::vector<std::string> of_gpus = {"~[fake]"}, of_the_cpu = {OGEE_DEVICE_TESTS};
  if (findings.settings().quick) {
    of_gpus = {"copy_device*~[fake],on_gpu: t*"};
    of_the_cpu = {"movement*"};
  }
  run_tests(findings,
            {{"frontend_cuda_tests", of_gpus, {}}, {"frontend_tests", of_the_cpu, {{"OGEE_TEST_DEVICE", "cuda"}}}});
}

void run_runtime(Findings& findings) {
  if (device_properties().major != 9) return findings.skip("the kernels of its tests are for sm_90");
  run_tests(findings, {{"runtime_cuda_tests", {"~[fake]"}, {}}});
}

void run_examples(Findings& findings) {
  run_tests(findings, {{"tutorial_tests", {}, {{"OGEE_TEST_DEVICE", "cuda"}}}});
  compare_example(findings, "save_program", {findings.folder() / "digits.ogee"});
  if (!findings.settings().quick) compare_example(findings, "demo", {});
}

} // namespace ogee::gpu_check
