-- Secrets, sealed. The master keys are files outside of the database: whoever reads this table reads
-- no value.

CREATE TABLE secrets (
  id          uuid PRIMARY KEY, -- part of what is sealed, so it is chosen by who seals
  repository  text NOT NULL, -- '' means every repository; a secret may come before its repository
  name        text NOT NULL,
  branches    text[] NOT NULL, -- sorted patterns; empty means every branch
  stage       text NOT NULL, -- '' means every step that names it
  version     integer NOT NULL,
  key_id      text NOT NULL, -- of the master key that wraps the data key
  wrapped_key bytea NOT NULL,
  sealed      bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  updated_by  text NOT NULL
);
-- Also the order of lists, and what steps ask by.
CREATE UNIQUE INDEX secrets_scope ON secrets(repository, name, stage, branches);
-- What a rotation has yet to do.
CREATE INDEX secrets_key ON secrets(key_id, id);
