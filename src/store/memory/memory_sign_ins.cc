#include "store/memory/memory_sign_ins.h"

#include <algorithm>
#include <iterator>
#include <mutex>

#include "store/account_rules.h"
#include "store/key_rules.h"

namespace keywarden {

std::function<void()> MemorySignIns::way_back() {
    return [this,
            sign_ins = sign_ins_,
            sessions = sessions_,
            links = links_,
            identities = identities_,
            passkeys = passkeys_] {
        sign_ins_ = sign_ins;
        sessions_ = sessions;
        links_ = links;
        identities_ = identities;
        passkeys_ = passkeys;
    };
}

Result<void> MemorySignIns::put_sign_in(const SignIn& sign_in, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (!accounts_.has_user(sign_in.user_id)) return no_such("user");
        std::erase_if(sign_ins_, [&](const SignIn& s) { return s.user_id == sign_in.user_id; });
        sign_ins_.push_back(sign_in);
        return {};
    });
}

Result<SignIn> MemorySignIns::get_sign_in(std::string_view user_id) {
    const std::lock_guard lock(log_.mutex);
    const auto found = std::ranges::find(sign_ins_, user_id, &SignIn::user_id);
    return found != sign_ins_.end() ? *found : SignIn{.user_id = std::string(user_id)};
}

Result<bool> MemorySignIns::has_operator() {
    const std::lock_guard lock(log_.mutex);
    const bool has_one = std::ranges::any_of(sign_ins_, [&](const SignIn& sign_in) {
        return !sign_in.password_hash.empty() && accounts_.is_operator(sign_in.user_id);
    });
    return has_one || std::ranges::any_of(identities_, [&](const Identity& identity) {
               return accounts_.is_operator(identity.user_id);
           });
}

Result<void> MemorySignIns::tell(const AuditEntry& audit) {
    return log_.change(audit, [] { return Result<void>(); });
}

Result<void> MemorySignIns::create_session(const WebSession& session, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (!accounts_.has_user(session.user_id)) return no_such("user");
        for (const WebSession& each : sessions_) {
            if (each.id == session.id) return taken("session", "id");
            if (each.digest == session.digest) return taken("session", "digest");
        }
        sessions_.push_back(session);
        sessions_.back().csrf_token.clear();
        sessions_.back().created_at = in_millis(session.created_at);
        sessions_.back().used_at = in_millis(session.used_at);
        return {};
    });
}

Result<void> MemorySignIns::end_session(std::string_view id, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (std::erase_if(sessions_, [&](const WebSession& s) { return s.id == id; }) > 0) {
            return {};
        }
        return no_such("session");
    });
}

Result<void> MemorySignIns::forget_sessions(std::span<const std::string> ids) {
    const std::lock_guard lock(log_.mutex);
    std::erase_if(sessions_, [&](const WebSession& session) {
        return std::ranges::find(ids, session.id) != ids.end();
    });
    return {};
}

Result<std::vector<WebSession>> MemorySignIns::list_sessions() {
    const std::lock_guard lock(log_.mutex);
    return sessions_;
}

Result<void> MemorySignIns::note_sessions(std::span<const SessionUse> uses) {
    const std::lock_guard lock(log_.mutex);
    for (const SessionUse& use : uses) {
        const auto found = std::ranges::find(sessions_, use.id, &WebSession::id);
        if (found != sessions_.end()) found->used_at = std::max(found->used_at, in_millis(use.at));
    }
    return {};
}

Result<void> MemorySignIns::put_link(const SignInLink& link, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        std::erase_if(links_, [&](const SignInLink& each) {
            return each.purpose == link.purpose && each.user_id == link.user_id &&
                   folded_email(each.email) == folded_email(link.email) &&
                   each.team_id == link.team_id;
        });
        links_.push_back(link);
        links_.back().made_by = audit.actor;
        links_.back().created_at = in_millis(link.created_at);
        links_.back().ends_at = in_millis(link.ends_at);
        return {};
    });
}

Result<SignInLink> MemorySignIns::get_link(const Digest& digest) {
    const std::lock_guard lock(log_.mutex);
    const auto found = std::ranges::find(links_, digest, &SignInLink::digest);
    if (found == links_.end()) return no_such("link");
    return *found;
}

