import type { ErrorMeaning, MethodClass, RetryAdvice } from './endpointPool.ts';
import type { TransportFailure } from './transport.ts';

/**
 * One row of the table of errors. A row applies when everything that it names fits; the first row
 * that applies decides. A row names JSON-RPC codes and words, or failures of the transport.
 */
export interface ErrorRow {
  readonly codes?: readonly number[];
  /** Words of the error's message, or of the text inside its `data` member. */
  readonly message?: RegExp;
  readonly failures?: readonly TransportFailure[];
  readonly httpStatus?: readonly number[];
  readonly methodClass?: MethodClass;
  readonly meaning: ErrorMeaning;
  readonly advice: RetryAdvice;
  /** Whether the breaker of the endpoint counts it. */
  readonly counts: boolean;
}

/** The call itself is wrong, wherever it is asked. */
function application(
  meaning: ErrorMeaning,
  message: RegExp,
  rest: Pick<ErrorRow, 'codes' | 'methodClass'> = {},
): ErrorRow {
  return { ...rest, message, meaning, advice: 'never', counts: false };
}

/** The call may fare better at another endpoint, without the first one being ill. */
function elsewhere(
  meaning: ErrorMeaning,
  message: RegExp,
  rest: Pick<ErrorRow, 'codes' | 'methodClass'> = {},
): ErrorRow {
  return { ...rest, message, meaning, advice: 'otherEndpoint', counts: false };
}

const BROADCAST = { methodClass: 'broadcast' } as const;
const ANY = /(?:)/;

/** Failures without a readable answer. */
const TRANSPORT_ROWS: readonly ErrorRow[] = [
  // The loser of a hedge, or a caller who went away: says nothing about the endpoint.
  { failures: ['aborted'], meaning: 'unavailable', advice: 'never', counts: false },
  // The limiter answers this one, by pausing; an endpoint that keeps its limits is healthy.
  { failures: ['rateLimited'], meaning: 'rateLimited', advice: 'otherEndpoint', counts: false },
  { httpStatus: [429], meaning: 'rateLimited', advice: 'otherEndpoint', counts: false },
  { failures: ['unauthorized'], meaning: 'unauthorized', advice: 'otherEndpoint', counts: true },
  { httpStatus: [401, 402, 403], meaning: 'unauthorized', advice: 'otherEndpoint', counts: true },
  // Our request was too large, or unreadable to a gateway: the endpoint is not ill.
  { httpStatus: [400, 413, 414, 422], meaning: 'invalidParameters', ...elsewhereUncounted() },
  {
    failures: ['refused', 'reset', 'timeout', 'httpStatus', 'malformed', 'wrongId'],
    meaning: 'unavailable',
    advice: 'otherEndpoint',
    counts: true,
  },
];

function elsewhereUncounted(): Pick<ErrorRow, 'advice' | 'counts'> {
  return { advice: 'otherEndpoint', counts: false };
}

/** Words of contracts come after these: a revert may quote anything, "insufficient balance" too. */
const REVERT_ROWS: readonly ErrorRow[] = [
  application(
    'reverted',
    /execution reverted|^reverted|VM Exception|revert(ed)?[: ]|always failing/i,
  ),
  application('reverted', /VM execution error|invalid opcode|out of gas|stack (under|over)flow/i),
  application('reverted', /custom program error|InstructionError|Error processing Instruction/i),
  application('reverted', ANY, { codes: [3] }),
];

/**
 * What nodes say about a transaction that is offered to them. Words come before codes, because the
 * codes -32000, -32003, -32010 and -32603 stand for nearly everything at one node or another.
 */
