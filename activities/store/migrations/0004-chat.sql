-- Chat: models that are served, conversations and their turns, tickets, and what everybody used.

-- Model files in the artifact store, by name. Bytes are never here.
CREATE TABLE models (
  name        text PRIMARY KEY,
  digest      text NOT NULL, -- of the base GGUF
  bytes       bigint NOT NULL,
  source      text NOT NULL, -- path, URL or hf:owner/name:file, without credentials
  kind        text NOT NULL CHECK (kind IN ('base', 'adapter')),
  metadata    jsonb NOT NULL, -- what the GGUF says of itself: architecture, context, parameters, chat template
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- What is served under which name. `challenger` gets `share` percent of the champion's requests.
CREATE TABLE servings (
  name        text NOT NULL, -- by which clients ask for it
  slot        text NOT NULL CHECK (slot IN ('champion', 'challenger')),
  model       text NOT NULL REFERENCES models(name),
  adapter     text REFERENCES models(name),
  share       integer NOT NULL DEFAULT 0 CHECK (share BETWEEN 0 AND 100),
  version     integer NOT NULL, -- a new one with every change, never given twice: engines follow it
  changed_by  text NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, slot)
);
CREATE INDEX servings_model ON servings(model);
CREATE INDEX servings_adapter ON servings(adapter);
CREATE SEQUENCE serving_versions AS integer;

CREATE TABLE conversations (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind        text NOT NULL CHECK (kind IN ('private', 'room')), -- a room is everybody's who may chat
  owner       text NOT NULL,
  title       text NOT NULL DEFAULT '',
  retention   text NOT NULL DEFAULT 'default' CHECK (retention IN ('default', 'year', 'legal')),
  position    bigint NOT NULL DEFAULT 0, -- of the last change of a turn
  oldest_at   timestamptz NOT NULL DEFAULT now(), -- no turn in it is older: what retention looks for
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX conversations_owner ON conversations(owner, id);
CREATE INDEX conversations_private ON conversations(owner, updated_at DESC, id DESC)
  WHERE kind = 'private';
CREATE INDEX conversations_rooms ON conversations(updated_at DESC, id DESC) WHERE kind = 'room';
CREATE INDEX conversations_retention ON conversations(retention, oldest_at);

-- A conversation is a tree: an edit or a regenerated answer is a sibling, and older ones stay.
CREATE TABLE turns (
  id              uuid PRIMARY KEY,
  conversation_id uuid NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  parent_id       uuid REFERENCES turns(id) ON DELETE SET NULL, -- what is too old goes first
  role            text NOT NULL CHECK (role IN ('user', 'assistant')),
  by              text NOT NULL, -- login of the person; of an answer: who asked for it
  status          text NOT NULL CHECK (status IN ('queued', 'answering', 'done', 'failed', 'cancelled')),
  text            text NOT NULL DEFAULT '', -- of an answer: as far as it is stored
  chars           integer NOT NULL DEFAULT 0, -- of the text, in UTF-16 code units: a client's offset
  position        bigint NOT NULL, -- of its last change within the conversation
  wish            jsonb, -- of an answer that is made: what another replica needs to go on with it
  meta            jsonb NOT NULL DEFAULT '{}', -- model, adapter, usage, news, cache, toy, finish reason
  failure         jsonb, -- {code, message, help}
  replica         integer, -- that makes it now; see replicas
  attempts        integer NOT NULL DEFAULT 0, -- replicas that made it, one after the other
  created_at      timestamptz NOT NULL DEFAULT now(),
  finished_at     timestamptz
);
CREATE INDEX turns_conversation ON turns(conversation_id, position);
CREATE INDEX turns_parent ON turns(parent_id);
CREATE INDEX turns_age ON turns(conversation_id, created_at);
CREATE INDEX turns_open ON turns(created_at) WHERE status IN ('queued', 'answering');
CREATE INDEX turns_by ON turns(by, created_at, id);

-- Processes that make answers. Each holds the advisory lock of its number for as long as it lives:
-- PostgreSQL gives the lock back the moment its connection is gone, and others take over its turns.
CREATE TABLE replicas (
  number      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL, -- host and process, for people
  joined_at   timestamptz NOT NULL DEFAULT now(), -- that it last took its lock
  lost_at     timestamptz -- that another one first found its lock free
);

-- Who looks at which conversation, by replica and tab; rows of dead replicas are swept.
CREATE TABLE presences (
  conversation_id uuid NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  replica         integer NOT NULL REFERENCES replicas(number) ON DELETE CASCADE,
  login           text NOT NULL,
  tabs            integer NOT NULL CHECK (tabs > 0),
  typing_until    timestamptz,
  PRIMARY KEY (conversation_id, replica, login)
);
CREATE INDEX presences_replica ON presences(replica);
CREATE INDEX presences_login ON presences(login);

CREATE TABLE feedback (
  turn_id     uuid NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
  by          text NOT NULL,
  thumb       text NOT NULL CHECK (thumb IN ('up', 'down')),
  comment     text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (turn_id, by)
);
CREATE INDEX feedback_by ON feedback(by, turn_id);

CREATE TABLE tickets (
  id              text PRIMARY KEY,
  status          text NOT NULL,
  channel         text NOT NULL,
  subject         text NOT NULL,
  body            text NOT NULL,
  conversation_id uuid, -- kept when the conversation is gone
  created_by      text NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  extra           jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX tickets_newest ON tickets(created_at DESC, id DESC);
CREATE INDEX tickets_status ON tickets(status, created_at DESC, id DESC);
CREATE INDEX tickets_channel ON tickets(channel, created_at DESC, id DESC);
CREATE INDEX tickets_status_channel ON tickets(status, channel, created_at DESC, id DESC);
CREATE INDEX tickets_created_by ON tickets(created_by, created_at DESC, id DESC);
CREATE INDEX tickets_retention ON tickets(updated_at);

-- What was used in a window, of all replicas together. Written about once a second and replica.
CREATE TABLE usage (
  subject     text NOT NULL, -- `user:<login>` or `token:<id>`
  starts_at   timestamptz NOT NULL,
  requests    bigint NOT NULL DEFAULT 0,
  tokens      bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (subject, starts_at)
);
CREATE INDEX usage_old ON usage(starts_at);

-- A token's own budget, beside its user's; null: as much as its user may.
ALTER TABLE tokens
  ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
  ADD COLUMN tokens_per_minute   integer CHECK (tokens_per_minute > 0);

-- What was erased, of whom, and what was left: the proof of it. Holds no content.
CREATE TABLE erasures (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  login       text NOT NULL,
  asked_by    text NOT NULL,
  report      jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX erasures_newest ON erasures(created_at DESC, id DESC);
CREATE INDEX erasures_login ON erasures(login, created_at DESC, id DESC);

-- What the assistant proposed; a person lets it happen, once.
CREATE TABLE proposals (
  id          uuid PRIMARY KEY,
  by          text NOT NULL, -- for whom it was proposed
  actions     jsonb NOT NULL,
  state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'begun', 'done', 'refused', 'discarded')),
  results     jsonb NOT NULL DEFAULT '[]',
  decided_by  text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz NOT NULL,
  decided_at  timestamptz
);
CREATE INDEX proposals_by ON proposals(by, created_at DESC, id DESC);
