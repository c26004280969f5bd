-- The record: what lists, search and audit need. Temporal is the truth of a live run, Git of what
-- should serve.

CREATE TABLE users (
  login       text PRIMARY KEY,
  teams       text[] NOT NULL DEFAULT '{}',
  disabled    boolean NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tokens (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  login        text NOT NULL REFERENCES users(login),
  name         text NOT NULL,
  hash         bytea NOT NULL, -- sha256 of the token: it has 256 random bits, so no salt is needed
  scopes       text[] NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
CREATE UNIQUE INDEX tokens_hash ON tokens(hash);
CREATE INDEX tokens_login ON tokens(login);

CREATE TABLE repositories (
  name        text PRIMARY KEY,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  next_order  integer NOT NULL DEFAULT 1 -- of the next trigger
);

-- One ref update of one push: written before Git moves the ref, settled after it.
CREATE TABLE pushes (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  repository   text NOT NULL REFERENCES repositories(name),
  ref          text NOT NULL,
  old_commit   text NOT NULL,
  new_commit   text NOT NULL,
  by           text NOT NULL,
  state        text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'accepted', 'dropped')),
  run_id       text, -- null when the push starts no run
  "order"      integer, -- of the run
  pipeline     jsonb, -- the compiled plan, or the findings that it failed on
  created_at   timestamptz NOT NULL DEFAULT now(),
  settled_at   timestamptz
);
-- A push that is tried again before it was settled is the same push.
CREATE UNIQUE INDEX pushes_unsettled ON pushes(repository, ref, old_commit, new_commit)
  WHERE state = 'received';

CREATE TABLE runs (
  id           text PRIMARY KEY,
  repository   text NOT NULL REFERENCES repositories(name),
  pipeline     text NOT NULL,
  commit       text NOT NULL,
  branch       text,
  "order"      integer NOT NULL,
  trigger      jsonb NOT NULL,
  plan         jsonb, -- null when lint said no
  status       text NOT NULL,
  reason       text,
  position     bigint NOT NULL DEFAULT 0, -- of the run's last event; see run events below
  created_at   timestamptz NOT NULL DEFAULT now(),
  started_at   timestamptz,
  finished_at  timestamptz
);
CREATE UNIQUE INDEX runs_order ON runs(repository, "order");
CREATE INDEX runs_newest ON runs(created_at DESC, id DESC);
CREATE INDEX runs_repository ON runs(repository, created_at DESC, id DESC);
CREATE INDEX runs_commit ON runs(repository, commit);
CREATE INDEX runs_status ON runs(status, created_at DESC, id DESC);

CREATE TABLE steps (
  run_id       text NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  name         text NOT NULL,
  index        integer NOT NULL, -- place in the file
  kind         text NOT NULL,
  status       text NOT NULL,
  reason       text,
  summary      text,
  exit_code    integer,
  signal       text,
  attempts     integer NOT NULL DEFAULT 0,
  result       jsonb,
  started_at   timestamptz,
  finished_at  timestamptz,
  position     bigint NOT NULL DEFAULT 0, -- of the run event that changed it last
  PRIMARY KEY (run_id, name)
);
CREATE INDEX steps_position ON steps(run_id, position);

-- Run events: every change of a run, a step or its log takes the run's next position, under the lock
-- of the run's row. So positions of one run are committed in order, and a reader that has seen N
-- misses nothing that comes after N.
CREATE TABLE log_chunks (
  run_id       text NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  position     bigint NOT NULL,
  step         text NOT NULL,
  attempt      integer NOT NULL,
  stream       text NOT NULL CHECK (stream IN ('stdout', 'stderr', 'slipway')),
  at           timestamptz NOT NULL,
  text         text NOT NULL,
  PRIMARY KEY (run_id, position)
);
CREATE INDEX log_chunks_step ON log_chunks(run_id, step, position);

CREATE TABLE gates (
  run_id        text NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  step          text NOT NULL,
  stage         text,
  approvers     text[] NOT NULL, -- logins and teams; empty means the scope approve
  required      integer NOT NULL,
  self_approval boolean NOT NULL,
  evidence      jsonb NOT NULL, -- frozen when the gate opened
  opened_at     timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz NOT NULL,
  outcome       text, -- null while open
  reason        text,
  closed_at     timestamptz,
  PRIMARY KEY (run_id, step)
);
CREATE INDEX gates_newest ON gates(opened_at DESC, run_id DESC, step DESC);
CREATE INDEX gates_open ON gates(opened_at DESC, run_id DESC, step DESC) WHERE outcome IS NULL;

CREATE TABLE decisions (
  run_id   text NOT NULL,
  step     text NOT NULL,
  login    text NOT NULL,
  answer   text NOT NULL,
  reason   text,
  at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, step, login),
  FOREIGN KEY (run_id, step) REFERENCES gates(run_id, step) ON DELETE CASCADE
);

CREATE TABLE releases (
  digest      text PRIMARY KEY,
  repository  text NOT NULL REFERENCES repositories(name),
  commit      text NOT NULL,
  run_id      text NOT NULL,
  artifacts   jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX releases_newest ON releases(created_at DESC, digest DESC);
CREATE INDEX releases_repository ON releases(repository, created_at DESC, digest DESC);

-- A stage as the target reports it, and its queue as the stage's workflow reports it.
CREATE TABLE stages (
  repository   text NOT NULL REFERENCES repositories(name),
  name         text NOT NULL,
  url          text,
  revision     text, -- of the GitOps repository, that the target has followed
  digest       text, -- of the release that serves; null when nothing does
  health       text NOT NULL DEFAULT 'absent'
               CHECK (health IN ('healthy', 'progressing', 'degraded', 'absent')),
  message      text NOT NULL DEFAULT '',
  observed_at  timestamptz,
  queue        jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (repository, name)
);

-- Every commit to the GitOps repository that changed a stage.
CREATE TABLE stage_history (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  repository   text NOT NULL,
  stage        text NOT NULL,
  revision     text NOT NULL UNIQUE,
  kind         text NOT NULL CHECK (kind IN ('deploy', 'rollback', 'putBack')),
  digest       text, -- that serves from here on; null when the stage was emptied
  rejected     text, -- the digest that this put back
  run_id       text NOT NULL,
  reason       text,
  at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stage_history_newest ON stage_history(repository, stage, id DESC);

CREATE TABLE audit (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT now(),
  by       text NOT NULL,
  action   text NOT NULL, -- like run.start, run.cancel, gate.approve, token.revoke
  subject  text NOT NULL, -- like run/chat-app-12
  detail   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_newest ON audit(id DESC);
