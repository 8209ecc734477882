// What could still differ between two runs of the same test: recorded beside every fingerprint.
//
//   std::cout << Environment::here();         // kernel 6.18.5, 2 x AMD EPYC, clock tsc, ...
//   std::cout << Environment::here().to_json();
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace netrig {
inline namespace topology {

/// The machine, the kernel, the libraries and the settings that the baseline could not make the same.
class Environment {
 public:
  /// Of this process, read once. What cannot be read is left out.
  static const Environment& here();

  /// Names and values, in this order: kernel, machine, cpu, cpus, clock, governor, hypervisor, compiler, netrig, libnl,
  /// libnftnl, sandbox, and one `unsettable` for each setting that stays the host's.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }
  /// One line: `kernel 6.18.5; machine x86_64; ...`.
  [[nodiscard]] std::string to_string() const;
  /// An object; `unsettable` is an array. In one line.
  [[nodiscard]] std::string to_json() const;

 private:
  void add(std::string name, std::string value);
  std::vector<std::pair<std::string, std::string>> entries_;
};

std::ostream& operator<<(std::ostream& out, const Environment& environment);

}  // namespace topology
}  // namespace netrig
