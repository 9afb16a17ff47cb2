"""The tables, once, for queries and for the proof that the migrations build exactly these.

Ids and times are text (UUID; ISO 8601 UTC, see `times.py`), JSON is text that was validated before it was stored.
In `analyses` the columns that are filtered come first and the long texts last: SQLite stops reading a row at the
last column it needs, so a scan never touches the pages of a 16 KB metadata object.
"""

from __future__ import annotations

import sqlalchemy as sa

from callcov import billing

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("email", sa.Text, nullable=False, unique=True),  # casefolded
    sa.Column("phone_number", sa.Text, unique=True),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("is_verified", sa.Boolean, nullable=False),
    sa.Column("webhook_secret", sa.Text, nullable=False),
    sa.Column("created_at", sa.String(24), nullable=False),
    sa.Column("updated_at", sa.String(24), nullable=False),
    sa.Column("password_hash", sa.Text),  # argon2id; none for an account that an operator made, until it is set
    sa.Column("tier", sa.Text, nullable=False, server_default=billing.DEFAULT),
    sa.Column("retention_days", sa.Integer),  # null keeps analyses for ever
    sa.Column("webhook_secret_old", sa.Text),  # signs too, up to the time beside it
    sa.Column("webhook_secret_until", sa.String(24)),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("livemode", sa.Boolean, nullable=False),
    sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("key_prefix", sa.String(14), nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("expires_at", sa.String(24)),
    sa.Column("last_used_at", sa.String(24)),
    sa.Column("created_at", sa.String(24), nullable=False),
    sa.Column("updated_at", sa.String(24), nullable=False),
)

# Versions of an account's policy, from 2 on; they never change. An account without any has the default, version 1.
policies = sa.Table(
    "policies",
    metadata,
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created_at", sa.String(24), nullable=False),
)

# One row an account and mode. Whoever changes an analysis changes this row too, in the account's turn (`turns.py`), so
# the order of ids is the order of commits, and a revision that was read says exactly which changes were seen. `mark`
# is for the files of the feed index (`marks.py`).
feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("livemode", sa.Boolean, primary_key=True),
    sa.Column("last_ms", sa.BigInteger, nullable=False),
    sa.Column("last_counter", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("mark", sa.String(32)),
)

