"""The tables of alerts: what happened, the rules, what they remember, what is sent.

Channels are in none of them: their URLs hold secrets, and stay in the settings.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from failwell.store._database._columns import metadata, number, number_of_row, words

# What befell a group, until the evaluation of alerts takes it away.
happenings = Table(
    "happenings",
    metadata,
    number_of_row(),
    number("at"),
    words("kind"),
    number("group_id"),
)

# As people wrote them, as JSON; null where they removed one that is there by default.
alert_rules = Table(
    "alert_rules",
    metadata,
    words("application", key=True),
    words("environment", key=True),
    words("name", key=True),
    Column("rule", Text),
    words("changed_by"),
    number("changed_at"),
)

# What the evaluation remembers of each rule, as JSON: what it holds back, and what it
# has told already. The rule without a name is the evaluation itself.
alert_states = Table(
    "alert_states",
    metadata,
    words("application", key=True),
    words("environment", key=True),
    words("rule", key=True),
    words("state"),
)

# A row for each alert and channel. `due_at` is when the next try is due: while one is
# under way, the moment from which another process may take it for dead.
alert_outbox = Table(
    "alert_outbox",
    metadata,
    number_of_row(),
    words("alert_id"),
    words("application"),
    words("environment"),
    words("channel"),
    words("rule"),
    words("title"),
    words("body"),
    number("at"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    number("due_at"),
    Column("done_at", BigInteger),
    Column("error", Text, nullable=False, server_default=""),
    Index("alert_outbox_by_due", "state", "due_at"),
    Index("alert_outbox_by_time", "at"),
    Index("alert_outbox_by_alert", "alert_id"),
)
