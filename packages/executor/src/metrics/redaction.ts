const MASK = '***';
/** Deeper levels and longer lists than these are cut: a log line is not an archive. */
const DEPTH_MAX = 8;
const ENTRIES_MAX = 200;

/** Names of fields that hold secrets, compared without case, dashes and underscores. */
const SECRET_NAMES = new Set([
  ...['authorization', 'proxyauthorization', 'cookie', 'setcookie', 'xapikey', 'apikey'],
  ...['token', 'operatortoken', 'sessiontoken', 'accesstoken', 'bearertoken', 'authtoken'],
  ...['hmackey', 'sessionkey', 'signingkey', 'passphrase', 'mnemonic', 'seedphrase', 'credentials'],
]);
const SECRET_ENDINGS = /(secret|password|privatekey)$/;

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.test(plain);
}

/**
 * A copy of `logged` that may be written: fields with secret names are masked at any depth, bigints
 * become decimal strings, bytes their length, errors their code, fields and causes.
 */
export function redactFields(logged: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactBelow(logged, 0) as Record<string, unknown>;
}

function redactBelow(part: unknown, depth: number): unknown {
  if (typeof part === 'bigint') return String(part);
  if (typeof part !== 'object' || part === null) return part;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (part instanceof Error) return redactError(part, depth);
  if (part instanceof Uint8Array) return `[${part.length} bytes]`;
  if (part instanceof Date) return part.toISOString();
  if (part instanceof Map) return redactBelow(Object.fromEntries(part), depth);
  if (part instanceof Set || Array.isArray(part)) {
    return [...part].slice(0, ENTRIES_MAX).map((entry) => redactBelow(entry, depth + 1));
  }
  const entries = Object.entries(part)
    .slice(0, ENTRIES_MAX)
    .map(([name, inner]) => [name, isSecretName(name) ? MASK : redactBelow(inner, depth + 1)]);
  return Object.fromEntries(entries);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const own = redactBelow({ ...error }, depth) as Record<string, unknown>;
  const cause = error.cause === undefined ? {} : { cause: redactBelow(error.cause, depth + 1) };
  return { type: error.name, message: error.message, ...own, ...cause, stack: error.stack };
}

/** Forms in which secrets travel inside longer texts; the first group is kept. */
const SECRET_FORMS: readonly RegExp[] = [
  /\b(Bearer |Basic )[A-Za-z0-9._~+/=-]{6,}/gi,
  /(:\/\/)[^/\s:@"\\]+:[^/\s@"\\]+(?=@)/g,
  /([?&](?:token|secret|password|signature|api_?key|key)=)[^&\s"\\]+/gi,
];

/**
 * Builds the last filter before a line is written: it masks the given secrets wherever they stand,
 * and whatever looks like a credential in a header, a URL or a query.
 */
export function lineRedaction(secrets: readonly string[]): (line: string) => string {
  const known = secrets.filter((secret) => secret.length >= 6);
  return (line) => {
    let safe = line;
    for (const secret of known) safe = safe.replaceAll(secret, MASK);
    for (const form of SECRET_FORMS) safe = safe.replace(form, `$1${MASK}`);
    return safe;
  };
}
