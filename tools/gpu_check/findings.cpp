#include "tools/gpu_check/findings.h"

#include <fstream>

namespace ogee::gpu_check {
namespace {

constexpr size_t kMostFailures = 20; ///< that are told; all are counted

}

Findings::Findings(std::filesystem::path file, Settings settings) : file_(std::move(file)), settings_(settings) {
  content_ = {{"done", false},
              {"skipped", ""},
              {"checks", 0},
              {"failed", 0},
              {"failures", Json::array()},
              {"facts", Json::object()},
              {"bench", Json::array()},
              {"goals", Json::array()}};
  save();
}

bool Findings::check(bool held, const std::string& what) {
  add_checks(held, !held);
  if (!held && content_["failures"].size() < kMostFailures) {
    content_["failures"].push_back(what);
    save();
  }
  return held;
}

void Findings::add_checks(uint64_t held, uint64_t failed) {
  content_["checks"] = content_["checks"].get<uint64_t>() + held + failed;
  content_["failed"] = content_["failed"].get<uint64_t>() + failed;
}

void Findings::skip(const std::string& reason) { content_["skipped"] = reason; }

void Findings::fact(const std::string& name, Json value) {
  content_["facts"][name] = std::move(value);
  save();
}

void Findings::measure(const Measurement& measurement) {
  Json line = {{"name", measurement.name}, {"value", measurement.value}, {"unit", measurement.unit}};
  if (measurement.ratio > 0) {
    line["ratio"] = measurement.ratio;
    line["ratio_to"] = measurement.ratio_to;
  }
  content_["bench"].push_back(std::move(line));
  save();
}

void Findings::goal(const std::string& name, double value, double wanted, bool at_least) {
  content_["goals"].push_back({{"name", name},
                               {"value", value},
                               {at_least ? "at_least" : "at_most", wanted},
                               {"met", at_least ? value >= wanted : value <= wanted}});
  save();
}

void Findings::merge(const Json& other) {
  add_checks(other["checks"].get<uint64_t>() - other["failed"].get<uint64_t>(), other["failed"]);
  for (const char* list : {"failures", "bench", "goals"})
    for (const Json& entry : other[list]) content_[list].push_back(entry);
  for (const auto& [name, value] : other["facts"].items()) content_["facts"][name] = value;
  save();
}

void Findings::save(bool done) {
  content_["done"] = done;
  const std::filesystem::path part = file_.string() + ".part";
  std::ofstream(part) << content_.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  std::filesystem::rename(part, file_);
}

} // namespace ogee::gpu_check
