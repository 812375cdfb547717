// Passwords, sessions, links, and identities of people in memory.
#pragma once

#include <functional>
#include <vector>

#include "store/memory/memory_accounts.h"
#include "store/passkey_store.h"
#include "store/sign_in_store.h"

namespace keywarden {

class MemorySignIns final : public SignInStore {
public:
    MemorySignIns(MemoryLog& log, const MemoryAccounts& accounts)
        : log_(log), accounts_(accounts) {}

    /// What makes everything that comes with a row of the audit log as it is now again.
    std::function<void()> way_back();

    Result<void> put_sign_in(const SignIn& sign_in, const AuditEntry& audit) override;
    Result<SignIn> get_sign_in(std::string_view user_id) override;
    Result<bool> has_operator() override;
    Result<void> tell(const AuditEntry& audit) override;

    Result<void> create_session(const WebSession& session, const AuditEntry& audit) override;
    Result<void> end_session(std::string_view id, const AuditEntry& audit) override;
    Result<void> forget_sessions(std::span<const std::string> ids) override;
    Result<std::vector<WebSession>> list_sessions() override;
    Result<void> note_sessions(std::span<const SessionUse> uses) override;

    Result<void> put_link(const SignInLink& link, const AuditEntry& audit) override;
    Result<SignInLink> get_link(const Digest& digest) override;
    Result<std::vector<SignInLink>> list_links(std::string_view team_id) override;
    Result<void> use_link(const Digest& digest, const AuditEntry& audit) override;

    Result<void> create_identity(const Identity& identity, const AuditEntry& audit) override;
    Result<Identity> find_identity(std::string_view issuer, std::string_view subject) override;
    Result<std::vector<Identity>> list_identities(std::string_view user_id) override;
    Result<void> delete_identity(std::string_view user_id,
                                 std::string_view id,
                                 const AuditEntry& audit) override;

    Result<void> create_passkey(const Passkey& passkey, const AuditEntry& audit) override;
    Result<Passkey> find_passkey(std::string_view credential_id) override;
    Result<std::vector<Passkey>> list_passkeys(std::string_view user_id) override;
    Result<void> use_passkey(const PasskeyUse& use, const AuditEntry& audit) override;
    Result<void> delete_passkey(std::string_view user_id,
                                std::string_view id,
                                const AuditEntry& audit) override;

private:
    MemoryLog& log_;
    const MemoryAccounts& accounts_;
    std::vector<SignIn> sign_ins_;
    std::vector<WebSession> sessions_;  // oldest first
    std::vector<SignInLink> links_;
    std::vector<Identity> identities_;  // oldest first
    std::vector<Passkey> passkeys_;     // oldest first
};

}  // namespace keywarden
