import type { Address, Hex } from 'viem';
import type { IntentRequest, Reason } from '../intents/intent.ts';
import type { Budget, PolicyDecision, PolicyQuestion, Spend, SpendPolicy } from './policyGate.ts';
import type { TokenCall } from './tokenCalls.ts';
import { readTokenCalls } from './tokenCalls.ts';

/**
 * Whether a lane may do what an intent asks, by its policy; pure.
 *
 * Rules in their order: malformed, target, selector, grant, allowance, amountMax, budget, and last
 * approvalFrom. The first that is broken answers. What the bytes of token calls move or allow to be
 * moved counts against the budgets of that token; the transaction fee has a cap of its own.
 */
export function judgeIntent(question: PolicyQuestion, policy: SpendPolicy): PolicyDecision {
  const { request } = question;
  const malformed = malformedField(request);
  if (malformed !== undefined) return malformed;
  const calls = request.to === undefined ? [] : readTokenCalls(request.to, request.callData);
  const denial =
    judgeTarget(request.to, policy) ??
    firstOf(calls, (call) => judgeCall(request.to, call, policy)) ??
    judgeAmount(request, policy);
  if (denial !== undefined) return denial;
  const spends = spendsOf(question, calls);
  const overspent = firstOf(policy.budgets, (budget) => judgeBudget(budget, spends, question));
  if (overspent !== undefined) return overspent;
  const { approvalFrom } = policy;
  if (approvalFrom === undefined || request.amount < approvalFrom) return { kind: 'allow', spends };
  const fields = facts('approvalFrom', approvalFrom, request.amount);
  const sentence = `A person has to approve amounts from ${approvalFrom} wei: ask one.`;
  const reason: Reason = { code: 'approvalNeeded', sentence, fields };
  return { kind: 'needApproval', rule: 'approvalFrom', reason, spends };
}

/** The refusing half of a decision. */
export type PolicyDenial = Extract<PolicyDecision, { readonly kind: 'deny' }>;

/** The part of a policy that a single call can break, whoever makes it. */
export type CallRules = Pick<SpendPolicy, 'targets' | 'amountMax' | 'allowanceMax'>;

/** The rules that need no history: targets, selectors, grants, allowances and the amount. */
export function judgeCalls(
  call: Pick<IntentRequest, 'to' | 'amount' | 'callData'>,
  policy: CallRules,
): PolicyDenial | undefined {
  const malformed = malformedField(call);
  if (malformed !== undefined) return malformed;
  const calls = call.to === undefined ? [] : readTokenCalls(call.to, call.callData);
  return (
    judgeTarget(call.to, policy) ??
    firstOf(calls, (inner) => judgeCall(call.to, inner, policy)) ??
    judgeAmount(call, policy)
  );
}

/**
 * From here on an amount means "all there is and will be": contracts use 2^256 - 1, 2^160 - 1 and
 * 2^96 - 1 for it, and no token's supply comes near 2^128.
 */
export function isUnlimited(amount: bigint): boolean {
  return amount >= 2n ** 128n - 1n || amount === 2n ** 96n - 1n;
}

function malformedField(
  call: Pick<IntentRequest, 'to' | 'amount' | 'callData'>,
): PolicyDenial | undefined {
  // The field at fault is named, not shown: it is not what its type says it is.
  const denied = (field: string, limit: string): PolicyDenial =>
    deny('malformed', `The intent's ${field} has to be ${limit}.`, {
      ...facts('malformed', limit, `another ${field}`),
      field,
    });
  if (call.to !== undefined && !/^0x[0-9a-f]{40}$/i.test(call.to)) {
    return denied('to', 'an address of 20 bytes in hex');
  }
  if (typeof call.amount !== 'bigint' || call.amount < 0n || call.amount >= 2n ** 256n) {
    return denied('amount', 'a count of wei below 2^256');
  }
  if (typeof call.callData !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(call.callData)) {
    return denied('callData', 'whole bytes in hex');
  }
  return undefined;
}

function judgeTarget(to: Address | undefined, { targets }: CallRules): PolicyDenial | undefined {
  if (targets === undefined) return undefined;
  if (to !== undefined && targets.some((rule) => sameAddress(rule.to, to))) return undefined;
  const actual = to?.toLowerCase() ?? 'contract creation';
  const limit = `${targets.length} listed targets`;
  const sentence =
    to === undefined
      ? 'The policy lists its targets, so no contract may be created: ask the policy owner.'
      : `The policy does not list ${actual} as a target: ask the policy owner to add it.`;
  return deny('target', sentence, facts('target', limit, actual));
}

