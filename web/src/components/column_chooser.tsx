import { useState, type JSX } from 'react';

import type { RunColumn } from '../model/run_columns';
import { matcher } from '../model/sections';
import { Icon } from './icon';
import { Popover } from './popover';
import { SearchBox } from './search_box';

interface ColumnChooserProps {
  columns: readonly RunColumn[];
  hidden: ReadonlySet<string>;
  onChange: (hidden: ReadonlySet<string>) => void;
}

const groupNames = { run: 'Run', config: 'Config', summary: 'Summary' } as const;
const mostListed = 200;

/** Which columns the table shows. */
export function ColumnChooser(props: ColumnChooserProps): JSX.Element {
  const [search, setSearch] = useState('');
  const { columns, hidden, onChange } = props;
  const wanted = matcher(search);
  const found = columns.filter((column) => wanted(column.label));
  const setAll = (isShown: boolean): void => {
    const next = new Set(hidden);
    for (const { id } of found) {
      if (isShown) next.delete(id);
      else next.add(id);
    }
    onChange(next);
  };
  return (
    <Popover
      title="Choose columns"
      label={
        <>
          <Icon name="columns" size={14} /> <span className="wide-only">Columns</span>
        </>
      }
    >
      <SearchBox label="Search columns" value={search} onChange={setSearch} />
      <div className="chooser-all">
        <button className="link-button" onClick={() => setAll(true)}>
          Show all
        </button>
        <button className="link-button" onClick={() => setAll(false)}>
          Hide all
        </button>
      </div>
      <div className="chooser-list">
        {(['run', 'config', 'summary'] as const).map((group) => {
          const members = found.filter((column) => column.group === group).slice(0, mostListed);
          return members.length === 0 ? null : (
            <fieldset key={group}>
              <legend>{groupNames[group]}</legend>
              {members.map((column) => (
                <ColumnBox key={column.id} column={column} {...props} />
              ))}
            </fieldset>
          );
        })}
      </div>
    </Popover>
  );
}

function ColumnBox({
  column,
  hidden,
  onChange,
}: ColumnChooserProps & { column: RunColumn }): JSX.Element {
  const toggle = (isShown: boolean): void => {
    const next = new Set(hidden);
    if (isShown) next.delete(column.id);
    else next.add(column.id);
    onChange(next);
  };
  return (
    <label className="chooser-row">
      <input
        type="checkbox"
        checked={!hidden.has(column.id)}
        onChange={(event) => toggle(event.target.checked)}
      />
      <span>{column.label}</span>
    </label>
  );
}
