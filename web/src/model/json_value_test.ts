import { describe, expect, it } from 'vitest';

import { jsonText, parseJson } from './json_value';

describe('parseJson', () => {
  it('reads NaN and infinities as numbers', () => {
    expect(parseJson('[NaN, Infinity, -Infinity]')).toEqual([NaN, Infinity, -Infinity]);
  });

  it('keeps every digit of whole numbers beyond 2^53', () => {
    expect(parseJson('9223372036854775808')).toBe(9223372036854775808n);
    expect(parseJson('-9007199254740993')).toBe(-9007199254740993n);
    expect(parseJson('1e300')).toBe(1e300);
  });

  it('keeps the order and spelling of keys', () => {
    const text = '{"b":1,"10":2,"__proto__":3,"q\\"\\n\\u00e9 🚀":4}';
    const value = parseJson(text);
    expect([...(value as Map<string, unknown>).keys()]).toEqual([
      'b',
      '10',
      '__proto__',
      'q"\né 🚀',
    ]);
  });

  it.each(['', '{', '[1,]', '{"a":}', '"open', '01x', 'nul', '{"a" 1}', '1 2', "'a'"])(
    'refuses %j',
    (text) => expect(() => parseJson(text)).toThrow(SyntaxError),
  );

  it('refuses nesting that would overflow the stack', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow('nested too deep');
  });

  it('agrees with JSON.parse on plain JSON', () => {
    const plain = { a: [1, -2.5e-3, true, null, 'x\\y'], b: { c: {} }, d: [] };
    const text = jsonText(parseJson(JSON.stringify(plain)));
    expect(JSON.parse(text)).toEqual(plain);
  });
});
