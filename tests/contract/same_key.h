// Compares keys field by field, so that a failing test says which one differs.
#pragma once

#include <gtest/gtest.h>

#include "domain/key.h"

namespace keywarden {

inline void expect_same(const KeySecret& a, const KeySecret& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.format, b.format);
    EXPECT_EQ(a.digest, b.digest);
    EXPECT_EQ(a.display, b.display);
    EXPECT_EQ(a.created_at, b.created_at);
    EXPECT_EQ(a.grace, b.grace);
    EXPECT_EQ(a.ends_at, b.ends_at);
    EXPECT_EQ(a.ended, b.ended);
    EXPECT_EQ(a.first_used_at, b.first_used_at);
    EXPECT_EQ(a.last_used_at, b.last_used_at);
    EXPECT_EQ(a.networks, b.networks);
}

inline void expect_same(const Key& a, const Key& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.team_id, b.team_id);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.description, b.description);
    EXPECT_EQ(a.created_by, b.created_by);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.not_before, b.not_before);
    EXPECT_EQ(a.expires_at, b.expires_at);
    EXPECT_EQ(a.rotate_every, b.rotate_every);
    EXPECT_EQ(a.rate_limit_rpm, b.rate_limit_rpm);
    EXPECT_EQ(a.metadata, b.metadata);
    EXPECT_EQ(a.tags, b.tags);
    EXPECT_EQ(a.created_at, b.created_at);
    EXPECT_EQ(a.updated_at, b.updated_at);
    EXPECT_EQ(a.revoked_at, b.revoked_at);
    EXPECT_EQ(a.version, b.version);
    ASSERT_EQ(a.secrets.size(), b.secrets.size());
    for (size_t i = 0; i < a.secrets.size(); ++i) expect_same(a.secrets[i], b.secrets[i]);
}

}  // namespace keywarden
