-- Every list is found by an index, also where what is asked for is rare: see plans.test.ts.

CREATE INDEX runs_branch ON runs(branch, created_at DESC, id DESC);
CREATE INDEX runs_repository_branch ON runs(repository, branch, created_at DESC, id DESC);
CREATE INDEX runs_pipeline ON runs(pipeline, created_at DESC, id DESC);
-- A commit may be asked for without its repository.
DROP INDEX runs_commit;
CREATE INDEX runs_commit ON runs(commit, created_at DESC, id DESC);

-- How much is queued, and how fast it goes on: what a start is refused by, and until when.
CREATE INDEX runs_open ON runs(repository, status) WHERE finished_at IS NULL;
CREATE INDEX runs_finished ON runs(finished_at) WHERE finished_at IS NOT NULL;

CREATE INDEX gates_closed ON gates(opened_at DESC, run_id DESC, step DESC)
  WHERE outcome IS NOT NULL;

-- Oldest first: pushes that nobody settled are looked for often, and are few among many.
CREATE INDEX pushes_oldest ON pushes(id) WHERE state = 'received';

CREATE INDEX tokens_newest ON tokens(created_at DESC, id DESC);

-- The primary key is read backwards just as well.
DROP INDEX audit_newest;
