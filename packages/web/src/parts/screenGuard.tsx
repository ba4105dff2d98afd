import type { ReactNode } from 'react';
import { Component } from 'react';

interface GuardState {
  readonly broken: string | undefined;
}

/** Keeps a screen that breaks from taking the page with it, and says what happened. */
export class ScreenGuard extends Component<{ readonly children: ReactNode }, GuardState> {
  override state: GuardState = { broken: undefined };

  static getDerivedStateFromError(cause: unknown): GuardState {
    return { broken: cause instanceof Error ? cause.message : String(cause) };
  }

  override render(): ReactNode {
    const { broken } = this.state;
    if (broken === undefined) return this.props.children;
    return (
      <div className="empty" role="alert">
        <p className="empty-title">This screen stopped.</p>
        <p>{broken}</p>
        <p>
          If the venue was updated since you opened the page, loading it again brings both to the
          same version.
        </p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    );
  }
}
