import { useInfiniteQuery, useQueries } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState, type JSX, type ReactNode } from 'react';

import { keysOptions, runsOptions, type ProjectName } from '../api/queries';
import { useLive, type Live } from '../api/use_live';
import { ChartSections } from '../charts/chart_sections';
import { ChartToolbar } from '../charts/chart_toolbar';
import { ColumnChooser } from '../components/column_chooser';
import { Icon } from '../components/icon';
import { Skeleton } from '../components/notice';
import { RunsTable, type Sort } from '../components/runs_table';
import { SearchBox } from '../components/search_box';
import { useSettled } from '../components/use_element';
import { readChartSettings, writeChartSettings } from '../model/chart_settings';
import { formatCount } from '../model/format';
import { chartedKeys } from '../model/metric';
import { assignColours } from '../model/palette';
import { runPath, type Run } from '../model/run';
import { columnsOf, hiddenByDefault, toRow, type RunColumn } from '../model/run_columns';
import { Failure } from './failure';
import type { ProjectSearch } from './search_params';

/** Runs that the charts show before anybody has chosen. */
const shownAtFirst = 5;
const noSelection = 'none';

interface RunsViewProps {
  of: ProjectName;
  /** Only the runs of this sweep. */
  sweep?: string;
  search: ProjectSearch;
  change: (patch: Partial<ProjectSearch>) => void;
  /** What stands above the runs. */
  head: (seen: { runCount: number; live: Live | null; runs: readonly Run[] }) => ReactNode;
  /** In their place while there are none. */
  empty: ReactNode;
}

/** Runs in a table, and charts that compare those that are selected: of a project or of a sweep. */
export function RunsView({
  of,
  sweep = '',
  search,
  change,
  head,
  empty,
}: RunsViewProps): JSX.Element {
  const live = useLive(of);
  const [text, setText] = useState(search.q ?? '');
  const settled = useSettled(text, 200);
  useEffect(() => change({ q: settled === '' ? undefined : settled }), [settled, change]);

  const sort = readSort(search.sort);
  const order = search.sort ? orderOf(search.sort) : '-created_at';
  const query = useInfiniteQuery({
    ...runsOptions(of, { order, search: search.q ?? '', sweep }),
    placeholderData: (before) => before,
  });
  const runs = useMemo(() => query.data?.pages.flatMap((page) => page.runs) ?? [], [query.data]);
  const rows = useMemo(() => runs.map(toRow), [runs]);
  const columns = useMemo(() => columnsOf(rows), [rows]);
  const [isTall, setTall] = useState(false);
  const [chosenHidden, setHidden] = useState<ReadonlySet<string> | null>(null);
  const hidden = useMemo(
    () => chosenHidden ?? new Set(hiddenByDefault(columns, rows)),
    [chosenHidden, columns, rows],
  );
  const selected = useMemo(
    () => new Set(search.runs ?? runs.slice(0, shownAtFirst).map((run) => run.name)) as Set<string>,
    [search.runs, runs],
  );
  const colours = useMemo(
    () => assignColours([...selected, ...runs.map((r) => r.name).filter((n) => !selected.has(n))]),
    [selected, runs],
  );
  const onSelect = (name: string, isSelected: boolean): void => {
    const next = [...selected].filter((other) => other !== name && other !== noSelection);
    if (isSelected) next.push(name);
    change({ runs: next.length > 0 ? next : [noSelection] });
  };
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const runCount = query.data?.pages[0]?.runCount ?? 0;

  if (query.isPending) {
    return (
      <main className="page">
        <Skeleton rows={8} />
      </main>
    );
  }
  if (query.error && !query.data) {
    return (
      <main className="page">
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      </main>
    );
  }
  const isEmpty = runs.length === 0 && (search.q ?? '') === '';
  return (
    <main className="page">
      {head({ runCount, live, runs })}
      {isEmpty ? (
        empty
      ) : (
        <>
          <section
            className={isTall ? 'card runs-card runs-tall' : 'card runs-card'}
            aria-label="Runs"
          >
            <div className="toolbar runs-toolbar">
              <SearchBox label="Search runs" value={text} onChange={setText} />
              <span className="quiet selected-count">
                {formatCount(runs.filter((run) => selected.has(run.name)).length, 'run')} in charts
              </span>
              <ColumnChooser columns={columns} hidden={hidden} onChange={setHidden} />
              <button
                className="button"
                title={isTall ? 'Smaller table' : 'Larger table'}
                aria-pressed={isTall}
                onClick={() => setTall(!isTall)}
              >
                <Icon name={isTall ? 'shrink' : 'expand'} size={14} />
              </button>
            </div>
            {runs.length === 0 ? (
              <p className="quiet card-text">No run matches “{search.q}”.</p>
            ) : (
              <RunsTable
                rows={rows}
                columns={columns}
                hidden={hidden}
                sort={sort}
                onSort={(next) => change({ sort: writeSort(next, columns) })}
                colours={colours}
                selected={selected}
                onSelect={onSelect}
                onEnd={onEnd}
              />
            )}
          </section>
          {live && (
            <CompareCharts
              runs={runs.filter((run) => selected.has(run.name))}
              colours={colours}
              live={live}
              search={search}
              change={change}
            />
          )}
        </>
      )}
    </main>
  );
}

