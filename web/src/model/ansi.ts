/** A stretch of console text in one style; the class names are those of logs.css. */
export interface TextSpan {
  text: string;
  colour: string | null;
  bold: boolean;
  faint: boolean;
}

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const escape = /\x1b(?:\[([0-9;]*)([A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;

/** Splits a line at its ANSI sequences. Colours and weight are kept, cursor movements dropped. */
export function parseAnsi(line: string): TextSpan[] {
  const spans: TextSpan[] = [];
  let style = { colour: null as string | null, bold: false, faint: false };
  let from = 0;
  const push = (to: number): void => {
    if (to > from) spans.push({ text: line.slice(from, to), ...style });
  };
  for (const match of line.matchAll(escape)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') style = applyStyle(style, match[1] ?? '');
  }
  push(line.length);
  return spans;
}

function applyStyle<T extends Omit<TextSpan, 'text'>>(style: T, codes: string): T {
  const next = { ...style };
  const numbers = codes.split(';').map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i] ?? 0;
    if (code === 0) Object.assign(next, { colour: null, bold: false, faint: false });
    else if (code === 1) next.bold = true;
    else if (code === 2) next.faint = true;
    else if (code === 22) Object.assign(next, { bold: false, faint: false });
    else if (code >= 30 && code <= 37) next.colour = colours[code - 30] ?? null;
    else if (code >= 90 && code <= 97) next.colour = colours[code - 90] ?? null;
    else if (code === 39) next.colour = null;
    else if (code === 38 || code === 48) i += numbers[i + 1] === 5 ? 2 : 4;
  }
  return next;
}
