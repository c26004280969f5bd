/** Many small wishes as few large ones. */
import DataLoader from 'dataloader';

/**
 * While one batch is under way the next one gathers; where none is, a wish is a batch of its own at once.
 * So nobody waits for company, and every batch begins after its wishes were made: who reads in batches
 * reads what was written before.
 *
 * @param work answers every wish, in their order; an Error is the answer of one wish. What it throws is
 * the answer of all.
 * @param max wishes of one batch; a second one does not wait for the first.
 */
export function inBatches<Wish extends object, Answer>(
  work: (wishes: readonly Wish[]) => Promise<(Answer | Error)[]>,
  max: number,
): (wish: Wish) => Promise<Answer> {
  let underWay: Promise<unknown> = Promise.resolve();
  const begin = (wishes: readonly Wish[]) => {
    const answers = work(wishes);
    underWay = answers.catch(() => {});
    return answers;
  };
  const loader = new DataLoader<Wish, Answer>(begin, {
    cache: false,
    maxBatchSize: max,
    batchScheduleFn: (dispatch) => void underWay.then(dispatch),
  });
  return (wish) => loader.load(wish);
}
