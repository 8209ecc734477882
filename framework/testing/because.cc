#include <netrig/testing/because.h>

#include <fmt/format.h>

#include <utility>

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

std::optional<std::string> Because::contradiction(const Path& path) const {
  if (path.verdict != verdict_)
    return fmt::format("{}, not {}", topology::to_string(path.verdict), topology::to_string(verdict_));
  if (comment_ && (!path.rule || path.rule->rule.comment != *comment_))
    return fmt::format("not by the rule \"{}\"", *comment_);
  if (policy_ && (!path.rule || !path.rule->is_policy())) return "not by a policy";
  if (node_ && path.node != *node_) return fmt::format(R"(at "{}", not at "{}")", path.node, *node_);
  if (answer_ && path.answer != *answer_)
    return fmt::format("answered with {}, not {}", path.answer.empty() ? "nothing" : path.answer, *answer_);
  if (translation_ && !translates_to(path, *translation_)) {
    return fmt::format("translated: {}; not to {}", path.translation.empty() ? "nothing" : path.translation,
                       *translation_);
  }
  return std::nullopt;
}

std::string Because::to_string() const {
  std::string text{topology::to_string(verdict_)};
  if (comment_) text += fmt::format(" by the rule \"{}\"", *comment_);
  if (policy_) text += " by a policy";
  if (node_) text += fmt::format(" at \"{}\"", *node_);
  if (answer_) text += " with " + *answer_;
  if (translation_) text += ", translated to " + *translation_;
  return text;
}

}  // namespace netrig
