// A command line with everything made up: what commands are tested in.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/session.h"

namespace keywarden {

/// What became of a file for secrets.
struct FakeFile {
    bool made = false;
    std::string text{};
};

class FakePrivateFile final : public PrivateFile {
public:
    FakePrivateFile(FakeFile& file, bool broken) : file_(file), broken_(broken) {}
    ~FakePrivateFile() override {
        if (file_.text.empty()) file_.made = false;
    }
    Result<void> fill(std::string_view text) override {
        if (broken_) return fail(ErrorCode::StartupFailed, "the disk is full");
        file_.text = text;
        return {};
    }

private:
    FakeFile& file_;
    bool broken_;
};

/// Notes what is asked of it.
class FakeHost final : public Host {
public:
    Result<int> serve(const Arguments&, Terminal&) override {
        asked.emplace_back("serve");
        return kExitOk;
    }
    Result<void> init(const Arguments&, Terminal&) override {
        asked.emplace_back("init");
        return {};
    }
    Result<void> check_configuration(const Arguments&) override {
        if (broken) return fail(ErrorCode::InvalidConfig, "keywarden.toml:3: server.x: wrong");
        return {};
    }
    Result<std::vector<ShownSetting>> show_configuration(const Arguments&) override {
        asked.emplace_back("configuration");
        return std::vector<ShownSetting>{{"log.level", "debug", "KEYWARDEN_LOG_LEVEL"}};
    }
    std::vector<Finding> examine(const Arguments&) override { return findings; }
    Result<std::string> read_file(const std::string& path, size_t) override {
        const auto found = files.find(path);
        if (found != files.end()) return found->second;
        return fail(ErrorCode::InvalidRequest, path + ": there is no such file");
    }
    Result<std::unique_ptr<PrivateFile>> make_private_file(const std::string& path) override {
        if (secrets.made) return fail(ErrorCode::InvalidRequest, path + ": is there already");
        secrets.made = true;
        return std::make_unique<FakePrivateFile>(secrets, broken);
    }

    bool pause(std::chrono::seconds time) override {
        asked.push_back("pause " + std::to_string(time.count()));
        return pauses-- > 0;
    }

    std::vector<std::string> asked;
    std::vector<Finding> findings;
    std::map<std::string, std::string> files;
    FakeFile secrets;
    int pauses = 0;  // after so many a command that waits is interrupted
    bool broken = false;
};

class CommandLineTest : public testing::Test {
protected:
    struct Sent {
        std::string base_url;
        std::string unix_socket;
        std::string line;  // "GET /v1/keys"
        std::string key;   // the Authorization header's value
        std::string body;
    };

    /// Runs `keywarden WORDS` and returns the exit code; see `out`, `err`, `sent`.
    int run(const std::vector<std::string>& words, const std::string& input = {}) {
        std::istringstream in(input);
        std::ostringstream out_stream;
        std::ostringstream err_stream;
        Terminal terminal{.in = in,
                          .out = out_stream,
                          .err = err_stream,
                          .in_is_terminal = in_is_terminal_,
                          .out_is_terminal = out_is_terminal_};
        const Send send = [this](const GatewayAddress& to,
                                 const HttpRequest& request,
                                 const BodyPieces& pieces) { return answer(to, request, pieces); };
        const IsSocket is_socket = [this](const std::string& path) { return path == socket_; };
        Session session{.environment = environment_,
                        .terminal = terminal,
                        .host = host_,
                        .send = send,
                        .is_socket = is_socket};
        const int code = run_command_line(session, words);
        out_ = out_stream.str();
        err_ = err_stream.str();
        return code;
    }

    void SetUp() override { environment_.variables["KEYWARDEN_API_KEY"] = "not-a-real-key"; }

    /// What the gateway answers next; the last one again when there are no more.
    void will_answer(int status, std::string body) {
        answers_.push_back({.status = status,
                            .headers = {{"X-Request-Id", "0199-request"}},
                            .body = std::move(body)});
    }

    Environment environment_;
    FakeHost host_;
    std::string socket_;  // the one path where a socket is
    bool in_is_terminal_ = false;
    bool out_is_terminal_ = false;
    std::deque<HttpResponse> answers_;
    bool unreachable_ = false;

    std::string out_;
    std::string err_;
    std::vector<Sent> sent_;

private:
    Result<HttpResponse> answer(const GatewayAddress& to,
                                const HttpRequest& request,
                                const BodyPieces& pieces) {
        sent_.push_back({.base_url = to.base_url,
                         .unix_socket = to.unix_socket,
                         .line = std::string(name(request.method)) + " " + request.path,
                         .key = std::string(request.header("Authorization")),
                         .body = request.body});
        if (unreachable_ || answers_.empty()) {
            return fail(ErrorCode::GatewayUnreachable, "no gateway answers at " + to.base_url);
        }
        HttpResponse next = answers_.front();
        if (answers_.size() > 1) answers_.pop_front();
        if (!pieces || next.status != 200) return next;
        // A stream comes in pieces of any size: here of seven bytes.
        for (size_t at = 0; at < next.body.size(); at += 7) {
            pieces(std::string_view(next.body).substr(at, 7));
        }
        next.body.clear();
        return next;
    }
};

}  // namespace keywarden
