// TLS settings: certificates of the server, trust of the client, and their OpenSSL contexts.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace keywarden {

using SslContext = std::shared_ptr<ssl_ctx_st>;

struct SessionDeleter {
    void operator()(ssl_session_st* session) const;
};
using TlsSession = std::unique_ptr<ssl_session_st, SessionDeleter>;

/// What the server shows: TLS 1.2 and 1.3, ALPN http/1.1. Threads: any.
class ServerTls {
public:
    /// Errors: InvalidConfig, saying which file and why.
    static Result<std::unique_ptr<ServerTls>> load(std::string certificate_file,
                                                   std::string key_file);

    /// Reads both files again. New connections get the new certificate; those that stand keep
    /// theirs. After an error the old one stays in use.
    Result<void> reload();

    /// A session object for a new connection; owned by the caller. Null: out of memory.
    ssl_st* new_session() const;

private:
    ServerTls(std::string certificate_file, std::string key_file, SslContext context);

    std::string certificate_file_;
    std::string key_file_;
    mutable std::mutex mutex_;
    SslContext context_;
};

/// Whom the client trusts. Threads: any.
class ClientTls {
public:
    /// `ca_file`: a PEM file of the only authorities to trust; empty: the system's.
    /// Errors: InvalidConfig.
    static Result<std::unique_ptr<ClientTls>> load(const std::string& ca_file);

    /// A session object that will accept only a certificate for `host` (a name or an address).
    /// `last` is resumed when given. New tickets go to `*keep` for as long as the session object
    /// lives. Owned by the caller. Null when it cannot be made to check that: an empty host, or one
    /// too long for a name.
    ssl_st* new_session(const std::string& host, ssl_session_st* last, TlsSession* keep) const;

private:
    explicit ClientTls(SslContext context) : context_(std::move(context)) {}

    SslContext context_;
};

/// Whether the handshake took up an earlier session.
bool was_resumed(const ssl_st* ssl);

/// Why the last call of this thread to OpenSSL failed, in words; empties its queue of errors.
std::string tls_failure();
/// The same for a handshake, just after it: what is wrong with the certificate, if that is it.
std::string handshake_failure(const ssl_st* ssl);

}  // namespace keywarden
