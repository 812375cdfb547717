// HTTP as plain values. Sockets live in net/; everything else only handles these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keywarden {

enum class Method : uint8_t { Get, Head, Post, Put, Patch, Delete, Options, kCount };

std::string_view name(Method method);

struct Header {
    std::string name;
    std::string value;
};

/// ASCII letters compare without case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// A whole request, body included: for routes whose bodies are small (the admin API).
struct HttpRequest {
    Method method = Method::Get;
    std::string path{};   // decoded, without the query
    std::string query{};  // as sent, without '?'
    std::vector<Header> headers{};
    std::string body{};
    std::string peer_address{};  // of the caller, without the port; "unix" on the local socket
    std::string request_id{};

    /// The first header of that name, or nothing. An empty value and an absent one look alike.
    std::string_view header(std::string_view header_name) const;
};

/// A whole answer. Framing headers (Content-Length, Connection, Date) are the server's to add.
struct HttpResponse {
    int status = 200;
    std::vector<Header> headers{};  // with Content-Type when there is a body
    std::string body{};
};

/// "Not Found" for 404; "Unknown" where there is no name.
std::string_view reason_phrase(int status);

/// Decodes %XX. Nothing when an escape is broken or yields a control character.
/// A '+' stays a '+': this is for paths; see query_parameter for queries.
bool percent_decode(std::string_view in, std::string& out);

/// The value of `key` in a query, decoded with '+' as a space. Empty when absent or broken.
std::string query_parameter(std::string_view query, std::string_view key);

}  // namespace keywarden
