import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type JSX } from 'react';

import { deleteRun } from '../api/queries';
import { Icon } from '../components/icon';
import { ValueTree } from '../components/value_tree';
import { formatCount, formatDuration, formatTime } from '../model/format';
import type { JsonObject } from '../model/json_value';
import { durationSecs, type Run } from '../model/run';
import { useRunChange } from './run_header';

/** What is known of a run beside its curves. */
export function OverviewTab({ run }: { run: Run }): JSX.Element {
  return (
    <div className="overview">
      <div className="overview-side">
        <Facts run={run} />
        <Notes key={run.id} run={run} />
        <DeleteRun run={run} />
      </div>
      <ValueTree title="Config" object={run.config} empty="This run has no config." />
      <ValueTree title="Summary" object={shownSummary(run.summary)} empty="Nothing logged yet." />
    </div>
  );
}

/** The recorder's own columns are facts, shown elsewhere. */
function shownSummary(summary: JsonObject): JsonObject {
  return new Map([...summary].filter(([key]) => !key.startsWith('_')));
}

function Facts({ run }: { run: Run }): JSX.Element {
  const ended = run.state === 'running' ? null : run.heartbeatAtMs;
  const facts: [string, string | null][] = [
    ['Id', run.name],
    ['Project', `${run.entity}/${run.project}`],
    ['State', run.state],
    ['User', run.username],
    ['Started', formatTime(run.createdAtMs)],
    [ended === null ? 'Last sign of life' : 'Ended', formatTime(run.heartbeatAtMs)],
    ['Duration', formatDuration(Math.max(0, durationSecs(run, run.heartbeatAtMs)))],
    ['History', formatCount(run.historyLineCount, 'row')],
    ['Group', run.group],
    ['Job type', run.jobType],
  ];
  return (
    <section className="card" aria-label="Facts">
      <header className="card-head">
        <h2>Run</h2>
      </header>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value ? (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </section>
  );
}

function Notes({ run }: { run: Run }): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  const change = useRunChange(run);
  const save = (): void => {
    if (draft !== null && draft !== (run.notes ?? '')) change.mutate({ notes: draft });
    setDraft(null);
  };
  return (
    <section className="card" aria-label="Notes">
      <header className="card-head">
        <h2>Notes</h2>
      </header>
      <textarea
        className="notes"
        aria-label="Notes"
        placeholder="What was tried, and what came of it"
        value={draft ?? run.notes ?? ''}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={save}
      />
      {change.error && (
        <p className="bad-text card-text" role="alert">
          Not saved: {change.error.message}
        </p>
      )}
    </section>
  );
}

function DeleteRun({ run }: { run: Run }): JSX.Element {
  const [isAsking, setAsking] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { entity, project } = run;
  const removal = useMutation({
    mutationFn: () => deleteRun(run.id),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['runs', entity, project] });
      await navigate({ to: '/$entity/$project', params: { entity, project } });
    },
  });
  if (!isAsking) {
    return (
      <button className="button button-quiet" onClick={() => setAsking(true)}>
        <Icon name="trash" size={14} /> Delete run
      </button>
    );
  }
  return (
    <div className="card card-text" role="alertdialog" aria-label="Delete run">
      <p>
        Delete <b>{run.displayName}</b> with its history and files? This cannot be undone.
      </p>
      {removal.error && <p className="bad-text">{removal.error.message}</p>}
      <div className="button-row">
        <button className="button button-bad" onClick={() => removal.mutate()}>
          Delete
        </button>
        <button className="button" autoFocus onClick={() => setAsking(false)}>
          Keep
        </button>
      </div>
    </div>
  );
}
