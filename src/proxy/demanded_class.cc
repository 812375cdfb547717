#include "proxy/demanded_class.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"
#include "domain/policy.h"

namespace keywarden {
namespace {

constexpr std::string_view kField = "x-keywarden-class";

uint8_t bit_of(PrivacyClass privacy) {
    return static_cast<uint8_t>(1U << static_cast<unsigned>(privacy));
}

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

std::unexpected<Error> no_class() {
    return fail(Error{.code = ErrorCode::InvalidRequest,
                      .message = "X-Keywarden-Class must be one of standard, zdr and tee, or "
                                 "several of them with commas between.",
                      .param = "X-Keywarden-Class"});
}

}  // namespace

Result<void> read_demanded_class(Call* call) {
    const RequestHead& head = call->exchange->head();
    for (size_t i = 0; i < head.field_count(); ++i) {
        const FieldView field = head.field(i);
        if (!equal_ignoring_case(field.name, kField)) continue;
        if (call->classes_demanded != 0) return no_class();  // twice
        std::string_view rest = field.value;
        while (true) {
            const size_t comma = rest.find(',');
            const auto privacy = privacy_class_of(trimmed(rest.substr(0, comma)));
            if (!privacy) return no_class();
            call->classes_demanded |= bit_of(*privacy);
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return {};
}

Result<void> check_demanded_class(const Call& call, const ModelTarget& target) {
    if (call.classes_demanded == 0) return {};
    const CatalogueProvider& provider = call.proxy->catalogue().providers()[target.provider];
    if ((call.classes_demanded & bit_of(provider.privacy)) != 0) return {};
    return fail(Error{.code = ErrorCode::ModelNotAllowed,
                      .message = "The request demands another class (X-Keywarden-Class): '" +
                                 std::string(target.id) + "' of " + provider.name + " is " +
                                 std::string(name(provider.privacy)) + ".",
                      .param = "model",
                      .facts = {{"denied_by", "request"}}});
}

}  // namespace keywarden