Result<std::vector<SignInLink>> MemorySignIns::list_links(std::string_view team_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<SignInLink> out;
    std::ranges::copy_if(links_, std::back_inserter(out), [&](const SignInLink& link) {
        return link.team_id == team_id;
    });
    return out;
}

Result<void> MemorySignIns::use_link(const Digest& digest, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const auto is_it = [&](const SignInLink& link) { return link.digest == digest; };
        if (std::erase_if(links_, is_it) == 0) return no_such("link");
        return {};
    });
}

Result<void> MemorySignIns::create_identity(const Identity& identity, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (!accounts_.has_user(identity.user_id)) return no_such("user");
        for (const Identity& each : identities_) {
            if (each.id == identity.id) return taken("identity", "id");
            if (each.issuer == identity.issuer && each.subject == identity.subject) {
                return identity_taken();
            }
        }
        const auto theirs = std::ranges::count(identities_, identity.user_id, &Identity::user_id);
        if (theirs >= kIdentitiesMax) return too_many("identities", kIdentitiesMax);
        identities_.push_back(identity);
        identities_.back().created_at = in_millis(identity.created_at);
        return {};
    });
}

Result<Identity> MemorySignIns::find_identity(std::string_view issuer, std::string_view subject) {
    const std::lock_guard lock(log_.mutex);
    for (const Identity& each : identities_) {
        if (each.issuer == issuer && each.subject == subject) return each;
    }
    return no_such("identity");
}

Result<std::vector<Identity>> MemorySignIns::list_identities(std::string_view user_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<Identity> out;
    std::ranges::copy_if(identities_, std::back_inserter(out), [&](const Identity& identity) {
        return identity.user_id == user_id;
    });
    return out;
}

Result<void> MemorySignIns::delete_identity(std::string_view user_id,
                                            std::string_view id,
                                            const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const auto is_it = [&](const Identity& each) {
            return each.id == id && each.user_id == user_id;
        };
        if (std::ranges::none_of(identities_, is_it)) return no_such("identity");
        const bool is_last = std::ranges::count(identities_, user_id, &Identity::user_id) == 1;
        const bool has_password = std::ranges::any_of(sign_ins_, [&](const SignIn& each) {
            return each.user_id == user_id && !each.password_hash.empty();
        });
        if (is_last && !has_password) return last_way_in();
        std::erase_if(identities_, is_it);
        return {};
    });
}

Result<void> MemorySignIns::create_passkey(const Passkey& passkey, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (!accounts_.has_user(passkey.user_id)) return no_such("user");
        for (const Passkey& each : passkeys_) {
            if (each.id == passkey.id) return taken("passkey", "id");
            if (each.credential_id == passkey.credential_id) return passkey_taken();
        }
        const auto theirs = std::ranges::count(passkeys_, passkey.user_id, &Passkey::user_id);
        if (theirs >= kPasskeysMax) return too_many("passkeys", kPasskeysMax);
        passkeys_.push_back(passkey);
        passkeys_.back().created_at = in_millis(passkey.created_at);
        passkeys_.back().used_at.reset();
        return {};
    });
}

Result<Passkey> MemorySignIns::find_passkey(std::string_view credential_id) {
    const std::lock_guard lock(log_.mutex);
    const auto found = std::ranges::find(passkeys_, credential_id, &Passkey::credential_id);
    if (found == passkeys_.end()) return no_such("passkey");
    return *found;
}

Result<std::vector<Passkey>> MemorySignIns::list_passkeys(std::string_view user_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<Passkey> out;
    std::ranges::copy_if(passkeys_, std::back_inserter(out), [&](const Passkey& passkey) {
        return passkey.user_id == user_id;
    });
    return out;
}

Result<void> MemorySignIns::use_passkey(const PasskeyUse& use, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const auto found = std::ranges::find(passkeys_, use.id, &Passkey::id);
        if (found == passkeys_.end()) return no_such("passkey");
        found->sign_count = use.sign_count;
        found->used_at = in_millis(use.at);
        return {};
    });
}

Result<void> MemorySignIns::delete_passkey(std::string_view user_id,
                                           std::string_view id,
                                           const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const auto is_it = [&](const Passkey& each) {
            return each.id == id && each.user_id == user_id;
        };
        if (std::erase_if(passkeys_, is_it) == 0) return no_such("passkey");
        return {};
    });
}

}  // namespace keywarden
