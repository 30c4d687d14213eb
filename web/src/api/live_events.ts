import { eventKinds, parseEvent, type LiveEvent } from '../model/events';

export type LiveListener = (event: LiveEvent) => void;

/** `live`: events arrive. `waiting`: the stream is down and will be opened again. */
export type LiveStatus = 'connecting' | 'live' | 'waiting';

const firstDelayMs = 500;
const longestDelayMs = 15_000;

/**
 * An event stream that stays open: after a loss it is opened again, and listeners get `resync`,
 * since what happened in between is not sent again.
 */
export class LiveEvents {
  private readonly listeners = new Set<LiveListener>();
  private readonly address: string;
  private readonly onStatus: (status: LiveStatus) => void;
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private delayMs = firstDelayMs;
  private wasOpen = false;

  constructor(scope: { run: string } | { project: string }, onStatus: (s: LiveStatus) => void) {
    this.address = `/api/events?${new URLSearchParams(scope).toString()}`;
    this.onStatus = onStatus;
    this.open();
  }

  subscribe(listener: LiveListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private open(): void {
    const source = new EventSource(this.address);
    this.source = source;
    this.onStatus('connecting');
    for (const kind of eventKinds) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        this.take(parseEvent(kind, message.data));
      });
    }
    source.onerror = () => {
      source.close();
      this.onStatus('waiting');
      this.timer = setTimeout(() => this.open(), this.delayMs);
      this.delayMs = Math.min(this.delayMs * 2, longestDelayMs);
    };
  }

  private take(event: LiveEvent): void {
    if (event.kind === 'hello') {
      this.delayMs = firstDelayMs;
      this.onStatus('live');
      if (this.wasOpen) this.tell({ kind: 'resync' });
      this.wasOpen = true;
    }
    this.tell(event);
  }

  private tell(event: LiveEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
