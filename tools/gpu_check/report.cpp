#include "tools/gpu_check/report.h"

#include "frontend/device.h"
#include "runtime/error.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>

namespace ogee::gpu_check {
namespace {

constexpr const char* kResults[] = {"pass", "FAIL", "skipped"};

std::string now() {
  const std::time_t time = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
  return text;
}

void print_indented(const std::string& text) {
  size_t from = 0;
  while (from < text.size()) {
    const size_t end = std::min(text.find('\n', from), text.size());
    std::printf("         | %s\n", text.substr(from, end - from).c_str());
    from = end + 1;
  }
}

void print_suite(const Json& suite) {
  const auto checks = suite["checks"].get<uint64_t>(), failed = suite["failed"].get<uint64_t>();
  const auto reason = suite["reason"].get<std::string>();
  std::string told = checks == 0 ? "" : runtime::concat(checks, " checks");
  if (failed > 0) told += runtime::concat(", ", failed, " failed");
  if (!told.empty() && !reason.empty()) told += "; ";
  std::printf("%-7s  %-20s %9.1f s  %s%s\n", suite["result"].get<std::string>().c_str(),
              suite["name"].get<std::string>().c_str(), suite["seconds"].get<double>(), told.c_str(), reason.c_str());
  for (const Json& failure : suite["failures"]) print_indented(failure);
  if (suite.contains("output") && suite["failures"].empty()) print_indented(suite["output"]);
}

void print_measurement(const Json& line) {
  std::printf("  %-44s %10.4g %-8s", line["name"].get<std::string>().c_str(), line["value"].get<double>(),
              line["unit"].get<std::string>().c_str());
  if (line.contains("ratio"))
    std::printf(" %5.1f %% of %s", 100 * line["ratio"].get<double>(), line["ratio_to"].get<std::string>().c_str());
  std::puts("");
}

void print_device(const Json& device) {
  std::printf("         %s, %s, driver %s", device["name"].get<std::string>().c_str(),
              device["architecture"].get<std::string>().c_str(), device["driver"].get<std::string>().c_str());
  for (const auto& [key, text] : {std::pair("nvrtc", "NVRTC"), {"cublaslt", "cuBLASLt"}})
    if (device.contains(key)) std::printf(", %s %s", text, device[key]["version"].get<std::string>().c_str());
  std::puts("");
}

void print_goal(const Json& goal) {
  const bool at_least = goal.contains("at_least");
  std::printf("  %-7s %-44s %10.4g, wanted: at %s %g\n", goal["met"].get<bool>() ? "met" : "NOT met",
              goal["name"].get<std::string>().c_str(), goal["value"].get<double>(), at_least ? "least" : "most",
              goal[at_least ? "at_least" : "at_most"].get<double>());
}

} // namespace

Report::Report(bool quick) {
  content_ = {{"ogee", version()},       {"date", now()},           {"quick", quick},         {"device", nullptr},
              {"suites", Json::array()}, {"facts", Json::object()}, {"bench", Json::array()}, {"goals", Json::array()}};
}

void Report::add(const std::string& suite, Result result, double seconds, const std::string& reason,
                 const Json& findings, const std::string& output) {
  const auto number = static_cast<size_t>(result);
  ++counts_[number];
  Json entry = {{"name", suite},
                {"result", kResults[number]},
                {"reason", reason},
                {"checks", findings.value("checks", uint64_t(0))},
                {"failed", findings.value("failed", uint64_t(0))},
                {"seconds", std::round(seconds * 1000) / 1000},
                {"failures", findings.value("failures", Json::array())}};
  if (result == Result::fail) entry["output"] = output;
  print_suite(entry);
  content_["suites"].push_back(std::move(entry));
  if (!findings.empty()) take(findings);
  std::fflush(stdout);
}

void Report::take(const Json& findings) {
  for (const char* list : {"bench", "goals"})
    for (const Json& line : findings[list]) content_[list].push_back(line);
  for (const auto& [name, value] : findings["facts"].items())
    (name == "device" ? content_[name] : content_["facts"][name]) = value;
  if (findings["facts"].contains("device")) print_device(content_["device"]);
}

void Report::print_summary() const {
  const Json& device = content_["device"];
  if (!content_["bench"].empty()) {
    std::printf("\nbench: %s, %s\n", device.is_null() ? "a GPU" : device["name"].get<std::string>().c_str(),
                content_["date"].get<std::string>().substr(0, 10).c_str());
    for (const Json& line : content_["bench"]) print_measurement(line);
  }
  if (!content_["goals"].empty()) {
    std::puts(content_["quick"] ? "\ngoals (of a quick run, which says nothing about speed)" : "\ngoals");
    for (const Json& goal : content_["goals"]) print_goal(goal);
  }
  std::printf("\n%d passed, %d failed, %d skipped\n", counts_[0], counts_[1], counts_[2]);
}

void Report::save(const std::filesystem::path& file) const {
  std::ofstream stream(file);
  stream << content_.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  stream.close();
  if (!stream) runtime::raise(runtime::ErrorCode::io, "cannot write ", file.string());
}

} // namespace ogee::gpu_check
