import { useInfiniteQuery } from '@tanstack/react-query';
import { useLayoutEffect, useRef, useState, type JSX } from 'react';

import { alertsOptions } from '../api/alerts';
import type { RunName } from '../api/queries';
import { CodeBlock } from '../components/code_block';
import { Icon } from '../components/icon';
import { EmptyNotice, Skeleton } from '../components/notice';
import { useNow } from '../components/use_element';
import { deliveryText, severityNames, type Alert, type Severity } from '../model/alert';
import { formatAgo, formatTime } from '../model/format';
import { Failure } from './failure';
import { firstAlertPython } from './snippets';

/** A run's alerts, newest first, each with where it was sent. */
export function AlertsTab({ of }: { of: RunName }): JSX.Element {
  const query = useInfiniteQuery(alertsOptions(of));
  const now = useNow(30_000);
  if (query.isPending) return <Skeleton rows={4} />;
  if (query.error && !query.data) {
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  const alerts = query.data.pages.flatMap((page) => page.alerts);
  if (alerts.length === 0) {
    return (
      <EmptyNotice title="No alerts">
        <p className="quiet">A run that calls alert() is heard here, and where alerts are sent.</p>
        <CodeBlock code={firstAlertPython} />
      </EmptyNotice>
    );
  }
  return (
    <>
      <ul className="card alert-list" aria-label="Alerts">
        {alerts.map((alert) => (
          <AlertItem key={alert.id} alert={alert} now={now} />
        ))}
      </ul>
      {query.hasNextPage && (
        <button
          className="button"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          More alerts
        </button>
      )}
    </>
  );
}

/** How many there are, beside the tab's name; nothing while there are none. */
export function AlertCount({ of }: { of: RunName }): JSX.Element | null {
  const query = useInfiniteQuery(alertsOptions(of));
  const total = query.data?.pages[0]?.total ?? 0;
  return total > 0 ? <span className="count">{total}</span> : null;
}

export function SeverityMark({ severity }: { severity: Severity }): JSX.Element {
  return (
    <span className={`severity severity-${severity.toLowerCase()}`}>
      <Icon name="alert" size={14} />
      {severityNames[severity]}
    </span>
  );
}

function AlertItem({ alert, now }: { alert: Alert; now: number }): JSX.Element {
  return (
    <li className="alert" data-severity={alert.severity}>
      <SeverityMark severity={alert.severity} />
      <div className="alert-body">
        <h2 className="alert-title">{alert.title}</h2>
        {alert.text !== '' && <AlertText text={alert.text} />}
        {alert.repeatCount > 0 && (
          <p className="quiet alert-note">
            {alert.repeatCount === 1 ? 'One more' : `${alert.repeatCount} more`} with this title
            came shortly after.
          </p>
        )}
        {alert.deliveries.map((delivery) => (
          <p
            key={delivery.id}
            className={delivery.state === 'FAILED' ? 'bad-text alert-note' : 'quiet alert-note'}
          >
            {deliveryText(delivery)}
          </p>
        ))}
      </div>
      <time
        className="quiet alert-time"
        dateTime={new Date(alert.createdAtMs).toISOString()}
        title={formatTime(alert.createdAtMs)}
      >
        {formatAgo(alert.createdAtMs, now)}
      </time>
    </li>
  );
}

/** A long text is folded; the button is there only if something is hidden. */
function AlertText({ text }: { text: string }): JSX.Element {
  const place = useRef<HTMLParagraphElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  const [isCut, setIsCut] = useState(false);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element || isOpen) return undefined;
    const look = (): void => setIsCut(element.scrollHeight > element.clientHeight + 1);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [text, isOpen]);
  return (
    <>
      <p ref={place} className={isOpen ? 'alert-text' : 'alert-text alert-text-folded'}>
        {text}
      </p>
      {(isCut || isOpen) && (
        <button
          className="link-button alert-more"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? 'Less' : 'All of it'}
        </button>
      )}
    </>
  );
}
