#include <netrig/testing/because.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace netrig {

namespace {

// Whether one of the translations of a path is to that endpoint, or to that address whatever the port.
bool translates_to(const Path& path, const std::string& endpoint) {
  for (const auto& hop : path.there) {
    for (const auto& step : hop.steps) {
      const auto& text = step.translation;
      if (text.ends_with(" to " + endpoint) || text.contains(" to [" + endpoint + "]:")) return true;
      // Of an IPv6 address what follows would be its next group.
      if (!endpoint.contains(':') && text.contains(" to " + endpoint + ":")) return true;
    }
  }
  return false;
}

// Every rule and policy that accepted the question, with its node.
std::vector<std::pair<std::string, PathDecision>> acceptances(const Path& path) {
  std::vector<std::pair<std::string, PathDecision>> found;
  for (const auto& hop : path.there) {
    for (const auto& step : hop.steps) {
      if (step.decision && step.decision->verdict.kind == nft::Verdict::Kind::accept)
        found.emplace_back(hop.node, *step.decision);
    }
  }
  return found;
}

std::string listed(const std::vector<std::pair<std::string, PathDecision>>& decisions) {
  std::string text;
  for (const auto& [node, decision] : decisions)
    text += fmt::format("{}at \"{}\" {}", text.empty() ? "" : "; ", node, decision.to_string());
  return text.empty() ? "nothing" : text;
}

}  // namespace

Because Because::by(std::string comment) const {
  auto more = *this;
  more.comment_ = std::move(comment);
  return more;
}

Because Because::by_policy() const {
  auto more = *this;
  more.policy_ = true;
  return more;
}

Because Because::at(const Node& node) const {
  auto more = *this;
  more.node_ = node.name();
  return more;
}

Because Because::with(std::string answer) const {
  auto more = *this;
  more.answer_ = std::move(answer);
  return more;
}

Because Because::translated_to(std::string endpoint) const {
  auto more = *this;
  more.translation_ = std::move(endpoint);
  return more;
}

bool Because::names_place_of(const Path& path) const {
  return translation_ && path.delivered && !path.translation.empty() && path.delivered->to_string() == *translation_;
}

std::optional<std::string> Because::contradicted_decision(const Path& path) const {
  if (comment_ && (!path.rule || path.rule->rule.comment != *comment_))
    return fmt::format("not by the rule \"{}\"", *comment_);
  if (policy_ && (!path.rule || !path.rule->is_policy())) return "not by a policy";
  if (node_ && path.node != *node_) return fmt::format(R"(at "{}", not at "{}")", path.node, *node_);
  return std::nullopt;
}

std::optional<std::string> Because::contradicted_acceptance(const Path& path) const {
  if (!comment_ && !policy_ && !node_) return std::nullopt;
  const auto all = acceptances(path);
  const auto is_it = [&](const auto& accepted) {
    const auto& [node, decision] = accepted;
    return (!node_ || node == *node_) && (!policy_ || decision.is_policy()) &&
           (!comment_ || (!decision.is_policy() && decision.rule.comment == *comment_));
  };
  if (std::ranges::any_of(all, is_it)) return std::nullopt;
  return fmt::format("accepted by {}; not{}", listed(all), decision_text());
}

std::optional<std::string> Because::contradiction(const Path& path) const {
  if (path.verdict != verdict_)
    return fmt::format("{}, not {}", topology::to_string(path.verdict), topology::to_string(verdict_));
  if (auto wrong = path.answered() ? contradicted_acceptance(path) : contradicted_decision(path)) return wrong;
  if (answer_ && path.answer != *answer_)
    return fmt::format("answered with {}, not {}", path.answer.empty() ? "nothing" : path.answer, *answer_);
  if (translation_ && !translates_to(path, *translation_)) {
    return fmt::format("translated: {}; not to {}", path.translation.empty() ? "nothing" : path.translation,
                       *translation_);
  }
  return std::nullopt;
}

std::string Because::decision_text() const {
  return fmt::format("{}{}{}", comment_ ? fmt::format(" by the rule \"{}\"", *comment_) : "",
                     policy_ ? " by a policy" : "", node_ ? fmt::format(" at \"{}\"", *node_) : "");
}

std::string Because::to_string() const {
  auto text = std::string{topology::to_string(verdict_)} + decision_text();
  if (answer_) text += " with " + *answer_;
  if (translation_) text += ", translated to " + *translation_;
  return text;
}

}  // namespace netrig
