import { randomUUID } from 'node:crypto'
import { dutyMonth } from '@huiyuan/shared/honour'
import type { Person, TestHouse } from '../../../test/support/people'
import { newObligation } from '../obligation/obligation.fixture'

export interface TestTitle {
  honourId: string
  /** The obligations whose undertakings are its duties. */
  duties: string[]
}

/** A title that two of three duties a month keep. */
export async function newTitle(on: TestHouse, wish: { termMonths?: number | null } = {}): Promise<TestTitle> {
  const honourId = `title-${randomUUID().slice(0, 12)}`
  const words = { name: '一盏大使', mark: 'leaf', words: '替一盏说话的人', kind: 'title' }
  await on.as().db.honour.create({
    data: { honourId, ...words, termMonths: null, dutyCount: 2, warnDays: 7, ...wish },
  })
  const duties = []
  for (let n = 0; n < 3; n++) {
    const { obligationId } = await newObligation(on, {
      keepsHonourId: honourId,
      period: 'monthly',
      rewardPoints: 0,
      endsAt: new Date('2040-01-01T00:00:00Z'),
    })
    duties.push(obligationId)
  }
  return { honourId, duties }
}

export const grant = (on: TestHouse, { memberId }: Pick<Person, 'memberId'>, honourId: string) =>
  on.house.sql('honour_grant', { memberId, honourId, at: on.clock.at })

/** An undertaking of this month that has come so far. */
export async function undertaken(
  on: TestHouse,
  { memberId }: Pick<Person, 'memberId'>,
  obligationId: string,
  state: 'submitted' | 'approved' | 'rewarded' = 'rewarded',
): Promise<void> {
  const { db } = on.as()
  const one = { memberId, obligationId, instanceId: randomUUID() }
  await db.obligationInstance.create({
    data: { ...one, state, acceptedAt: on.clock.at, periodKey: dutyMonth(on.clock.at) },
  })
  if (state === 'submitted')
    await db.obligationSubmission.create({
      data: { ...one, submissionId: randomUUID(), nth: 1, state: 'waiting', submittedAt: on.clock.at },
    })
}

export const heldBy = (on: TestHouse, { memberId }: Pick<Person, 'memberId'>, honourId: string) =>
  on.as().db.honourHeld.findUnique({ where: { memberId_honourId: { memberId, honourId } } })
