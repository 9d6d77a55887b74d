import { randomUUID } from 'node:crypto'
import type { RightKind, RightPayloads, RightPeriod } from '@huiyuan/shared/right'
import type { TestHouse } from '../../../test/support/people'

interface Audience {
  tierFrom: number | null
  honourId?: string
  quota?: number | null
  period?: RightPeriod | null
  endsInHours?: number
}

export interface RightWish extends Audience {
  hours: number
}

/** A right of early access of its own for a test. → its id */
export const newRight = (test: TestHouse, { hours, ...wish }: RightWish): Promise<string> =>
  newRightOf(test, 'early_access', { hours }, wish)

/** A right of its own for a test. → its id */
export async function newRightOf<K extends RightKind>(
  test: TestHouse,
  kind: K,
  payload: RightPayloads[K],
  { endsInHours, ...wish }: Audience,
): Promise<string> {
  const rightId = `right-${randomUUID().slice(0, 20)}`
  const now = test.clock.at.getTime()
  await test.as().db.right.create({
    data: {
      rightId,
      kind,
      title: '早享',
      words: '一项权益',
      payload: payload as object,
      startsAt: new Date(now - 86_400_000),
      endsAt: endsInHours === undefined ? null : new Date(now + endsInHours * 3_600_000),
      ...wish,
    },
  })
  return rightId
}

/** How often a member has used a right, by period. */
export async function usesOf(test: TestHouse, memberId: string, rightId: string): Promise<Record<string, number>> {
  const rows = await test.as().db.rightUse.findMany({ where: { memberId, rightId }, orderBy: { periodKey: 'asc' } })
  return Object.fromEntries(rows.map(({ periodKey, used }) => [periodKey, used]))
}
