import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type JSX } from 'react';

import { readWholeConsole, useConsole } from '../api/use_console';
import type { Live } from '../api/use_live';
import { Icon } from '../components/icon';
import { EmptyNotice } from '../components/notice';
import { parseAnsi } from '../model/ansi';
import { parseConsoleLine } from '../model/console_line';
import { formatCount } from '../model/format';
import type { Run } from '../model/run';

const lineHeight = 20;

interface LogsTabProps {
  run: Run;
  live: Live;
  lineCount: number;
}

/** What the program printed. Stays at the end while it is at the end. */
export function LogsTab({ run, live, lineCount }: LogsTabProps): JSX.Element {
  const log = useConsole(run, live, lineCount);
  const scroller = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [isWrapped, setWrapped] = useState(false);
  const items = useVirtualizer({
    count: log.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 20,
  });
  const virtual = items.getVirtualItems();
  const first = virtual[0]?.index ?? 0;
  const last = virtual[virtual.length - 1]?.index ?? 0;
  const { show, total } = log;
  useEffect(() => show(first, last), [show, first, last]);
  useEffect(() => {
    if (isFollowing && total > 0) items.scrollToIndex(total - 1, { align: 'end' });
  }, [isFollowing, total, items]);
  const onScroll = (): void => {
    const element = scroller.current;
    if (!element) return;
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < 3 * lineHeight);
  };
  if (total === 0) {
    return (
      <EmptyNotice title="Nothing printed yet">
        <p className="quiet">
          {log.error ?? 'What the program writes to stdout and stderr appears here as it comes.'}
        </p>
      </EmptyNotice>
    );
  }
  return (
    <section className="card log" aria-label="Console">
      <div className="toolbar log-toolbar">
        <span className="quiet">{formatCount(total, 'line')}</span>
        <span className="spacer" />
        {!isFollowing && (
          <button className="button" onClick={() => setFollowing(true)}>
            <Icon name="down" size={14} /> Follow
          </button>
        )}
        <button className="button" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>
          <Icon name="wrap" size={14} /> <span className="wide-only">Wrap</span>
        </button>
        <button className="button" onClick={() => void save(run)}>
          <Icon name="download" size={14} /> <span className="wide-only">Download</span>
        </button>
      </div>
      {log.error && <p className="bad-text card-text">{log.error}</p>}
      <div
        className={isWrapped ? 'log-lines log-wrapped' : 'log-lines'}
        ref={scroller}
        onScroll={onScroll}
        tabIndex={0}
      >
        <div style={{ height: items.getTotalSize(), position: 'relative' }}>
          {virtual.map((item) => (
            <div
              key={item.key}
              data-index={item.index}
              ref={isWrapped ? items.measureElement : undefined}
              className="log-line-place"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <LogLine number={item.index} raw={log.line(item.index)} />
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

function LogLine({ number, raw }: { number: number; raw: string | undefined }): JSX.Element {
  const line = useMemo(
    () => (raw === undefined ? null : parseConsoleLine(number, raw)),
    [number, raw],
  );
  return (
    <div className={line?.isError ? 'log-line log-error' : 'log-line'}>
      <span className="log-number">{number + 1}</span>
      <span className="log-time">{line?.time?.slice(11, 19) ?? ''}</span>
      <span className="log-text">
        {line
          ? parseAnsi(line.text).map((span, i) => (
              <span
                key={i}
                className={[
                  span.colour ? `ansi-${span.colour}` : '',
                  span.bold ? 'ansi-bold' : '',
                  span.faint ? 'ansi-faint' : '',
                ].join(' ')}
              >
                {span.text}
              </span>
            ))
          : '…'}
      </span>
    </div>
  );
}

async function save(run: Run): Promise<void> {
  const text = await readWholeConsole(run);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = `${run.name}.log`;
  link.click();
  URL.revokeObjectURL(link.href);
}
