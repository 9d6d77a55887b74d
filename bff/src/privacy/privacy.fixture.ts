import { randomUUID } from 'node:crypto'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { DAY_MS } from '@huiyuan/shared/time'
import { newStaff, newVisit, type Person, type TestHouse } from '../../../test/support/people'
import { newCoupon } from '../coupon/coupon.fixture'
import { inTx } from '../ctx'
import { adjust } from '../ledger/adjustment.fixture'
import { exchange, newReward } from '../mall/mall.fixture'
import { award, newMember, newNumber, newOpenid, oldCard } from '../member/member.fixture'
import { mergeMember } from '../member/merge-member'
import { settleOrder } from '../order'
import { startSession } from '../session/start-session'

/** A ledger of secrets: what names this person anywhere, to be looked for afterwards. */
export interface Life extends Person {
  openid: string
  /** Texts and hex that must be nowhere once they are gone. */
  traces: Record<string, string>
  /** What was bought and stays. */
  orders: number
}

const NAME = '欧阳小满'
const TAG = '爱喝桂花的人'
const NOTE = '来电说搬到文三路去了'
const CODE = 'Zz9Qq8Ww'

/** Somebody with a past in every room of the house: two records that became one, purchases, exchanges, friends, a job's notes. */
export async function longLife(test: TestHouse): Promise<Life> {
  const { prisma, keys } = test.house
  const [openid, unionid, phone] = [newOpenid(), `u_${randomUUID()}`, newNumber()]
  const me = await newMember(test, { name: NAME, phone, weapp: { openid, unionid }, oa: { openid: newOpenid() } })
  const { memberId } = me
  const card = await oldCard(test, { joinedDaysAgo: 30 })
  await inTx(test.as(), (tx) => mergeMember(tx, memberId, card.memberId, { because: 'operator', note: NOTE }))
  await award(test, memberId, { points: 500, growth: 2_400 })
  await award(test, memberId, { points: 68, activeInDays: 15 })
  const clerk = await newStaff(test)
  const visit = await newVisit(test, me, clerk)
  await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), ...visit, amountFen: 12_800 })
  const cup = await newReward(test, { stockTotal: 5 })
  await exchange(me.ctx, cup)
  await exchange(me.ctx, await newReward(test, { stockTotal: 3, numbered: true, prepareHours: 48 }))
  await newCoupon(test, memberId)
  const operator = await newStaff(test, { role: 'operator' })
  await adjust(operator, me, 20, { note: NOTE })
  await startSession(test.as(), memberId, { deviceLabel: '欧阳的手机', platform: 'weapp' })
  await test.house.sql('sms_keep', {
    phoneHash: keys.hash('sms', phone),
    codeHash: 'b'.repeat(64),
    at: test.clock.at,
    expiresAt: test.clock.at,
    dayStart: test.clock.at,
    tries: 5,
    gapSeconds: 60,
    perDay: 10,
  })
  const at = test.clock.at
  await prisma.member.update({
    where: { memberId },
    data: { birthMonth: 11, birthDay: 22, joinLink: CODE, joinRisk: 2 },
  })
  await prisma.memberTag.createMany({
    data: [
      { memberId, tag: TAG, at },
      { memberId: card.memberId, tag: TAG, at },
    ],
  })
  const former = {
    memberId,
    kind: 'phone',
    issuer: '',
    subject: keys.hash('phone', '+8613600000001'),
    endedAt: at,
    because: 'moved',
  }
  await prisma.formerIdentity.create({
    data: { ...former, subjectSealed: keys.seal('+8613600000001'), provenAt: at, firstAt: at },
  })
  const link = await prisma.referralLink.findFirst({ where: { memberId } })
  const friend = await newMember(test)
  await prisma.referral.create({
    data: {
      memberId: friend.memberId,
      referralId: randomUUID(),
      inviterId: memberId,
      code: link?.code ?? 'AbCd1234',
      campaignId: 'none',
      state: 'joined',
      joinedAt: at,
    },
  })
  await prisma.claim.create({
    data: { memberId: friend.memberId, claimId: randomUUID(), holderId: memberId, triesLeft: 5, expiresAt: at },
  })
  await prisma.honourHeld.create({ data: { memberId, honourId: 'cup', grantedAt: at } })
  await prisma.rewardFavourite.create({ data: { memberId, rewardId: cup.rewardId, at } })
  await prisma.messageConsent.create({ data: { memberId, template: 'points_arrived', remaining: 3, updatedAt: at } })
  const [row, sealed, handles] = await Promise.all([
    prisma.member.findUniqueOrThrow({ where: { memberId } }),
    prisma.identity.findFirstOrThrow({ where: { memberId, kind: 'phone' } }),
    prisma.deviceHandle.findFirstOrThrow({ where: { memberId } }),
  ])
  const hex = (bytes: Uint8Array | null) => Buffer.from(bytes as Uint8Array).toString('hex')
  return {
    ...me,
    openid,
    orders: 1,
    traces: {
      phone: phone.slice(-11),
      phoneHash: keys.hash('phone', phone),
      smsHash: keys.hash('sms', phone),
      formerHash: former.subject,
      cardPhoneHash: keys.hash('phone', card.phone),
      openid,
      unionid,
      name: NAME,
      nameSealed: hex(row.nameSealed),
      phoneSealed: hex(sealed.subjectSealed),
      secretSealed: hex(handles.secretSealed),
      handle: handles.handle,
      device: '欧阳的手机',
      tag: TAG,
      note: NOTE,
      joinLink: CODE,
    },
  }
}

/** Every row of every table as text, bytes as hex. */
export async function dump(url: string): Promise<Map<string, string>> {
  const { rows: tables } = await runOnce(
    url,
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  )
  const seen = new Map<string, string>()
  for (const { name } of tables as { name: string }[]) {
    const { rows } = await runOnce(url, `SELECT coalesce(string_agg(t::text, E'\\n'), '') AS text FROM "${name}" t`)
    seen.set(name, (rows[0] as { text: string }).text)
  }
  return seen
}

/** Where each of these can be read. */
export const foundIn = (tables: Map<string, string>, traces: Record<string, string>): string[] =>
  Object.entries(traces).flatMap(([what, text]) =>
    [...tables].filter(([, rows]) => rows.includes(text)).map(([table]) => `${what} in ${table}`),
  )

export const CANCEL_PASSED = 8 * DAY_MS
