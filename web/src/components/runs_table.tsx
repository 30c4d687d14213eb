import { Link } from '@tanstack/react-router';
import {
  columnSizingFeature,
  columnVisibilityFeature,
  createColumnHelper,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/react-table';
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, type JSX } from 'react';

import { cellOf, type RunColumn, type RunRow } from '../model/run_columns';
import { colourAt } from '../model/palette';
import { Icon } from './icon';
import { StateBadge, Tag } from './run_bits';
import { useTheme } from './theme';
import { useNow, useWidth } from './use_element';

export interface Sort {
  columnId: string;
  isDescending: boolean;
}

interface RunsTableProps {
  rows: readonly RunRow[];
  columns: readonly RunColumn[];
  hidden: ReadonlySet<string>;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
  colours: ReadonlyMap<string, number>;
  selected: ReadonlySet<string>;
  onSelect: (name: string, isSelected: boolean) => void;
  /** Called when the last loaded rows come into view. */
  onEnd: () => void;
}

const features = tableFeatures({
  columnSizingFeature,
  columnVisibilityFeature,
  rowSortingFeature,
});
const helper = createColumnHelper<typeof features, RunRow>();
const rowHeight = 36;
const wideName = 264;
const narrowName = 178;

/** Runs, one a row; only the cells in view are in the page. Sorting is the server's work. */
export function RunsTable(props: RunsTableProps): JSX.Element {
  const { rows, columns, hidden, onEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [widthRef, width] = useWidth();
  const attach = useCallback(
    (element: HTMLDivElement | null) => {
      scroller.current = element;
      widthRef(element);
    },
    [widthRef],
  );
  const nameWidth = width > 0 && width < 640 ? narrowName : wideName;
  const definitions = useMemo(
    () =>
      columns.map((column) =>
        helper.accessor((row) => cellOf(row, column.id, 0).text, {
          id: column.id,
          header: column.label,
          size: column.width,
          enableSorting: column.order !== null,
          meta: column,
        }),
      ) as ColumnDef<typeof features, RunRow>[],
    [columns],
  );
  const columnVisibility = useMemo(
    () => Object.fromEntries([...hidden].map((id) => [id, false])),
    [hidden],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows as RunRow[],
    getRowId: (row) => row.run.name,
    manualSorting: true,
    state: { columnVisibility },
  });
  const tableRows = table.getRowModel().rows;
  const leafColumns = table.getVisibleLeafColumns();
  const rowItems = useVirtualizer({
    count: tableRows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const columnItems = useVirtualizer({
    horizontal: true,
    count: leafColumns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => leafColumns[index]?.getSize() ?? 100,
    paddingStart: nameWidth,
    overscan: 3,
  });
  useEffect(() => columnItems.measure(), [columnItems, leafColumns, nameWidth]);
  const virtualRows = rowItems.getVirtualItems();
  const virtualColumns = columnItems.getVirtualItems();
  const lastIndex = virtualRows[virtualRows.length - 1]?.index ?? 0;
  useEffect(() => {
    if (lastIndex >= rows.length - 10) onEnd();
  }, [lastIndex, rows.length, onEnd]);
  const shownColumns = virtualColumns.flatMap((item) => {
    const column = columns.find((c) => c.id === leafColumns[item.index]?.id);
    return column ? [{ item, column }] : [];
  });
  return (
    <div className="runs-scroll" ref={attach} role="table" aria-rowcount={rows.length}>
      <div className="runs-body" style={{ width: columnItems.getTotalSize() }}>
        <HeaderRow {...props} nameWidth={nameWidth} shown={shownColumns} />
        <div style={{ height: rowItems.getTotalSize() }} role="rowgroup">
          {virtualRows.map((item) => {
            const row = tableRows[item.index]?.original;
            return (
              row && (
                <BodyRow
                  key={row.run.name}
                  {...props}
                  nameWidth={nameWidth}
                  row={row}
                  top={item.start}
                  shown={shownColumns}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface Shown {
  item: VirtualItem;
  column: RunColumn;
}

function HeaderRow({
  sort,
  onSort,
  shown,
  nameWidth,
}: RunsTableProps & { shown: readonly Shown[]; nameWidth: number }): JSX.Element {
  const next = (id: string): Sort | null => {
    if (sort?.columnId !== id) return { columnId: id, isDescending: true };
    return sort.isDescending ? { columnId: id, isDescending: false } : null;
  };
  return (
    <div className="runs-row runs-header" role="row">
      <div className="runs-cell runs-name" role="columnheader" style={{ width: nameWidth }}>
        <button className="sort-button" onClick={() => onSort(next('name'))}>
          Name <SortMark sort={sort} id="name" />
        </button>
      </div>
      {shown.map(({ item, column }) => (
        <div
          key={column.id}
          role="columnheader"
          aria-sort={ariaSort(sort, column.id)}
          className={column.isNumeric ? 'runs-cell runs-number' : 'runs-cell'}
          style={{ width: item.size, transform: `translateX(${item.start}px)` }}
          title={column.group === 'run' ? column.label : `${column.group}: ${column.label}`}
        >
          {column.order === null ? (
            <span className="sort-button">{column.label}</span>
          ) : (
            <button className="sort-button" onClick={() => onSort(next(column.id))}>
              {column.group !== 'run' && <span className={`kind kind-${column.group}`} />}
              <span className="sort-label">{column.label}</span>
              <SortMark sort={sort} id={column.id} />
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

function ariaSort(sort: Sort | null, id: string): 'ascending' | 'descending' | 'none' {
  if (sort?.columnId !== id) return 'none';
  return sort.isDescending ? 'descending' : 'ascending';
}

function SortMark({ sort, id }: { sort: Sort | null; id: string }): JSX.Element | null {
  if (sort?.columnId !== id) return null;
  return <Icon name={sort.isDescending ? 'down' : 'up'} size={12} />;
}

interface BodyRowProps extends RunsTableProps {
  row: RunRow;
  top: number;
  shown: readonly Shown[];
  nameWidth: number;
}

function BodyRow({
  row,
  top,
  shown,
  nameWidth,
  colours,
  selected,
  onSelect,
}: BodyRowProps): JSX.Element {
  const { isDark } = useTheme();
  const now = useNow(row.run.state === 'running' ? 1000 : 30_000);
  const { run } = row;
  const isSelected = selected.has(run.name);
  const place = colours.get(run.name) ?? 0;
  return (
    <div
      className={isSelected ? 'runs-row runs-selected' : 'runs-row'}
      role="row"
      data-run={run.name}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div className="runs-cell runs-name" role="cell" style={{ width: nameWidth }}>
        <label className="run-check" title={isSelected ? 'In the charts' : 'Show in the charts'}>
          <input
            type="checkbox"
            aria-label={`Show ${run.displayName} in the charts`}
            checked={isSelected}
            style={{ accentColor: colourAt(place, isDark) }}
            onChange={(event) => onSelect(run.name, event.target.checked)}
          />
          <span className="dot" style={isSelected ? { background: colourAt(place, isDark) } : {}} />
        </label>
        <Link
          className="run-link"
          to="/$entity/$project/runs/$run"
          params={{ entity: run.entity, project: run.project, run: run.name }}
          title={`${run.displayName} (${run.name})`}
        >
          {run.displayName}
        </Link>
      </div>
      {shown.map(({ item, column }) => (
        <div
          key={column.id}
          role="cell"
          className={column.isNumeric ? 'runs-cell runs-number' : 'runs-cell'}
          style={{ width: item.size, transform: `translateX(${item.start}px)` }}
        >
          <CellContent row={row} column={column} now={now} />
        </div>
      ))}
    </div>
  );
}

function CellContent({
  row,
  column,
  now,
}: {
  row: RunRow;
  column: RunColumn;
  now: number;
}): JSX.Element {
  if (column.id === 'state') return <StateBadge state={row.run.state} />;
  if (column.id === 'tags') {
    return (
      <span className="tags">
        {row.run.tags.map((tag) => (
          <Tag key={tag} name={tag} />
        ))}
      </span>
    );
  }
  const cell = cellOf(row, column.id, now);
  return <span title={cell.title}>{cell.text}</span>;
}
