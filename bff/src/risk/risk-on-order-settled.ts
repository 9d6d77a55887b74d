import type { Events, SqlCall } from '../ctx'

/** Remembers who paid, where the till told it. */
export const riskOnOrderSettled = ({ memberId, payerPrints: prints = [], at }: Events['order.settled']): SqlCall[] =>
  prints.length > 0 ? [{ fn: 'risk_seen', args: { memberId, prints, at } }] : []
