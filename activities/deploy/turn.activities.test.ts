import { describe, expect, it } from '@jest/globals';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { createTurnActivities } from './turn.activities.js';

function clientWhere(statuses: Record<string, string>) {
  const signals: unknown[] = [];
  const workflow = {
    signalWithStart: async (type: string, options: object) => void signals.push([type, options]),
    getHandle: (id: string) => ({
      describe: async () => {
        if (statuses[id] === undefined) throw new WorkflowNotFoundError('none', id, undefined);
        if (statuses[id] === 'away') throw new Error('Temporal is away');
        return { status: { name: statuses[id] } };
      },
    }),
  };
  return { client: { workflow } as unknown as Pick<Client, 'workflow'>, signals };
}

describe('a stage’s turn', () => {
  it('is asked for at the queue of every stage, which is started where it is absent', async () => {
    const { client, signals } = clientWhere({});
    const place = { runId: 'chat-app-1', order: 1, state: 'approaching' as const };
    const turn = createTurnActivities(client, { taskQueue: 'slipway' });
    await turn.takePlace({ repository: 'chat-app', stages: ['staging', 'production'], place });
    expect(signals).toEqual(
      ['staging', 'production'].map((stage) => [
        'stage',
        expect.objectContaining({
          workflowId: `stage:chat-app:${stage}`,
          taskQueue: 'slipway',
          args: [{ repository: 'chat-app', stage }],
          signalArgs: [place],
        }),
      ]),
    );
  });

  it('is cleaned of runs that are over or unknown, and of no others', async () => {
    const { client } = clientWhere({ 'a-1': 'RUNNING', 'a-2': 'COMPLETED' });
    const turn = createTurnActivities(client, { taskQueue: 'slipway' });
    expect(await turn.openRuns({ runIds: ['a-1', 'a-2', 'a-3'] })).toEqual(['a-1']);
  });

  it('counts nobody out while Temporal is away', async () => {
    const { client } = clientWhere({ 'a-1': 'away' });
    const turn = createTurnActivities(client, { taskQueue: 'slipway' });
    await expect(turn.openRuns({ runIds: ['a-1'] })).rejects.toThrow('Temporal is away');
  });
});
