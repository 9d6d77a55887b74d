import { randomInt, randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import type { TestHouse } from '../../../test/support/people'

const oneOf = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T
const some = <T>(make: (n: number) => T, most = 4): T[] => Array.from({ length: randomInt(most) }, (_, n) => make(n))

/** Rows of a record in the nouns that only move: places, phones, visits, purchases, pictures, messages; any of them may be missing. */
export async function scatterRows({ house: { prisma }, clock }: TestHouse, memberId: string): Promise<void> {
  const at = (days: number) => new Date(clock.at.getTime() + days * DAY_MS)
  const ended = () => oneOf([null, at(-1)])
  const seat = { storeId: 'hubin', tillId: 'hubin-1', staffId: randomUUID() }
  await prisma.session.createMany({
    data: some(() => ({
      memberId,
      sessionId: randomUUID(),
      deviceLabel: '小米 15',
      platform: 'weapp',
      createdAt: at(-20),
      rotatedAt: at(-2),
      expiresAt: at(oneOf([-1, 40])),
      revokedAt: ended(),
    })),
  })
  const phones = some(() => ({ deviceId: randomUUID(), handle: handle(), revokedAt: ended() }))
  await prisma.device.createMany({
    data: phones.map((phone) => ({ ...phone, memberId, label: '小米 15', platform: 'weapp', createdAt: at(-20) })),
  })
  await prisma.deviceHandle.createMany({
    data: phones.map((phone) => ({ ...phone, memberId, secretSealed: Buffer.from('-'), lastStep: 9n })),
  })
  const visits = some(() => randomUUID())
  await prisma.visit.createMany({
    data: visits.map((visitId) => ({
      ...{ memberId, visitId, ...seat, method: 'member_no' },
      ...{ openedAt: at(-3), expiresAt: at(oneOf([-2, 1])) },
    })),
  })
  const holds = some((n) => ({ holdId: randomUUID(), state: n > 1 ? 'settled' : 'released' }))
  const money = { fullFen: 3_000, amountFen: 3_000, points: 30, growth: 30, channel: 'counter' }
  await prisma.orderHold.createMany({
    data: holds.map((hold) => ({
      ...{ memberId, ...hold, visitId: randomUUID(), ...seat, fullFen: 3_000, payableFen: 3_000, receipt: {} },
      ...{ heldAt: at(-3), expiresAt: at(-2) },
    })),
  })
  const paid = [...holds.filter(({ state }) => state === 'settled').map(({ holdId }) => holdId), ...some(() => null)]
  for (const holdId of paid) {
    const orderId = randomUUID()
    const orderNo = orderId.slice(0, 20)
    const named = { memberId, orderId, orderNo, holdId, visitId: randomUUID(), ...seat, settledAt: at(-3) }
    await prisma.order.create({ data: { ...named, ...money, refundedFen: 500 } })
    const back = { memberId, orderId, nth: 1, amountFen: 500, points: 5, growth: 5, staffId: seat.staffId, at: at(-2) }
    await prisma.orderReturn.create({ data: back })
  }
  const seen = { mime: 'image/jpeg', bytes: 1, width: 1, height: 1, sha256: '0'.repeat(64), createdAt: at(-3) }
  await prisma.upload.createMany({
    data: some(() => randomUUID()).map((uploadId) => ({
      ...{ memberId, uploadId, ...seen, usedBy: oneOf([null, randomUUID()]) },
      ...oneOf([
        { state: 'passed', storageKey: uploadId },
        { state: 'refused', storageKey: null },
      ]),
    })),
  })
  await prisma.outboxMessage.createMany({
    data: some(() => ({
      ...{ memberId, messageId: randomUUID(), template: 'points_arrived', payload: {}, createdAt: at(-3) },
      ...{ state: oneOf(['waiting', 'sent', 'dropped']), dueAt: at(1) },
    })),
  })
  await prisma.messageConsent.createMany({
    data: some((n) => ({ memberId, template: `t${n}`, remaining: randomInt(100), updatedAt: at(-n) })),
  })
}

const handle = () => String(randomInt(1_000_000_000, 9_999_999_999))
