#include <netrig/net/text.h>
#include <netrig/netns/baseline.h>
#include <netrig/netns/sysctl.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>

namespace netrig::netns {

/// Compares the namespace that the calling thread is in with the table.
class BaselineProbe {
 public:
  Baseline run() {
    for (const auto& setting : baseline_settings()) look_at(setting, std::string{setting.name}, found_.difference_);
    // The one device that a fresh namespace has is as any other will be.
    const auto loopback = InterfaceName{"lo"};
    for (const auto& setting : baseline_device_settings())
      look_at(setting, device_setting(setting.name, loopback), found_.device_difference_);
    return std::move(found_);
  }

 private:
  void look_at(const BaselineSetting& setting, const std::string& name, std::vector<BaselineSetting>& difference) {
    const auto actual = settings_.get(name);
    if (!actual) {
      if (actual.error().code == ENOENT && setting.may_be_absent) return;
      return give_up(setting, {}, actual.error());
    }
    if (*actual == setting.value) return;
    if (const auto written = settings_.set(name, setting.value); !written) {
      return give_up(setting, *actual, written.error());
    }
    const auto result = settings_.get(name);
    if (!result) return give_up(setting, *actual, result.error());
    if (*result != setting.value) {
      return give_up(setting, *actual, Error::invalid({}, {}, "the kernel makes " + quote(*result) + " of it"));
    }
    difference.push_back(setting);
  }

  void give_up(const BaselineSetting& setting, const std::string& actual, const Error& error) {
    std::string why = error.code == 0 ? "" : describe_errno(error.code);
    if (!why.empty() && !error.detail.empty()) why += ": ";
    found_.unsettable_.push_back({setting, actual, why + error.detail});
  }

  Sysctls settings_ = Sysctls::here();
  Baseline found_;
};

std::string UnsettableSetting::to_string() const {
  std::string text{setting.name};
  text += actual.empty() ? " cannot be " : " stays " + quote(actual) + " instead of ";
  return text + quote(setting.value) + ": " + why;
}

std::string device_setting(std::string_view name, const InterfaceName& device) {
  std::string part{device.view()};
  std::ranges::replace(part, '.', '/');  // as in interface_sysctl()
  std::string full{name};
  return full.replace(full.find('*'), 1, part);
}

Result<const Baseline*> Baseline::of_this_host() {
  static std::mutex mutex;
  static std::optional<Baseline> known;
  const std::lock_guard lock{mutex};
  if (!known) {
    Baseline found;
    NETRIG_TRY(NetNs::create_many(1, [&](std::size_t, const NetNs&) -> Result<void> {
      found = BaselineProbe{}.run();
      return {};
    }));
    known.emplace(std::move(found));
  }
  return &*known;
}

}  // namespace netrig::netns