const TRANSACTION_ROWS: readonly ErrorRow[] = [
  // eth_simulateV1 has its own codes: -38010 and following.
  application('chainNonceTooLow', ANY, { codes: [-38010] }),
  application('chainNonceTooHigh', ANY, { codes: [-38011] }),
  application('feeTooLow', ANY, { codes: [-38012] }),
  application('gasLimitTooLow', ANY, { codes: [-38013] }),
  application('insufficientFunds', ANY, { codes: [-38014] }),
  application('gasLimitTooHigh', ANY, { codes: [-38015, -38026] }),
  application(
    'replacementUnderpriced',
    new RegExp(
      'replacement (transaction|tx|fee)[\\w ]*(underpriced|too low)|could not replace|' +
        'REPLACEMENT_UNDERPRICED|ReplacementNotAllowed|' +
        'another transaction with (the )?same nonce|transaction with the same nonce|' +
        'gas price (supplied|bump) is too low\\. (there is )?another|INSUFFICIENT_PRICE_BUMP',
      'i',
    ),
  ),
  // geth, reth, erigon: "already known"; anvil: "transaction already imported"; Nethermind:
  // "AlreadyKnown"; Besu: "Known transaction"; OpenEthereum: "with the same hash was already
  // imported"; Solana: "already been processed"; erigon: "existing tx with same hash".
  application(
    'alreadyKnown',
    new RegExp(
      'already[ _]?known|already[ _]?exists|already imported|AlreadyProcessed|same hash|' +
        'already in (the )?(tx)?(pool|mempool)|already been (processed|imported|submitted)|' +
        '\\bknown transaction|tx already (exists?|in)|transaction already (exists?|submitted)',
      'i',
    ),
    BROADCAST,
  ),
  application(
    'chainNonceTooLow',
    new RegExp(
      'nonce(?: is)? too (low|small|old)|OldNonce|NONCE_TOO_LOW|NONCE_EXPIRED|' +
        'OwnNonceAlreadyUsed|nonce already used|stale nonce|' +
        'nonce has already been used|tx nonce \\S+ (is )?(lower|less) than',
      'i',
    ),
  ),
  application(
    'delegationLimit',
    /in-?flight (transaction )?limit reached|gapped-nonce tx from delegated/i,
  ),
  application(
    'chainNonceTooHigh',
    new RegExp(
      'nonce(?: is)? too (high|big|far|large|distant)|NonceGap|nonce gap|NONCE_TOO_HIGH|' +
        'NONCE_TOO_FAR_IN_FUTURE|nonce too many|tx nonce \\S+ higher than',
      'i',
    ),
  ),
  application(
    'feeCapExceeded',
    /exceeds the configured cap|tx ?fee.*exceeds.*cap|fee cap \(.*\) exceeded|TX_FEECAP_EXCEEDED/i,
  ),
  application(
    'insufficientFunds',
    new RegExp(
      'insufficient (funds|balance|lamports|ETH)|InsufficientFunds|doesn.t have enough funds|' +
        'sender balance|UPFRONT_COST_EXCEEDS_BALANCE|out[ -]of[ -]funds|insufficient fee payer|' +
        'no record of a prior credit|balance too low|upfront cost|not enough balance',
      'i',
    ),
  ),
  // anvil says "intrinsic gas too high" both of too little and of more than a block holds.
  application('gasLimitTooHigh', /tx\.gas_limit > env\.block\.gas_limit/),
  application(
    'gasLimitTooLow',
    new RegExp(
      'intrinsic gas (too (low|high)|exceeds)|IntrinsicGas|INTRINSIC_GAS_EXCEEDS|\\bgas too low|' +
        'gas limit (is )?(too|below) ?(low|intrinsic)|floor data gas|call gas cost exceeds the gas',
      'i',
    ),
  ),
  application(
    'gasLimitTooHigh',
    new RegExp(
      'exceeds (the )?(current )?(block|max\\w*|transaction)( transaction)? gas ?limit|' +
        'gas limit (is )?(too high|exceed)|GasLimitExceeded|EXCEEDS_BLOCK_GAS_LIMIT|' +
        'gas required exceeds (block )?allowance|gas limit reached|exceeds max(imum)? gas|' +
        'transaction gas limit \\(?\\S+\\)? (is )?(too high|greater)',
      'i',
    ),
  ),
  application(
    'feeTooLow',
    new RegExp(
      'underpriced|max fee per gas less than block base fee|fee cap less than (block )?base fee|' +
        'FeeTooLow|gas price (supplied |is )?(is )?(too low|below)|GAS_PRICE_TOO_LOW|' +
        'max priority fee per gas (too low|below)|below (the )?(minimum|current base fee)|' +
        'tip (too low|below)|gas tip cap \\S+, minimum|gas price below minimum|fee too low',
      'i',
    ),
  ),
  application(
    'wrongChain',
    /chain ?id|replay-protected|REPLAY_PROTECTED|only replay-protected|EIP-?155|invalid v value/i,
    BROADCAST,
  ),
  elsewhere(
    'poolFull',
    /(txpool|tx pool|transaction pool|mempool|queue) (is )?(full|limit reached)|TxPoolOverflow/i,
  ),
  elsewhere(
    'poolFull',
    /exceeds? the (maximum )?(account|sender)[ -]?(slot|limit)|senders? limit/i,
  ),
];

