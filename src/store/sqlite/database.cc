#include "store/sqlite/database.h"

#include <fmt/core.h>

#include "base/clock.h"

namespace keywarden {
namespace {

/// What each kind of failure means to the operator.
std::string_view explain(int primary_code) {
    switch (primary_code) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "The database is locked by another process.";
        case SQLITE_READONLY:
            return "The database is read-only.";
        case SQLITE_FULL:
            return "The disk, or the database, is full.";
        case SQLITE_CORRUPT:
            return "The database is damaged: restore a backup.";
        case SQLITE_NOTADB:
            return "The file is no SQLite database.";
        case SQLITE_CANTOPEN:
            return "The database cannot be opened.";
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return "The database may not be opened.";
        case SQLITE_IOERR:
            return "The database cannot be read or written.";
        case SQLITE_NOMEM:
            return "There is no memory left for the database.";
        default:
            return "The database failed.";
    }
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path,
                                                 Mode mode,
                                                 std::chrono::milliseconds busy_max) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database(new Database(handle, path));
    if (code != SQLITE_OK) return fail(database->error());
    sqlite3_busy_timeout(handle, static_cast<int>(busy_max.count()));
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    TRY_VOID(
        database->run("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                      "PRAGMA trusted_schema = OFF"));
    if (mode == Mode::QueryOnly) {
        TRY_VOID(database->run("PRAGMA query_only = ON"));
    } else if (sqlite3_db_readonly(handle, "main") == 1) {
        return fail(ErrorCode::StoreUnavailable, std::string(explain(SQLITE_READONLY)), path);
    }
    return database;
}

Database::~Database() {
    for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
}

Result<void> Database::run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return fail(error());
}

Error Database::error() const {
    const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle_);
    const char* said = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    return {.code = ErrorCode::StoreUnavailable,
            .message = std::string(explain(code & 0xff)),
            .detail = fmt::format("sqlite {}: {} ({})", code, said, path_)};
}

Result<sqlite3_stmt*> Database::prepare(const char* sql) {
    const auto known = prepared_.find(sql);
    if (known != prepared_.end()) return known->second;
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return fail(error());
    prepared_.emplace(sql, statement);
    return statement;
}

Query::~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Result<bool> Query::next() {
    if (failed_) return fail(*failed_);
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return fail(database_.error());
}

Result<void> Query::run() {
    TRY(const bool row, next());
    static_cast<void>(row);
    return {};
}

bool Query::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view Query::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const uint8_t> Query::bytes(int column) const {
    const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

TimePoint Query::moment(int column) const { return from_millis(integer(column)); }

std::optional<int64_t> Query::maybe_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<TimePoint> Query::maybe_moment(int column) const {
    if (is_null(column)) return std::nullopt;
    return moment(column);
}

void Query::bind(int index, int64_t value) { sqlite3_bind_int64(statement_, index, value); }

void Query::bind(int index, std::string_view value) {
    // An empty view may have no address, which SQLite would take for NULL.
    const char* data = value.empty() ? "" : value.data();
    sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Query::bind(int index, std::span<const uint8_t> value) {
    sqlite3_bind_blob64(statement_, index, value.data(), value.size(), SQLITE_TRANSIENT);
}

void Query::bind(int index, TimePoint value) { bind(index, to_millis(value)); }

Result<Transaction> Transaction::begin(Database& database) {
    TRY_VOID(Query(database, "BEGIN IMMEDIATE").run());
    return Transaction(&database);
}

Transaction::~Transaction() {
    if (database_ == nullptr) return;
    // Should it fail, SQLite rolls back by itself when the connection closes.
    [[maybe_unused]] const Result<void> done = Query(*database_, "ROLLBACK").run();
}

Result<void> Transaction::commit() {
    TRY_VOID(Query(*database_, "COMMIT").run());
    database_ = nullptr;
    return {};
}

}  // namespace keywarden
