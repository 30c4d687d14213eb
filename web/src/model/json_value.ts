/**
 * JSON as the server keeps it: numbers may be NaN or infinite, and whole numbers may pass 2^53.
 * Objects are Maps, so that their keys keep the order and the spelling they were logged with
 * (`__proto__` and `"10"` included).
 */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;
export type JsonObject = Map<string, JsonValue>;

const maxDepth = 1000;
const numberPattern = /-?(?:\d+)(\.\d+)?([eE][+-]?\d+)?/y;

/** Reads JSON text that may hold bare NaN, Infinity and -Infinity. Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  return new Parser(text).document();
}

class Parser {
  private at = 0;
  private depth = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): JsonValue {
    const value = this.value();
    this.skipSpace();
    if (this.at !== this.text.length) this.fail('text after the value');
    return value;
  }

  private fail(why: string): never {
    throw new SyntaxError(`${why} at character ${this.at}`);
  }

  private skipSpace(): void {
    while (this.at < this.text.length) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return;
      this.at++;
    }
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail('unexpected text');
    this.at += word.length;
    return value;
  }

  private value(): JsonValue {
    this.skipSpace();
    switch (this.text[this.at]) {
      case '{':
        return this.nested(() => this.object());
      case '[':
        return this.nested(() => this.array());
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      case 'N':
        return this.word('NaN', NaN);
      case 'I':
        return this.word('Infinity', Infinity);
      default:
        if (this.text.startsWith('-Infinity', this.at)) return this.word('-Infinity', -Infinity);
        return this.number();
    }
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > maxDepth) this.fail('nested too deep');
    const value = read();
    this.depth--;
    return value;
  }

  private number(): number | bigint {
    numberPattern.lastIndex = this.at;
    const match = numberPattern.exec(this.text);
    if (!match) this.fail('unexpected text');
    this.at += match[0].length;
    const value = Number(match[0]);
    const isWhole = match[1] === undefined && match[2] === undefined;
    return isWhole && !Number.isSafeInteger(value) ? BigInt(match[0]) : value;
  }

  private string(): string {
    let end = this.at + 1;
    let hasEscape = false;
    for (; ; end++) {
      const c = this.text.charCodeAt(end);
      if (c === 34) break;
      if (c === 92) {
        hasEscape = true;
        end++;
      }
      if (end >= this.text.length) this.fail('a string without an end');
    }
    const from = this.at;
    this.at = end + 1;
    if (!hasEscape) return this.text.slice(from + 1, end);
    return JSON.parse(this.text.slice(from, end + 1)) as string;
  }

  private array(): JsonValue[] {
    const items: JsonValue[] = [];
    this.at++;
    this.skipSpace();
    if (this.text[this.at] === ']') {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(this.value());
      this.skipSpace();
      const c = this.text[this.at++];
      if (c === ']') return items;
      if (c !== ',') this.fail('expected , or ]');
    }
  }

  private object(): JsonObject {
    const members: JsonObject = new Map();
    this.at++;
    this.skipSpace();
    if (this.text[this.at] === '}') {
      this.at++;
      return members;
    }
    for (;;) {
      this.skipSpace();
      if (this.text[this.at] !== '"') this.fail('expected a key');
      const key = this.string();
      this.skipSpace();
      if (this.text[this.at++] !== ':') this.fail('expected :');
      members.set(key, this.value());
      this.skipSpace();
      const c = this.text[this.at++];
      if (c === '}') return members;
      if (c !== ',') this.fail('expected , or }');
    }
  }
}

/** The value as JSON text again, NaN and infinities bare. */
export function jsonText(value: JsonValue, indent = ''): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'string':
      return JSON.stringify(value);
  }
  const inner = indent + '  ';
  const lines = Array.isArray(value)
    ? value.map((item) => inner + jsonText(item, inner))
    : [...value].map(([key, item]) => `${inner}${JSON.stringify(key)}: ${jsonText(item, inner)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** A plain object, array or string as text for a request body; never NaN. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}
