#include "store/alert_store.h"

#include "base/json.h"
#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kAlertSchema[] = R"sql(
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, key TEXT NOT NULL,
  title TEXT NOT NULL, text TEXT NOT NULL, severity INTEGER NOT NULL,
  created_at_us INTEGER NOT NULL, repeat_count INTEGER NOT NULL DEFAULT 0);
CREATE INDEX alerts_of_run ON alerts (run_id, id);
CREATE INDEX alerts_by_title ON alerts (run_id, title, created_at_us);
-- entity_id is null for those that hear of every entity's alerts.
CREATE TABLE alert_targets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, entity_id INTEGER,
  name TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL, username TEXT NOT NULL,
  sender TEXT NOT NULL, recipients TEXT NOT NULL, min_severity INTEGER NOT NULL,
  enabled INTEGER NOT NULL, allow_private INTEGER NOT NULL, created_at_us INTEGER NOT NULL);
CREATE TABLE alert_deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, alert_id INTEGER NOT NULL, target_id INTEGER NOT NULL,
  state INTEGER NOT NULL, attempts INTEGER NOT NULL, next_attempt_at_us INTEGER NOT NULL,
  updated_at_us INTEGER NOT NULL, last_error TEXT NOT NULL);
CREATE INDEX alert_deliveries_of_alert ON alert_deliveries (alert_id);
CREATE INDEX alert_deliveries_of_target ON alert_deliveries (target_id);
CREATE INDEX alert_deliveries_queued ON alert_deliveries (target_id, next_attempt_at_us)
  WHERE state = 0;
-- Whoever deletes a run need not know of alerts.
CREATE TRIGGER alerts_of_deleted_run AFTER DELETE ON runs BEGIN
  DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE run_id = OLD.id);
  DELETE FROM alerts WHERE run_id = OLD.id;
END;
CREATE TRIGGER alert_targets_of_deleted_entity AFTER DELETE ON entities BEGIN
  DELETE FROM alert_deliveries
    WHERE target_id IN (SELECT id FROM alert_targets WHERE entity_id = OLD.id);
  DELETE FROM alert_targets WHERE entity_id = OLD.id;
END;
)sql";

namespace {

std::string to_json_list(const std::vector<std::string>& texts) {
  return json::to_text(List(texts.begin(), texts.end()));
}
template <typename Id>
std::string to_json_ids(std::span<const Id> ids) {
  List numbers;
  for (const auto id : ids) numbers.emplace_back(to_number(id));
  return json::to_text(std::move(numbers));
}

Alert read_alert(const Query& query) {
  return {query.id<AlertId>(0), query.id<RunId>(1),         query.text(2),   query.text(3),
          query.text(4),        query.id<AlertSeverity>(5), query.number(6), query.number(7)};
}

AlertTarget read_target(const Query& query) {
  AlertTarget target;
  target.id = query.id<AlertTargetId>(0);
  target.kind = query.id<AlertTargetKind>(1);
  if (!query.is_null(2)) target.entity = query.id<EntityId>(2);
  target.name = query.text(3);
  target.url = query.text(4);
  target.secret = query.text(5);
  target.username = query.text(6);
  target.sender = query.text(7);
  if (const auto list = json::parse(query.text(8)); list && list->if_list() != nullptr) {
    for (const auto& item : *list->if_list()) target.recipients.emplace_back(item.string_or(""));
  }
  target.min_severity = query.id<AlertSeverity>(9);
  target.enabled = query.number(10) != 0;
  target.allow_private = query.number(11) != 0;
  target.created_at_us = query.number(12);
  return target;
}

AlertDelivery read_delivery(const Query& query) {
  return {query.id<AlertDeliveryId>(0),
          query.id<AlertId>(1),
          query.id<AlertTargetId>(2),
          query.id<DeliveryState>(3),
          static_cast<int>(query.number(4)),
          query.number(5),
          query.number(6),
          query.text(7)};
}

#define RUNSTONE_ALERT_COLUMNS "id, run_id, key, title, text, severity, created_at_us, repeat_count"
#define RUNSTONE_TARGET_COLUMNS                                                          \
  "id, kind, entity_id, name, url, secret, username, sender, recipients, min_severity, " \
  "enabled, allow_private, created_at_us"
#define RUNSTONE_DELIVERY_COLUMNS                                                 \
  "id, alert_id, target_id, state, attempts, next_attempt_at_us, updated_at_us, " \
  "last_error"

class SqliteAlertStore final : public AlertStore {
 public:
  explicit SqliteAlertStore(Database& db) : db_(db) {}

