import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState, type JSX } from 'react';

import type { ProjectName } from '../api/queries';
import { setSweepState, sweepOptions, type SweepAgent, type SweepDetails } from '../api/sweeps';
import type { Live } from '../api/use_live';
import { CodeBlock } from '../components/code_block';
import { Skeleton } from '../components/notice';
import { ParallelPlot } from '../components/parallel_plot';
import { SweepBadge } from '../components/sweep_bits';
import { useNow } from '../components/use_element';
import { formatAgo, formatCount, formatNumber, formatTime } from '../model/format';
import type { Run } from '../model/run';
import { metricOf, movesOf, type SweepMove } from '../model/sweep';
import { Failure } from './failure';
import { LiveNote } from './live_note';
import { RunsView } from './runs_view';
import type { ProjectSearch } from './search_params';

/** A sweep: how far it is, what it found, its runs, and what one can do with it. */
export function SweepPage(): JSX.Element {
  const { entity, project, sweep } = useParams({ from: '/$entity/$project/sweeps/$sweep' });
  const of = useMemo(() => ({ entity, project }), [entity, project]);
  const query = useQuery(sweepOptions(of, sweep));
  if (query.data) return <Found key={query.data.sweep.id} of={of} details={query.data} />;
  return (
    <main className="page">
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton rows={8} />
      )}
    </main>
  );
}

function Found({ of, details }: { of: ProjectName; details: SweepDetails }): JSX.Element {
  const search = useSearch({ from: '/$entity/$project/sweeps/$sweep' });
  const navigate = useNavigate({ from: '/$entity/$project/sweeps/$sweep' });
  const change = useCallback(
    (patch: Partial<ProjectSearch>) => {
      void navigate({
        search: (before) => ({ ...before, ...patch }),
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  const { sweep } = details;
  const address = `${of.entity}/${of.project}/${sweep.name}`;
  return (
    <RunsView
      of={of}
      sweep={sweep.name}
      search={search}
      change={change}
      head={({ live, runs }) => <Head of={of} details={details} live={live} runs={runs} />}
      empty={
        <section className="card">
          <header className="card-head">
            <h2>No runs yet</h2>
          </header>
          <div className="sweep-start">
            <p className="quiet">An agent gets its runs from here. Start one with</p>
            <CodeBlock code={`wandb agent ${address}`} />
          </div>
        </section>
      }
    />
  );
}

interface HeadProps {
  of: ProjectName;
  details: SweepDetails;
  live: Live | null;
  runs: readonly Run[];
}

function Head({ of, details, live, runs }: HeadProps): JSX.Element {
  const now = useNow(30_000);
  const { sweep, config, agents } = details;
  const metric = useMemo(() => metricOf(config), [config]);
  const facts: [string, string][] = [
    ['Method', sweep.method],
    ['Runs', runsText(sweep.runCount, sweep.runCountExpected)],
    [
      metric === null ? 'Best' : `Best ${metric}`,
      sweep.best === null ? '–' : formatNumber(sweep.best),
    ],
    ['Agents', agentsText(agents)],
  ];
  return (
    <>
      <header className="page-head sweep-head">
        <h1>{sweep.title}</h1>
        <SweepBadge state={sweep.state} />
        <span className="quiet" title={formatTime(sweep.createdAtMs)}>
          {formatAgo(sweep.createdAtMs, now)}
          {sweep.username !== null && ` · ${sweep.username}`}
          {' · '}
          <Link className="text-link" to="/$entity/$project/sweeps" params={{ ...of }}>
            all sweeps
          </Link>
        </span>
        <LiveNote live={live} />
        {details.mayChange && <Moves of={of} details={details} />}
      </header>
      {sweep.description && <p className="sweep-about">{sweep.description}</p>}
      <div className="sweep-top">
        <dl className="card sweep-numbers">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <Config text={config} />
      </div>
      <ParallelPlot runs={runs} metric={metric} />
    </>
  );
}

function runsText(count: number, expected: number | null): string {
  return expected === null ? String(count) : `${count} of ${expected}`;
}

function agentsText(agents: readonly SweepAgent[]): string {
  if (agents.length === 0) return 'none yet';
  return `${agents.filter((agent) => agent.isRunning).length} at work, ${agents.length} in all`;
}

function Config({ text }: { text: string }): JSX.Element {
  return (
    <details className="card sweep-config">
      <summary className="card-head">
        <h2>Configuration</h2>
        <span className="quiet">{formatCount(text.trim().split('\n').length, 'line')} of YAML</span>
      </summary>
      <CodeBlock code={text.trim()} />
    </details>
  );
}

function Moves({ of, details }: { of: ProjectName; details: SweepDetails }): JSX.Element {
  const { sweep } = details;
  const [asked, setAsked] = useState<SweepMove | null>(null);
  const queries = useQueryClient();
  const move = useMutation({
    mutationFn: (chosen: SweepMove) => setSweepState(sweep.id, chosen.to),
    onSettled: async () => {
      setAsked(null);
      for (const name of ['sweep', 'sweeps', 'runs']) {
        await queries.invalidateQueries({ queryKey: [name, of.entity, of.project] });
      }
    },
  });
  return (
    <span className="sweep-moves">
      {move.error && (
        <span className="bad-text" role="alert">
          {move.error.message}
        </span>
      )}
      {asked ? (
        <>
          <span className="quiet">{asked.title}.</span>
          <button className="button button-bad" onClick={() => move.mutate(asked)}>
            {asked.label} it
          </button>
          <button className="button" autoFocus onClick={() => setAsked(null)}>
            Keep it
          </button>
        </>
      ) : (
        movesOf(sweep.state).map((one) => (
          <button
            key={one.label}
            className="button"
            title={one.title}
            disabled={move.isPending}
            // There is no way back from the end.
            onClick={() =>
              one.to === 'FINISHED' || one.to === 'CANCELED' ? setAsked(one) : move.mutate(one)
            }
          >
            {one.label}
          </button>
        ))
      )}
    </span>
  );
}
