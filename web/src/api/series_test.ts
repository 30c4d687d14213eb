import { expect, it } from 'vitest';

import { decodeSeries } from './series';

function encode(series: object[], numbers: number[], pad: number): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify({ series }) + ' '.repeat(pad));
  const buffer = new ArrayBuffer(4 + text.length + numbers.length * 8);
  const view = new DataView(buffer);
  view.setUint32(0, text.length, true);
  new Uint8Array(buffer, 4).set(text);
  numbers.forEach((n, i) => view.setFloat64(4 + text.length + i * 8, n, true));
  return buffer;
}

const entry = { run: 'e/p/r', key: 'k', x: '_step', error: null };

it.each([0, 1, 3, 7])('reads columns at any alignment (%d)', (pad) => {
  const raw = { ...entry, count: 2, points: 2, sampled: false, last_step: 1 };
  const coarse = { ...entry, count: 9, points: 1, sampled: true, last_step: 8 };
  const answers = decodeSeries(
    encode(
      [
        { ...raw, columns: ['x', 'value'], offset: 0 },
        { ...coarse, columns: ['x', 'mean', 'min', 'max'], offset: 32 },
        { ...raw, points: 0, columns: ['x', 'value'], offset: 64, error: 'no such run' },
      ],
      [0, 1, 0.5, NaN, 8, 2, -Infinity, 3],
      pad,
    ),
  );
  expect(answers[0]?.series).toMatchObject({
    x: Float64Array.of(0, 1),
    value: Float64Array.of(0.5, NaN),
    min: null,
    lastStep: 1,
  });
  expect(answers[1]?.series).toMatchObject({
    value: Float64Array.of(2),
    min: Float64Array.of(-Infinity),
    max: Float64Array.of(3),
    count: 9,
  });
  expect(answers[2]).toEqual({ series: null, error: 'no such run' });
});
