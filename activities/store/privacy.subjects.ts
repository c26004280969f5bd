/** SQL: the subjects under which what $1 used is counted. */
export const SUBJECTS = `(SELECT 'user:' || $1::text AS subject
  UNION ALL SELECT 'token:' || id FROM tokens WHERE login = $1)`;
