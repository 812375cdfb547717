// What a policy file can say of an instance, as plain values, and what turns one into another.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/account.h"
#include "domain/audit_facts.h"
#include "domain/key.h"

namespace keywarden {

/// A key as a file holds it: without its secrets, but with what a new one is to look like.
struct HeldKey {
    Key key{};
    std::string format{};  // of its newest secret; empty: the instance's default
    bool test = false;     // of the format's two environments
};

/// People who have no email stand in no file, and neither do keys that are revoked, and teams that
/// are closed.
struct Estate {
    InstanceSettings settings{};
    std::vector<ModelLimits> models{};
    std::vector<Plan> plans{};
    std::vector<User> users{};
    std::vector<Team> teams{};
    std::vector<App> apps{};
    std::vector<Member> members{};
    std::vector<HeldKey> keys{};
};

/// `before` empty: it is made. `after` empty: it is deleted, and a key revoked.
template <class T>
struct Change {
    std::optional<T> before{};
    std::optional<T> after{};

    // NOLINTBEGIN(bugprone-unchecked-optional-access): nothing changes that is at neither end
    const T& was() const { return *before; }     // Requires: it is not made
    const T& will_be() const { return *after; }  // Requires: it does not end
    const T& newest() const { return after ? *after : *before; }
    const T& oldest() const { return before ? *before : *after; }
    // NOLINTEND(bugprone-unchecked-optional-access)
};

using EstateChange = std::variant<Change<InstanceSettings>,
                                  Change<ModelLimits>,
                                  Change<Plan>,
                                  Change<User>,
                                  Change<Team>,
                                  Change<App>,
                                  Change<Member>,
                                  Change<HeldKey>>;

/// What the two differ in; things are the same by their ids.
///
/// Each step is possible once those before it were taken: what is named by others comes first and
/// goes last, an owner comes before another goes, and keys end before others take their place.
std::vector<EstateChange> changes_between(const Estate& before, const Estate& after);

// What a file tells of a thing, as the audit log does. Of a key, nothing about its secrets.
template <class T>
AuditFacts estate_facts(const T& thing) {
    return audit_facts(thing);
}
AuditFacts estate_facts(const HeldKey& held);

/// What differs, field by field.
template <class T>
std::vector<AuditChange> fields_of(const Change<T>& change) {
    const auto facts = [](const std::optional<T>& thing) {
        return thing ? estate_facts(*thing) : AuditFacts();
    };
    return audit_diff(facts(change.before), facts(change.after));
}

}  // namespace keywarden
