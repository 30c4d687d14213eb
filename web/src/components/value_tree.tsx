import { useMemo, useState, type JSX } from 'react';

import { formatNumber, formatValue } from '../model/format';
import { isObject, type JsonObject, type JsonValue } from '../model/json_value';
import { displayKey, leaves } from '../model/key_path';
import { matcher } from '../model/sections';
import { SearchBox } from './search_box';

interface ValueTreeProps {
  title: string;
  object: JsonObject;
  empty: string;
}

const searchFrom = 8;
/** More rows than this are shown only after a search or a click. */
const pageSize = 300;

/** A nested object, unfolded; a search keeps the leaves that match by name or value. */
export function ValueTree({ title, object, empty }: ValueTreeProps): JSX.Element {
  const [search, setSearch] = useState('');
  const all = useMemo(() => leaves(object), [object]);
  const found = useMemo(() => {
    const wanted = matcher(search);
    return all.filter((leaf) => wanted(displayKey(leaf.path)) || wanted(formatValue(leaf.value)));
  }, [all, search]);
  return (
    <section className="card tree" aria-label={title}>
      <header className="card-head">
        <h2>{title}</h2>
        <span className="count">{all.length}</span>
        {all.length >= searchFrom && (
          <SearchBox label={`Search ${title.toLowerCase()}`} value={search} onChange={setSearch} />
        )}
      </header>
      {all.length === 0 ? (
        <p className="quiet card-text">{empty}</p>
      ) : search === '' ? (
        <TreeLevel object={object} depth={0} />
      ) : (
        <dl className="tree-rows">
          {found.slice(0, pageSize).map((leaf) => (
            <LeafRow key={leaf.path} name={displayKey(leaf.path)} value={leaf.value} depth={0} />
          ))}
          {found.length === 0 && <p className="quiet card-text">Nothing matches.</p>}
        </dl>
      )}
    </section>
  );
}

function TreeLevel({ object, depth }: { object: JsonObject; depth: number }): JSX.Element {
  const [shown, setShown] = useState(pageSize);
  const entries = [...object];
  return (
    <dl className="tree-rows">
      {entries
        .slice(0, shown)
        .map(([name, value]) =>
          isObject(value) && value.size > 0 ? (
            <Branch key={name} name={name} object={value} depth={depth} />
          ) : (
            <LeafRow key={name} name={name} value={value} depth={depth} />
          ),
        )}
      {entries.length > shown && (
        <button className="button tree-more" onClick={() => setShown(shown + 1000)}>
          Show more of {entries.length - shown}
        </button>
      )}
    </dl>
  );
}

function Branch({
  name,
  object,
  depth,
}: {
  name: string;
  object: JsonObject;
  depth: number;
}): JSX.Element {
  const [isOpen, setOpen] = useState(depth < 2);
  return (
    <div className="tree-branch">
      <button
        className="tree-toggle"
        aria-expanded={isOpen}
        style={{ paddingLeft: 12 + depth * 16 }}
        onClick={() => setOpen(!isOpen)}
      >
        <span className="tree-arrow">{isOpen ? '▾' : '▸'}</span>
        {name}
        <span className="count">{object.size}</span>
      </button>
      {isOpen && <TreeLevel object={object} depth={depth + 1} />}
    </div>
  );
}

function LeafRow({
  name,
  value,
  depth,
}: {
  name: string;
  value: JsonValue;
  depth: number;
}): JSX.Element {
  const kind = value === null ? 'null' : typeof value;
  const exact = typeof value === 'number' ? formatNumber(value, 12) : formatValue(value);
  return (
    <div className="tree-leaf" style={{ paddingLeft: 12 + depth * 16 }}>
      <dt title={name}>{name}</dt>
      <dd className={`value-${kind}`} title={exact}>
        {exact}
      </dd>
    </div>
  );
}
