import type { Ctx } from '../ctx'
import { printsOf, type Seen } from './prints-of'

/** Writes down the phone and the network that a member comes in with, as hashes; part of the caller's transaction. */
export async function seeArrival(tx: Ctx, memberId: string, { install }: Pick<Seen, 'install'>): Promise<void> {
  const prints = printsOf(tx, { install, ip: tx.clientIp })
  if (prints.length > 0) await tx.sql('risk_seen', { memberId, prints, at: tx.now() })
}
