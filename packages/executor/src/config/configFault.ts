import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of the configuration, with what it means. */
export const CONFIG_FAULTS = {
  CONFIG_INVALID: 'The configuration has keys that do not exist or are not allowed.',
  DATA_DIRECTORY_UNUSABLE: 'The data directory cannot be created or cannot be written.',
} as const;

/** One reason why a configuration is refused. */
export interface ConfigProblem {
  /** Dotted key, or the name of an environment variable that fits no key. */
  readonly key: string;
  readonly rule: string;
  /** What was found, printed; secrets are masked. */
  readonly actual: string;
  /** Where it came from: default, a file, an environment variable or a flag. */
  readonly source: string;
}

/**
 * Stops a start with every problem at once, each with key, rule, what was found and its source.
 * The code is `CONFIG_INVALID`; `fields` maps each key to its sentence.
 */
export class ConfigFault extends Fault {
  override readonly name = 'ConfigFault';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], cause?: unknown) {
    const rows = problems.map((problem) => `  ${problem.key}: ${sentence(problem)}`);
    const noun = problems.length === 1 ? 'problem' : 'problems';
    super(`The configuration has ${problems.length} ${noun}:\n${rows.join('\n')}`, {
      code: 'CONFIG_INVALID',
      fields: Object.fromEntries(problems.map((problem) => [problem.key, sentence(problem)])),
      cause,
    });
    this.problems = problems;
  }
}

function sentence({ rule, actual, source }: ConfigProblem): string {
  return `${rule} (found ${actual}, from ${source})`;
}
