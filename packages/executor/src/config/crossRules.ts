import type { Config } from './config.ts';
import { isLoopback } from './configSchema.ts';

/** A rule between keys that a configuration breaks. */
export interface BrokenRule {
  /** The key that should change. */
  readonly path: readonly string[];
  readonly rule: string;
}

/** Rules that need more than one key. */
export function crossRules(config: Config): BrokenRule[] {
  return [
    ...listenRules(config),
    ...oracleRules(config),
    ...settlementRules(config),
    ...rule(
      config.operator.token !== undefined && config.operator.tokenFile !== undefined,
      'operator.tokenFile',
      'Set either the token or its file',
    ),
  ];
}

function listenRules({ http }: Config): BrokenRule[] {
  const { certFile, keyFile } = http.tls;
  const exposed = !isLoopback(http.host) && certFile === undefined && !http.trustProxy;
  return [
    ...rule(
      (certFile === undefined) !== (keyFile === undefined),
      certFile === undefined ? 'http.tls.certFile' : 'http.tls.keyFile',
      'Set certificate and key together',
    ),
    ...rule(
      exposed && !http.insecure,
      'http.host',
      'Others can reach this host: set http.tls, or http.trustProxy behind a proxy, ' +
        'or http.insecure to accept traffic in the clear',
    ),
  ];
}

function oracleRules({ oracle, demo }: Config): BrokenRule[] {
  const { adapter } = oracle;
  const sources = oracle.http.sources;
  const names = new Set(sources.map(({ name }) => name));
  const intervals = {
    fixed: oracle.fixed.intervalMs,
    csv: oracle.csv.intervalMs,
    http: oracle.http.pollIntervalMs,
    randomWalk: oracle.randomWalk.intervalMs,
  };
  return [
    ...rule(
      adapter === 'randomWalk' && !demo.enabled,
      'oracle.adapter',
      'A venue that is no demonstration needs mids from outside: choose fixed, csv or http',
    ),
    ...rule(
      adapter === 'csv' && oracle.csv.file === undefined,
      'oracle.csv.file',
      'The csv oracle needs a file',
    ),
    ...rule(
      adapter === 'http' && names.size < 2,
      'oracle.http.sources',
      'The http oracle needs at least two sources of different names',
    ),
    ...rule(
      names.size !== sources.length,
      'oracle.http.sources',
      'Each source has a name of its own',
    ),
    ...rule(
      intervals[adapter] >= oracle.ageMsMax,
      'oracle.ageMsMax',
      'A mid must live longer than the interval of the chosen oracle',
    ),
    ...missingMids(adapter, oracle),
  ];
}

function settlementRules({ settlement, demo, proofs }: Config): BrokenRule[] {
  const { mode, evm } = settlement;
  return [
    ...rule(
      mode === 'embedded' && !demo.enabled,
      'settlement.mode',
      'The embedded chain holds play money: it needs demo.enabled; choose evm or off',
    ),
    ...rule(
      mode === 'evm' && evm.rpcUrls.length === 0,
      'settlement.evm.rpcUrls',
      'Name at least one endpoint of the chain',
    ),
    ...rule(
      mode === 'evm' && evm.deploymentFile === undefined,
      'settlement.evm.deploymentFile',
      'Name the file that `lawbook agreement submit` wrote',
    ),
    ...rule(
      mode === 'evm' && evm.operatorKeyFile === undefined,
      'settlement.evm.operatorKeyFile',
      'Name the key file of the operator',
    ),
    ...rule(
      mode === 'evm' && (proofs.crsPath === undefined || proofs.crsDigest === undefined),
      proofs.crsPath === undefined ? 'proofs.crsPath' : 'proofs.crsDigest',
      'The development string is for the embedded chain only: ' +
        'name the points of a ceremony and their digest',
    ),
  ];
}

function missingMids(adapter: string, oracle: Config['oracle']): BrokenRule[] {
  if (adapter !== 'fixed' && adapter !== 'randomWalk') return [];
  const { mids } = adapter === 'fixed' ? oracle.fixed : oracle.randomWalk;
  const absent = oracle.symbols.filter((symbol) => mids[symbol] === undefined);
  return rule(
    absent.length > 0,
    `oracle.${adapter}.mids`,
    `Every symbol needs a mid; absent: ${absent.join(', ')}`,
  );
}

function rule(broken: boolean, path: string, sentence: string): BrokenRule[] {
  return broken ? [{ path: path.split('.'), rule: sentence }] : [];
}
