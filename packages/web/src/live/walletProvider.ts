/** The part of EIP-1193 that the page uses. */
export interface WalletProvider {
  readonly request: (call: {
    readonly method: string;
    readonly params?: readonly unknown[];
  }) => Promise<unknown>;
  readonly on?: (event: string, listener: (argument: unknown) => void) => void;
}
