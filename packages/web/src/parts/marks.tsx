import type { ReactElement, ReactNode } from 'react';
import { useId, useRef } from 'react';

/** A word with its explanation one hover or focus away. */
export function Term({
  children,
  meaning,
}: {
  readonly children: ReactNode;
  readonly meaning: string;
}): ReactElement {
  const id = useId();
  const box = useRef<HTMLSpanElement>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only places what the button explains.
    <span className="term" onMouseEnter={() => keepInView(box.current)}>
      <button
        type="button"
        className="term-word"
        aria-describedby={id}
        onFocus={() => keepInView(box.current)}
      >
        {children}
      </button>
      <span role="tooltip" id={id} className="term-meaning" ref={box}>
        {meaning}
      </span>
    </span>
  );
}

/** Room between an explanation and the edge of the window, pixels. */
const EDGE = 8;

/** Moves an explanation sideways so that the window holds all of it. */
function keepInView(box: HTMLElement | null): void {
  if (box === null) return;
  box.style.setProperty('--shift', '0px');
  const { left, right } = box.getBoundingClientRect();
  const over = right + EDGE - document.documentElement.clientWidth;
  const shift = over > 0 ? -over : Math.max(0, EDGE - left);
  box.style.setProperty('--shift', `${shift}px`);
}

/** A hash or address, shortened, whole in its title, copied by a click. */
export function Hash({
  hash,
  ends = 6,
}: {
  readonly hash: string;
  readonly ends?: number;
}): ReactElement {
  const short =
    hash.length <= 2 * ends + 3 ? hash : `${hash.slice(0, ends + 2)}…${hash.slice(-ends)}`;
  const copy = (): void => void navigator.clipboard?.writeText(hash);
  return (
    <button type="button" className="hash" title={`${hash}\nClick to copy`} onClick={copy}>
      {short}
    </button>
  );
}

/** A small word in a frame. */
export function Chip({
  tone = 'plain',
  children,
  title,
}: {
  readonly tone?: 'plain' | 'good' | 'warn' | 'bad' | 'accent';
  readonly children: ReactNode;
  readonly title?: string;
}): ReactElement {
  return (
    <span className={`chip chip-${tone}`} title={title}>
      {children}
    </span>
  );
}

/** A part of the page with a heading. */
export function Panel({
  title,
  aside,
  children,
  className = '',
}: {
  readonly title: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}): ReactElement {
  return (
    <section className={`panel ${className}`}>
      <header className="panel-head">
        <h2>{title}</h2>
        {aside !== undefined && <div className="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** Nothing to show, and what to do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}): ReactElement {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** What is being read; says so rather than showing a shape of nothing. */
export function Loading({ what }: { readonly what: string }): ReactElement {
  return (
    <div className="loading" role="status">
      <span className="loading-mark" aria-hidden="true" />
      Reading {what}
    </div>
  );
}

/** A pair of a name and what it is, in a list of such pairs. */
export function Fact({
  name,
  children,
  meaning,
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly meaning?: string;
}): ReactElement {
  return (
    <div className="fact">
      <dt>{meaning === undefined ? name : <Term meaning={meaning}>{name}</Term>}</dt>
      <dd>{children}</dd>
    </div>
  );
}
