import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const articleId = 'first_frost'
const NOT_HERE = 'no_such_article'

const draft = () => ({
  requestId: randomUUID(),
  articleId: null,
  revision: null,
  title: '走查',
  summary: '走一遍每一个动词',
  body: '这是一段足够长的正文，\n给走查用，写满二十个字。',
  art: 'cup',
  obligationId: 'own_cup',
  publishFrom: '2026-11-01T00:00:00.000Z',
  publishUntil: null,
})

export const ARTICLE_CASES: Record<string, ProcedureCase> = {
  'article.list': { for: 'anybody', input: () => ({}) },
  'article.show': {
    for: 'anybody',
    input: () => ({ articleId }),
    foreign: { articleId: { input: () => ({ articleId: NOT_HERE }), answer: 'NOT_FOUND' } },
  },
  'article.read': {
    for: 'member',
    input: () => ({ articleId, link: 'Nobody00' }),
    foreign: { articleId: { input: () => ({ articleId: NOT_HERE }), answer: 'NOT_FOUND' } },
  },
  'article.mine': { for: 'member', input: () => undefined },
  'article.drafts': { for: 'operator', input: () => undefined },
  'article.draft': {
    for: 'operator',
    input: () => ({ articleId: null }),
    foreign: { articleId: { input: () => ({ articleId: NOT_HERE }), answer: 'NOT_FOUND' } },
  },
  'article.save': {
    for: 'operator',
    input: draft,
    foreign: {
      articleId: { input: () => ({ ...draft(), articleId: NOT_HERE, revision: 1 }), answer: 'NOT_FOUND' },
      obligationId: { input: () => ({ ...draft(), obligationId: NOT_HERE }), answer: 'NOT_FOUND' },
    },
  },
  'article.withdraw': {
    for: 'operator',
    input: () => ({ requestId: randomUUID(), articleId, revision: 99 }),
    foreign: {
      articleId: { input: () => ({ requestId: randomUUID(), articleId: NOT_HERE, revision: 1 }), answer: 'NOT_FOUND' },
    },
  },
}
