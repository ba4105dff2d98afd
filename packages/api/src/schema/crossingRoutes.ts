import type { OwnerPath } from './accountRoutes.ts';
import { ownerPath } from './accountRoutes.ts';
import type {
  DepositList,
  WithdrawalList,
  WithdrawalReply,
  WithdrawalRequest,
} from './crossingViews.ts';
import {
  depositList,
  withdrawalList,
  withdrawalReply,
  withdrawalRequest,
} from './crossingViews.ts';
import type { NoFields, PageQuery, Route } from './route.ts';
import { noFields, pageQuery } from './route.ts';

const own = {
  tag: 'accounts',
  contentType: 'application/json',
} as const;
const list = {
  ...own,
  method: 'GET',
  access: { role: 'public' },
  params: ownerPath,
  query: pageQuery,
  body: undefined,
} as const;

export const requestWithdrawal: Route<NoFields, NoFields, WithdrawalRequest, WithdrawalReply> = {
  ...own,
  id: 'requestWithdrawal',
  method: 'POST',
  path: '/v1/withdrawals',
  summary: 'Withdraw to the base layer: debited at once, paid with the next epoch that is sealed',
  access: { role: 'signed', scope: 'withdraw' },
  params: noFields,
  query: noFields,
  body: withdrawalRequest,
  response: withdrawalReply,
  note:
    'Signed by the owner itself: no session carries a withdrawal. Sending one again answers the ' +
    'same. Answers notConfigured while the venue has no base layer.',
};

export const listWithdrawals: Route<OwnerPath, PageQuery, undefined, WithdrawalList> = {
  ...list,
  id: 'listWithdrawals',
  path: '/v1/accounts/{owner}/withdrawals',
  summary: 'Withdrawals of an account, new to old by sequence',
  response: withdrawalList,
};

export const listDeposits: Route<OwnerPath, PageQuery, undefined, DepositList> = {
  ...list,
  id: 'listDeposits',
  path: '/v1/accounts/{owner}/deposits',
  summary: 'Deposits from the base layer into an account, new to old by sequence',
  response: depositList,
};
