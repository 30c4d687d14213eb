import { useEffect, useRef, useState, type JSX, type ReactNode } from 'react';

interface PopoverProps {
  label: ReactNode;
  title: string;
  children: ReactNode;
  className?: string;
}

/** A button that opens a small panel under it; Escape or a click elsewhere closes it. */
export function Popover({
  label,
  title,
  children,
  className = 'button',
}: PopoverProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const onPointer = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setOpen(false);
    };
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('keydown', onKey);
    };
  }, [isOpen]);
  return (
    <div className="popover-root" ref={root}>
      <button
        className={className}
        title={title}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
      </button>
      {isOpen && <div className="popover">{children}</div>}
    </div>
  );
}
