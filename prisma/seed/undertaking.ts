import { randomUUID } from 'node:crypto'
import { periodOf } from '@huiyuan/shared/obligation-period'
import { businessDaysAfter, DAY_MS, endOfMonthAfter, startOfBusinessDay } from '@huiyuan/shared/time'
import { type Ctx, commandOf } from '../../bff/src/ctx'
import { memberOfPhone } from './people'

const MEI = '+8613800003318'
const TANG = '+8613800006641'

/** What Mei does for 一盏, one in each state, and what some others thought of what they drank. Through the verbs' own functions. */
export async function seedUndertakings(ctx: Ctx, now: Date): Promise<void> {
  const [mei, tang] = [await memberOfPhone(ctx, MEI), await memberOfPhone(ctx, TANG)]
  const desk = deskOf(ctx, tang, now)
  for (const obligationId of ['spread_autumn', 'bring_friend', 'trial_new_tea', 'honest_review', 'ambassador_notes'])
    await desk.accept(mei, obligationId, days(now, obligationId === 'trial_new_tea' ? 9 : 0))
  const trial = { text: '水温大概 90 度，泡了三分钟，香气不错，回甘偏短。', rating: 4 }
  await desk.turnDown(await desk.handIn(mei, 'trial_new_tea', trial, days(now, 6)), days(now, 5))
  const notes = { text: '这个月写的是梅家坞的雨，和一壶没舍得喝完的老白茶。', link: 'https://example.com/notes/rain' }
  await desk.approve(await desk.handIn(mei, 'ambassador_notes', notes, now), now)
  const orderId = await lastOrderOf(ctx, mei)
  if (orderId) {
    const words = '桂花香很稳，不是糖浆那种甜。冰的比热的好喝，就是去冰以后少了一截。'
    await desk.handIn(mei, 'honest_review', { text: words, rating: 4, orderId }, now)
  }
  await seedPast(ctx, mei, now)
  await seedReviews(ctx, desk, now)
}

const days = (now: Date, ago: number) =>
  ago === 0 ? now : new Date(startOfBusinessDay(now).getTime() + (0.5 - ago) * DAY_MS)

type Desk = ReturnType<typeof deskOf>

/** The functions that write, as somebody would have called them at an earlier instant. */
function deskOf(ctx: Ctx, staffId: string, now: Date) {
  const asked = (memberId: string, verb: string, at: Date) =>
    commandOf({ ...ctx, now: () => at, actor: { kind: 'member', memberId, sessionId: '' } }, verb, {
      requestId: randomUUID(),
    })
  const decide = (memberId: string, submissionId: string, at: Date, more: object) =>
    ctx.sql('obligation_decide', {
      request: asked(staffId, 'obligation.decide', at),
      ...{ staffId, memberId, submissionId, at, expiresAt: endOfMonthAfter(at, ctx.policy.expiryMonths) },
      ...more,
    })
  return {
    accept: (memberId: string, obligationId: string, at: Date) =>
      ctx.sql('obligation_accept', {
        request: asked(memberId, 'obligation.accept', at),
        ...{ memberId, obligationId, instanceId: randomUUID(), at, regainFrom: now },
      }),
    handIn: async (memberId: string, obligationId: string, handIn: object, at: Date) => {
      const submissionId = randomUUID()
      await ctx.sql('obligation_submit', {
        request: asked(memberId, 'obligation.submit', at),
        ...{ memberId, obligationId, submissionId, uploadIds: [], textCheck: 'pass', at, regainFrom: now, ...handIn },
      })
      return { memberId, submissionId }
    },
    approve: ({ memberId, submissionId }: { memberId: string; submissionId: string }, at: Date) =>
      decide(memberId, submissionId, at, { how: 'approve', answer: '谢谢你写得这么细' }),
    turnDown: ({ memberId, submissionId }: { memberId: string; submissionId: string }, at: Date) =>
      decide(memberId, submissionId, at, {
        how: 'reject',
        reason: 'unclear',
        answer: '请补一张茶汤的照片，再说说第二泡',
      }),
  }
}

const lastOrderOf = async (ctx: Ctx, memberId: string): Promise<string | undefined> =>
  (
    await ctx.db.order.findFirst({
      where: { memberId, state: 'settled' },
      orderBy: { settledAt: 'desc' },
      select: { orderId: true },
    })
  )?.orderId

/** What ended in summer: done when the points were gone, given back with a returned purchase, and not done in time. */
async function seedPast(ctx: Ctx, memberId: string, now: Date): Promise<void> {
  const at = businessDaysAfter(now, -80)
  const own = { memberId, acceptedAt: businessDaysAfter(now, -100), lastProofAt: at }
  const lastMonth = periodOf('monthly', new Date(endOfMonthAfter(now, -1)))
  await ctx.db.obligationInstance.createMany({
    data: [
      { ...own, obligationId: 'lotus_evening', state: 'approved', progress: 1, finishedAt: at, reason: 'budget' },
      {
        ...own,
        obligationId: 'summer_visits',
        state: 'clawed_back',
        progress: 2,
        finishedAt: at,
        reason: 'taken_back',
      },
      { ...own, obligationId: 'plum_rain_cups', state: 'in_progress', progress: 3 },
    ].map((one) => ({ ...one, instanceId: randomUUID() })),
  })
  await ctx.db.obligationInstance.create({
    data: {
      ...{ memberId, instanceId: randomUUID(), obligationId: 'ambassador_notes', state: 'accepted' },
      ...{ acceptedAt: lastMonth.from as Date, periodKey: lastMonth.key, dueAt: lastMonth.until },
    },
  })
}

const REVIEWS = [
  [5, '第一口是桂花，第二口才是乌龙，顺序刚好。店里人多的时候等了二十分钟，值。'],
  [2, '太甜了，选了少糖还是甜。茶底应该不差，被糖盖住了，下次会选无糖。'],
  [4, '热的比冰的香，杯子很厚实。希望小杯也能有热的。'],
  [1, '外卖到的时候已经分层，奶盖全化了，不适合外带，建议写在单子上。'],
  [5, '带爸妈来的，他们说像年轻时喝的味道。'],
] as const

/** Good ones and bad ones, thanked for alike. */
async function seedReviews(ctx: Ctx, desk: Desk, now: Date): Promise<void> {
  const bought = await ctx.db.$queryRaw<{ memberId: string; orderId: string }[]>`
    SELECT DISTINCT ON (p.member_id) p.member_id AS "memberId", p.order_id AS "orderId" FROM purchase p JOIN identity i USING (member_id)
      WHERE i.kind = 'wechat_openid' AND i.subject ~ '^o_seed_[0-9]+$' AND p.state = 'settled' AND p.settled_at > ${businessDaysAfter(now, -60)}
      ORDER BY p.member_id, p.settled_at DESC LIMIT ${REVIEWS.length}`
  for (const [n, { memberId, orderId }] of bought.entries()) {
    const [rating, text] = REVIEWS[n] as (typeof REVIEWS)[number]
    const at = days(now, 2 + 3 * n)
    await desk.accept(memberId, 'honest_review', at)
    await desk.approve(
      await desk.handIn(memberId, 'honest_review', { rating, text, orderId }, at),
      days(now, 1 + 3 * n),
    )
  }
}
