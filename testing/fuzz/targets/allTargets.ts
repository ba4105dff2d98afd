import type { FuzzTarget } from '../fuzzTarget.ts';
import { API_TARGETS } from './apiTargets.ts';
import { BASE_LAYER_TARGETS } from './baseLayerTargets.ts';
import { CHAIN_ANSWER_TARGETS } from './chainAnswerTargets.ts';
import { CHAIN_TARGETS } from './chainTargets.ts';
import { DIALECT_GATEWAY_TARGETS } from './dialectGatewayTargets.ts';
import { DIALECT_TARGETS } from './dialectTargets.ts';
import { EXCHANGE_TARGETS } from './exchangeTargets.ts';
import { FILE_TARGETS } from './fileTargets.ts';
import { GATEWAY_TARGETS } from './gatewayTargets.ts';
import { JOURNAL_TARGETS } from './journalTargets.ts';
import { READER_TARGETS } from './readerTargets.ts';
import { RECORD_TARGETS } from './recordTargets.ts';
import { SOCKET_TARGETS } from './socketTargets.ts';
import { TEXT_TARGETS } from './textTargets.ts';

/** Every decoder that reads bytes which it did not write itself. */
export const ALL_TARGETS: readonly FuzzTarget[] = [
  ...EXCHANGE_TARGETS,
  ...JOURNAL_TARGETS,
  ...RECORD_TARGETS,
  ...CHAIN_TARGETS,
  ...CHAIN_ANSWER_TARGETS,
  ...BASE_LAYER_TARGETS,
  ...TEXT_TARGETS,
  ...FILE_TARGETS,
  ...READER_TARGETS,
  ...API_TARGETS,
  ...DIALECT_TARGETS,
  ...GATEWAY_TARGETS,
  ...DIALECT_GATEWAY_TARGETS,
  ...SOCKET_TARGETS,
];
