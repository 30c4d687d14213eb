import { expect, it } from 'vitest';

import { formatBytes, formatDuration, formatNumber, formatTick } from './format';

it.each([
  [0, '0'],
  [0.1 + 0.2, '0.3'],
  [1234.5678, '1234.6'],
  [-0.00001234, '−1.234e−5'],
  [1_000_000, '1\u2009000\u2009000'],
  [2.5e17, '2.5e17'],
  [NaN, 'NaN'],
  [-Infinity, '−∞'],
  [9223372036854775808n, '9223372036854775808'],
])('writes %d as %j', (value, text) => expect(formatNumber(value)).toBe(text));

it.each([
  [0.5, '0.5'],
  [15_000, '15k'],
  [2_500_000, '2.5M'],
  [0.00002, '2e−5'],
])('labels a tick at %d as %j', (value, text) => expect(formatTick(value)).toBe(text));

it.each([
  [0.42, '0.4s'],
  [59.6, '1m'],
  [200, '3m 20s'],
  [7500, '2h 5m'],
  [273_600, '3d 4h'],
])('writes %d seconds as %j', (secs, text) => expect(formatDuration(secs)).toBe(text));

it.each([
  [999, '999 B'],
  [1500, '1.5 kB'],
  [999_600, '1.0 MB'],
  [21e9, '21 GB'],
])('writes %d bytes as %j', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
