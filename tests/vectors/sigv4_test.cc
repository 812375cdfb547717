// The shared vectors of AWS Signature Version 4, in both of their forms: fields of a head, and a
// query.
#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "providers/aws_signature.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

/// One folder of them, read.
struct Vector {
    std::filesystem::path folder;
    nlohmann::json context;
    std::string method;
    std::string path;
    std::string query;
    std::vector<std::pair<std::string, std::string>> head;
    std::string body;
};

Vector read(const std::filesystem::path& folder) {
    Vector vector;
    vector.folder = folder;
    vector.context = nlohmann::json::parse(text_of(folder / "context.json"));
    std::istringstream lines(text_of(folder / "request.txt"));
    std::string line;
    std::getline(lines, line);
    vector.method = line.substr(0, line.find(' '));
    const std::string target =
        line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
    vector.path = target.substr(0, target.find('?'));
    if (vector.path != target) vector.query = target.substr(vector.path.size() + 1);
    while (std::getline(lines, line) && !line.empty()) {
        if (line.starts_with(' ')) {  // the field before goes on
            vector.head.back().second += line;
        } else {
            vector.head.emplace_back(line.substr(0, line.find(':')),
                                     line.substr(line.find(':') + 1));
        }
    }
    vector.body.assign(std::istreambuf_iterator<char>(lines), {});
    return vector;
}

TimePoint moment_of(const Vector& vector) {
    return parse_iso8601(vector.context["timestamp"].get<std::string>()).value();
}

/// Signs, and holds each text on the way to the vector's.
void check(const Vector& vector, const std::string& form, const std::string& query) {
    std::vector<AwsField> head;
    for (const auto& [name, value] : vector.head) head.push_back({name, value});
    const nlohmann::json& credentials = vector.context["credentials"];
    const std::string id = credentials["access_key_id"];
    const std::string secret = credentials["secret_access_key"];
    const std::string region = vector.context["region"];
    const std::string service = vector.context["service"];
    const AwsSignature made = aws_sign({.method = vector.method,
                                        .path = vector.path,
                                        .query = query,
                                        .head = head,
                                        .body = sha256(vector.body),
                                        .path_is_plain = !vector.context["normalize"]},
                                       {.access_key_id = id,
                                        .secret_access_key = secret,
                                        .region = region,
                                        .service = service,
                                        .at = moment_of(vector)});
    EXPECT_EQ(made.canonical_request, text_of(vector.folder / (form + "-canonical-request.txt")));
    EXPECT_EQ(made.string_to_sign, text_of(vector.folder / (form + "-string-to-sign.txt")));
    EXPECT_EQ(made.signature, text_of(vector.folder / (form + "-signature.txt")));
    if (form != "header") return;
    const std::string signed_request = text_of(vector.folder / "header-signed-request.txt");
    EXPECT_NE(signed_request.find("Authorization:" + made.authorization), std::string::npos)
        << made.authorization;
}

/// In lower case and sorted, joined as a query has them.
std::string signed_names(const Vector& vector) {
    std::vector<std::string> names;
    for (const auto& field : vector.head) {
        std::string name = field.first;
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    std::ranges::sort(names);
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : "%3B") + name;
    return out;
}

void check_head_form(Vector vector, const std::string& token, bool signs_token) {
    const std::string date = aws_date(moment_of(vector));
    vector.head.emplace_back("X-Amz-Date", date);
    if (signs_token) vector.head.emplace_back("X-Amz-Security-Token", token);
    if (vector.context["sign_body"]) {
        vector.head.emplace_back("x-amz-content-sha256", to_hex(sha256(vector.body)));
    }
    check(vector, "header", vector.query);
}

void check_query_form(const Vector& vector, const std::string& token, bool signs_token) {
    const std::string date = aws_date(moment_of(vector));
    const std::string id = vector.context["credentials"]["access_key_id"];
    std::string query = vector.query + (vector.query.empty() ? "" : "&");
    query += "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" +
             aws_encoded(id + "/" + date.substr(0, 8) + "/us-east-1/service/aws4_request") +
             "&X-Amz-Date=" + date +
             "&X-Amz-Expires=3600&X-Amz-SignedHeaders=" + signed_names(vector);
    if (signs_token) query += "&X-Amz-Security-Token=" + aws_encoded(token);
    check(vector, "query", query);
}

TEST(SigV4Vectors, AllThirtyEight) {
    KEYWARDEN_NEEDS_VECTORS_("sigv4/v4");
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(vectors_folder() / "sigv4/v4")) {
        SCOPED_TRACE(entry.path().filename());
        const Vector vector = read(entry.path());
        const std::string token = vector.context["credentials"].value("token", "");
        const bool signs_token =
            !token.empty() && !vector.context.value("omit_session_token", false);
        check_head_form(vector, token, signs_token);
        check_query_form(vector, token, signs_token);
        ++count;
    }
    EXPECT_EQ(count, 38U);
}

}  // namespace
}  // namespace keywarden
