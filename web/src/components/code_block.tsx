import { useState, type JSX } from 'react';

import { Icon } from './icon';

/** Code to copy. */
export function CodeBlock({ code }: { code: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(code).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <div className="code-block">
      <pre>
        <code>{code}</code>
      </pre>
      <button className="icon-button" title="Copy" onClick={copy}>
        <Icon name={isCopied ? 'check' : 'copy'} size={14} />
      </button>
    </div>
  );
}
