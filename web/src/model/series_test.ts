import { describe, expect, it } from 'vitest';

import { appendSeries, drawnLine, emptySeries, nearestIndex, type Series } from './series';
import { smooth } from './smoothing';

function series(x: number[], value: number[], lastStep = x.length - 1): Series {
  return {
    ...emptySeries,
    x: Float64Array.from(x),
    value: Float64Array.from(value),
    count: x.length,
    lastStep,
  };
}

describe('appendSeries', () => {
  it('puts newer rows at the end', () => {
    const longer = appendSeries(series([0, 1], [5, 6]), series([2], [7], 2));
    expect(longer?.x).toEqual(Float64Array.of(0, 1, 2));
    expect(longer?.value).toEqual(Float64Array.of(5, 6, 7));
    expect(longer?.lastStep).toBe(2);
  });

  it('widens the band of a sampled series by the new rows themselves', () => {
    const sampled = { ...series([9], [5]), min: Float64Array.of(1), max: Float64Array.of(8) };
    const longer = appendSeries(sampled, series([10], [7]));
    expect(longer?.min).toEqual(Float64Array.of(1, 7));
    expect(longer?.max).toEqual(Float64Array.of(8, 7));
  });

  it('asks for a fresh read when the rows do not follow', () => {
    expect(appendSeries(series([5], [0]), series([4], [0]))).toBeNull();
    const sampled = { ...series([9], [5]), min: Float64Array.of(1), max: Float64Array.of(8) };
    expect(appendSeries(series([0], [0]), sampled)).toBeNull();
  });

  it('is the same object when nothing is new', () => {
    const before = series([0], [1]);
    expect(appendSeries(before, emptySeries)).toBe(before);
  });
});

describe('drawnLine', () => {
  it('marks what is not finite instead of drawing or hiding it', () => {
    const drawn = drawnLine(series([0, 1, 2, 3], [1, NaN, Infinity, -Infinity]), {
      smoothing: 0,
      isLog: false,
    });
    expect(drawn.main).toEqual([1, null, null, null]);
    expect(drawn.marks).toEqual([
      { x: 1, kind: 'nan' },
      { x: 2, kind: 'inf' },
      { x: 3, kind: '-inf' },
    ]);
  });

  it('counts what a logarithmic scale cannot show', () => {
    const drawn = drawnLine(series([0, 1, 2], [0, -1, 10]), { smoothing: 0, isLog: true });
    expect(drawn.main).toEqual([null, null, 10]);
    expect(drawn.hiddenByLog).toBe(2);
  });

  it('keeps the raw line behind a smoothed one', () => {
    const drawn = drawnLine(series([0, 1], [0, 10]), { smoothing: 0.5, isLog: false });
    expect(drawn.raw).toEqual([0, 10]);
    expect(drawn.main[1]).toBeCloseTo(20 / 3);
  });
});

describe('smooth', () => {
  it('is the weighted mean of what came before, without the bias of the start', () => {
    const w = 0.9;
    const values = [3, 5, 4, 8];
    const smoothed = smooth(values, w);
    for (let i = 0; i < values.length; i++) {
      let sum = 0;
      let weights = 0;
      for (let j = 0; j <= i; j++) {
        sum += w ** (i - j) * (values[j] ?? 0);
        weights += w ** (i - j);
      }
      expect(smoothed[i]).toBeCloseTo(sum / weights, 12);
    }
  });

  it('leaves a constant as it is and lets NaN through without spoiling the rest', () => {
    const [first, second, third, last] = smooth([2, NaN, 2, 2], 0.8);
    expect(second).toBeNaN();
    for (const value of [first, third, last]) expect(value).toBeCloseTo(2, 12);
  });
});

it.each([
  [-5, 0],
  [0.4, 0],
  [0.6, 1],
  [4.9, 2],
  [99, 3],
  [NaN, -1],
])('finds the point nearest to %d', (at, index) => {
  expect(nearestIndex(Float64Array.of(0, 1, 5, 9), at)).toBe(index);
});
