// A disk in memory for tests: it fails when told to, and may lose what was not synced.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "store/journal/disk.h"

namespace keywarden::test {

class FakeDisk final : public JournalDisk {
public:
    /// Once these many operations have been, `failures` ones fail.
    void fail_after(int64_t operations, int64_t failures) {
        const std::lock_guard lock(mutex_);
        fail_from_ = operations_ + operations;
        fail_until_ = fail_from_ + failures;
    }
    void fail_for_ever() { fail_after(0, int64_t{1} << 40U); }
    /// Only operations of this kind fail: "create", "sync", …; empty: all.
    void fail_only(std::string kind) {
        const std::lock_guard lock(mutex_);
        only_ = std::move(kind);
    }
    void work_again() { fail_after(0, 0); }
    int64_t operations() const {
        const std::lock_guard lock(mutex_);
        return operations_;
    }

    /// What a process finds that is started after another one was killed now.
    std::unique_ptr<FakeDisk> after_kill() const {
        auto out = std::make_unique<FakeDisk>();
        const std::lock_guard lock(mutex_);
        for (const auto& [name, node] : names_) out->put(name, words_of(*node), out->names_);
        out->synced_names_ = out->names_;
        out->machine_ = machine_;
        return out;
    }

    /// What is left when the power went now: what was synced, and of the rest as much as the disk
    /// had written by itself.
    std::unique_ptr<FakeDisk> after_power_cut(std::mt19937_64& random) const {
        auto out = std::make_unique<FakeDisk>();
        const std::lock_guard lock(mutex_);
        auto names = synced_names_;
        for (const auto& [name, node] : names_) {
            if (random() % 2 == 0) names[name] = node;
        }
        for (const auto& [name, node] : names) {
            std::vector<uint64_t> left = node->synced;
            const std::vector<uint64_t> now = words_of(*node);
            for (size_t page = 0; page < left.size(); page += kPageWords) {
                if (random() % 4 != 0) continue;
                const size_t end = std::min(page + kPageWords, left.size());
                std::copy(now.begin() + static_cast<ptrdiff_t>(page),
                          now.begin() + static_cast<ptrdiff_t>(end),
                          left.begin() + static_cast<ptrdiff_t>(page));
            }
            out->put(name, std::move(left), out->names_);
        }
        out->synced_names_ = out->names_;
        out->machine_[0] = static_cast<uint8_t>(machine_[0] + 1);
        return out;
    }

    std::vector<std::string> names() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> out;
        for (const auto& [name, node] : names_) out.push_back(name);
        return out;
    }
    /// The bytes of a file, to be read or damaged while nobody uses it.
    std::span<std::byte> content(const std::string& name) {
        const std::lock_guard lock(mutex_);
        return bytes_of(*names_.at(name));
    }
    void put_file(const std::string& name, std::span<const std::byte> bytes) {
        const std::lock_guard lock(mutex_);
        std::vector<uint64_t> words((bytes.size() + 7) / 8);
        std::ranges::copy(bytes, std::as_writable_bytes(std::span(words)).begin());
        put(name, std::move(words), names_);
        names_[name]->bytes = bytes.size();
    }

    Result<void> make_folder() override { return count("make_folder"); }
    Result<std::vector<Entry>> list() override {
        TRY_VOID(count("list"));
        const std::lock_guard lock(mutex_);
        std::vector<Entry> out;
        for (const auto& [name, node] : names_) out.push_back({name, node->bytes});
        return out;
    }
    Result<std::unique_ptr<JournalFile>> create(const std::string& name, size_t bytes) override {
        TRY_VOID(count("create"));
        const std::lock_guard lock(mutex_);
        if (names_.contains(name)) return refuse("create: is there already");
        put(name, std::vector<uint64_t>(bytes / 8), names_);
        std::ranges::fill(names_[name]->synced, 0);
        return std::make_unique<File>(*this, names_[name]);
    }
    Result<void> read(const std::string& name, std::vector<std::byte>& out) override {
        TRY_VOID(count("read"));
        const std::lock_guard lock(mutex_);
        const auto found = names_.find(name);
        if (found == names_.end()) return refuse("read: is not there");
        const auto bytes = bytes_of(*found->second);
        out.assign(bytes.begin(), bytes.end());
        return {};
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        TRY_VOID(count("rename"));
        const std::lock_guard lock(mutex_);
        names_[to] = names_.at(from);
        names_.erase(from);
        return {};
    }
    Result<void> link(const std::string& name, const std::string& also) override {
        TRY_VOID(count("link"));
        const std::lock_guard lock(mutex_);
        names_.try_emplace(also, names_.at(name));
        return {};
    }
    Result<void> remove(const std::string& name) override {
        TRY_VOID(count("remove"));
        const std::lock_guard lock(mutex_);
        names_.erase(name);
        return {};
    }
    Result<void> sync_names() override {
        TRY_VOID(count("sync_names"));
        const std::lock_guard lock(mutex_);
        synced_names_ = names_;
        return {};
    }
    std::array<uint8_t, 16> machine() override { return machine_; }

private:
    static constexpr size_t kPageWords = 512;

    struct Node {
        size_t bytes = 0;
        std::vector<uint64_t> words{};   // as every process sees it
        std::vector<uint64_t> synced{};  // as the disk has it
    };
    using Names = std::map<std::string, std::shared_ptr<Node>>;

    class File final : public JournalFile {
    public:
        File(FakeDisk& disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}
        std::span<std::byte> bytes() override { return bytes_of(*node_); }
        Result<void> sync(size_t until) override {
            TRY_VOID(disk_.count("sync"));
            const std::lock_guard lock(disk_.mutex_);
            const size_t pages = (until + 8 * kPageWords - 1) / (8 * kPageWords);
            const size_t words = std::min(pages * kPageWords, node_->words.size());
            copy_words(node_->words.data(), node_->synced.data(), words);
            return {};
        }

    private:
        FakeDisk& disk_;
        std::shared_ptr<Node> node_;
    };

    // As a kernel does, this looks at memory that others write to.
    __attribute__((no_sanitize("thread"))) static void copy_words(const uint64_t* from,
                                                                  uint64_t* to,
                                                                  size_t count) {
        for (size_t i = 0; i < count; ++i) {
            to[i] = *static_cast<const volatile uint64_t*>(from + i);
        }
    }

    static std::span<std::byte> bytes_of(Node& node) {
        return std::as_writable_bytes(std::span(node.words)).first(node.bytes);
    }
    static std::vector<uint64_t> words_of(const Node& node) {
        std::vector<uint64_t> out(node.words.size());
        copy_words(node.words.data(), out.data(), out.size());
        return out;
    }
    static std::unexpected<Error> refuse(std::string what) {
        return fail(ErrorCode::LedgerUnavailable, std::move(what));
    }
    static void put(const std::string& name, std::vector<uint64_t> words, Names& names) {
        auto node = std::make_shared<Node>();
        node->bytes = words.size() * 8;
        node->synced = words;
        node->words = std::move(words);
        names[name] = std::move(node);
    }

    Result<void> count(const std::string& kind) {
        const std::lock_guard lock(mutex_);
        if (!only_.empty() && kind != only_) return {};
        const int64_t number = operations_++;
        if (number < fail_from_ || number >= fail_until_) return {};
        return refuse("cannot " + kind + ": Input/output error");
    }

    mutable std::mutex mutex_;
    Names names_;
    Names synced_names_;
    std::array<uint8_t, 16> machine_{1};
    std::string only_;
    int64_t operations_ = 0;
    int64_t fail_from_ = 0;
    int64_t fail_until_ = 0;
};

}  // namespace keywarden::test
