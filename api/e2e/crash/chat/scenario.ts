/** People talk, ask and open tickets while processes are killed: no letter is lost, none comes twice. */
import type { Scenario } from '../scenarios.js';
import type { Victim } from '../victims.js';
import type { World } from '../world.js';
import { Talker } from './talker.js';

/** Mostly those who make and keep answers; of the others none may matter. */
const VICTIMS: readonly Victim[] = [
  ...(['engine', 'engine', 'engine', 'api', 'api', 'postgres', 'postgres'] as const),
  ...(['worker', 'temporal', 'reconciler'] as const),
];

/** Letters of an answer between two moments at which the killer may strike. */
const STRETCH = 500;

export const chat: Scenario = {
  name: 'chat',
  boundaries: 100,
  longestMs: 5_000,
  victims: VICTIMS,
  prepare: (world) => world.servePages(),
  changes,
  play: async (player, version) => {
    const { chat: said } = player.said;
    const [ann, bob] = ['ann', 'bob'].map((name) => new Talker(name, player.as(name), said)) as [
      Talker,
      Talker,
    ];
    const question = `${version}: what is a release?`;
    await Promise.all([
      talks(ann, version),
      changesTheirMind(bob, version),
      // The same at the same moment is made once, and is an answer to each of them.
      ann.asks(question),
      bob.asks(question),
      bob.asks(`${version}: and a stage?`),
      ann.files(`${version}: a letter is lost`, 'in-progress', 'resolved', 'closed'),
      bob.files(`${version}: a letter came twice`, 'waiting', 'in-progress'),
    ]);
    return [];
  },
};

/** Three questions at once, and one more behind the first answer. */
async function talks(ann: Talker, version: string): Promise<void> {
  const id = await ann.begins();
  const asks = async (text: string, parentId: string | null) => {
    const question = await ann.says(id, `${version}: ${text}`, parentId);
    await ann.reads(question);
    return question.answerId;
  };
  await Promise.all([
    asks('go', null).then((first) => asks('go on', first)),
    asks('again', null),
    asks('and again', null),
  ]);
}

/** One that is stopped in the middle, and one that nobody listens to. */
async function changesTheirMind(bob: Talker, version: string): Promise<void> {
  const id = await bob.begins();
  await Promise.all([
    bob.says(id, `${version}: nobody listens`, null),
    bob.says(id, `${version}: stop in the middle`, null).then((said) => bob.stops(said)),
  ]);
}

/** Answers that began or ended, stretches of their text, and changes of tickets. */
async function changes({ record }: World): Promise<number> {
  const [row] = await record.rows<{ changes: number }>(
    `SELECT (SELECT coalesce(sum(chars / ${STRETCH} + CASE status WHEN 'queued' THEN 0
                                                     WHEN 'answering' THEN 1 ELSE 2 END), 0)
               FROM turns WHERE role = 'assistant')::bigint
          + (SELECT count(*) + count(*) FILTER (WHERE status <> 'open') FROM tickets) AS changes`,
  );
  return row?.changes ?? 0;
}
