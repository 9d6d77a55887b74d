import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { verifyAudit } from '../audit/verify-audit'
import { times } from '../member/member.fixture'
import { listArticles } from './list-articles'
import { listDrafts, showDraft } from './list-drafts'
import { type ArticleWish, saveArticle } from './save-article'
import { showArticle } from './show-article'
import { withdrawArticle } from './withdraw-article'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
let operator: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  two = testHouse(database.url, { clock: one.clock })
  operator = await newStaff(one, { role: 'operator' })
})
afterAll(() => Promise.all([one.close(), two.close()]))

const NTH = Array.from({ length: 23 }, (_, n) => n)
const wish = (more: Partial<ArticleWish> = {}): ArticleWish => ({
  requestId: randomUUID(),
  articleId: null,
  revision: null,
  title: '霜降以后',
  summary: '山上收了最后一批茶',
  body: '# 山上\n今年最后一批茶，霜降那天收完。\n- 一芽二叶\n- 手采',
  art: 'mountain',
  obligationId: null,
  publishFrom: one.clock.at.toISOString(),
  publishUntil: null,
  ...more,
})
const gone = (articleId: string) => expect(showArticle(one.as(), { articleId })).rejects.toThrow('NOT_FOUND')

test('an article promises nothing for passing it on, whoever writes it', async () => {
  for (const [field, words] of Object.entries({
    title: '转发领好券',
    summary: '分享给三位好友，得一杯',
    body: `${wish().body}\n转 发 即 得 积 分`,
  }))
    await expect(saveArticle(operator.ctx, wish({ [field]: words }))).rejects.toMatchObject({
      fault: {
        code: 'CAMPAIGN_REFUSED',
        detail: { violations: expect.arrayContaining([{ rule: 'share_copy', field }]) },
      },
    })
  expect((await listDrafts(operator.ctx)).articles).toEqual([])
})

test('an article is out within its window only, is withdrawn at once, and comes back by being saved', async () => {
  const from = new Date(one.clock.at.getTime() + DAY_MS)
  const window = { publishFrom: from.toISOString(), publishUntil: new Date(from.getTime() + DAY_MS).toISOString() }
  const asked = wish({ ...window, title: ' <b>霜降</b> ' })
  const { articleId, revision } = await saveArticle(operator.ctx, asked)
  expect(await saveArticle(operator.ctx, asked)).toEqual({ articleId, revision: 1 })
  await gone(articleId)
  expect((await listDrafts(operator.ctx)).articles).toMatchObject([{ articleId, state: 'soon', title: '<b>霜降</b>' }])
  one.clock.at = from
  expect(await showArticle(one.as(), { articleId })).toMatchObject({
    // a tag is text like any other
    title: '<b>霜降</b>',
    blocks: [
      { kind: 'heading', text: '山上' },
      { kind: 'text', text: '今年最后一批茶，霜降那天收完。' },
      { kind: 'list', items: ['一芽二叶', '手采'] },
    ],
    activity: null,
    path: `pages/article/article?id=${articleId}`,
  })
  await withdrawArticle(operator.ctx, { requestId: randomUUID(), articleId, revision })
  await gone(articleId)
  const { article } = await showDraft(operator.ctx, { articleId })
  expect(article).toMatchObject({ revision: 2, state: 'withdrawn' })
  await saveArticle(operator.ctx, wish({ ...window, articleId, revision: 2 }))
  expect((await showArticle(one.as(), { articleId })).title).toBe('霜降以后')
  one.clock.pass(DAY_MS)
  await gone(articleId)
  expect((await listDrafts(operator.ctx)).articles).toMatchObject([{ state: 'over', revision: 3 }])
  expect(await verifyAudit(operator.ctx, operator.storeId)).toMatchObject({ intact: true })
  expect(await one.house.prisma.auditEntry.count({ where: { subject: articleId } })).toBe(3)
})

test('64 colleagues who save and withdraw one revision at once: one does, the others read it again', async () => {
  const { articleId } = await saveArticle(operator.ctx, wish())
  const done = await Promise.allSettled(
    times(64, (n) => {
      const ctx = (n % 2 ? two : one).as(operator.memberId)
      return n % 4 === 0
        ? withdrawArticle(ctx, { requestId: randomUUID(), articleId, revision: 1 })
        : saveArticle(ctx, wish({ articleId, revision: 1, title: `第 ${n} 稿` }))
    }),
  )
  expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const one of done) if (one.status === 'rejected') expect(one.reason.message).toBe('ARTICLE_CHANGED')
  expect(await one.house.prisma.auditEntry.count({ where: { subject: articleId } })).toBe(2)
})

test.each([
  ['without a title', { title: ' ' }],
  ['with too long a body', { body: '茶'.repeat(4_001) }],
  ['under a drawing there is not', { art: 'https://example.com/x.png' }],
  ['that ends before it begins', { publishUntil: '2020-01-01T00:00:00.000Z' }],
  ['that is new and old', { revision: 1 }],
])('an article %s is not saved', async (_name, more) => {
  await expect(saveArticle(operator.ctx, wish(more))).rejects.toThrow('BAD_INPUT')
})

test('a manager writes no news, and nobody reads more than a page of it at once', async () => {
  const manager = await newStaff(one, { role: 'manager' })
  await expect(saveArticle(manager.ctx, wish())).rejects.toThrow('ROLE_NEEDED')
  await one.house.prisma.article.deleteMany()
  await one.house.prisma.article.createMany({
    data: NTH.map((n) => ({
      ...{ articleId: `a_${String(n).padStart(2, '0')}`, title: '茶', summary: '茶', body: '茶', art: 'cup' },
      // pairs on one instant
      ...{ publishFrom: new Date(one.clock.at.getTime() - Math.floor(n / 2) * 1_000), updatedAt: one.clock.at },
    })),
  })
  const first = await listArticles(one.as(), {})
  const rest = await listArticles(one.as(), { after: first.nextCursor as string })
  expect([first.articles.length, rest.articles.length, rest.nextCursor]).toEqual([20, 3, null])
  expect([...first.articles, ...rest.articles].map(({ articleId }) => articleId)).toEqual(
    NTH.map((n) => `a_${String(n).padStart(2, '0')}`),
  )
})
