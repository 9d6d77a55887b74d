import { randomUUID } from 'node:crypto'
import type { RightPeriod } from '@huiyuan/shared/right'
import type { TestHouse } from '../../../test/support/people'

export interface RightWish {
  tierFrom: number | null
  honourId?: string
  quota?: number | null
  period?: RightPeriod | null
  hours: number
  endsInHours?: number
}

/** A right of its own for a test. → its id */
export async function newRight(test: TestHouse, { hours, endsInHours, ...wish }: RightWish): Promise<string> {
  const rightId = `right-${randomUUID().slice(0, 20)}`
  const now = test.clock.at.getTime()
  await test.as().db.right.create({
    data: {
      rightId,
      kind: 'early_access',
      title: '早享',
      words: `提前 ${hours} 小时`,
      payload: { hours },
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
