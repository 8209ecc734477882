#include <netrig/process/command.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace netrig::process {

namespace {

constexpr std::string_view kHarmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";

// As a shell needs it written: bare where that is safe, else in single quotes.
std::string quoted(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kHarmless) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

}  // namespace

Command& Command::with_env(std::string variable, std::string value) {
  environment.insert_or_assign(std::move(variable), std::move(value));
  return *this;
}

Command& Command::without_env(std::string variable) {
  environment.insert_or_assign(std::move(variable), std::nullopt);
  return *this;
}

Command& Command::with_clean_environment() {
  inherits_environment = false;
  return *this;
}

Command& Command::in_directory(std::string path) {
  directory = std::move(path);
  return *this;
}

Command& Command::with_input(std::string text) {
  input = std::move(text);
  return *this;
}

Command& Command::with_open_input() {
  input_stays_open = true;
  return *this;
}

Command& Command::called(std::string new_name) {
  name = std::move(new_name);
  return *this;
}

Command& Command::with_stderr_in_stdout() {
  stderr_in_stdout = true;
  return *this;
}

Command& Command::keeping_output(std::size_t bytes) {
  output_limit = bytes;
  return *this;
}

Command& Command::without_capabilities() {
  capabilities = Capabilities::none;
  return *this;
}

Command& Command::with_network_capabilities_only() {
  capabilities = Capabilities::network;
  return *this;
}

Command& Command::passing(int descriptor, int as) {
  descriptors.insert_or_assign(as, descriptor);
  return *this;
}

std::string Command::to_string() const {
  if (!name.empty()) return name;
  std::string text;
  for (const auto& word : argv) {
    if (!text.empty()) text += ' ';
    text += quoted(word);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Command& command) { return out << command.to_string(); }

Command sh(std::string_view script) { return Command{"/bin/sh", "-c", script}.called(std::string{script}); }

}  // namespace netrig::process
