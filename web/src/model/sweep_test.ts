import { describe, expect, it } from 'vitest';

import { metricOf, movesOf } from './sweep';

describe('metricOf', () => {
  it('finds the metric in a block', () => {
    expect(
      metricOf('method: bayes\nmetric:\n  goal: minimize\n  name: val/loss\nparameters: {}\n'),
    ).toBe('val/loss');
  });
  it('finds the metric in flow style, with quotes', () => {
    expect(metricOf('method: grid\nmetric: {goal: maximize, name: "top 1"}\n')).toBe('top 1');
  });
  it('finds none where there is none, and no parameter that is named so', () => {
    expect(metricOf('method: random\nparameters:\n  name: {values: [1]}\n')).toBeNull();
    expect(metricOf('metric: {goal: minimize}\nparameters: {name: {value: 3}}')).toBeNull();
  });
});

describe('movesOf', () => {
  it('offers what the state allows', () => {
    expect(movesOf('RUNNING').map((move) => move.to)).toEqual(['PAUSED', 'FINISHED', 'CANCELED']);
    expect(movesOf('PAUSED').map((move) => move.to)).toEqual(['RUNNING', 'FINISHED', 'CANCELED']);
    expect(movesOf('FINISHED')).toEqual([]);
  });
});
