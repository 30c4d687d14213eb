import type { JSX, ReactNode } from 'react';

import { Icon } from './icon';

interface ErrorNoticeProps {
  title: string;
  message: string;
  onRetry?: () => void;
}

/** Something failed: what, why, and a way to try again. */
export function ErrorNotice({ title, message, onRetry }: ErrorNoticeProps): JSX.Element {
  return (
    <div className="notice" role="alert">
      <span className="notice-mark notice-mark-bad">
        <Icon name="alert" size={20} />
      </span>
      <h2>{title}</h2>
      <p className="quiet">{message}</p>
      {onRetry && (
        <button className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing here yet: what to do about it. */
export function EmptyNotice({
  title,
  children,
}: {
  title: string;
  children: ReactNode;
}): JSX.Element {
  return (
    <div className="notice">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Grey bars in the place of what is on its way. */
export function Skeleton({ rows }: { rows: number }): JSX.Element {
  return (
    <div className="skeleton" aria-label="Loading" role="status">
      {Array.from({ length: rows }, (_, i) => (
        <div className="skeleton-row" key={i} />
      ))}
    </div>
  );
}
