import { randomUUID } from 'node:crypto'
import type { Prisma } from '@huiyuan/prisma/client'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Colleague, newVisit, type Person, type TestHouse } from '../../../test/support/people'
import { checkInObligation } from './check-in-obligation'

type Wish = Partial<Prisma.ObligationUncheckedCreateInput> & { honour?: { name: string; termMonths: number | null } }

/** An obligation that runs now: one step, 50 points, plenty of budget, in any shop, unless told otherwise. */
export async function newObligation({ clock, as }: TestHouse, { honour, ...wish }: Wish = {}) {
  const { db } = as()
  const obligationId = `duty-${randomUUID().slice(0, 12)}`
  const honourId = honour ? `honour-${randomUUID().slice(0, 12)}` : null
  if (honour && honourId) await db.honour.create({ data: { honourId, mark: 'cup', words: '带杯的人', ...honour } })
  return db.obligation.create({
    data: {
      obligationId,
      kind: 'check_in',
      title: '带自己的杯子',
      words: '带自己的杯子来',
      mark: 'cup',
      proof: 'staff_scan',
      target: 1,
      rewardPoints: 50,
      budgetPoints: 1_000_000,
      honourId,
      startsAt: new Date(clock.at.getTime() - DAY_MS),
      endsAt: new Date(clock.at.getTime() + 60 * DAY_MS),
      ...wish,
    },
  })
}

export type Visit = { visitId: string; memberRef: string }

/** Confirms a step in a given visit. */
export const checkIn = (
  house: TestHouse,
  by: Colleague,
  { visitId, memberRef }: Visit,
  obligationId: string,
  requestId: string = randomUUID(),
) => checkInObligation(house.as(by.memberId), by, { requestId, visitId, memberRef, obligationId })

/** The member comes in, shows the code, and has a step confirmed. */
export const comeAndCheckIn = async (house: TestHouse, by: Colleague, person: Person, obligationId: string) =>
  checkIn(house, by, await newVisit(house, person, by), obligationId)
