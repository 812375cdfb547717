#include "app/worker.h"

#include <atomic>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "net/test_peer.h"
#include "store/open.h"

namespace keywarden {
namespace {

using std::chrono::milliseconds;

/// A worker with one route, whose handler returns when it is told to.
class WorkerTest : public testing::Test {
protected:
    void SetUp() override {
        const auto waits = [this](const ApiCall&) -> Result<HttpResponse> {
            entered_.set_value();
            leave_.get_future().wait();
            has_returned_ = true;
            return HttpResponse{.body = "done"};
        };
        ProxyParts parts{.keys = directory_.get(), .blocking = &blocking_};
        parts.api_routes = {{{Method::Get, "/slow", Permission::Public, Dialect::Problem}, waits}};
        proxy_ = *Proxy::open(std::move(parts));
        shared_.proxy = proxy_.get();
        shared_.server_options.aborted_max = milliseconds(100);
        OwnedFd listener = *listen_tcp("127.0.0.1", 0);
        port_ = local_port(listener.get());
        worker_ = *Worker::start(shared_, nullptr, std::move(listener), {});
    }

    ManualClock clock_;
    KeyFormats formats_ = *KeyFormats::open({"keywarden"}, Secret("a pepper for tests"));
    std::unique_ptr<Store> store_ = *open_store("memory:");
    std::unique_ptr<KeyDirectory> directory_ = *KeyDirectory::load(*store_, formats_, {}, clock_);
    BlockingPool blocking_{{.threads = 1}};
    std::unique_ptr<Proxy> proxy_;
    WorkerShared shared_;
    uint16_t port_ = 0;
    std::promise<void> entered_;
    std::promise<void> leave_;
    std::atomic<bool> has_returned_ = false;
    std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, IsNotTakenApartUnderAHandlerThatIsAtWork) {
    test::Peer peer(port_);
    peer.say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    entered_.get_future().wait();
    std::promise<bool> done;
    auto outcome = done.get_future();
    worker_->drain(Nanos(0), [&] { done.set_value(has_returned_); });
    // Long after the server itself has given the handler up.
    EXPECT_EQ(outcome.wait_for(milliseconds(250)), std::future_status::timeout);
    leave_.set_value();
    EXPECT_TRUE(outcome.get()) << "the handler had returned before the worker was done";
    worker_.reset();
    EXPECT_TRUE(peer.hears_end());
}

}  // namespace
}  // namespace keywarden