/** What nodes say about a read, and what both kinds of call may hear. */
const CALL_ROWS: readonly ErrorRow[] = [
  elsewhere(
    'blockNotFound',
    new RegExp(
      'header not found|block (is )?not (found|available|known)|unknown block|missing trie node|' +
        'block not (yet )?available|block #?\\S+ (not found|does not exist)|hash \\S+ is not ' +
        'currently canonical|state (is )?(not available|unavailable|pruned|at block)|' +
        'cannot find (header|block)|could not find block|BlockOutOfRange|beyond current head|' +
        'no state available|state histories|block range extends beyond|after last accepted block|' +
        'resource not found|requested (block|epoch)|not (yet )?been (synced|indexed)|' +
        'invalid block (hash|height|number)|distance to target block exceeds|World state unavail',
      'i',
    ),
  ),
  elsewhere('blockNotFound', /blockhash not found|BlockhashNotFound|minimum context slot/i),
  application('reverted', /transaction simulation failed/i),
  elsewhere(
    'blockNotFound',
    /slot \d+ was skipped|block not available for slot|long-term storage/i,
  ),
  elsewhere('blockNotFound', /block status not yet available|transaction history is not/i),
  elsewhere(
    'methodUnsupported',
    new RegExp(
      'method (\\S+ )?(is )?(not (found|supported|available|allowed|whitelisted|enabled)|' +
        'does not exist)|(the )?method \\S+ does not exist|unsupported method|unknown method|' +
        'not (available|supported|included) (on|in|for) (your|this) (plan|tier|chain|network)|' +
        'namespace (is )?(not|disabled)|method handler crashed|notifications not supported',
      'i',
    ),
  ),
  elsewhere(
    'rangeTooWide',
    new RegExp(
      'query returned more than|block range (is )?too|range (is )?too (large|wide)|' +
        'exceeds? (the |max(imum)? )*(block )?range|too many (results|logs)|' +
        'response size (exceeded|is larger|should not)|logs matched by query exceeds|' +
        'limited to (a |0 - )?[\\d,]+ (blocks?|range)|' +
        'maximum (allowed )?(block )?range|up to (a )?[\\d,]+ block range|query exceeds max',
      'i',
    ),
  ),
  // Before the rows on limits: Alchemy says "Your app has exceeded its compute units per second
  // capacity", Infura "daily request count exceeded", QuickNode "50/second request limit reached".
  { codes: [429, -32029], meaning: 'rateLimited', advice: 'otherEndpoint', counts: false },
  elsewhere(
    'rateLimited',
    new RegExp(
      'rate[ -]?limit|too many requests|compute units per second|request (rate|count) (is )?' +
        '(exceeded|too)|/(second|sec|s) request limit|request limit (reached|exceeded)|throttl|' +
        'capacity (limit )?exceeded|exceeded (the|your|its) .*(capacity|quota|limit|plan)|' +
        'quota (exceeded|reached)|call rate|credits? (limit|exhausted)|project ID request rate|' +
        'monthly capacity|over rate|retry in \\d+',
      'i',
    ),
  ),
  {
    message: /unauthori[sz]ed|invalid (api|project)[ -]?(key|id)|must be authenticated|api key/i,
    meaning: 'unauthorized',
    advice: 'otherEndpoint',
    counts: false,
  },
  // A gateway that speaks JSON about the node behind it: a failure of the transport in disguise.
  {
    message: new RegExp(
      '(no|un)[ -]?healthy (upstream|backend|node)|node is down|connection (refused|reset)|' +
        'node is (unhealthy|behind|syncing|not ready)|we can.?t execute this request|' +
        'service (is )?(temporarily )?unavailable|bad gateway|gateway time-?out|upstream|' +
        'backend (is )?(down|unavailable|error|connect)|temporarily unavailable|' +
        'no (available )?(nodes?|backends?|servers?)( are)? (available|online|responded)|' +
        'server (is )?busy',
      'i',
    ),
    meaning: 'unavailable',
    advice: 'otherEndpoint',
    counts: true,
  },
  // Passes by itself: asked elsewhere first, then again.
  {
    message: new RegExp(
      'time(d)?[ -]?out|context (deadline|canceled)|deadline exceeded|indexing is in progress|' +
        'not (yet )?initiali[sz]ed|resource unavail',
      'i',
    ),
    meaning: 'unavailable',
    advice: 'sameEndpoint',
    counts: false,
  },
  application(
    'invalidTransaction',
    new RegExp(
      'invalid (sender|signature|transaction|tx)|rlp|could not decode|failed to decode|' +
        'signature verification|tx ?type not supported|transaction type|oversized|negative value|' +
        'max initcode|tx(type)? not supported|failed to deserialize|failed to sanitize|' +
        'ecdsa|priority fee per gas higher than max fee|' +
        'typed transaction too short|blob|authorization list|too large|VersionedTransaction',
      'i',
    ),
    BROADCAST,
  ),
  application('invalidParameters', /invalid (argument|param|address|hex)|missing (value|param)/i),
];

/** Codes alone, where the words told nothing. */
const CODE_ROWS: readonly ErrorRow[] = [
  { codes: [-32601], meaning: 'methodUnsupported', advice: 'otherEndpoint', counts: false },
  { codes: [-32602, -32600, -32700], meaning: 'invalidParameters', advice: 'never', counts: false },
  { codes: [-32004], meaning: 'methodUnsupported', advice: 'otherEndpoint', counts: false },
  { codes: [-32005], meaning: 'rateLimited', advice: 'otherEndpoint', counts: false },
  { codes: [-32007], meaning: 'rateLimited', advice: 'otherEndpoint', counts: false },
  { codes: [-32001], meaning: 'blockNotFound', advice: 'otherEndpoint', counts: false },
  { codes: [-32002], meaning: 'unavailable', advice: 'otherEndpoint', counts: false },
  {
    codes: [-32003],
    methodClass: 'broadcast',
    meaning: 'invalidTransaction',
    advice: 'never',
    counts: false,
  },
];

/** Every error that the engine knows, in order of precedence. */
export const ERROR_TABLE: readonly ErrorRow[] = [
  ...TRANSPORT_ROWS,
  ...REVERT_ROWS,
  ...TRANSACTION_ROWS,
  ...CALL_ROWS,
  ...CODE_ROWS,
];
