#include "net/stream.h"

#include <array>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <utility>

#include <gtest/gtest.h>

#include "net/task.h"

namespace keywarden {
namespace {

using std::chrono::milliseconds;

/// A loop in the test's own thread, a stream on it, and the other end of its socket.
class StreamTest : public testing::Test {
protected:
    void SetUp() override {
        std::array<int, 2> fds{};
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()),
                  0);
        stream_ = std::make_unique<Stream>(&loop_, fds[0]);
        other_ = std::make_unique<Stream>(&loop_, fds[1]);
    }

    /// Runs `task` to its end.
    void run(Task<void> task) {
        drive(std::move(task), &loop_);
        loop_.run();
    }
    static Detached drive(Task<void> task, Loop* loop) {
        co_await task;
        loop->stop();
    }

    Loop loop_{{.sweep_every = milliseconds(2)}};
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<Stream> other_;
};

iovec piece_of(std::string* text) { return {.iov_base = text->data(), .iov_len = text->size()}; }

Task<void> say(Stream* stream, std::string text) {
    iovec piece = piece_of(&text);
    EXPECT_EQ(co_await stream->write({&piece, 1}), IoStatus::Ok);
}

Task<void> say_and_hear(Stream* from, Stream* to) {
    co_await say(from, "hello");
    Buffer buffer;
    EXPECT_EQ(co_await to->read(&buffer), IoStatus::Ok);
    EXPECT_EQ(buffer.view(), "hello");
    from->shutdown_write();
    EXPECT_EQ(co_await to->read(&buffer), IoStatus::Eof);
    EXPECT_EQ(buffer.view(), "hello");
}

TEST_F(StreamTest, CarriesBytesAndEnds) { run(say_and_hear(stream_.get(), other_.get())); }

Detached wait_to_read(Stream* stream, Buffer* buffer, IoStatus* status, bool* ended) {
    *status = co_await stream->read(buffer);
    *ended = true;
}

Task<void> read_waits(Loop* loop, Stream* from, Stream* to) {
    Buffer buffer;
    IoStatus status = IoStatus::Failed;
    bool ended = false;
    wait_to_read(to, &buffer, &status, &ended);
    co_await loop->yield();
    EXPECT_FALSE(ended);
    EXPECT_EQ(buffer.data(), nullptr) << "who waits holds no memory";
    co_await say(from, "x");
    while (!ended) co_await loop->yield();
    EXPECT_EQ(status, IoStatus::Ok);
    EXPECT_EQ(buffer.view(), "x");
}

TEST_F(StreamTest, AWaitingReadHoldsNoMemory) {
    run(read_waits(&loop_, stream_.get(), other_.get()));
}

Task<void> time_out(Stream* stream) {
    Buffer buffer;
    stream->set_read_timeout(milliseconds(1));
    EXPECT_EQ(co_await stream->read(&buffer), IoStatus::TimedOut);
    stream->set_read_timeout(Nanos::max());
    stream->set_deadline(stream->loop()->mono() + milliseconds(1));
    EXPECT_EQ(co_await stream->read(&buffer), IoStatus::TimedOut);
    std::string much(1U << 24U, 'm');
    iovec piece = piece_of(&much);
    stream->set_write_timeout(milliseconds(1));
    EXPECT_EQ(co_await stream->write({&piece, 1}), IoStatus::TimedOut);
}

TEST_F(StreamTest, WaitsEndWithTheirTimeouts) { run(time_out(stream_.get())); }

Task<void> abort_waiting(Loop* loop, Stream* stream) {
    Buffer buffer;
    IoStatus status = IoStatus::Ok;
    bool ended = false;
    wait_to_read(stream, &buffer, &status, &ended);
    co_await loop->yield();
    stream->abort();
    stream->abort();
    EXPECT_FALSE(ended) << "never from within abort";
    while (!ended) co_await loop->yield();
    EXPECT_EQ(status, IoStatus::Aborted);
    std::string text = "x";
    iovec piece = piece_of(&text);
    EXPECT_EQ(co_await stream->write({&piece, 1}), IoStatus::Aborted);
}

TEST_F(StreamTest, AbortEndsWhatWaitsAndWhatComes) { run(abort_waiting(&loop_, stream_.get())); }

Detached pour(Stream* stream, std::string* text, IoStatus* status, bool* ended, bool may_stop) {
    iovec piece = piece_of(text);
    *status = may_stop ? co_await stream->write_unless_peer_speaks({&piece, 1})
                       : co_await stream->write({&piece, 1});
    *ended = true;
}

