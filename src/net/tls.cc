#include "net/tls.h"

#include <arpa/inet.h>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace keywarden {
namespace {

constexpr std::array<unsigned char, 9> kAlpnHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

SslContext new_context(const SSL_METHOD* method) {
    SslContext context(SSL_CTX_new(method), SSL_CTX_free);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                         SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_read_ahead(context.get(), 1);
    return context;
}

/// Picks http/1.1 when it is offered; refuses a client that offers only others.
int choose_protocol(SSL*,
                    const unsigned char** chosen,
                    unsigned char* chosen_size,
                    const unsigned char* offered,
                    unsigned int offered_size,
                    void*) {
    unsigned char* found = nullptr;
    const int outcome = SSL_select_next_proto(
        &found, chosen_size, kAlpnHttp11.data(), kAlpnHttp11.size(), offered, offered_size);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::unexpected<Error> bad_file(const std::string& what, const std::string& file) {
    return fail(ErrorCode::InvalidConfig,
                "Cannot use '" + file + "' as the TLS " + what + ": " + tls_failure() + ".");
}

Result<SslContext> server_context(const std::string& certificate_file,
                                  const std::string& key_file) {
    ERR_clear_error();
    SslContext context = new_context(TLS_server_method());
    // An encrypted key is refused, instead of asking for its password on the terminal.
    SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
        return bad_file("certificate", certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return bad_file("key", key_file);
    }
    if (SSL_CTX_check_private_key(context.get()) != 1) {
        return bad_file("key (it does not belong to the certificate)", key_file);
    }
    constexpr std::string_view kSessionContext = "keywarden";
    SSL_CTX_set_session_id_context(context.get(),
                                   reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                   kSessionContext.size());
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    return context;
}

/// Where in an SSL object the client keeps the place for new tickets.
int keep_index() {
    static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return kIndex;
}

/// Returns 1: the session is ours now.
int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* keep = static_cast<TlsSession*>(SSL_get_ex_data(ssl, keep_index()));
    if (keep == nullptr) return 0;
    keep->reset(session);
    return 1;
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

/// Has only a certificate for `host` accepted. False when that cannot be had: then none may be, for
/// what was not set is not checked. (OpenSSL takes an empty name for "any name".)
bool accept_only(SSL* ssl, const std::string& host) {
    if (host.empty() || host.find('\0') != std::string::npos) return false;
    if (is_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 &&
           SSL_set1_host(ssl, host.c_str()) == 1;
}

}  // namespace

void SessionDeleter::operator()(ssl_session_st* session) const { SSL_SESSION_free(session); }

bool was_resumed(const ssl_st* ssl) { return SSL_session_reused(ssl) == 1; }

std::string tls_failure() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "unknown reason" : reason;
}

std::string handshake_failure(const ssl_st* ssl) {
    const long verified = SSL_get_verify_result(ssl);
    if (verified == X509_V_OK) return tls_failure();
    ERR_clear_error();
    return X509_verify_cert_error_string(verified);
}

ServerTls::ServerTls(std::string certificate_file, std::string key_file, SslContext context)
    : certificate_file_(std::move(certificate_file)),
      key_file_(std::move(key_file)),
      context_(std::move(context)) {}

Result<std::unique_ptr<ServerTls>> ServerTls::load(std::string certificate_file,
                                                   std::string key_file) {
    TRY(SslContext context, server_context(certificate_file, key_file));
    return std::unique_ptr<ServerTls>(
        new ServerTls(std::move(certificate_file), std::move(key_file), std::move(context)));
}

Result<void> ServerTls::reload() {
    TRY(SslContext context, server_context(certificate_file_, key_file_));
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
    return {};
}

ssl_st* ServerTls::new_session() const {
    SslContext context;
    {
        const std::lock_guard lock(mutex_);
        context = context_;
    }
    SSL* ssl = SSL_new(context.get());  // keeps a reference to its context
    if (ssl != nullptr) SSL_set_accept_state(ssl);
    return ssl;
}

Result<std::unique_ptr<ClientTls>> ClientTls::load(const std::string& ca_file) {
    ERR_clear_error();
    SslContext context = new_context(TLS_client_method());
    const bool loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                                        : SSL_CTX_load_verify_locations(
                                              context.get(), ca_file.c_str(), nullptr) == 1;
    if (!loaded) return bad_file("authorities", ca_file);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), keep_session);
    SSL_CTX_set_alpn_protos(context.get(), kAlpnHttp11.data(), kAlpnHttp11.size());
    return std::unique_ptr<ClientTls>(new ClientTls(std::move(context)));
}

ssl_st* ClientTls::new_session(const std::string& host,
                               ssl_session_st* last,
                               TlsSession* keep) const {
    ERR_clear_error();
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
    if (ssl == nullptr || !accept_only(ssl.get(), host)) return nullptr;
    SSL_set_connect_state(ssl.get());
    SSL_set_ex_data(ssl.get(), keep_index(), keep);
    if (last != nullptr) SSL_set_session(ssl.get(), last);  // if it cannot: a whole handshake
    return ssl.release();
}

}  // namespace keywarden
