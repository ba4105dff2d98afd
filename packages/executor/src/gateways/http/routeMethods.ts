/** Which methods the paths of a server take, for the answer to those that they do not take. */
export class RouteMethods {
  readonly #routes = new Map<string, KnownRoute>();

  /** Notes a route by its pattern: `:name` stands for one part, `*` at the end for any rest. */
  add(pattern: string, methods: readonly string[]): void {
    // A pattern of everything, as one for preflights is, says nothing about a path.
    if (pattern === '*' || pattern === '/*') return;
    const known = this.#routes.get(pattern) ?? { path: pathRule(pattern), methods: new Set() };
    for (const method of methods) known.methods.add(method);
    this.#routes.set(pattern, known);
  }

  /** The methods that a path takes, sorted; none where nothing is served. */
  of(path: string): readonly string[] {
    const [bare = ''] = path.split('?', 1);
    const found = [...this.#routes.values()].filter((route) => route.path.test(bare));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

interface KnownRoute {
  readonly path: RegExp;
  readonly methods: Set<string>;
}

function pathRule(pattern: string): RegExp {
  const parts = pattern.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part.split('*').map(escaped).join('.*');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