function judgeCall(
  to: Address | undefined,
  call: TokenCall,
  policy: CallRules,
): PolicyDenial | undefined {
  const rules = policy.targets?.filter((rule) => to !== undefined && sameAddress(rule.to, to));
  const listed = rules?.some(({ selectors }) => lists(selectors, call.selector)) ?? false;
  const open = rules === undefined || rules.some(({ selectors }) => selectors === undefined);
  if (call.kind === 'malformed') {
    const sentence = `The arguments of ${call.name} are not encoded as the standard says.`;
    return deny('malformed', sentence, facts('malformed', call.name, 'another encoding'));
  }
  if (call.selector !== undefined && !open && !listed) {
    const limit = rules.flatMap(({ selectors }) => selectors ?? []).join(' ');
    const actual = call.selector;
    const sentence = `The policy does not list ${actual} for this target: ask its owner to add it.`;
    return deny('selector', sentence, facts('selector', limit === '' ? 'none' : limit, actual));
  }
  if (call.kind === 'grant' && !listed) {
    const limit = 'grants that the policy lists by their selector';
    const sentence =
      `${call.name} lets others take tokens without asking again; the policy has to list its ` +
      'selector for this target.';
    return deny('grant', sentence, facts('grant', limit, call.name));
  }
  return call.kind === 'allowance' ? judgeAllowance(call, policy) : undefined;
}

function judgeAllowance(
  call: Extract<TokenCall, { readonly amount: bigint }>,
  { allowanceMax }: CallRules,
): PolicyDenial | undefined {
  const { amount, name } = call;
  if (allowanceMax !== undefined && amount > allowanceMax) {
    const sentence = `${name} grants ${amount}; the policy's maximum is ${allowanceMax}.`;
    return deny('allowance', sentence, facts('allowance', allowanceMax, amount));
  }
  if (!isUnlimited(amount)) return undefined;
  const sentence = `${name} grants an unlimited allowance: grant what is needed and no more.`;
  return deny('allowance', sentence, facts('allowance', 2n ** 128n - 2n, amount));
}

function judgeAmount(
  { amount }: Pick<IntentRequest, 'amount'>,
  { amountMax }: CallRules,
): PolicyDenial | undefined {
  if (amountMax === undefined || amount <= amountMax) return undefined;
  const sentence = `The amount is ${amount} wei; the policy's maximum is ${amountMax} wei.`;
  return deny('amountMax', sentence, facts('amountMax', amountMax, amount));
}

/** One spend per asset, tokens by their address in lower case. Nothing is spent by zero. */
function spendsOf({ request, nowMs }: PolicyQuestion, calls: readonly TokenCall[]): Spend[] {
  const amounts = new Map<'native' | Address, bigint>([['native', request.amount]]);
  for (const call of calls) {
    if (call.kind !== 'transfer' && call.kind !== 'allowance') continue;
    amounts.set(call.token, (amounts.get(call.token) ?? 0n) + call.amount);
  }
  const { principal } = request;
  return [...amounts]
    .filter(([, amount]) => amount > 0n)
    .map(([asset, amount]) => ({ principal, asset, amount, atMs: nowMs }));
}

/** A spend leaves the window once `windowMs` have passed since; one from the future counts. */
function judgeBudget(
  budget: Budget,
  next: readonly Spend[],
  { request, spent, nowMs }: PolicyQuestion,
): PolicyDenial | undefined {
  if (budget.principal !== '*' && budget.principal !== request.principal) return undefined;
  const counts = ({ principal, asset }: Spend): boolean =>
    (budget.principal === '*' || principal === budget.principal) && sameAsset(asset, budget.asset);
  const asked = sum(next.filter(counts));
  if (asked === 0n) return undefined;
  const used = sum(
    spent.filter((spend) => counts(spend) && !(spend.atMs <= nowMs - budget.windowMs)),
  );
  if (used + asked <= budget.amount) return undefined;
  const sentence =
    `The budget is ${budget.amount} of ${budget.asset} within ${budget.windowMs} ms; ${used} is ` +
    `spent or set aside, so ${asked} more does not fit: wait, or ask the policy owner.`;
  return deny('budget', sentence, {
    ...facts('budget', budget.amount, used + asked),
    asset: budget.asset,
    principal: budget.principal,
    used: String(used),
    asked: String(asked),
    windowMs: String(budget.windowMs),
  });
}

function sum(spends: readonly Spend[]): bigint {
  return spends.reduce((total, { amount }) => total + amount, 0n);
}

function deny(rule: string, sentence: string, fields: Reason['fields']): PolicyDenial {
  return { kind: 'deny', rule, reason: { code: 'policyDenied', sentence, fields } };
}

function facts(rule: string, limit: bigint | string, actual: bigint | string): Reason['fields'] {
  return { rule, limit: String(limit), actual: String(actual) };
}

function firstOf<T, R>(list: readonly T[], judge: (entry: T) => R | undefined): R | undefined {
  for (const entry of list) {
    const verdict = judge(entry);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

function lists(selectors: readonly Hex[] | undefined, selector: Hex | undefined): boolean {
  if (selectors === undefined || selector === undefined) return false;
  return selectors.some((listed) => listed.toLowerCase() === selector);
}

function sameAddress(a: Address, b: Address): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function sameAsset(a: 'native' | Address, b: 'native' | Address): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
