import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, type JSX } from 'react';

import { keysOptions, runOptions, type RunName } from '../api/queries';
import { useLive, type Live } from '../api/use_live';
import { ChartSections } from '../charts/chart_sections';
import { ChartToolbar } from '../charts/chart_toolbar';
import { CodeBlock } from '../components/code_block';
import { EmptyNotice, Skeleton } from '../components/notice';
import { readChartSettings, writeChartSettings } from '../model/chart_settings';
import { chartedKeys } from '../model/metric';
import { preferredColour } from '../model/palette';
import { isLive, runPath, type Run } from '../model/run';
import { AlertCount, AlertsTab } from './alerts_tab';
import { AlertNotes } from './alert_notes';
import { Failure } from './failure';
import { FilesTab } from './files_tab';
import { LiveNote } from './live_note';
import { LogsTab } from './logs_tab';
import { OverviewTab } from './overview_tab';
import { RunHeader } from './run_header';
import { runTabs, type RunSearch, type RunTab } from './search_params';
import { firstLogPython } from './snippets';

const tabNames: Record<RunTab, string> = {
  charts: 'Charts',
  overview: 'Overview',
  logs: 'Logs',
  files: 'Files',
  alerts: 'Alerts',
};

/** One run: its charts, facts, console and files. */
export function RunPage(): JSX.Element {
  const { entity, project, run } = useParams({ from: '/$entity/$project/runs/$run' });
  const of = useMemo(() => ({ entity, project, name: run }), [entity, project, run]);
  return <RunView key={runPath(of)} of={of} />;
}

function RunView({ of }: { of: RunName }): JSX.Element {
  const live = useLive(of);
  const query = useQuery(runOptions(of));
  const search = useSearch({ from: '/$entity/$project/runs/$run' });
  if (query.isPending) {
    return (
      <main className="page">
        <Skeleton rows={8} />
      </main>
    );
  }
  if (!query.data) {
    return (
      <main className="page">
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      </main>
    );
  }
  const { run, logLineCount } = query.data;
  const tab = search.tab ?? 'charts';
  return (
    <main className="page">
      <RunHeader run={run} note={<LiveNote live={live} />} />
      <nav className="tabs" aria-label="Parts of the run">
        {runTabs.map((name) => (
          <Link
            key={name}
            from="/$entity/$project/runs/$run"
            to="."
            search={(before: RunSearch) => ({
              ...before,
              tab: name === 'charts' ? undefined : name,
            })}
            className={name === tab ? 'tab tab-current' : 'tab'}
            aria-current={name === tab ? 'page' : undefined}
          >
            {tabNames[name]}
            {name === 'alerts' && <AlertCount of={of} />}
          </Link>
        ))}
      </nav>
      {tab === 'charts' && live && <ChartsTab run={run} live={live} search={search} />}
      {tab === 'overview' && <OverviewTab run={run} />}
      {tab === 'logs' && live && <LogsTab run={run} live={live} lineCount={logLineCount} />}
      {tab === 'files' && <FilesTab of={of} file={search.file ?? null} />}
      {tab === 'alerts' && <AlertsTab of={of} />}
      {live && <AlertNotes live={live} />}
    </main>
  );
}

interface ChartsTabProps {
  run: Run;
  live: Live;
  search: RunSearch;
}

function ChartsTab({ run, live, search }: ChartsTabProps): JSX.Element {
  const navigate = useNavigate({ from: '/$entity/$project/runs/$run' });
  const query = useQuery(keysOptions(run));
  const settings = readChartSettings(search);
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
