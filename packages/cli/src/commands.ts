import type { Program } from './terminal/program.ts';

/** Adds one command to the program. */
export type AddCommand = (program: Program) => void;

/**
 * Every command in the order of the help, loaded on use: a command that needs no exchange starts
 * without reading one.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  start: async () => (await import('./start.ts')).addStart,
  order: async () => (await import('./order.ts')).addOrder,
  books: async () => (await import('./books.ts')).addBooks,
  book: async () => (await import('./book.ts')).addBook,
  balance: async () => (await import('./balance.ts')).addBalance,
  deposit: async () => (await import('./deposit.ts')).addDeposit,
  withdraw: async () => (await import('./withdraw.ts')).addWithdraw,
  exit: async () => (await import('./exit.ts')).addExit,
  preview: async () => (await import('./preview.ts')).addPreview,
  watch: async () => (await import('./watch.ts')).addWatch,
  epoch: async () => (await import('./epoch.ts')).addEpoch,
  settlement: async () => (await import('./settlement.ts')).addSettlement,
  agreement: async () => (await import('./agreement.ts')).addAgreement,
  verify: async () => (await import('./verify.ts')).addVerify,
  prove: async () => (await import('./prove.ts')).addProve,
  settle: async () => (await import('./settle.ts')).addSettle,
  test: async () => (await import('./selfTest.ts')).addSelfTest,
  simulate: async () => (await import('./simulate.ts')).addSimulate,
  tape: async () => (await import('./tape.ts')).addTape,
  replay: async () => (await import('./replay.ts')).addReplay,
  recover: async () => (await import('./recover.ts')).addRecover,
  config: async () => (await import('./config.ts')).addConfig,
  keys: async () => (await import('./keys.ts')).addKeys,
};

/** The commands that a command line can mean: the one that it names, or all of them. */
export async function commandsFor(words: readonly string[]): Promise<AddCommand[]> {
  const named = COMMANDS[words[0] ?? ''];
  const loaders = named === undefined ? Object.values(COMMANDS) : [named];
  return Promise.all(loaders.map((load) => load()));
}
