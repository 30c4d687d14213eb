import { expect, it } from 'vitest';

import { parseAnsi } from './ansi';
import { parseConsoleLine } from './console_line';

it.each([
  ['2026-11-23T13:26:40.096407 late line', '2026-11-23T13:26:40.096407', false, 'late line'],
  ['ERROR 2026-11-23T13:26:40.096407 [n0] bad', '2026-11-23T13:26:40.096407', true, '[n0] bad'],
  ['no stamp at all', null, false, 'no stamp at all'],
  ['{"ts":"2026-11-23T13:26:40","content":"x","level":"error"}', '2026-11-23T13:26:40', true, 'x'],
  ['{"loss": 1}', null, false, '{"loss": 1}'],
  ['{"broken', null, false, '{"broken'],
])('takes %j apart', (raw, time, isError, text) => {
  expect(parseConsoleLine(7, raw)).toEqual({ number: 7, time, isError, text });
});

it('keeps colours and weight, and loses no text', () => {
  const spans = parseAnsi('a\x1b[1;31mred\x1b[0m b\x1b[38;5;200mc\x1b[2K');
  expect(spans.map((span) => span.text).join('')).toBe('ared bc');
  expect(spans[1]).toEqual({ text: 'red', colour: 'red', bold: true, faint: false });
  expect(spans[2]?.bold).toBe(false);
});
