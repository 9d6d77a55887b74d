import { memberNoFrom } from '@huiyuan/shared/member'
import { DAY_MS, endOfMonthAfter } from '@huiyuan/shared/time'
import { type Ctx, inTx } from '../../bff/src/ctx'
import { mergeMember } from '../../bff/src/member'
import { at, memberOfPhone, seedPerson } from './people'

/** A valid card number that ends in four given digits. */
export function cardEndingIn(last4: string): string {
  for (let n = 0; ; n++) {
    const number = memberNoFrom(`0417${String(n).padStart(7, '0')}${last4.slice(0, 3)}`)
    if (number.endsWith(last4)) return number
  }
}

interface Twin {
  name: string
  phone: string
  openid: string
  cardNo: string
  points: number
  growth: number
  /** What lies on the old card. */
  cardPoints: number
  cardGrowth: number
}

/** One person with two records, whom nobody has put together yet: what an operator may try. */
export const TWIN: Twin = {
  name: '陆听雨',
  phone: '+8613800008863',
  openid: 'o_seed_twin_lu',
  cardNo: cardEndingIn('7788'),
  points: 180,
  growth: 640,
  cardPoints: 260,
  cardGrowth: 450,
}

/** And one whose card an operator has joined in already. */
const JOINED: Twin = {
  name: '沈知微',
  phone: '+8613800009974',
  openid: 'o_seed_twin_shen',
  cardNo: cardEndingIn('5566'),
  points: 96,
  growth: 380,
  cardPoints: 120,
  cardGrowth: 0,
}

const AN = '+8613800007752'

/** Two people with two records each. */
export async function seedTwins(ctx: Ctx, now: Date): Promise<void> {
  await seedTwin(ctx, TWIN, now)
  const [memberId, cardId] = await seedTwin(ctx, JOINED, now)
  if (memberId === cardId) return
  const then = at(ctx, new Date(now.getTime() - 5 * DAY_MS))
  const staffId = await memberOfPhone(ctx, AN)
  const cause = { because: 'operator', staffId, note: '顾客到店出示了实体卡，姓名一致' } as const
  await inTx(then, (tx) => mergeMember(tx, memberId, cardId, cause))
}

async function seedTwin(ctx: Ctx, twin: Twin, now: Date): Promise<[memberId: string, cardId: string]> {
  const { name, phone, openid, cardNo } = twin
  const joined = new Date(now.getTime() - 200 * DAY_MS)
  const carded = new Date(now.getTime() - 520 * DAY_MS)
  const memberId = await seedPerson(ctx, {
    name,
    phone,
    weapp: { openid },
    joinedAt: joined,
    arrival: { channel: 'weapp' },
  })
  const cardId = await seedPerson(ctx, { name, card: cardNo, joinedAt: carded, arrival: { channel: 'plastic_card' } })
  await give(ctx, memberId, openid, { ...twin, at: joined }, now)
  await give(
    ctx,
    cardId,
    cardNo,
    { points: twin.cardPoints, growth: twin.cardGrowth, at: new Date(now.getTime() - 60 * DAY_MS) },
    now,
  )
  return [memberId, cardId]
}

/** Points of before, with a long life; sent again they have their one effect. */
const give = (
  ctx: Ctx,
  memberId: string,
  of: string,
  { points, growth, at: then }: { points: number; growth: number; at: Date },
  now: Date,
) =>
  ctx.sql('ledger_award', {
    memberId,
    at: then,
    kind: 'import',
    sourceId: `twin:${of}`,
    points,
    growth,
    activeAt: then,
    expiresAt: endOfMonthAfter(now, 6),
    reason: 'opening',
    detail: {},
  })
