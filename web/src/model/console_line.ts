import { parseJson, isObject } from './json_value';

/** A console line taken apart: `[ERROR ]time [label ]text`, or the JSON form of newer clients. */
export interface ConsoleLine {
  number: number;
  time: string | null;
  isError: boolean;
  text: string;
}

const stamped = /^(ERROR )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?) ?/;

export function parseConsoleLine(number: number, raw: string): ConsoleLine {
  if (raw.startsWith('{"')) {
    const structured = parseStructured(number, raw);
    if (structured) return structured;
  }
  const match = stamped.exec(raw);
  if (!match) return { number, time: null, isError: false, text: raw };
  return {
    number,
    time: match[2] ?? null,
    isError: match[1] !== undefined,
    text: raw.slice(match[0].length),
  };
}

function parseStructured(number: number, raw: string): ConsoleLine | null {
  try {
    const value = parseJson(raw);
    if (!isObject(value)) return null;
    const [time, content] = [value.get('ts'), value.get('content')];
    if (typeof time !== 'string' || typeof content !== 'string') return null;
    return { number, time, isError: value.get('level') === 'error', text: content };
  } catch {
    return null; // Text that only looks like JSON is shown as it is.
  }
}
