// Invented runs: curves with the usual shapes, and the awkward ones (NaN, infinities, odd names).

function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const words = ['brisk', 'mossy', 'quiet', 'amber', 'granite', 'lichen', 'northern', 'hollow'];
const nouns = ['otter', 'raven', 'fjord', 'birch', 'heron', 'cairn', 'spruce', 'tern'];

const shapes = {
  'train/loss': (t, r, p) => 2.3 * Math.exp(-t * (3 + p * 2)) + 0.08 + 0.12 * (r() - 0.5),
  'train/accuracy': (t, r, p) => 1 - 0.9 * Math.exp(-t * (4 + p)) - 0.05 * r(),
  'train/grad_norm': (t, r) => Math.exp(1.2 * (r() - 0.5)) * (r() > 0.995 ? 14 : 1),
  'val/loss': (t, r, p) => 2.3 * Math.exp(-t * (2.6 + p)) + 0.16 + 0.1 * t * t + 0.03 * r(),
  'val/accuracy': (t, r, p) => 0.97 - 0.87 * Math.exp(-t * (3.5 + p)) - 0.02 * r(),
  'optimizer/lr': (t) => 3e-4 * 0.5 * (1 + Math.cos(Math.PI * t)),
  'system/gpu/temperature': (t, r) => 62 + 12 * (1 - Math.exp(-t * 8)) + 2 * r(),
  'system/gpu/memory': (t, r) => 21.4e9 + 1e8 * r(),
  throughput: (t, r) => 1840 + 120 * (r() - 0.5),
  'odd/with "quotes"\nand a line': (t, r) => Math.sin(t * 12) + 0.1 * r(),
  'odd/dot\\.in\\.name 🚀': (t) => Math.cos(t * 9),
  'odd/nan and inf': (t, r) => (r() > 0.97 ? NaN : r() > 0.985 ? Infinity : t * t),
};
for (let digit = 0; digit < 10; digit++) {
  shapes[`per_class/accuracy/${digit}`] = (t, r, p) =>
    0.98 - 0.85 * Math.exp(-t * (2 + ((digit * 7) % 5) + p)) - 0.03 * r();
}
export const keys = Object.keys(shapes);

export class MockRun {
  constructor(index, total, isLive) {
    const r = random(index * 7919 + 13);
    this.index = index;
    this.name = Math.floor(r() * 36 ** 8)
      .toString(36)
      .padStart(8, 'a');
    this.displayName = `${words[index % 8]}-${nouns[(index * 3 + 1) % 8]}-${index + 1}`;
    this.skill = r();
    this.isLive = isLive;
    this.total = total;
    this.rows = isLive ? Math.floor(total / 4) : total;
    this.createdAt = Date.now() - (isLive ? 240e3 : index * 3.1e6 + 9e5);
    this.state = isLive
      ? 'running'
      : (['finished', 'finished', 'failed', 'killed'][index % 4] ?? '');
    this.tags = [['baseline'], ['sweep', 'adamw'], [], ['long']][index % 4];
    this.notes = index === 0 ? 'Cosine schedule, larger batch.\nWatch the gradient norm.' : '';
    this.config = {
      lr: { value: [3e-4, 1e-3, 1e-4][index % 3] },
      batch_size: { value: 64 * (1 + (index % 4)) },
      seed: { value: index },
      optimizer: { value: { name: 'adamw', betas: [0.9, 0.999], weight_decay: 0.01 } },
      model: { value: { kind: 'mlp', width: 256, depth: 3, dropout: 0.1 } },
      'dataset.path': { value: 'digits' },
      big: { value: '@@BIG@@' },
      amp: { value: index % 2 === 0 },
    };
    this.columns = new Map();
    this.extend(this.rows);
    this.logLines = Array.from({ length: isLive ? 400 : 3000 }, (_, i) => this.logLine(i));
  }

  extend(rows) {
    for (const key of keys) {
      let column = this.columns.get(key);
      if (!column) {
        column = { values: [], random: random(this.index * 31 + key.length * 977) };
        this.columns.set(key, column);
      }
      for (let step = column.values.length; step < rows; step++) {
        column.values.push(shapes[key](step / this.total, column.random, this.skill));
      }
    }
    this.rows = rows;
  }

  x(name, step) {
    if (name === '_step') return step;
    if (name === '_runtime') return step * 0.1;
    if (name === '_timestamp') return this.createdAt / 1000 + step * 0.1;
    return this.columns.get(name)?.values[step] ?? NaN;
  }

  summary() {
    const summary = { _step: this.rows - 1, _runtime: this.rows * 0.1 };
    for (const [key, { values }] of this.columns) {
      const label = key.replaceAll('\\.', '.');
      summary[label] = values[values.length - 1];
    }
    return summary;
  }

  logLine(i) {
    const time = new Date(this.createdAt + i * 350).toISOString().slice(0, 23);
    if (i % 37 === 36) return `ERROR ${time} UserWarning: the learning rate is below 1e-6`;
    if (i % 10 === 9)
      return `${time} \x1b[32m✓\x1b[0m checkpoint saved to \x1b[1mmodel_${i}.pt\x1b[0m`;
    return `${time} epoch ${Math.floor(i / 10)} step ${i} loss ${(2 / (i + 1)).toFixed(4)}`;
  }
}
