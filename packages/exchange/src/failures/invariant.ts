/** The class of a broken invariant: a bug in this program, never a user's mistake. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/**
 * States a fact that must hold whatever the outside world does.
 *
 * It stays on in production. A violation is a bug: the process stops rather than go on with a state
 * that nobody has reasoned about, so nothing catches this error.
 *
 * @throws InvariantViolation when `condition` is false.
 */
export function invariant(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new InvariantViolation(sentence);
}

/** Closes a switch over a union: compiling it proves that every case was named. */
export function unreachable(x: never): never {
  throw new InvariantViolation(`unreachable case: ${String(x)}`);
}

/**
 * Reads an element whose index the caller has already bounded.
 * For plain arrays; loops over typed arrays cast instead, because a call per element costs there.
 */
export function at<T>(array: readonly T[], index: number): T {
  const element = array[index];
  invariant(element !== undefined, `index ${index} lies inside an array of ${array.length}`);
  return element;
}
