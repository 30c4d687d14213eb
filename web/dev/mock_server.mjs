// Serves dist/ and the routes of docs/format/web-api.md over invented runs. See README.md.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { MockRun, keys } from './mock_data.mjs';

const port = Number(process.env.PORT ?? 7870);
const dist = join(fileURLToPath(new URL('.', import.meta.url)), '..', 'dist');
const runs = Array.from({ length: Number(process.env.RUNS ?? 40) }, (_, i) =>
  i === 0 ? new MockRun(0, 4000, true) : new MockRun(i, 600 + i * 150, false),
);
const streams = new Set();
const files = {
  'config.yaml': ['text/yaml', 'lr: 0.0003\nbatch_size: 64\n'],
  'requirements.txt': ['text/plain', 'numpy==2.3.1\nscikit-learn==1.8.0\n'],
  'code/train.py': ['text/x-python', 'import runstone\n\nrun = runstone.init()\n'],
  'wandb-metadata.json': ['application/json', '{"python": "3.11.2", "os": "Linux"}\n'],
};

/** JSON text with bare NaN and Infinity, as the server writes it. */
function looseJson(value) {
  const text = JSON.stringify(value, (_, v) =>
    typeof v === 'number' && !Number.isFinite(v) ? `@@${v}@@` : v,
  );
  return text.replace(/"@@(NaN|-?Infinity)@@"/g, '$1').replace('"@@BIG@@"', '9223372036854775808');
}

function runNode(run) {
  return {
    id: `id-${run.name}`,
    name: run.name,
    displayName: run.displayName,
    state: run.state,
    createdAt: new Date(run.createdAt).toISOString(),
    heartbeatAt: new Date(run.isLive ? Date.now() : run.createdAt + run.rows * 100).toISOString(),
    tags: run.tags,
    group: run.index % 3 === 0 ? 'ablation' : null,
    jobType: null,
    notes: run.notes,
    user: { username: 'ada' },
    config: looseJson(run.config),
    summaryMetrics: looseJson(run.summary()),
    historyLineCount: run.rows,
    logLineCount: run.logLines.length,
  };
}

