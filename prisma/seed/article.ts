import { businessDaysAfter } from '@huiyuan/shared/time'
import { countReadings } from '../../bff/src/article'
import type { Ctx } from '../../bff/src/ctx'
import { ARTICLE_TEXTS, type ArticleText } from './article-texts'
import { at } from './people'

const HOUR_MS = 3_600_000
/** Eight in the morning, so many days before (or, below zero, after) today. */
const morning = (now: Date, daysAgo: number) => new Date(businessDaysAfter(now, -daysAgo).getTime() + 8 * HOUR_MS)

/** Writes the news of 一盏: what is out, one that is to come, and one whose season is over. */
export async function seedArticle(ctx: Ctx): Promise<void> {
  const now = ctx.now()
  const row = ({ daysAgo, untilDaysAgo, ...text }: ArticleText) => ({
    ...text,
    publishFrom: morning(now, daysAgo),
    publishUntil: untilDaysAgo === undefined ? null : morning(now, untilDaysAgo),
    updatedAt: morning(now, Math.max(daysAgo, 1)),
  })
  await ctx.db.article.createMany({ data: ARTICLE_TEXTS.map(row), skipDuplicates: true })
}

/** Who read what Mei had passed on, in days before today, and when they came to the tasting. */
const READERS = [
  { articleId: 'first_frost', read: 24, came: 22 },
  { articleId: 'first_frost', read: 23 },
  { articleId: 'first_frost', read: 21, came: 20 },
  { articleId: 'first_frost', read: 5, came: 4 },
  { articleId: 'first_frost', read: 3 },
  { articleId: 'seven_firings', read: 15 },
  { articleId: 'seven_firings', read: 2 },
]

/** Lets unnamed members read what Mei passed on, through the verbs' own functions. */
export async function seedReaders(ctx: Ctx, sharerId: string): Promise<void> {
  const now = ctx.now()
  const { code } = await ctx.sql<{ code: string }>('referral_open', { memberId: sharerId, at: now })
  const known = await ctx.db.identity.findMany({
    where: { kind: 'wechat_openid', subject: { startsWith: 'o_seed_0' } },
    select: { memberId: true },
  })
  const people = await ctx.db.member.findMany({
    where: { memberId: { in: known.map(({ memberId }) => memberId) }, joinedAt: { lt: morning(now, 30) } },
    orderBy: { joinedAt: 'asc' },
    take: READERS.length,
    select: { memberId: true },
  })
  for (const [n, { memberId }] of people.entries()) {
    const { articleId, read, came } = READERS[n] as (typeof READERS)[number]
    const readAt = new Date(morning(now, read).getTime() + n * HOUR_MS)
    await ctx.sql('article_read', { memberId, articleId, link: code, at: readAt })
    if (came === undefined) continue
    await ctx.sql('article_on_activity', {
      ...{ memberId, obligationId: 'autumn_tasting', proofId: crypto.randomUUID(), at: morning(now, came) },
      ...{ countAt: businessDaysAfter(morning(now, came), ctx.policy.readingHoldDays + 1) },
      windowDays: ctx.policy.attributionDays,
    })
  }
  await countReadings(at(ctx, now), { batch: 100 })
}
