import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import type { LiveEvent } from '../model/events';
import { withLeaf } from '../model/key_path';
import { runPath, type Run, type RunState } from '../model/run';
import { LiveEvents, type LiveListener, type LiveStatus } from './live_events';
import type { ProjectName, RunDetails, RunName } from './queries';
import { refresh } from './refresh';
import { SeriesFeed } from './series_feed';

export interface Live {
  status: LiveStatus;
  feed: SeriesFeed;
  subscribe: (listener: LiveListener) => () => void;
}

/** Opens the event stream of a run or a project and lets its events change what was read. */
export function useLive(of: ProjectName & { name?: string }): Live | null {
  const { entity, project, name } = of;
  const queries = useQueryClient();
  const [live, setLive] = useState<Live | null>(null);
  useEffect(() => {
    const feed = new SeriesFeed();
    const scope =
      name === undefined
        ? { project: `${entity}/${project}` }
        : { run: runPath({ entity, project, name }) };
    const events = new LiveEvents(scope, (status) => {
      setLive((before) => (before ? { ...before, status } : before));
    });
    const unsubscribe = events.subscribe((event) => {
      applyToFeed(feed, event);
      applyToQueries(queries, { entity, project }, event);
    });
    // The stream and the feed are opened here, so only here can the page be told of them.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setLive({ status: 'connecting', feed, subscribe: (listener) => events.subscribe(listener) });
    return () => {
      unsubscribe();
      events.close();
      feed.close();
    };
  }, [entity, project, name, queries]);
  return live;
}

function applyToFeed(feed: SeriesFeed, event: LiveEvent): void {
  if (event.kind === 'rows') feed.noteRows(event.run);
  if (event.kind === 'resync') feed.noteAll(null);
  if (event.kind === 'run' && event.state !== null && event.state !== 'running') {
    feed.noteAll(event.run);
  }
}

function applyToQueries(queries: QueryClient, of: ProjectName, event: LiveEvent): void {
  switch (event.kind) {
    case 'hello':
    case 'console':
      return;
    case 'resync':
      void refresh(queries);
      return;
    case 'run':
      changeRun(queries, of, event.run, (run) => changedRun(run, event));
      return;
    case 'rows':
      changeRun(queries, of, event.run, (run) => ({ ...run, historyLineCount: event.rows }));
      if (event.newKeys.length > 0) invalidate(queries, 'keys', event.run);
      return;
    case 'config':
      invalidate(queries, 'run', event.run);
      invalidate(queries, 'keys', event.run);
      void refresh(queries, ['runs', of.entity, of.project]);
      return;
    case 'files':
      invalidate(queries, 'files', event.run);
      return;
    case 'alert':
      invalidate(queries, 'alerts', event.run);
  }
}

function nameOf(path: string): RunName | null {
  const [entity, project, name] = path.split('/');
  return entity && project && name ? { entity, project, name } : null;
}

function invalidate(queries: QueryClient, what: string, path: string): void {
  const of = nameOf(path);
  if (of) void refresh(queries, [what, of.entity, of.project, of.name]);
}

type RunsPages = { pages: { runs: Run[] }[] };

function changeRun(
  queries: QueryClient,
  of: ProjectName,
  path: string,
  change: (run: Run) => Run,
): void {
  const name = nameOf(path)?.name;
  queries.setQueryData<RunDetails>(
    ['run', of.entity, of.project, name],
    (before) => before && { ...before, run: change(before.run) },
  );
  let isKnown = false;
  const lists = { queryKey: ['runs', of.entity, of.project] };
  queries.setQueriesData<RunsPages>(lists, (before) => {
    if (!before?.pages.some((page) => page.runs.some((run) => run.name === name))) return before;
    isKnown = true;
    const pages = before.pages.map((page) => ({
      ...page,
      runs: page.runs.map((run) => (run.name === name ? change(run) : run)),
    }));
    return { ...before, pages };
  });
  // A run that no list has yet: it has just begun, or it is on a page not loaded.
  if (!isKnown) void refresh(queries, lists.queryKey);
}

function changedRun(run: Run, event: LiveEvent & { kind: 'run' }): Run {
  let summary = run.summary;
  for (const [path, value] of event.summary) summary = withLeaf(summary, path, value);
  return {
    ...run,
    summary,
    state: (event.state as RunState | null) ?? run.state,
    displayName: event.displayName ?? run.displayName,
    heartbeatAtMs: event.heartbeatAt ? Date.parse(event.heartbeatAt) : run.heartbeatAtMs,
  };
}
