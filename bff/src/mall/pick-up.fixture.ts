import { randomUUID } from 'node:crypto'
import type { RewardWish } from '../../../prisma/seed/mall'
import { type Colleague, newVisit, type Person, type TestHouse } from '../../../test/support/people'
import { handOverRedemption } from './hand-over-redemption'
import { exchange } from './mall.fixture'

type Visit = Pick<Awaited<ReturnType<typeof newVisit>>, 'visitId' | 'memberRef'>

/** A customer who exchanged something and stands at the counter with a live code. */
export async function atCounter(test: TestHouse, member: Person, clerk: Colleague, reward: RewardWish) {
  const { redemption } = await exchange(member.ctx, reward)
  const visit = await newVisit(test, member, clerk)
  return { ...member, redemption, visit }
}

export const handOver = (
  by: Colleague,
  { visitId, memberRef }: Visit,
  pickupCode: string | null,
  more: { requestId?: string; in?: TestHouse } = {},
) =>
  handOverRedemption(more.in ? more.in.as(by.memberId) : by.ctx, by, {
    requestId: more.requestId ?? randomUUID(),
    visitId,
    memberRef,
    pickupCode: pickupCode ?? '',
  })
