/**
 * Which replicas live: those that hold their lock. PostgreSQL gives a lock back the moment its
 * connection is gone.
 */

/** First part of every replica's advisory lock, the second is its number: "slr1" in ASCII. */
export const REPLICA_LOCK = 0x736c7231;

/** After PostgreSQL started, replicas of before get this long to come back before they count as gone. */
const RETURN_SECONDS = 15;

/** SQL of a list of numbers. */
export const LIVING = `(
  SELECT objid::bigint::integer AS number FROM pg_locks
   WHERE locktype = 'advisory' AND classid::bigint = ${REPLICA_LOCK} AND objsubid = 2 AND granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION ALL
  SELECT number FROM replicas
   WHERE joined_at < pg_postmaster_start_time()
     AND now() < pg_postmaster_start_time() + interval '${RETURN_SECONDS} seconds')`;
