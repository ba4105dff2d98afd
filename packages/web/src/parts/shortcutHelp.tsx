import type { ReactElement } from 'react';
import { useEffect, useRef } from 'react';
import { useLive } from '../live/live.ts';
import { isHelpOpen, shortcuts } from '../live/shortcuts.ts';

/** The keys that work on this screen; `?` opens and closes it. */
export function ShortcutHelp(): ReactElement {
  const isOpen = useLive(isHelpOpen);
  const offered = useLive(shortcuts).flat();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const box = dialog.current;
    if (box === null) return;
    if (isOpen && !box.open) box.showModal();
    if (!isOpen && box.open) box.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      className="keys"
      aria-labelledby="keys-title"
      onClose={() => isHelpOpen.set(false)}
    >
      <header className="panel-head">
        <h2 id="keys-title">Keys</h2>
        <button
          type="button"
          className="icon-button keys-close"
          aria-label="Close"
          onClick={() => isHelpOpen.set(false)}
        >
          ✕
        </button>
      </header>
      <dl className="facts padded">
        {offered.map(({ key, words }) => (
          <Key key={key} name={key} words={words} />
        ))}
        <Key name="Esc" words="Leave a field, close this" />
        <Key name="?" words="Show or hide this" />
      </dl>
    </dialog>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  arrowup: '↑',
  arrowdown: '↓',
  enter: 'Enter',
};

function Key({ name, words }: { readonly name: string; readonly words: string }): ReactElement {
  return (
    <div className="fact">
      <dt>
        <kbd>{NAMES[name] ?? name}</kbd>
      </dt>
      <dd>{words}</dd>
    </div>
  );
}
