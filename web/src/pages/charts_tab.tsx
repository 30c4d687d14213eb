import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, type JSX } from 'react';

import { keysOptions } from '../api/queries';
import type { Live } from '../api/use_live';
import { ChartSections } from '../charts/chart_sections';
import { ChartToolbar } from '../charts/chart_toolbar';
import { CodeBlock } from '../components/code_block';
import { EmptyNotice, Skeleton } from '../components/notice';
import { readChartSettings, writeChartSettings, type ChartSettings } from '../model/chart_settings';
import { chartedKeys } from '../model/metric';
import { preferredColour } from '../model/palette';
import { isLive, runPath, type Run } from '../model/run';
import { Failure } from './failure';
import type { RunSearch } from './search_params';
import { firstLogPython } from './snippets';

interface ChartsTabProps {
  run: Run;
  live: Live;
  search: RunSearch;
}

/** The charts of a run, and what they are drawn over. */
export function ChartsTab({ run, live, search }: ChartsTabProps): JSX.Element {
  const navigate = useNavigate({ from: '/$entity/$project/runs/$run' });
  const settings = readChartSettings(search);
  return (
    <RunCharts
      run={run}
      live={live}
      settings={settings}
      toolbar={(metrics) => (
        <ChartToolbar
          settings={settings}
          metrics={metrics}
          onChange={(next) =>
            void navigate({
              search: ({ tab, file }) => ({
                ...(tab ? { tab } : {}),
                ...(file ? { file } : {}),
                ...writeChartSettings(next),
              }),
              replace: true,
              resetScroll: false,
            })
          }
        />
      )}
    />
  );
}

interface RunChartsProps {
  run: Run;
  live: Live;
  settings: ChartSettings;
  toolbar?: (metrics: readonly string[]) => JSX.Element;
}

/** The charts alone, or why there are none yet. */
export function RunCharts({ run, live, settings, toolbar }: RunChartsProps): JSX.Element {
  const query = useQuery(keysOptions(run));
  const metrics = useMemo(
    () => (query.data ? chartedKeys(query.data.keys, query.data.definitions) : []),
    [query.data],
  );
  const path = runPath(run);
  const chartRuns = useMemo(
    () => [{ path, label: run.displayName, colour: preferredColour(run.name) }],
    [path, run.displayName, run.name],
  );
  if (query.isPending) return <Skeleton rows={4} />;
  if (query.error && !query.data) {
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (metrics.length === 0) {
    return (
      <EmptyNotice title={isLive(run.state) ? 'Waiting for the first number' : 'No numbers logged'}>
        <p className="quiet">Every number given to log() becomes a chart here.</p>
        <CodeBlock code={firstLogPython} />
      </EmptyNotice>
    );
  }
  return (
    <>
      {toolbar?.(metrics)}
      <ChartSections
        metrics={metrics}
        definitions={query.data.definitions}
        runs={chartRuns}
        settings={settings}
        feed={live.feed}
        syncGroup="run"
      />
    </>
  );
}
