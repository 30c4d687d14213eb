// A logged point is on the screen within a second: 50 charts open, 10 rows a second.
import {
  Server,
  chartOf,
  here,
  python,
  runProgram,
  signedInPage,
  startBrowser,
} from './harness.mjs';

const chartCount = 50;
const rowsPerSec = 10;
const promisedMs = 1000;

let server, browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), startBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Notes when each chart's canvas first reaches each step, and that its pixels did change. */
function watchDrawing(metric) {
  window.drawn = [];
  window.pictures = new Set();
  const chart = [...document.querySelectorAll('.chart')].find((c) => c.dataset.metric === metric);
  const host = chart.querySelector('[data-drawn-to]');
  const note = () => {
    window.drawn.push([Number(host.dataset.drawnTo), Date.now()]);
    window.pictures.add(chart.querySelector('canvas').toDataURL());
  };
  new MutationObserver(note).observe(host, {
    attributeFilter: ['data-drawn-to'],
  });
}

/** For each row, the time from log() to the first picture that reaches it. */
function latencies(logged, drawn) {
  return logged.flatMap(([step, calledAt]) => {
    const first = drawn.find(([drawnTo]) => drawnTo >= step);
    return first ? [first[1] - calledAt] : [];
  });
}

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

async function openCharts(page, path) {
  await page.goto(server.address + path);
  await chartOf(page, 'group/m0');
  await expect
    .poll(() => page.locator('[data-drawn-to]').count(), { timeout: 20_000 })
    .toBe(chartCount);
}

it('draws a point that log() of the Python package took within a second', async () => {
  const page = await signedInPage(browser, server, {
    viewport: { width: 1920, height: 3600 },
  });
  const project = 'live';
  const name = 'fast1';
  const rows = 150;
  const env = server.clientEnvironment();
  const args = [`${here}/log_rows.py`, project, name, chartCount, rows, rowsPerSec].map(String);
  const logging = runProgram(python, args, { env, cwd: server.folder });
  logging.catch(() => undefined); // Reported where it is awaited.
  const path = `/${server.entity}/${project}/runs/${name}`;
  await expect
    .poll(
      async () => {
        const data = await server.graphql(
          `query ($e: String) { project(name: "live", entityName: $e) { run(name: "fast1") { historyLineCount } } }`,
          { e: server.entity },
        );
        return data.project?.run?.historyLineCount ?? 0;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  await openCharts(page, path);
  await page.evaluate(watchDrawing, 'group/m0');
  const watchedFrom = Date.now();
  const output = await logging;
  const logged = output
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([step, at]) => Number.isInteger(step) && at > watchedFrom);
  await page.waitForFunction((step) => window.drawn.some(([to]) => to >= step), rows - 1);
  const { drawn, pictures } = await page.evaluate(() => ({
    drawn: window.drawn,
    pictures: window.pictures.size,
  }));
  const times = latencies(logged, drawn);
  expect(times.length).toBeGreaterThan(30);
  expect(pictures).toBeGreaterThan(10);
  const median = quantile(times, 0.5);
  console.log(
    `log() to drawn pixel, ${chartCount} charts, ${rowsPerSec} rows/s, ${times.length} rows: ` +
      `median ${median.toFixed(0)} ms, p90 ${quantile(times, 0.9).toFixed(0)} ms, ` +
      `max ${quantile(times, 1).toFixed(0)} ms`,
  );
  expect(median).toBeLessThan(promisedMs);
});

it('follows a run that is written over HTTP, one request a tick for all charts', async () => {
  const page = await signedInPage(browser, server, {
    viewport: { width: 1920, height: 3600 },
  });
  const run = await server.createRun({ modelName: 'live', name: 'http1' });
  const row = (step) =>
    Object.fromEntries(
      Array.from({ length: chartCount }, (_, i) => [`group/m${i}`, (step * (i + 1)) % 17]),
    );
  await run.log(Array.from({ length: 20 }, (_, step) => row(step)));
  await openCharts(page, run.path);
  const requests = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/series')) requests.push(request.postDataJSON().queries);
  });
  await run.log([row(20)]);
  await page.waitForFunction(
    (count) => document.querySelectorAll('[data-drawn-to="20"]').length === count,
    chartCount,
  );
  expect(requests).toHaveLength(1);
  expect(requests[0]).toHaveLength(chartCount);
  expect(requests[0].every(({ after }) => after === 19)).toBe(true);
});

it('shows new console lines, new metrics, new runs and the end of a run by itself', async () => {
  const page = await signedInPage(browser, server);
  const run = await server.createRun({
    modelName: 'live',
    name: 'slow1',
    displayName: 'slow-1',
  });
  await page.goto(server.address + run.path);
  await page.getByText('Waiting for the first number').waitFor();
  await run.log([{ 'late/metric': 1 }, { 'late/metric': 2 }]);
  await chartOf(page, 'late/metric');
  await page.getByRole('link', { name: 'Logs' }).click();
  await page.getByText('Nothing printed yet').waitFor();
  await run.print(['2026-11-23T13:26:40.000001 a live line']);
  await page.locator('.log-line', { hasText: 'a live line' }).waitFor();
  await run.finish();
  await page.locator('.run-head .state-finished').waitFor();

  await page.goto(`${server.address}/${server.entity}/live`);
  await page.locator('[data-run="slow1"]').waitFor();
  const other = await server.createRun({
    modelName: 'live',
    name: 'newer',
    displayName: 'newer-1',
  });
  await other.log([{ x: 1 }]);
  await page.locator('[data-run="newer"]').waitFor();
});
