export type Severity = 'INFO' | 'WARN' | 'ERROR';

/** What the event stream tells of an alert; the text is read from the list. */
export interface AlertNote {
  id: string;
  title: string;
  severity: Severity;
  /** It stands for the alert of that id, which came shortly before. */
  isRepeated: boolean;
}

export interface AlertDelivery {
  id: string;
  state: 'QUEUED' | 'DELIVERED' | 'FAILED';
  attempts: number;
  lastError: string | null;
  targetName: string;
}

export interface Alert {
  id: string;
  title: string;
  text: string;
  severity: Severity;
  createdAtMs: number;
  repeatCount: number;
  deliveries: AlertDelivery[];
}

export function severityOf(text: string | null): Severity {
  return text === 'WARN' || text === 'ERROR' ? text : 'INFO';
}

export const severityNames: Record<Severity, string> = {
  INFO: 'Info',
  WARN: 'Warning',
  ERROR: 'Error',
};

/** One line about where an alert went. */
export function deliveryText(delivery: AlertDelivery): string {
  const why = delivery.lastError === null ? '' : `: ${delivery.lastError}`;
  switch (delivery.state) {
    case 'DELIVERED':
      return `Sent to ${delivery.targetName}`;
    case 'FAILED':
      return `Not delivered to ${delivery.targetName}${why}`;
    case 'QUEUED':
      return delivery.attempts === 0
        ? `On its way to ${delivery.targetName}`
        : `Trying ${delivery.targetName} again${why}`;
  }
}

const notesMax = 4;

/** The notes on the screen after another came: one for each alert, the newest last. */
export function withNote(notes: readonly AlertNote[], next: AlertNote): AlertNote[] {
  return [...notes.filter(({ id }) => id !== next.id), next].slice(-notesMax);
}
