// Whether this build has AddressSanitizer, whose runtime makes system calls and keeps memory of its own.
#pragma once

namespace netrig::teardown {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace netrig::teardown
