import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, type JSX } from 'react';

import { runOptions, type RunName } from '../api/queries';
import { useLive } from '../api/use_live';
import { Skeleton } from '../components/notice';
import { readChartSettings } from '../model/chart_settings';
import { runPath } from '../model/run';
import { AlertCount, AlertsTab } from './alerts_tab';
import { AlertNotes } from './alert_notes';
import { ChartsTab } from './charts_tab';
import { isEmbedded } from './embedded';
import { EmbeddedRun } from './embedded_run';
import { Failure } from './failure';
import { FilesTab } from './files_tab';
import { LiveNote } from './live_note';
import { LogsTab } from './logs_tab';
import { OverviewTab } from './overview_tab';
import { RunHeader } from './run_header';
import { runTabs, type RunSearch, type RunTab } from './search_params';

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
  if (isEmbedded) return <EmbeddedRun run={run} live={live} settings={readChartSettings(search)} />;
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
