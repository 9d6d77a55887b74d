import { maskName } from '@huiyuan/shared/member'
import type { ObligationKind } from '@huiyuan/shared/obligation'
import { REJECTIONS } from '@huiyuan/shared/obligation-proof'
import type { Ctx } from '../ctx'
import { type Picture, pictureOf } from './pictures'
import type { SubmissionRow } from './submission-facts'
import { submissionRefOf } from './submission-ref'

const PAGE = 20

/** What the reviewer should look at twice. */
export type SubmissionFlag =
  | 'text_doubtful'
  | 'text_unchecked'
  | 'picture_doubtful'
  | 'picture_seen'
  | 'purchase_returned'

export const FLAG_WORDS: Record<SubmissionFlag, string> = {
  text_doubtful: '文字安全检查：疑似违规',
  text_unchecked: '文字没有经过安全检查',
  picture_doubtful: '图片安全检查：疑似违规或没有结果',
  picture_seen: '同一张图片以前提交过',
  purchase_returned: '这一单后来退款了',
}

/** What was asked for, and how far the member is with it. */
interface Asked {
  title: string
  kind: ObligationKind
  words: string
  labelled: boolean
  progress: number
  target: number
}

export interface SubmissionCase {
  caseRef: string
  member: { nameMasked: string | null; memberNo: string }
  obligation: Asked
  /** The how-manieth that was handed in for this undertaking. */
  nth: number
  text: string | null
  link: string | null
  rating: number | null
  purchase: { storeName: string; amountFen: number; settledAt: string } | null
  uploads: Picture[]
  flags: { flag: SubmissionFlag; words: string }[]
  submittedAt: string
  appeal: { words: string; askedAt: string } | null
  /** Why it was turned down before; null where nobody has. */
  earlier: { reasonWords: string; answer: string | null; decidedAt: string } | null
}

interface CaseRow extends SubmissionRow, Asked {
  textCheck: 'pass' | 'review' | 'unknown' | null
  nameSealed: string | null
  memberNo: string
  purchase: { storeName: string; amountFen: number; settledAt: string; kept: boolean } | null
}

/** Hand-ins that wait for a person, or appeals, the oldest first; `after` is the `next` of the page before. */
export async function listSubmissions(
  ctx: Ctx,
  { state, after }: { state: 'waiting' | 'appeal'; after?: string | undefined },
): Promise<{ cases: SubmissionCase[]; next: string | null }> {
  const rows = await ctx.sql<CaseRow[]>('obligation_queue', { state, after, limit: PAGE + 1 })
  const page = rows.slice(0, PAGE)
  return {
    cases: page.map((row) => caseOf(ctx, row)),
    next: rows.length > PAGE ? (page.at(-1)?.submissionId ?? null) : null,
  }
}

const isoOf = (at: string | null) => (at === null ? '' : new Date(at).toISOString())

function caseOf(ctx: Ctx, row: CaseRow): SubmissionCase {
  const { title, kind, words, labelled, progress, target, nth, text, link, rating, purchase } = row
  return {
    caseRef: submissionRefOf(ctx.keys, row),
    member: { nameMasked: maskedName(ctx, row.nameSealed), memberNo: `**** ${row.memberNo.slice(-4)}` },
    obligation: { title, kind, words, labelled, progress, target },
    ...{ nth, text, link, rating },
    purchase: purchase && {
      storeName: purchase.storeName,
      amountFen: purchase.amountFen,
      settledAt: isoOf(purchase.settledAt),
    },
    uploads: row.uploads.map((picture) => pictureOf(ctx, picture)),
    flags: flagsOf(row).map((flag) => ({ flag, words: FLAG_WORDS[flag] })),
    submittedAt: isoOf(row.submittedAt),
    appeal: row.appeal === 'none' ? null : { words: row.appealWords ?? '', askedAt: isoOf(row.appealAt) },
    earlier: row.reason && {
      reasonWords: REJECTIONS[row.reason],
      answer: row.answer,
      decidedAt: isoOf(row.decidedAt),
    },
  }
}

function flagsOf({ text, textCheck, uploads, purchase }: CaseRow): SubmissionFlag[] {
  const flags: [SubmissionFlag, boolean][] = [
    ['text_doubtful', textCheck === 'review'],
    ['text_unchecked', text !== null && textCheck !== 'pass' && textCheck !== 'review'],
    ['picture_doubtful', uploads.some(({ state }) => state === 'doubtful')],
    ['picture_seen', uploads.some(({ seen }) => seen)],
    ['purchase_returned', purchase !== null && !purchase.kept],
  ]
  return flags.filter(([, raised]) => raised).map(([flag]) => flag)
}

export const maskedName = (ctx: Ctx, sealed: string | null): string | null =>
  sealed === null ? null : maskName(ctx.keys.openText(Buffer.from(sealed, 'base64')))