analyses = sa.Table(
    "analyses",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), nullable=False),
    sa.Column("livemode", sa.Boolean, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("agent_id", sa.Text, nullable=False),
    sa.Column("contact_id", sa.Text, nullable=False),
    sa.Column("agent_folded", sa.Text, nullable=False),
    sa.Column("contact_folded", sa.Text, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("format", sa.String(8), nullable=False),
    sa.Column("duration_ms", sa.BigInteger, nullable=False),
    sa.Column("channels", sa.Integer, nullable=False),
    sa.Column("sample_rate", sa.Integer, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("blob_key", sa.Text, nullable=False),
    sa.Column("masked_key", sa.Text),
    sa.Column("call_direction", sa.String(8)),
    sa.Column("call_timestamp", sa.Text),
    sa.Column("language", sa.String(16)),
    sa.Column("agent_channel", sa.Integer),
    sa.Column("completed_at", sa.String(24)),
    sa.Column("processing_time_ms", sa.BigInteger),
    sa.Column("policy_version", sa.Text),
    sa.Column("checks_version", sa.Text),
    sa.Column("webhook_url", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("metadata", sa.Text),
    sa.Column("vectors_key", sa.Text),  # last, because it came later
    sa.Column("held_at", sa.String(24)),  # since when a legal hold is on it; null is none
    sa.Index("ix_analyses_owner", "user_id", "livemode", "id"),
    sa.Index("ix_analyses_revision", "user_id", "livemode", "revision"),
    sa.Index("ix_analyses_agent", "user_id", "livemode", "agent_id", "id"),
    sa.Index("ix_analyses_contact", "user_id", "livemode", "contact_id", "id"),
    # To tell whether an object that lies in the store is anybody's. A call that is taken on has but its recording.
    sa.Index("ix_analyses_blob_key", "blob_key"),
    *(
        sa.Index(f"ix_analyses_{name}", name, sqlite_where=there, postgresql_where=there)
        for name in ("masked_key", "vectors_key")
        for there in [sa.text(f"{name} IS NOT NULL")]
    ),
    # What is being worked on counts towards an account's minutes, and every submission asks how much that is.
    sa.Index(
        "ix_analyses_processing",
        "user_id",
        "livemode",
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    ),
)

# Written out and not bound, because the index above is for this text.
AT_WORK = sa.text("analyses.status = 'processing'")

# Apart from `analyses`, because a scan that filters would read past kilobytes of document in every row.
documents = sa.Table(
    "documents",
    metadata,
    sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("light", sa.Text, nullable=False),
    sa.Column("full", sa.Text, nullable=False),
    sa.Column("transcript", sa.Text, nullable=False),
)

# Every judgement of every analysis, numbered from 1; the newest is what its documents show.
judgements = sa.Table(
    "judgements",
    metadata,
    sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("checks_version", sa.Text, nullable=False),
    sa.Column("judged_at", sa.String(24), nullable=False),
    sa.Column("agent_speaker", sa.Text),
    sa.Column("results", sa.Text, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column(
        "analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("started_at", sa.String(24), nullable=False),
    sa.Column("duration_ms", sa.BigInteger, nullable=False),
    sa.Column("status_code", sa.Integer),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("next_at", sa.String(24)),
    sa.Index("ix_deliveries_owner", "user_id", "started_at", "id"),
)

# A login is the refresh tokens of one `login_id`: the newest works, an older one that comes back ends them all, so they
# stay until the newest is over. The login lives while it has a row, and so do its access tokens.
refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("login_id", sa.String(36), nullable=False, index=True),
    sa.Column("expires_at", sa.String(24), nullable=False),
    sa.Column("rotated_at", sa.String(24)),
)

# At most one an account and purpose: that is how a new one voids the older ones.
mail_tokens = sa.Table(
    "mail_tokens",
    metadata,
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("purpose", sa.String(8), primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("expires_at", sa.String(24), nullable=False),
)

# The ledger of what was analysed, which every figure of minutes is counted from. It names analyses that are deleted.
minutes = sa.Table(
    "minutes",
    metadata,
    sa.Column("analysis_id", sa.String(36), primary_key=True),
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), nullable=False),
    sa.Column("livemode", sa.Boolean, nullable=False),
    sa.Column("completed_at", sa.String(24), nullable=False),
    sa.Column("duration_ms", sa.BigInteger, nullable=False),
    sa.Index("ix_minutes_owner", "user_id", "livemode", "completed_at", "duration_ms"),
)

# What a submission with an `Idempotency-Key` was answered, for when it comes again.
idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("livemode", sa.Boolean, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column(
        "analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("created_at", sa.String(24), nullable=False, index=True),
    sa.Column("answer", sa.Text, nullable=False),
)

# Who did what to which object. Rows are only ever added: triggers of the database refuse everything else. `livemode`
# is that of the object, null for what belongs to the account as a whole. `object_id` may name what is gone.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), nullable=False),
    sa.Column("livemode", sa.Boolean),
    sa.Column("at", sa.String(24), nullable=False),
    sa.Column("who", sa.String(36), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("object_type", sa.String(16), nullable=False),
    sa.Column("object_id", sa.String(64), nullable=False),
    sa.Column("address", sa.String(64)),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Index("ix_audit_owner", "user_id", "id"),
    sa.Index("ix_audit_object", "user_id", "object_id", "id"),
)

# What insights count of one call, all of it whole numbers, so that sums are exact: 0 or 1 for each flag (named as
# `checks.FLAGS`), effort score and label; thousandths for the score; milliseconds. `judged`: the language is supported.
MEASURES: tuple[str, ...] = tuple(
    "judged duration_ms identity_verification mandatory_disclosures purpose_declaration prohibited_phrases "
    "sensitive_data greeting silence speaking_rate call_structure customer_effort_score effort_0 effort_1 effort_2 "
    "effort_3 effort_4 effort_5 customer_positive customer_neutral customer_negative customer_scored customer_score "
    "agent_talk_ms customer_talk_ms interruptions_by_agent interruptions_by_customer".split()
)

figures = sa.Table(
    "figures",
    metadata,
    sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.String(36), nullable=False),
    sa.Column("livemode", sa.Boolean, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("agent_id", sa.Text, nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in MEASURES),
    sa.Index("ix_figures_owner", "user_id", "livemode", "created"),
)

# The sums of `figures` by agent and day (UTC, counted from 1970), and with an empty agent_id those of all agents:
# a year of an account is a few thousand rows. Kept in order, so that the sums of an agent are read in one go.
figures_daily = sa.Table(
    "figures_daily",
    metadata,
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("livemode", sa.Boolean, primary_key=True),
    sa.Column("agent_id", sa.Text, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in MEASURES),
    sqlite_with_rowid=False,
)

# What was completed before there were figures, as the upgrade found it; whoever counts it takes it out.
uncounted = sa.Table(
    "uncounted",
    metadata,
    sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
)

# The fields that can be flagged (`checks.FLAGS`, which a test holds), as `figures` has a column for each.
FLAGS = MEASURES[2:12]

# Which analyses were deleted at which of the last revisions of their list: the feed index asks what changed.
deletions = sa.Table(
    "deletions",
    metadata,
    sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("livemode", sa.Boolean, primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("analysis_id", sa.String(36), nullable=False),
)
