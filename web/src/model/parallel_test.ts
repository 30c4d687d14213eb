import { describe, expect, it } from 'vitest';

import { parseConfig, parseSummary, type Run } from './run';
import { parallelAxes } from './parallel';

function run(name: string, config: object, summary: object): Run {
  const wrapped = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, { value }]),
  );
  return {
    name,
    config: parseConfig(JSON.stringify(wrapped)),
    summary: parseSummary(JSON.stringify(summary)),
  } as Run;
}

const runs = [
  run('a', { lr: 0.001, optimizer: 'adam', epochs: 5, depth: 2 }, { loss: 1 }),
  run('b', { lr: 1, optimizer: 'sgd', epochs: 5, depth: 4 }, { loss: 0.5 }),
  run('c', { lr: 0.1, optimizer: 'adam', epochs: 5 }, {}),
];

describe('parallelAxes', () => {
  it('has an axis for each config value that differs, and last the metric', () => {
    expect(parallelAxes(runs, 'loss').map((axis) => axis.path)).toEqual([
      'lr',
      'optimizer',
      'depth',
      'loss',
    ]);
    expect(parallelAxes(runs, null).map((axis) => axis.path)).not.toContain('loss');
  });

  it('puts numbers on a scale, over more than two decades on a logarithmic one', () => {
    const [lr, , depth, loss] = parallelAxes(runs, 'loss');
    expect(lr?.places.get('a')).toBe(0);
    expect(lr?.places.get('b')).toBe(1);
    expect(lr?.places.get('c')).toBeCloseTo(2 / 3);
    expect(depth?.places.get('b')).toBe(1);
    expect(depth?.places.has('c')).toBe(false);
    expect(loss?.places.get('b')).toBe(0);
    expect(loss?.places.has('c')).toBe(false);
  });

  it('puts words in their order', () => {
    const optimizer = parallelAxes(runs, null)[1];
    expect(optimizer?.ticks.map((tick) => tick.label)).toEqual(['adam', 'sgd']);
    expect(optimizer?.places.get('b')).toBe(1);
  });

  it('has none for a single run, and none for a thousand words', () => {
    expect(parallelAxes(runs.slice(0, 1), 'loss')).toEqual([]);
    const many = Array.from({ length: 50 }, (_, i) => run(`r${i}`, { note: `text ${i}` }, {}));
    expect(parallelAxes(many, null)).toEqual([]);
  });
});