function sortedRuns({ order = '-created_at', filters }) {
  const text = filters ? (/\(\?i\)([^"]*)"/.exec(filters)?.[1] ?? '') : '';
  const found = runs.filter((run) => run.displayName.includes(text) || run.tags.includes(text));
  const field = order.slice(1);
  const value = (run) =>
    field.startsWith('summary_metrics.')
      ? run.summary()[field.slice('summary_metrics.'.length)]
      : field === 'display_name'
        ? run.displayName
        : run.createdAt;
  found.sort((a, b) => (value(a) < value(b) ? -1 : 1));
  return order.startsWith('-') ? found.reverse() : found;
}

function graphql({ query, variables }) {
  const page = (nodes) => ({
    edges: nodes.map((node) => ({ node, cursor: 'c' })),
    pageInfo: { endCursor: null, hasNextPage: false },
  });
  const operation = /(?:query|mutation) (\w+)/.exec(query)?.[1];
  const run = runs.find((r) => r.name === variables.run || `id-${r.name}` === variables.id);
  if (operation === 'Projects') {
    const names = ['digits', 'language-model', 'protein-folding'];
    return {
      models: page(
        names.map((name, i) => ({
          name,
          entityName: 'ada',
          createdAt: new Date(Date.now() - 9e8).toISOString(),
          lastActive: new Date(Date.now() - i * 5e6).toISOString(),
          runCount: i === 0 ? runs.length : i * 7,
        })),
      ),
    };
  }
  if (operation === 'Runs') {
    if (variables.project !== 'digits') return { project: { runCount: 0, runs: page([]) } };
    const found = sortedRuns(variables);
    return { project: { runCount: found.length, runs: page(found.map(runNode)) } };
  }
  if (operation === 'Run') return { project: { run: run ? runNode(run) : null } };
  if (operation === 'Files') {
    const nodes = Object.entries(files).map(([name, [mimetype, text]]) => ({
      name,
      sizeBytes: text.length,
      mimetype,
      updatedAt: new Date().toISOString(),
      directUrl: '',
    }));
    return { project: { run: { files: page(nodes) } } };
  }
  if (operation === 'UpdateRun') {
    for (const name of ['displayName', 'tags', 'notes']) {
      if (variables[name] != null) run[name] = variables[name];
    }
    return { upsertBucket: { bucket: { id: variables.id } } };
  }
  return { viewer: { entity: 'ada', username: 'ada' } };
}

function rowsOf(run, query) {
  const values = run.columns.get(query.key)?.values ?? [];
  const rows = [];
  for (let step = 0; step < values.length; step++) {
    const x = run.x(query.x ?? '_step', step);
    if (query.after !== null && step <= query.after) continue;
    if (query.min !== null && x < query.min) continue;
    if (query.max !== null && x > query.max) continue;
    rows.push([x, values[step], step]);
  }
  return rows.sort((a, b) => a[0] - b[0]);
}

function sampled(rows, points) {
  const columns = [[], [], [], []];
  for (let bucket = 0; bucket < points; bucket++) {
    const from = Math.floor((bucket * rows.length) / points);
    const part = rows.slice(from, Math.floor(((bucket + 1) * rows.length) / points));
    const values = part.map((row) => row[1]).filter((v) => !Number.isNaN(v));
    const sum = values.reduce((a, b) => a + b, 0);
    columns[0].push(part[part.length - 1][0]);
    columns[1].push(values.length ? sum / values.length : NaN);
    columns[2].push(values.length ? Math.min(...values) : NaN);
    columns[3].push(values.length ? Math.max(...values) : NaN);
  }
  return columns;
}

function series({ queries }) {
  const header = [];
  const numbers = [];
  for (const query of queries) {
    const run = runs.find((r) => query.run.endsWith(`/${r.name}`));
    const rows = run ? rowsOf(run, query) : [];
    const isSampled = rows.length > query.points;
    const columns = isSampled
      ? sampled(rows, query.points)
      : [rows.map((row) => row[0]), rows.map((row) => row[1])];
    header.push({
      run: query.run,
      key: query.key,
      x: query.x,
      count: rows.length,
      points: columns[0].length,
      sampled: isSampled,
      last_step: rows.reduce((last, row) => Math.max(last, row[2]), -1),
      columns: isSampled ? ['x', 'mean', 'min', 'max'] : ['x', 'value'],
      offset: numbers.length * 8,
      error: run ? null : `no run ${query.run}`,
    });
    numbers.push(...columns.flat());
  }
  let text = Buffer.from(JSON.stringify({ series: header }));
  const padding = (8 - ((4 + text.length) % 8)) % 8;
  text = Buffer.concat([text, Buffer.alloc(padding, ' ')]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, Buffer.from(new Float64Array(numbers).buffer)]);
}

function tell(event, data) {
  for (const stream of streams) stream.write(`event: ${event}\ndata: ${looseJson(data)}\n\n`);
}

setInterval(() => {
  const [live] = runs;
  if (live.rows >= live.total) return;
  live.extend(live.rows + 3);
  const path = `ada/digits/${live.name}`;
  tell('rows', { run: path, rows: live.rows, last_step: live.rows - 1, new_keys: [] });
  const number = live.logLines.length;
  live.logLines.push(live.logLine(number));
  tell('console', { run: path, lines: [[number, live.logLines[number]]] });
}, 300);

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

async function page(path, response) {
  const name = extname(path) === '' ? 'index.html' : normalize(path);
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'",
  );
  response.setHeader('Content-Type', types[extname(name)] ?? 'application/octet-stream');
  response.end(await readFile(join(dist, name)));
}

async function answer(request, response) {
  const url = new URL(request.url, 'http://localhost');
  const json = (value) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(value));
  };
  if (url.pathname === '/graphql') return json({ data: graphql(await body(request)) });
  if (url.pathname === '/api/series') return response.end(series(await body(request)));
  if (url.pathname === '/api/events') {
    response.setHeader('Content-Type', 'text/event-stream');
    response.write('event: hello\ndata: {"server":"mock"}\n\n');
    streams.add(response);
    return request.on('close', () => streams.delete(response));
  }
  const parts = url.pathname.split('/').map(decodeURIComponent);
  const run = runs.find((r) => r.name === parts[5] || r.name === parts[4]);
  if (url.pathname.startsWith('/api/runs/') && parts[6] === 'keys') {
    const list = keys.map((name) => ({
      name,
      type: 'number',
      count: run.rows,
      last_step: run.rows - 1,
    }));
    return json({ keys: list, metrics: [] });
  }
  if (url.pathname.startsWith('/api/runs/') && parts[6] === 'console') {
    const first = Number(url.searchParams.get('first'));
    const lines = run.logLines
      .slice(first, first + Number(url.searchParams.get('count')))
      .map((text, i) => [first + i, text]);
    return json({ total: run.logLines.length, lines });
  }
  if (url.pathname.startsWith('/files/')) return response.end(files[parts.slice(5).join('/')]?.[1]);
  return page(url.pathname, response);
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
