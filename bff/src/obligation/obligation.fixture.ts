import { randomUUID } from 'node:crypto'
import type { Prisma } from '@huiyuan/prisma/client'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Colleague, newVisit, type Person, type TestHouse } from '../../../test/support/people'
import { alongOf, type Ctx } from '../ctx'
import { settleOrder } from '../order'
import { orderRefOf } from '../order/order-ref'
import { returnOrder } from '../order/return-order'
import { memberRefOf } from '../visit'
import { acceptObligation } from './accept-obligation'
import { checkInObligation } from './check-in-obligation'
import { decideSubmission } from './decide-submission'
import { submissionRefOf } from './submission-ref'
import { type Submission, submitObligation } from './submit-obligation'

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

/** One that is handed in: words and stars, unless told otherwise. */
export const newHandIn = (house: TestHouse, wish: Wish = {}) =>
  newObligation(house, {
    kind: 'product_test',
    proof: 'handed_in',
    title: '试饮一款新茶',
    wants: { text: { min: 2, max: 200 }, rating: true },
    ...wish,
  })

/** One that the system counts: purchases, unless told otherwise. */
export const newCounted = (house: TestHouse, wish: Wish = {}) =>
  newObligation(house, { kind: 'ambassador_duty', proof: 'counted', counts: 'order', title: '常来坐坐', ...wish })

/** Takes it up and hands something in. */
export async function takeUp({ ctx }: Pick<Person, 'ctx'>, obligationId: string): Promise<void> {
  await acceptObligation(ctx, { requestId: randomUUID(), obligationId })
}

export const handIn = (ctx: Ctx, obligationId: string, more: Partial<Submission> = {}) =>
  submitObligation(ctx, {
    requestId: randomUUID(),
    obligationId,
    text: '香气很好，回甘也长',
    rating: 5,
    uploadIds: [],
    ...more,
  })

/** What an operator holds of the last that was handed in. */
export async function caseOf({ house, as }: TestHouse, { memberId }: Pick<Person, 'memberId'>): Promise<string> {
  const last = await as().db.obligationSubmission.findFirstOrThrow({
    where: { memberId },
    orderBy: [{ submittedAt: 'desc' }, { nth: 'desc' }],
  })
  return submissionRefOf(house.keys, last)
}

export const approve = (by: Ctx, caseRef: string, requestId: string = randomUUID()) =>
  decideSubmission(by, { requestId, caseRef, how: 'approve', answer: '谢谢你' })

export const reject = (by: Ctx, caseRef: string, requestId: string = randomUUID()) =>
  decideSubmission(by, { requestId, caseRef, how: 'reject', reason: 'unclear', answer: '再写细一点' })

/** A picture of the member's as WeChat has left it. */
export async function newPicture(
  { as }: TestHouse,
  { memberId }: Pick<Person, 'memberId'>,
  state: 'checking' | 'passed' | 'doubtful' = 'passed',
  sha256 = randomUUID().replaceAll('-', '').repeat(2),
): Promise<string> {
  const uploadId = randomUUID()
  const size = { mime: 'image/webp', bytes: 1_000, width: 640, height: 480 }
  const createdAt = as().now()
  await as().db.upload.create({ data: { memberId, uploadId, ...size, sha256, storageKey: uploadId, state, createdAt } })
  return uploadId
}

/** WeChat's word on a picture. */
export const tellPicture = (
  house: TestHouse,
  { memberId }: Pick<Person, 'memberId'>,
  uploadId: string,
  verdict: 'passed' | 'doubtful' | 'refused',
) => {
  const at = house.clock.at
  const along = alongOf(house.as(), 'upload.checked', { memberId, verdict, at })
  return house.house.sql('upload_checked', { memberId, uploadId, verdict, label: 100, at, along })
}

/** The member pays at the till. → the order's id */
export async function buy(house: TestHouse, by: Colleague, memberId: string, amountFen = 3_000): Promise<string> {
  const visitId = randomUUID()
  const openedAt = house.clock.at
  const expiresAt = new Date(openedAt.getTime() + 600_000)
  const seat = { storeId: by.storeId, tillId: by.tillId, staffId: by.memberId, method: 'member_no' }
  await house.as().db.visit.create({ data: { memberId, visitId, ...seat, openedAt, expiresAt } })
  const memberRef = memberRefOf(house.house.keys, visitId, memberId)
  const sale = { requestId: randomUUID(), visitId, memberRef, amountFen }
  return (await settleOrder(house.as(by.memberId), by, sale)).orderId
}

/** A manager takes it back, whole or so much of it. */
export const giveBack = (house: TestHouse, by: Colleague, memberId: string, orderId: string, refundFen?: number) =>
  returnOrder(house.as(by.memberId), by, {
    requestId: randomUUID(),
    orderRef: orderRefOf(house.house.keys, { memberId, orderId, visitId: null }),
    refundFen,
  })
