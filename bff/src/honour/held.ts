import type { HonourHeld } from '@huiyuan/shared/honour'

/** A held honour as the database tells it: instants as text. */
export type HeldJson = {
  [Name in keyof HonourHeld]: HonourHeld[Name] extends Date | null ? string | null : HonourHeld[Name]
}

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text))

export const heldOf = (row: HeldJson): HonourHeld => ({
  ...row,
  expiresAt: dateOf(row.expiresAt),
  termEndsAt: dateOf(row.termEndsAt),
  dutiesFrom: dateOf(row.dutiesFrom),
  warnedAt: dateOf(row.warnedAt),
  lapsesAt: dateOf(row.lapsesAt),
  lapsedAt: dateOf(row.lapsedAt),
})
