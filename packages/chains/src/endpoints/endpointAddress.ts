import { ChainFault } from '../chainFault.ts';

/** Where an endpoint is, split into what may be shown and what may not. */
export interface EndpointAddress {
  /** Host and port: what names the endpoint everywhere. */
  readonly host: string;
  /** The whole URL without user and password. Keys may be in it: never shown. */
  readonly url: string;
  /** The header that carries user and password, where the URL has them. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads the URL of an endpoint.
 * @throws ChainFault CHAIN_CONFIG_INVALID for anything but a URL of these schemes; it names no part
 *   of the URL, because any part may be a key.
 */
export function endpointAddress(url: string, schemes: readonly string[]): EndpointAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !schemes.includes(parsed.protocol.slice(0, -1))) {
    const sentence = `an endpoint is a URL of ${schemes.join(' or ')}: correct its configuration`;
    throw new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields: { setting: 'url' } });
  }
  const { username, password } = parsed;
  const hasUser = username !== '' || password !== '';
  const basic = Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64');
  parsed.username = '';
  parsed.password = '';
  // Sockets refuse URLs with a fragment, and no server ever sees one.
  parsed.hash = '';
  const headers = hasUser ? { authorization: `Basic ${basic}` } : {};
  return { host: parsed.host, url: parsed.href, headers };
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
