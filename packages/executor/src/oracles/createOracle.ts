import { basename } from 'node:path';
import type { Price } from '@lawbook/exchange/numbers/price';
import type { OracleConfig } from '../config/config.ts';
import { parsePriceDecimal } from './decimalPrice.ts';
import { FixedReader } from './fixedReader.ts';
import type { Fetch } from './httpReader.ts';
import { HttpReader } from './httpReader.ts';
import type { OracleAdapter, OracleClock } from './oracleAdapter.ts';
import { OracleFault } from './oracleFault.ts';
import { PolledOracle } from './polledOracle.ts';
import { RandomWalkReader } from './randomWalkReader.ts';
import { parseRateTable } from './rateTable.ts';
import type { OracleReader } from './reader.ts';
import { RecordedReader } from './recordedReader.ts';

/** What the adapters touch outside the program. */
export interface OracleDependencies {
  readonly clock: OracleClock;
  readonly fetch: Fetch;
  readonly readText: (path: string) => string;
}

/**
 * Builds the configured oracle; `start` begins its work.
 *
 * @throws OracleFault ORACLE_FILE_INVALID, ORACLE_WALK_INVALID.
 */
export function createOracle(
  config: OracleConfig,
  dependencies: OracleDependencies,
): OracleAdapter {
  const reader = createReader(config, dependencies);
  return new PolledOracle({ reader, symbols: config.symbols, limits: config }, dependencies.clock);
}

function createReader(config: OracleConfig, dependencies: OracleDependencies): OracleReader {
  const { symbols } = config;
  switch (config.adapter) {
    case 'fixed':
      return new FixedReader(configuredMids(config.fixed.mids, symbols), config.fixed.intervalMs);
    case 'csv':
      return createRecordedReader(config, dependencies);
    case 'http':
      return new HttpReader(
        { ...config.http, symbols, ageMsMax: config.ageMsMax },
        dependencies.fetch,
        dependencies.clock,
      );
    case 'randomWalk':
      return createWalkReader(config);
  }
}

function createRecordedReader(
  config: OracleConfig,
  { readText }: OracleDependencies,
): OracleReader {
  const { file = '', intervalMs, atEnd } = config.csv;
  const rows = parseRateTable(readFile(file, readText), config.symbols);
  return new RecordedReader({ rows, intervalMs, atEnd, file: basename(file) });
}

function readFile(file: string, readText: (path: string) => string): string {
  try {
    return readText(file);
  } catch (cause) {
    const message = `Recorded rates cannot be read from ${file}. Correct oracle.csv.file.`;
    throw new OracleFault('ORACLE_FILE_INVALID', message, { file }, cause);
  }
}

function createWalkReader({ symbols, randomWalk }: OracleConfig): OracleReader {
  return new RandomWalkReader({
    symbols,
    mids: configuredMids(randomWalk.mids, symbols),
    dailyVolatilityPpm: new Map(Object.entries(randomWalk.dailyVolatilityPpm)),
    correlationsPpm: new Map(Object.entries(randomWalk.correlationsPpm)),
    seed: BigInt(randomWalk.seed),
    stepMs: randomWalk.intervalMs,
    reversionPpm: randomWalk.reversionPpm,
    boundPpm: randomWalk.boundPpm,
  });
}

function configuredMids(
  decimals: Readonly<Record<string, string>>,
  symbols: readonly string[],
): Map<string, Price> {
  return new Map(
    symbols.map((symbol) => {
      const mid = parsePriceDecimal(decimals[symbol] ?? '');
      if (mid !== undefined) return [symbol, mid];
      const message = `The configured mid of ${symbol} is not a positive decimal.`;
      throw new OracleFault('ORACLE_FILE_INVALID', message, { symbol });
    }),
  );
}
