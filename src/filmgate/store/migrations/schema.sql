CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE account (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	balance_micros INTEGER, 
	created_at DOUBLE NOT NULL, held_micros INTEGER DEFAULT 0 NOT NULL CONSTRAINT account_held CHECK (held_micros >= 0), captured_micros INTEGER DEFAULT 0 NOT NULL CONSTRAINT account_captured CHECK (captured_micros >= 0), 
	PRIMARY KEY (id), 
	CONSTRAINT account_never_overdrawn CHECK (balance_micros >= 0)
);
CREATE TABLE video_event (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	video_id TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	status TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	progress INTEGER NOT NULL, 
	error_code TEXT
, engine TEXT);
CREATE TABLE worker (
	executor_id TEXT NOT NULL, 
	seen_at DOUBLE NOT NULL, 
	PRIMARY KEY (executor_id)
);
CREATE TABLE api_key (
	id TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	prefix TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	expires_at DOUBLE, 
	revoked_at DOUBLE, 
	requests_per_minute INTEGER, 
	running_limit INTEGER, 
	models TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(account_id) REFERENCES account (id), 
	UNIQUE (sha256)
);
CREATE TABLE video (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	engine TEXT NOT NULL, 
	seconds INTEGER NOT NULL, 
	recipe TEXT NOT NULL, 
	prompt TEXT, 
	metadata TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	price_micros INTEGER NOT NULL, 
	remixed_from_video_id TEXT, 
	status TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	progress INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	started_at DOUBLE, 
	completed_at DOUBLE, 
	expires_at DOUBLE, 
	error_code TEXT, 
	error_message TEXT, 
	ticket TEXT, 
	submit_token TEXT, 
	submit_at DOUBLE, 
	attempts INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	cancel_requested INTEGER NOT NULL, 
	deleted_at DOUBLE, 
	idempotency_key TEXT, 
	fingerprint TEXT NOT NULL, key_id TEXT, callback_url TEXT, identity TEXT, failovers INTEGER DEFAULT 0 NOT NULL CONSTRAINT video_failovers CHECK (failovers BETWEEN 0 AND 1), 
	CONSTRAINT video_status CHECK (status IN ('queued', 'in_progress', 'completed', 'failed')), 
	CONSTRAINT video_stage CHECK (stage IN ('accepted', 'submitting', 'watching', 'fetching', 'done')), 
	CONSTRAINT video_stage_status CHECK ((stage = 'accepted' AND status IN ('in_progress', 'queued')) OR (stage = 'submitting' AND status IN ('in_progress', 'queued')) OR (stage = 'watching' AND status IN ('in_progress', 'queued')) OR (stage = 'fetching' AND status IN ('in_progress')) OR (stage = 'done' AND status IN ('completed', 'failed'))), 
	CONSTRAINT video_progress CHECK (progress BETWEEN 0 AND 100), 
	CONSTRAINT video_progress_100 CHECK ((progress = 100) = (status = 'completed')), 
	CONSTRAINT video_completed_at CHECK ((completed_at IS NOT NULL) = (status = 'completed')), 
	CONSTRAINT video_error CHECK ((error_code IS NOT NULL) = (status = 'failed')), 
	CONSTRAINT video_error_whole CHECK ((error_code IS NULL) = (error_message IS NULL)), 
	CONSTRAINT video_expires_at CHECK (expires_at IS NULL OR status = 'completed'), 
	CONSTRAINT video_started_at CHECK (started_at IS NOT NULL OR status <> 'in_progress'), 
	CONSTRAINT video_submit_token CHECK (submit_token IS NOT NULL OR stage <> 'submitting'), 
	CONSTRAINT video_ticket CHECK (ticket IS NOT NULL OR stage NOT IN ('watching', 'fetching')), 
	CONSTRAINT video_price CHECK (price_micros >= 0), 
	CONSTRAINT video_cancel_requested CHECK (cancel_requested IN (0, 1)), 
	CONSTRAINT video_tombstone CHECK (deleted_at IS NULL OR (stage = 'done' AND prompt IS NULL)), 
	UNIQUE (id), 
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE asset (
	video_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	bytes INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	PRIMARY KEY (video_id, kind), 
	FOREIGN KEY(video_id) REFERENCES video (id), 
	UNIQUE ("key")
);
CREATE TABLE ledger_entry (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account_id TEXT NOT NULL, 
	video_id TEXT, 
	kind TEXT NOT NULL, 
	amount_micros INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	CONSTRAINT ledger_kind CHECK (kind IN ('grant', 'hold', 'capture', 'release')), 
	CONSTRAINT ledger_video CHECK ((kind = 'grant') = (video_id IS NULL)), 
	CONSTRAINT ledger_hold CHECK (kind <> 'hold' OR amount_micros <= 0), 
	CONSTRAINT ledger_release CHECK (kind <> 'release' OR amount_micros >= 0), 
	CONSTRAINT ledger_capture CHECK (kind <> 'capture' OR amount_micros = 0), 
	UNIQUE (video_id, kind), 
	FOREIGN KEY(account_id) REFERENCES account (id), 
	FOREIGN KEY(video_id) REFERENCES video (id)
);
CREATE TABLE outbox (
	id TEXT NOT NULL, 
	type TEXT NOT NULL, 
	video_id TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	delivered_at DOUBLE, 
	PRIMARY KEY (id), 
	CONSTRAINT outbox_type CHECK (type IN ('video.completed', 'video.failed')), 
	UNIQUE (video_id, type), 
	FOREIGN KEY(video_id) REFERENCES video (id), 
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE webhook_endpoint (
	id TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	url TEXT NOT NULL, 
	event_types TEXT NOT NULL, 
	secret TEXT NOT NULL, 
	secret_hint TEXT NOT NULL, 
	old_secret TEXT, 
	old_secret_until DOUBLE, 
	created_at DOUBLE NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	disabled_at DOUBLE, 
	PRIMARY KEY (id), 
	CONSTRAINT webhook_endpoint_old_secret CHECK ((old_secret IS NULL) = (old_secret_until IS NULL)), 
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE webhook_delivery (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	event_id TEXT NOT NULL, 
	endpoint_id TEXT, 
	tries INTEGER NOT NULL, 
	next_at DOUBLE NOT NULL, 
	settled_at DOUBLE, 
	outcome TEXT, 
	last_status INTEGER, 
	CONSTRAINT webhook_delivery_settled CHECK ((settled_at IS NULL) = (outcome IS NULL)), 
	CONSTRAINT webhook_delivery_outcome CHECK (outcome IN ('delivered', 'failed', 'dropped')), 
	FOREIGN KEY(event_id) REFERENCES outbox (id)
);
CREATE TABLE character (
	id TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	picture TEXT NOT NULL, 
	film TEXT NOT NULL, 
	picture_key TEXT NOT NULL, 
	film_key TEXT NOT NULL, 
	key_id TEXT, 
	idempotency_key TEXT, 
	fingerprint TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (account_id, idempotency_key), 
	FOREIGN KEY(account_id) REFERENCES account (id), 
	UNIQUE (picture_key), 
	UNIQUE (film_key)
);
CREATE TABLE submission (
	token TEXT NOT NULL, 
	video_id TEXT NOT NULL, 
	engine TEXT NOT NULL, 
	identity TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	ticket TEXT, 
	PRIMARY KEY (token)
);
CREATE TABLE engine_identity (
	id TEXT NOT NULL, 
	engine TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	options TEXT NOT NULL, 
	api_key TEXT, 
	first_seen DOUBLE NOT NULL, 
	last_seen DOUBLE NOT NULL, 
	PRIMARY KEY (id, engine)
);
CREATE TABLE resolution (
	video_id TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	note TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	PRIMARY KEY (video_id), 
	CONSTRAINT resolution_outcome CHECK (outcome IN ('lost', 'made', 'refunded')), 
	FOREIGN KEY(video_id) REFERENCES video (id)
);
CREATE TABLE usage_day (
	account_id TEXT NOT NULL, 
	day INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	videos INTEGER NOT NULL, 
	seconds INTEGER NOT NULL, 
	captured_micros INTEGER NOT NULL, 
	PRIMARY KEY (account_id, day, model), 
	CONSTRAINT usage_day_captured CHECK (captured_micros >= 0), 
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE delivery_total (
	outcome TEXT NOT NULL, 
	deliveries INTEGER NOT NULL, 
	PRIMARY KEY (outcome)
);
CREATE TABLE statistics (
	name TEXT NOT NULL, 
	state TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE file (
	id TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	filename TEXT NOT NULL, 
	purpose TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	bytes INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	expires_at DOUBLE, 
	key_id TEXT, 
	idempotency_key TEXT, 
	fingerprint TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (account_id, idempotency_key), 
	FOREIGN KEY(account_id) REFERENCES account (id), 
	UNIQUE ("key")
);
CREATE TABLE file_usage (
	account_id TEXT NOT NULL, 
	files INTEGER NOT NULL, 
	bytes INTEGER NOT NULL, 
	PRIMARY KEY (account_id), 
	CONSTRAINT file_usage_never_negative CHECK (files >= 0 AND bytes >= 0), 
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX asset_reference ON asset (video_id) WHERE kind = 'reference';
CREATE INDEX asset_source ON asset (video_id) WHERE kind = 'source';
CREATE INDEX character_by_fingerprint ON character (account_id, fingerprint, created_at);
CREATE INDEX file_by_account ON file (account_id, id);
CREATE INDEX file_by_fingerprint ON file (account_id, fingerprint, created_at);
CREATE INDEX file_by_purpose ON file (account_id, purpose, id);
CREATE INDEX file_expiring ON file (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX ix_api_key_account_id ON api_key (account_id);
CREATE INDEX ix_ledger_entry_account_id ON ledger_entry (account_id);
CREATE INDEX ix_submission_video_id ON submission (video_id);
CREATE INDEX ix_video_event_video_id ON video_event (video_id);
CREATE INDEX ix_webhook_endpoint_account_id ON webhook_endpoint (account_id);
CREATE INDEX ledger_by_kind ON ledger_entry (account_id, kind, created_at, amount_micros);
CREATE UNIQUE INDEX ledger_settled_once ON ledger_entry (video_id) WHERE kind IN ('capture', 'release');
CREATE INDEX outbox_undelivered ON outbox (created_at) WHERE delivered_at IS NULL;
CREATE INDEX submission_by_ticket ON submission (identity, ticket) WHERE ticket IS NOT NULL;
CREATE INDEX submission_by_time ON submission (identity, at);
CREATE INDEX video_by_account ON video (account_id, seq) WHERE deleted_at IS NULL;
CREATE INDEX video_by_fingerprint ON video (account_id, fingerprint, created_at);
CREATE INDEX video_by_key ON video (key_id, created_at);
CREATE INDEX video_cancelling ON video (id) WHERE cancel_requested = 1 AND stage <> 'done';
CREATE INDEX video_doubtful ON video (seq) WHERE error_code = 'submission_unknown';
CREATE INDEX video_experience ON video (engine, model, seconds, completed_at, created_at) WHERE status = 'completed';
CREATE INDEX video_expiring ON video (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX video_idempotency ON video (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX video_queued ON video (engine, seq) WHERE status = 'queued';
CREATE INDEX video_running ON video (account_id) WHERE stage <> 'done';
CREATE INDEX video_running_by_key ON video (key_id) WHERE stage <> 'done';
CREATE INDEX video_unfinished ON video (updated_at) WHERE stage <> 'done';
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at) WHERE settled_at IS NULL;
CREATE INDEX webhook_delivery_of ON webhook_delivery (event_id, endpoint_id);
CREATE TRIGGER ledger_entry_is_kept_on_delete BEFORE DELETE ON ledger_entry WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
CREATE TRIGGER ledger_entry_is_kept_on_update BEFORE UPDATE ON ledger_entry WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
CREATE TRIGGER video_event_is_kept_on_delete BEFORE DELETE ON video_event WHEN 1 BEGIN SELECT RAISE(ABORT, 'video_event is append-only'); END;
CREATE TRIGGER video_event_is_kept_on_update BEFORE UPDATE ON video_event WHEN 1 BEGIN SELECT RAISE(ABORT, 'video_event is append-only'); END;
CREATE TRIGGER video_failovers_rise BEFORE UPDATE OF failovers ON video WHEN NEW.failovers < OLD.failovers BEGIN SELECT RAISE(ABORT, 'forgotten'); END;
CREATE TRIGGER video_history_on_insert AFTER INSERT ON video  BEGIN INSERT INTO video_event (video_id, at, status, stage, progress, error_code, engine) VALUES (NEW.id, NEW.updated_at, NEW.status, NEW.stage, NEW.progress, NEW.error_code, NEW.engine); END;
CREATE TRIGGER video_history_on_update AFTER UPDATE OF status, stage, progress, engine ON video WHEN NEW.status <> OLD.status OR NEW.stage <> OLD.stage OR NEW.progress <> OLD.progress OR NEW.engine <> OLD.engine BEGIN INSERT INTO video_event (video_id, at, status, stage, progress, error_code, engine) VALUES (NEW.id, NEW.updated_at, NEW.status, NEW.stage, NEW.progress, NEW.error_code, NEW.engine); END;
CREATE TRIGGER video_is_kept BEFORE DELETE ON video WHEN 1 BEGIN SELECT RAISE(ABORT, 'a video becomes a tombstone'); END;
CREATE TRIGGER video_keeps_its_engine BEFORE UPDATE OF engine ON video WHEN NEW.engine <> OLD.engine AND NEW.stage <> 'accepted' BEGIN SELECT RAISE(ABORT, 'the engine of a submitted video changed'); END;
CREATE TRIGGER video_moves_forward BEFORE UPDATE OF status ON video WHEN NEW.status <> OLD.status AND NOT ((OLD.status = 'queued' AND NEW.status = 'completed') OR (OLD.status = 'queued' AND NEW.status = 'failed') OR (OLD.status = 'queued' AND NEW.status = 'in_progress') OR (OLD.status = 'in_progress' AND NEW.status = 'completed') OR (OLD.status = 'in_progress' AND NEW.status = 'failed')) BEGIN SELECT RAISE(ABORT, 'illegal move of status'); END;
CREATE TRIGGER video_progress_rises BEFORE UPDATE OF progress ON video WHEN NEW.progress < OLD.progress BEGIN SELECT RAISE(ABORT, 'progress fell'); END;
INSERT INTO alembic_version VALUES ('0007');
