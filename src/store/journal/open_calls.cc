#include "store/journal/open_calls.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace keywarden {

size_t OpenCalls::home(const CallId& id) const {
    uint64_t random = 0;  // the last bits of a UUID are
    std::memcpy(&random, id.data() + id.size() - sizeof random, sizeof random);
    return (random * 0x9e3779b97f4a7c15U >> 20U) & (calls_.size() - 1);
}

size_t OpenCalls::find(const CallId& id) const {
    size_t at = home(id);
    while (calls_[at].used && calls_[at].id != id) at = (at + 1) & (calls_.size() - 1);
    return at;
}

void OpenCalls::grow() {
    std::vector<Call> old(calls_.size() * 2);
    old.swap(calls_);
    for (const Call& call : old) {
        if (call.used) calls_[find(call.id)] = call;
    }
}

void OpenCalls::note(const CallId& id,
                     const SegmentId& segment,
                     size_t offset,
                     const Progress& progress) {
    if ((count_ + 1) * 2 > calls_.size()) grow();
    Call& call = calls_[find(id)];
    if (!call.used) {
        call = {.id = id, .used = true};
        ++count_;
    }
    call.segment = segment;
    call.offset = offset;
    call.progress.sent |= progress.sent;
    call.progress.output_tokens = std::max(call.progress.output_tokens, progress.output_tokens);
}

// What stands behind is moved up where it would not be found otherwise.
void OpenCalls::forget(const CallId& id) {
    size_t hole = find(id);
    if (!calls_[hole].used) return;
    const size_t mask = calls_.size() - 1;
    for (size_t at = (hole + 1) & mask; calls_[at].used; at = (at + 1) & mask) {
        const size_t distance_of_home = (at - home(calls_[at].id)) & mask;
        const size_t distance_of_hole = (at - hole) & mask;
        if (distance_of_home < distance_of_hole) continue;
        calls_[hole] = calls_[at];
        hole = at;
    }
    calls_[hole].used = false;
    --count_;
}

std::vector<OpenCalls::Call> OpenCalls::all() const {
    std::vector<Call> out;
    std::ranges::copy_if(calls_, std::back_inserter(out), &Call::used);
    return out;
}

}  // namespace keywarden
