import { Link } from '@tanstack/react-router';
import { useEffect, useState, type JSX } from 'react';

import type { Live } from '../api/use_live';
import { Icon } from '../components/icon';
import { withNote, type AlertNote } from '../model/alert';
import { SeverityMark } from './alerts_tab';
import type { RunSearch } from './search_params';

/** Errors stay until they are closed. */
const shownMs = 12_000;

/** Alerts that come while the page is open, in a corner of it. */
export function AlertNotes({ live }: { live: Live }): JSX.Element {
  const [notes, setNotes] = useState<AlertNote[]>([]);
  const { subscribe } = live;
  useEffect(
    () =>
      subscribe((event) => {
        if (event.kind === 'alert') setNotes((before) => withNote(before, event.alert));
      }),
    [subscribe],
  );
  const close = (note: AlertNote): void =>
    setNotes((before) => before.filter((other) => other !== note));
  return (
    <div className="alert-notes" role="status" aria-live="polite">
      {notes.map((note) => (
        <Note key={note.id} note={note} onClose={close} />
      ))}
    </div>
  );
}

function Note({
  note,
  onClose,
}: {
  note: AlertNote;
  onClose: (note: AlertNote) => void;
}): JSX.Element {
  useEffect(() => {
    if (note.severity === 'ERROR') return undefined;
    const timer = setTimeout(() => onClose(note), shownMs);
    return () => clearTimeout(timer);
    // A new note of the same alert begins its time anew; `onClose` is made with each drawing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [note]);
  return (
    <div className="alert-float" data-severity={note.severity}>
      <SeverityMark severity={note.severity} />
      <Link
        className="alert-float-title"
        from="/$entity/$project/runs/$run"
        to="."
        search={(before: RunSearch) => ({ ...before, tab: 'alerts' as const })}
        onClick={() => onClose(note)}
      >
        {note.title}
      </Link>
      <button className="icon-button" title="Close" onClick={() => onClose(note)}>
        <Icon name="close" size={12} />
      </button>
    </div>
  );
}
