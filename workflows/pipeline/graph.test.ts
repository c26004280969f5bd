import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cyclesOf, orderOf, reachOf } from './graph.js';

const nodes = 12;
const anyGraph = fc.array(fc.uniqueArray(fc.nat(nodes - 1)), {
  minLength: nodes,
  maxLength: nodes,
});
/** Needs point backwards only: no cycle. */
const acyclic = anyGraph.map((needs) => needs.map((list, node) => list.filter((n) => n < node)));

/** The slow and obvious way. */
function comesBefore(needs: number[][], node: number, target: number): boolean {
  const seen = new Set<number>();
  const open = [...(needs[node] ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(needs[next] ?? []));
  }
  return seen.has(target);
}

describe('the graph', () => {
  it('puts each node behind all that it needs, in a later wave', () => {
    fc.assert(
      fc.property(acyclic, (needs) => {
        const { sorted, waves } = orderOf(needs);
        expect([...sorted].sort((a, b) => a - b)).toEqual([...needs.keys()]);
        for (const [node, list] of needs.entries()) {
          const latest = Math.max(0, ...list.map((needed) => waves[needed] ?? 0));
          expect(waves[node]).toBe(latest + 1);
          for (const n of list) expect(sorted.indexOf(n)).toBeLessThan(sorted.indexOf(node));
        }
      }),
    );
  });

  it('finds a cycle exactly where nodes cannot be ordered, and each one is a cycle', () => {
    fc.assert(
      fc.property(anyGraph, (needs) => {
        const cycles = cyclesOf(needs);
        expect(cycles.length > 0).toBe(orderOf(needs).sorted.length < nodes);
        for (const cycle of cycles) {
          for (const [place, node] of cycle.entries()) {
            expect(needs[node]).toContain(cycle[(place + 1) % cycle.length]);
          }
        }
      }),
    );
  });

  it('names a cycle in every knot', () => {
    expect(cyclesOf([[1], [0], [3], [4], [2], [0, 2]])).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
  });

  it('knows who comes before whom, directly or through others', () => {
    fc.assert(
      fc.property(acyclic, fc.uniqueArray(fc.nat(nodes - 1)), (needs, targets) => {
        const reach = reachOf(needs, targets);
        for (const target of targets) {
          for (const node of needs.keys()) {
            expect(reach(node, target)).toBe(comesBefore(needs, node, target));
          }
        }
      }),
    );
  });

  it('says nothing about nodes in or behind a cycle', () => {
    const reach = reachOf([[1], [0], [0], []], [0, 3]);
    expect([reach(0, 0), reach(1, 0), reach(2, 3), reach(3, 0)]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
  });

  it('keeps apart more targets than a word has bits', () => {
    const chain = Array.from({ length: 100 }, (_, i) => (i === 0 ? [] : [i - 1]));
    const reach = reachOf(chain, chain.keys());
    for (const target of chain.keys()) {
      expect(reach(50, target)).toBe(target < 50);
    }
  });

  it('follows chains that are longer than the stack of the engine is deep', () => {
    const ring = Array.from({ length: 100_000 }, (_, i, all = 100_000) => [(i + 1) % all]);
    expect(cyclesOf(ring)[0]).toHaveLength(100_000);
  });
});