  Result<RaisedAlert> raise(const NewAlert& alert) override {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    RUNSTONE_TRY(const auto younger, find_younger(alert));
    RaisedAlert raised;
    if (younger) {
      Query repeat(writer, "UPDATE alerts SET repeat_count = repeat_count + 1 WHERE id = ?",
                   *younger);
      RUNSTONE_TRY(repeat.run());
      raised.alert = *younger;
    } else {
      RUNSTONE_TRY(raised, insert(alert));
    }
    RUNSTONE_TRY(transaction.commit());
    return raised;
  }

  Result<Alert> get_alert(AlertId id) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, "SELECT " RUNSTONE_ALERT_COLUMNS " FROM alerts WHERE id = ?", id);
    return read_one(query, "alert", read_alert);
  }

  Result<std::vector<Alert>> get_alerts(std::span<const AlertId> ids) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    const auto list = to_json_ids(ids);
    Query query(*reader,
                "SELECT " RUNSTONE_ALERT_COLUMNS
                " FROM alerts WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                list);
    return read_all(query, read_alert);
  }

  Result<std::vector<Alert>> list_alerts(const ListAlerts& request) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader,
                "SELECT " RUNSTONE_ALERT_COLUMNS
                " FROM alerts WHERE run_id = ?1 AND (?2 IS NULL OR id < ?2) "
                "ORDER BY id DESC LIMIT ?3",
                request.run, request.before, request.limit);
    return read_all(query, read_alert);
  }

  Result<std::int64_t> count_alerts(RunId run) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, "SELECT COUNT(*) FROM alerts WHERE run_id = ?", run);
    RUNSTONE_TRY(query.next());
    return query.number(0);
  }

  Result<void> delete_alerts(RunId run) override {
    const std::scoped_lock lock(db_.writer_mutex);
    RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
    {
      Query deliveries(*db_.writer,
                       "DELETE FROM alert_deliveries WHERE alert_id IN "
                       "(SELECT id FROM alerts WHERE run_id = ?)",
                       run);
      RUNSTONE_TRY(deliveries.run());
      Query alerts(*db_.writer, "DELETE FROM alerts WHERE run_id = ?", run);
      RUNSTONE_TRY(alerts.run());
    }
    return transaction.commit();
  }

  Result<AlertTarget> create_target(const AlertTarget& target) override {
    const std::scoped_lock lock(db_.writer_mutex);
    const auto recipients = to_json_list(target.recipients);
    Query query(*db_.writer,
                "INSERT INTO alert_targets (kind, entity_id, name, url, secret, username, sender, "
                "recipients, min_severity, enabled, allow_private, created_at_us) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                target.kind, target.entity, target.name, target.url, target.secret, target.username,
                target.sender, recipients, target.min_severity, target.enabled,
                target.allow_private, target.created_at_us);
    RUNSTONE_TRY(query.run());
    AlertTarget made = target;
    made.id = AlertTargetId(db_.writer->last_insert_id());
    return made;
  }

  Result<void> update_target(const AlertTarget& target) override {
    const std::scoped_lock lock(db_.writer_mutex);
    const auto recipients = to_json_list(target.recipients);
    Query query(*db_.writer,
                "UPDATE alert_targets SET name = ?, url = ?, secret = ?, username = ?, sender = ?, "
                "recipients = ?, min_severity = ?, enabled = ?, allow_private = ? WHERE id = ?",
                target.name, target.url, target.secret, target.username, target.sender, recipients,
                target.min_severity, target.enabled, target.allow_private, target.id);
    RUNSTONE_TRY(query.run());
    if (db_.writer->changed_rows() == 0) return missing("alert target");
    return {};
  }

  Result<void> delete_target(AlertTargetId id) override {
    const std::scoped_lock lock(db_.writer_mutex);
    RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
    {
      Query deliveries(*db_.writer, "DELETE FROM alert_deliveries WHERE target_id = ?", id);
      RUNSTONE_TRY(deliveries.run());
      Query target(*db_.writer, "DELETE FROM alert_targets WHERE id = ?", id);
      RUNSTONE_TRY(target.run());
    }
    if (db_.writer->changed_rows() == 0) return missing("alert target");
    return transaction.commit();
  }

  Result<AlertTarget> get_target(AlertTargetId id) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, "SELECT " RUNSTONE_TARGET_COLUMNS " FROM alert_targets WHERE id = ?", id);
    return read_one(query, "alert target", read_target);
  }

  Result<std::vector<AlertTarget>> list_targets() const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, "SELECT " RUNSTONE_TARGET_COLUMNS " FROM alert_targets ORDER BY id");
    return read_all(query, read_target);
  }

  Result<std::vector<AlertDelivery>> deliveries_of(std::span<const AlertId> alerts) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    const auto ids = to_json_ids(alerts);
    Query query(*reader,
                "SELECT " RUNSTONE_DELIVERY_COLUMNS
                " FROM alert_deliveries WHERE alert_id IN (SELECT value FROM json_each(?)) "
                "ORDER BY id",
                ids);
    return read_all(query, read_delivery);
  }

  Result<std::vector<AlertDelivery>> list_deliveries(const ListDeliveries& request) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    const auto ids = to_json_ids(std::span<const AlertTargetId>(request.targets));
    Query query(*reader,
                "SELECT " RUNSTONE_DELIVERY_COLUMNS
                " FROM alert_deliveries WHERE target_id IN (SELECT value FROM json_each(?1)) "
                "AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR id < ?3) "
                "ORDER BY id DESC LIMIT ?4",
                ids, request.state, request.before, request.limit);
    return read_all(query, read_delivery);
  }

  Result<AlertDelivery> get_delivery(AlertDeliveryId id) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, "SELECT " RUNSTONE_DELIVERY_COLUMNS " FROM alert_deliveries WHERE id = ?",
                id);
    return read_one(query, "delivery", read_delivery);
  }

  Result<std::vector<AlertDelivery>> queue_heads() const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    // One probe of the index of what is queued for each target, however much is queued.
    Query query(*reader,
                "SELECT " RUNSTONE_DELIVERY_COLUMNS
                " FROM alert_deliveries WHERE id IN (SELECT (SELECT d.id FROM alert_deliveries d "
                "WHERE d.target_id = t.id AND d.state = 0 ORDER BY d.next_attempt_at_us, d.id "
                "LIMIT 1) FROM alert_targets t WHERE t.enabled) ORDER BY next_attempt_at_us, id");
    return read_all(query, read_delivery);
  }

  Result<void> update_delivery(const AlertDelivery& delivery) override {
    const std::scoped_lock lock(db_.writer_mutex);
    Query query(*db_.writer,
                "UPDATE alert_deliveries SET state = ?, attempts = ?, next_attempt_at_us = ?, "
                "updated_at_us = ?, last_error = ? WHERE id = ?",
                delivery.state, delivery.attempts, delivery.next_attempt_at_us,
                delivery.updated_at_us, delivery.last_error, delivery.id);
    return query.run();
  }

 private:
  // The alert that stands for a new one of the same title, if one is young enough.
  Result<std::optional<AlertId>> find_younger(const NewAlert& alert) {
    if (alert.wait_us <= 0) return std::optional<AlertId>();
    Query query(*db_.writer,
                "SELECT id FROM alerts WHERE run_id = ? AND title = ? AND created_at_us > ? "
                "ORDER BY created_at_us DESC LIMIT 1",
                alert.run, alert.title, alert.created_at_us - alert.wait_us);
    RUNSTONE_TRY(const bool found, query.next());
    return found ? std::optional(query.id<AlertId>(0)) : std::nullopt;
  }

  Result<RaisedAlert> insert(const NewAlert& alert) {
    auto& writer = *db_.writer;
    if (alert.alerts_max >= 0) {
      Query count(writer, "SELECT COUNT(*) FROM alerts WHERE run_id = ?", alert.run);
      RUNSTONE_TRY(count.next());
      if (count.number(0) >= alert.alerts_max) {
        return fail(ErrorCode::kFailedPrecondition,
                    "the run has " + std::to_string(alert.alerts_max) + " alerts already");
      }
    }
    Query insert(writer,
                 "INSERT INTO alerts (run_id, key, title, text, severity, created_at_us) "
                 "VALUES (?, ?, ?, ?, ?, ?)",
                 alert.run, alert.key, alert.title, alert.text, alert.severity,
                 alert.created_at_us);
    RUNSTONE_TRY(insert.run());
    RaisedAlert raised{.stored = true, .alert = AlertId(writer.last_insert_id())};
    Query queue(writer,
                "INSERT INTO alert_deliveries (alert_id, target_id, state, attempts, "
                "next_attempt_at_us, updated_at_us, last_error) SELECT ?1, id, 0, 0, ?2, ?2, '' "
                "FROM alert_targets WHERE enabled AND (entity_id IS NULL OR entity_id = ?3) "
                "AND min_severity <= ?4 ORDER BY id",
                raised.alert, alert.created_at_us, alert.entity, alert.severity);
    RUNSTONE_TRY(queue.run());
    raised.delivery_count = writer.changed_rows();
    return raised;
  }

  Database& db_;
};

}  // namespace

std::unique_ptr<AlertStore> make_alert_store(Database& db) {
  return std::make_unique<SqliteAlertStore>(db);
}

}  // namespace runstone::store::sqlite
