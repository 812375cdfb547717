#include "base/url.h"

#include <string>

#include "tests/fuzz/targets.h"

namespace keywarden {

// An address that is taken is read the same way when it is written out again.
void fuzz_url(std::string_view input) {
    is_private_host(input);
    const Result<Url> url = parse_url(input);
    if (!url) {
        must(url.error().code == ErrorCode::InvalidConfig);
        return;
    }
    must(!url->host.empty() && url->port != 0 && !url->path.ends_with('/'));
    must(url->host.find_first_of("@/") == std::string::npos);
    for (const char c : url->host + url->path) {
        must(c > ' ' && c < '\x7f' && !std::string_view("?#\\%").contains(c));
    }
    is_private_host(url->host);
    const std::string again = (url->tls ? "https://" : "http://") + url->authority() + url->path;
    const Result<Url> read = parse_url(again);
    must(read && read->tls == url->tls && read->host == url->host && read->port == url->port &&
         read->path == url->path);
}

}  // namespace keywarden
