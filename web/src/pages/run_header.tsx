import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type JSX, type ReactNode } from 'react';

import { updateRun, type RunChange } from '../api/queries';
import { Icon } from '../components/icon';
import { StateBadge, Tag } from '../components/run_bits';
import { useNow } from '../components/use_element';
import { formatAgo, formatDuration, formatTime } from '../model/format';
import { durationSecs, isLive, type Run } from '../model/run';

/** Changes a run and reads it again; `error` says what the server did not like. */
export function useRunChange(run: Run) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: RunChange) => updateRun(run.id, change),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['run', run.entity, run.project, run.name] });
      await queries.invalidateQueries({ queryKey: ['runs', run.entity, run.project] });
    },
  });
}

export function RunHeader({ run, note }: { run: Run; note: ReactNode }): JSX.Element {
  const now = useNow(isLive(run.state) ? 1000 : 30_000);
  const change = useRunChange(run);
  return (
    <header className="run-head">
      <EditableName
        name={run.displayName}
        onSave={(displayName) => change.mutate({ displayName })}
      />
      <div className="run-facts">
        <StateBadge state={run.state} />
        <span title={formatTime(run.createdAtMs)}>{formatAgo(run.createdAtMs, now)}</span>
        <span title="Duration">{formatDuration(Math.max(0, durationSecs(run, now)))}</span>
        {run.username && <span>{run.username}</span>}
        <TagEditor tags={run.tags} onChange={(tags) => change.mutate({ tags })} />
        {note}
      </div>
      {change.error && (
        <p className="bad-text" role="alert">
          Not saved: {change.error.message}
        </p>
      )}
    </header>
  );
}

function EditableName({
  name,
  onSave,
}: {
  name: string;
  onSave: (name: string) => void;
}): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  if (draft === null) {
    return (
      <h1 className="run-title">
        {name}
        <button className="icon-button" title="Rename" onClick={() => setDraft(name)}>
          <Icon name="pencil" size={14} />
        </button>
      </h1>
    );
  }
  const save = (): void => {
    const trimmed = draft.trim();
    if (trimmed !== '' && trimmed !== name) onSave(trimmed);
    setDraft(null);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <input
        className="title-input"
        aria-label="Name of the run"
        autoFocus
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => event.key === 'Escape' && setDraft(null)}
      />
    </form>
  );
}

function TagEditor({
  tags,
  onChange,
}: {
  tags: readonly string[];
  onChange: (tags: string[]) => void;
}): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  const add = (): void => {
    const name = (draft ?? '').trim();
    if (name !== '' && !tags.includes(name)) onChange([...tags, name]);
    setDraft(null);
  };
  return (
    <span className="tags">
      {tags.map((tag) => (
        <Tag
          key={tag}
          name={tag}
          onRemove={() => onChange(tags.filter((other) => other !== tag))}
        />
      ))}
      {draft === null ? (
        <button className="tag tag-add" onClick={() => setDraft('')}>
          <Icon name="plus" size={10} /> tag
        </button>
      ) : (
        <input
          className="tag-input"
          aria-label="New tag"
          autoFocus
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={add}
          onKeyDown={(event) => {
            if (event.key === 'Enter') add();
            if (event.key === 'Escape') setDraft(null);
          }}
        />
      )}
    </span>
  );
}
