import { createHash } from 'node:crypto'

/** What the first entry of every chain follows. */
export const CHAIN_START = '0'.repeat(64)

export interface ChainEntry {
  storeId: string
  seq: number
  at: Date
  actorId: string
  verb: string
  subject: string
  bodyHash: string
  prevHash: string
  hash: string
}

/** The hash that `audit_append` of the database gives an entry, computed here from nothing but its fields. */
export const hashOfEntry = (prevHash: string, entry: Omit<ChainEntry, 'prevHash' | 'hash'>): string =>
  createHash('sha256')
    .update(
      [
        prevHash,
        entry.storeId,
        entry.seq,
        entry.at.getTime(),
        entry.actorId,
        entry.verb,
        entry.subject,
        entry.bodyHash,
      ].join('|'),
    )
    .digest('hex')

/** Whether an entry is whole and stands where the chain has come to. */
export const follows = (entry: ChainEntry, seq: number, prevHash: string): boolean =>
  entry.seq === seq && entry.prevHash === prevHash && entry.hash === hashOfEntry(prevHash, entry)
