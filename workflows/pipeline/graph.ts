/**
 * The graph of a pipeline: order, waves, cycles, and who comes before whom.
 *
 * Nodes are numbers, the place in the file; `needs[i]` are the nodes that node i needs, each once.
 * Order and cycles are linear in steps and needs.
 */
export type Needs = readonly (readonly number[])[];

export interface Order {
  /** Each node after all that it needs; nodes in or behind a cycle are left out. */
  sorted: number[];
  /** Per node: 1 where it needs nothing, else one more than the latest of its needs. */
  waves: number[];
}

/** Kahn's algorithm. */
export function orderOf(needs: Needs): Order {
  const dependents = dependentsOf(needs);
  const missing = needs.map((list) => list.length);
  const waves = needs.map(() => 1);
  const sorted = [...needs.keys()].filter((node) => missing[node] === 0);
  // The list grows while it is walked: it is the queue, too.
  for (const node of sorted) {
    for (const dependent of dependents[node] ?? []) {
      waves[dependent] = Math.max(waves[dependent] ?? 1, (waves[node] ?? 1) + 1);
      missing[dependent] = (missing[dependent] ?? 0) - 1;
      if (missing[dependent] === 0) sorted.push(dependent);
    }
  }
  return { sorted, waves };
}

function dependentsOf(needs: Needs): number[][] {
  const dependents: number[][] = needs.map(() => []);
  for (const [node, list] of needs.entries()) {
    for (const needed of list) dependents[needed]?.push(node);
  }
  return dependents;
}

/** Cycles that one answer names; mending those shows the next. */
const MAX_CYCLES = 20;

/** Cycles, each in the order of needing: [a, b] is "a needs b, b needs a". At least one per knot. */
export function cyclesOf(needs: Needs): number[][] {
  const state = needs.map((): 'new' | 'open' | 'done' => 'new');
  for (const node of orderOf(needs).sorted) state[node] = 'done';
  const taken = new Set<number>();
  const cycles: number[][] = [];
  for (const start of needs.keys()) {
    if (state[start] !== 'new' || cycles.length >= MAX_CYCLES) continue;
    // Depth first with a stack of our own: a chain may be longer than the engine's stack is deep.
    const trail = [{ node: start, next: 0 }];
    state[start] = 'open';
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const needed = needs[top.node]?.[top.next++];
      if (needed === undefined) {
        state[top.node] = 'done';
        trail.pop();
      } else if (state[needed] === 'new') {
        state[needed] = 'open';
        trail.push({ node: needed, next: 0 });
      } else if (state[needed] === 'open' && !taken.has(needed) && !taken.has(top.node)) {
        const cycle = trail.slice(trail.findLastIndex(({ node }) => node === needed));
        cycles.push(cycle.map(({ node }) => node));
        for (const { node } of cycle) taken.add(node);
      }
    }
  }
  return cycles;
}

/**
 * Answers whether `target` comes before `node`, directly or through others; undefined where a cycle
 * hides the answer. Costs needs × targets / 32 words: give it only the targets that are asked about.
 */
export function reachOf(needs: Needs, targets: Iterable<number>) {
  const column = new Map([...new Set(targets)].map((target, index) => [target, index]));
  const words = Math.ceil(column.size / 32);
  const rows = new Uint32Array(words * needs.length);
  const { sorted } = orderOf(needs);
  const known = new Set(sorted);
  for (const node of sorted) {
    for (const needed of needs[node] ?? []) {
      for (let w = 0; w < words; w++) rows[node * words + w]! |= rows[needed * words + w]!;
      const bit = column.get(needed);
      if (bit !== undefined) rows[node * words + (bit >> 5)]! |= 1 << (bit & 31);
    }
  }
  return (node: number, target: number): boolean | undefined => {
    const bit = column.get(target);
    if (bit === undefined || !known.has(node)) return undefined;
    return ((rows[node * words + (bit >> 5)] ?? 0) & (1 << (bit & 31))) !== 0;
  };
}