/** `sort=-summary:loss`: a sign and a column's id. */
function readSort(text: string | undefined): Sort | null {
  if (!text) return null;
  return { columnId: text.slice(1), isDescending: text.startsWith('-') };
}

function writeSort(sort: Sort | null, columns: readonly RunColumn[]): string | undefined {
  if (!sort) return undefined;
  const isKnown = sort.columnId === 'name' || columns.some((c) => c.id === sort.columnId);
  return isKnown ? `${sort.isDescending ? '-' : '+'}${sort.columnId}` : undefined;
}

const orderNames: Record<string, string> = {
  name: 'display_name',
  created: 'created_at',
  user: 'username',
  jobType: 'job_type',
};

function orderOf(sort: string): string {
  const id = sort.slice(1);
  const field = id
    .replace(/^config:(.*)$/s, 'config.$1')
    .replace(/^summary:(.*)$/s, 'summary_metrics.$1');
  return sort.slice(0, 1) + (orderNames[id] ?? field);
}

interface CompareChartsProps {
  runs: readonly Run[];
  colours: ReadonlyMap<string, number>;
  live: Live;
  search: ProjectSearch;
  change: (patch: Partial<ProjectSearch>) => void;
}

function CompareCharts({ runs, colours, live, search, change }: CompareChartsProps): JSX.Element {
  const settings = readChartSettings(search);
  const keys = useQueries({
    queries: runs.map((run) => keysOptions(run)),
    combine: (results) => ({
      metrics: [
        ...new Set(
          results.flatMap(({ data }) => (data ? chartedKeys(data.keys, data.definitions) : [])),
        ),
      ],
      definitions: results.find(({ data }) => data)?.data?.definitions ?? [],
      isPending: results.some(({ isPending }) => isPending),
    }),
  });
  const names = runs.map((run) => `${run.name}\n${run.displayName}`).join('\n\n');
  const chartRuns = useMemo(
    () =>
      runs.map((run) => ({
        path: runPath(run),
        label: run.displayName,
        colour: colours.get(run.name) ?? 0,
      })),
    // Live changes of a summary give new run objects; charts only care about names.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [names, colours],
  );
  if (runs.length === 0) {
    return <p className="quiet centred">Tick runs in the table to see them in charts.</p>;
  }
  if (keys.metrics.length === 0) {
    return keys.isPending ? (
      <Skeleton rows={3} />
    ) : (
      <p className="quiet centred">These runs have not logged any numbers yet.</p>
    );
  }
  return (
    <>
      <ChartToolbar
        settings={settings}
        metrics={keys.metrics}
        onChange={(next) =>
          change({
            x: undefined,
            smooth: undefined,
            log: undefined,
            metrics: undefined,
            ...writeChartSettings(next),
          })
        }
      />
      <ChartSections
        metrics={keys.metrics}
        definitions={keys.definitions}
        runs={chartRuns}
        settings={settings}
        feed={live.feed}
        syncGroup="project"
      />
    </>
  );
}
