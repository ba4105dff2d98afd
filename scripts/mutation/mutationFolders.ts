/** A part of the product that is mutated on its own, with the tests that may notice. */
export interface MutationFolder {
  readonly name: string;
  /** Folders of the sources, with a slash at the end. */
  readonly sources: readonly string[];
  /** Folders among them that are another part. */
  readonly apart?: readonly string[];
  /** Starts of the paths of tests that are tried; those that never touch a mutant fall away. */
  readonly tests: readonly string[];
  /** Parts of paths of tests that need other programs, or that take too long to be tried again. */
  readonly except: readonly string[];
}

/** What the score is kept for. */
export const MUTATION_FOLDERS: readonly MutationFolder[] = [
  {
    name: 'exchange/ledger',
    sources: ['packages/exchange/src/ledger/'],
    tests: ['packages/exchange/src/ledger/', 'packages/exchange/src/application/'],
    except: [],
  },
  {
    name: 'exchange/laws',
    sources: ['packages/exchange/src/laws/'],
    tests: ['packages/exchange/src/laws/'],
    except: [],
  },
  {
    name: 'exchange/markets/batch',
    sources: ['packages/exchange/src/markets/batch/'],
    tests: [
      'packages/exchange/src/markets/batch/',
      'packages/exchange/src/application/',
      'packages/exchange/src/stateMachine',
      'packages/exchange/src/bundle',
      'testing/checkers/',
      'vectors/canonical',
    ],
    // Books, the base layer and the laws share next to no code with clearing, and take most of the
    // time of all exchange tests.
    except: ['application/book', 'application/baseLayer'],
  },
  {
    name: 'exchange/markets/book',
    sources: ['packages/exchange/src/markets/book/'],
    tests: [
      'packages/exchange/src/markets/book/',
      'packages/exchange/src/laws/book/',
      'packages/exchange/src/application/book',
    ],
    except: [],
  },
  {
    name: 'settlement',
    sources: ['packages/settlement/src/'],
    apart: ['packages/settlement/src/baseLayer/evm/'],
    tests: ['packages/settlement/src/', 'testing/settlement/', 'testing/delta/'],
    // These start a chain of their own, or prove.
    except: ['/evm/', 'attacks', 'pipelineEpochs'],
  },
  {
    // Its plain tests run the committed contracts in this process; those that start a chain of
    // their own take seconds for each mutant and are left out.
    name: 'settlement-evm',
    sources: ['packages/settlement/src/baseLayer/evm/'],
    tests: ['packages/settlement/src/baseLayer/evm/'],
    except: [],
  },
];
