// What came of a check.
#pragma once

#include <netrig/doctor/need.h>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace netrig::doctor {

/// One line of a report. `need` is what was checked: its consequence and its remedy.
struct Finding {
  enum class Outcome : std::uint8_t {
    ok,
    missing,  ///< the host lacks it
    unknown,  ///< could not be checked, because something before it is missing
  };
  const Need* need = nullptr;
  Outcome outcome = Outcome::unknown;
  std::string evidence;  ///< what was seen: a version, an errno, a value
  std::string remedy;    ///< more to the point than the need's own, where the check knows better

  [[nodiscard]] bool missing() const { return outcome == Outcome::missing; }
  [[nodiscard]] std::string best_remedy() const { return remedy.empty() ? std::string{need->remedy} : remedy; }
};

/// A finding that is there.
Finding found(std::string_view id, std::string evidence = {});
/// One that is not.
Finding lacks(std::string_view id, std::string evidence, std::string remedy = {});
/// One that nobody can tell.
Finding unknown(std::string_view id, std::string why);

using Report = std::vector<Finding>;

/// How a report is printed.
struct Style {
  bool colour = false;
  bool brief = false;  ///< only what is missing, and the sums
};

/// A line a check: `ok    link-vxlan   ...`; below what is missing its consequence and its remedy. `FAIL`: required (by
/// the need or by the user's `required`), `miss`: optional, `skip`: unknown.
void print(std::ostream& out, const Report& report, const std::vector<std::string>& required, const Style& style);

/// An object: `checks` (id, outcome, required, evidence, needed_by, remedy) and `ok`.
std::string to_json(const Report& report, const std::vector<std::string>& required);

/// Adds a finding for each need that `report` tells nothing of: unknown, for `why` the check gave no answer.
void complete(Report& report, const std::string& why);

/// Whether nothing that is required is missing or unknown. What the report tells nothing of is unknown.
bool is_fit(const Report& report, const std::vector<std::string>& required);

}  // namespace netrig::doctor
