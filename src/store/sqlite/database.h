// SQLite, thinly: a connection, and one run of a prepared statement.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/result.h"
#include "base/units.h"

namespace keywarden {

/// How long a statement waits for another process's lock before it fails.
inline constexpr std::chrono::milliseconds kBusyMax{2000};

/// One connection. Not safe for threads: whoever owns it locks.
/// Errors of all functions: StoreUnavailable, with a message that says what is wrong with the file
/// and a detail that says where.
class Database {
public:
    enum class Mode : uint8_t { ReadWrite, QueryOnly };

    /// Opens an existing file.
    static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                  Mode mode,
                                                  std::chrono::milliseconds busy_max = kBusyMax);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs statements that take and give nothing: pragmas, migrations.
    Result<void> run(const std::string& sql);

    /// Rows that the last statement changed.
    int64_t changes() const { return sqlite3_changes64(handle_); }

    /// What went wrong last, as this project's error.
    Error error() const;

private:
    friend class Query;
    Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
    Result<sqlite3_stmt*> prepare(const char* sql);

    sqlite3* handle_;
    std::string path_;
    std::map<const char*, sqlite3_stmt*> prepared_;  // by the address of the text
};

/// One run of a statement. It is prepared once a connection, and is free again when this is gone,
/// so no two Query of the same text may live at once.
class Query {
public:
    /// Requires: `sql` is a literal, the same at each run.
    template <class... Values>
    Query(Database& database, const char* sql, const Values&... values) : database_(database) {
        auto prepared = database.prepare(sql);
        if (!prepared) {
            failed_ = std::move(prepared).error();
            return;
        }
        statement_ = *prepared;
        // NOLINTNEXTLINE(misc-const-correctness): it counts where there are values
        int index = 0;
        (bind(++index, values), ...);
    }
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    /// Goes to the next row. False when there is none.
    Result<bool> next();

    /// Runs a statement that gives no rows.
    Result<void> run();

    // Columns of the row. Views live until the next call of next().
    bool is_null(int column) const;
    int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    std::string_view text(int column) const;
    std::span<const uint8_t> bytes(int column) const;
    TimePoint moment(int column) const;
    std::optional<int64_t> maybe_integer(int column) const;
    std::optional<TimePoint> maybe_moment(int column) const;

private:
    void bind(int index, int64_t value);
    void bind(int index, std::string_view value);
    void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
    void bind(int index, std::span<const uint8_t> value);
    void bind(int index, TimePoint value);
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value) bind(index, *value);  // unbound is NULL
    }

    Database& database_;
    sqlite3_stmt* statement_ = nullptr;
    std::optional<Error> failed_{};
};

/// Begins a transaction that writes; undoes it unless it was committed.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Result<void> commit();

private:
    explicit Transaction(Database* database) : database_(database) {}
    Database* database_;
};

}  // namespace keywarden
