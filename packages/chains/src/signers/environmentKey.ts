import { ChainFault } from '../chainFault.ts';
import { keySigner } from './keySigner.ts';
import { withoutKeys } from './secretText.ts';
import type { TransactionSigner } from './transactionSigner.ts';

/**
 * Opens the signer whose key stands in an environment variable.
 *
 * Prefer a key file: the environment is inherited by children and shown by tools.
 *
 * @param variables usually `process.env`.
 * @throws ChainFault CHAIN_CONFIG_INVALID when the variable is missing or holds no key.
 */
export function openEnvironmentKey(
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): TransactionSigner {
  const shown = withoutKeys(name);
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    const sentence = 'The name of the variable is no name: give it, not the key itself.';
    throw new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields: { rule: 'name' } });
  }
  const text = Object.hasOwn(variables, name) ? variables[name]?.trim() : undefined;
  if (text === undefined || text === '') {
    const sentence = `The environment variable ${shown} is not set: set it to the key in hex.`;
    throw new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields: { variable: shown } });
  }
  return keySigner(text, `The key in the environment variable ${shown}`);
}