Task<void> pour_much(Loop* loop, Stream* from, Stream* to) {
    std::string much;
    for (int i = 0; i < 4'000'000; ++i) much += static_cast<char>(i * 7 % 251);
    IoStatus status = IoStatus::Failed;
    bool ended = false;
    pour(from, &much, &status, &ended, false);
    EXPECT_FALSE(ended) << "more than a socket takes";
    Buffer heard;
    while (heard.size() < much.size()) {
        EXPECT_EQ(co_await to->read(&heard, 10'000), IoStatus::Ok);
    }
    while (!ended) co_await loop->yield();
    EXPECT_EQ(status, IoStatus::Ok);
    EXPECT_EQ(heard.view(), much);
}

TEST_F(StreamTest, AWriteWaitsForItsReader) { run(pour_much(&loop_, stream_.get(), other_.get())); }

Task<void> interrupt(Loop* loop, Stream* from, Stream* to) {
    std::string much(4'000'000, 'm');
    IoStatus status = IoStatus::Ok;
    bool ended = false;
    pour(from, &much, &status, &ended, true);
    co_await loop->sleep(milliseconds(1));
    EXPECT_FALSE(ended);
    co_await say(to, "stop");
    while (!ended) co_await loop->yield();
    EXPECT_EQ(status, IoStatus::PeerSpoke);
    Buffer heard;
    EXPECT_EQ(co_await from->read(&heard), IoStatus::Ok);
    EXPECT_EQ(heard.view(), "stop");
}

TEST_F(StreamTest, AWriteCanBeStoppedByWhatThePeerSays) {
    run(interrupt(&loop_, stream_.get(), other_.get()));
}

struct Watch final : PeerWatch {
    void peer_gone() override { ++told; }
    int told = 0;
};

Task<void> watch_peer(Loop* loop, Stream* stream, std::unique_ptr<Stream>* other) {
    Watch watch;
    stream->watch(&watch);
    co_await say(other->get(), "x");
    co_await loop->sleep(milliseconds(1));
    EXPECT_EQ(watch.told, 0) << "bytes are not an end";
    other->reset();
    while (watch.told == 0) co_await loop->yield();
    EXPECT_TRUE(stream->peer_closed());
    Watch late;
    stream->watch(&late);
    while (late.told == 0) co_await loop->yield();
    EXPECT_EQ(watch.told, 1);
    Buffer buffer;
    EXPECT_EQ(co_await stream->read(&buffer), IoStatus::Ok) << "what was said before is not lost";
    EXPECT_EQ(co_await stream->read(&buffer), IoStatus::Eof);
}

TEST_F(StreamTest, TellsOnceThatThePeerHasGone) { run(watch_peer(&loop_, stream_.get(), &other_)); }

Task<void> watch_idle(Loop* loop, Stream* stream, Stream* other) {
    Watch watch;
    stream->watch(&watch, true);
    co_await loop->sleep(milliseconds(1));
    EXPECT_EQ(watch.told, 0);
    co_await say(other, "nobody asked");
    while (watch.told == 0) co_await loop->yield();
}

TEST_F(StreamTest, TellsThatAnIdlePeerSpoke) {
    run(watch_idle(&loop_, stream_.get(), other_.get()));
}

Detached tick(Loop* loop, int* ticks, const bool* stop) {
    while (!*stop) {
        ++*ticks;
        co_await loop->yield();
    }
}

Task<void> always_ready(Loop* loop, Stream* from, Stream* to) {
    int ticks = 0;
    bool stop = false;
    tick(loop, &ticks, &stop);
    co_await say(from, std::string(64'000, 'x'));
    co_await loop->yield();
    const int before = ticks;
    for (int i = 0; i < 160; ++i) {
        // One byte at a time of what is all there: never has to wait.
        Buffer buffer;
        buffer.reserve(Buffer::kSmall);
        buffer.grow(buffer.room() - 1);
        EXPECT_EQ(co_await to->read(&buffer, 1), IoStatus::Ok);
    }
    EXPECT_GE(ticks - before, 8) << "the others had their turns meanwhile";
    stop = true;
    co_await loop->yield();
}

TEST_F(StreamTest, AStreamThatIsAlwaysReadyLetsTheOthersHaveATurn) {
    run(always_ready(&loop_, stream_.get(), other_.get()));
}

Task<void> broken_pipe(Stream* stream, std::unique_ptr<Stream>* other) {
    other->reset();
    std::string text(100'000, 'x');
    iovec piece = piece_of(&text);
    EXPECT_EQ(co_await stream->write({&piece, 1}), IoStatus::Failed);
}

TEST_F(StreamTest, ABrokenPipeIsAStatus) { run(broken_pipe(stream_.get(), &other_)); }

}  // namespace
}  // namespace keywarden
