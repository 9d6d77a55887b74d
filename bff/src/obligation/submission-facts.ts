import { appealUntil } from '@huiyuan/shared/obligation'
import { REJECTIONS, type Rejection } from '@huiyuan/shared/obligation-proof'
import type { Ctx } from '../ctx'
import { type Picture, type PictureRow, pictureOf } from './pictures'

export type SubmissionState = 'checking' | 'waiting' | 'approved' | 'rejected'
export type AppealState = 'none' | 'asked' | 'granted' | 'declined'

/** One hand-in, as the database gives it; instants as ISO text. */
export interface SubmissionRow {
  memberId: string
  submissionId: string
  nth: number
  text: string | null
  link: string | null
  rating: number | null
  orderId: string | null
  uploads: PictureRow[]
  state: SubmissionState
  submittedAt: string
  decidedAt: string | null
  reason: Rejection | null
  answer: string | null
  appeal: AppealState
  appealWords: string | null
  appealAt: string | null
  appealAnswer: string | null
}

/** A hand-in as its member sees it. Instants as ISO text. */
export interface ShownSubmission {
  submissionId: string
  nth: number
  state: SubmissionState
  text: string | null
  link: string | null
  rating: number | null
  orderId: string | null
  uploadIds: string[]
  uploads: Picture[]
  submittedAt: string
  decidedAt: string | null
  /** Why it was turned down, as a code and in words. */
  reason: Rejection | null
  reasonWords: string | null
  /** What the reviewer wrote. */
  answer: string | null
  /** Until when the refusal can be appealed against; null when it cannot. */
  mayAppealUntil: string | null
  appeal: { state: Exclude<AppealState, 'none'>; words: string; askedAt: string; answer: string | null } | null
}

/** What a row is shown with: links to pictures end by the clock. */
export type Shown = Pick<Ctx, 'keys' | 'now' | 'policy'>

const isoOf = (at: string | null) => at && new Date(at).toISOString()

export function shownSubmission(ctx: Shown, row: SubmissionRow): ShownSubmission {
  const { submissionId, nth, state, text, link, rating, orderId, reason, answer, appeal } = row
  const { appealDays } = ctx.policy
  const until = row.decidedAt && appealUntil(new Date(row.decidedAt), appealDays)
  return {
    ...{ submissionId, nth, state, text, link, rating, orderId, reason, answer },
    uploadIds: row.uploads.map(({ uploadId }) => uploadId),
    uploads: row.uploads.map((picture) => pictureOf(ctx, picture)),
    submittedAt: new Date(row.submittedAt).toISOString(),
    decidedAt: isoOf(row.decidedAt),
    reasonWords: reason && REJECTIONS[reason],
    mayAppealUntil:
      state === 'rejected' && appeal === 'none' && until && until >= ctx.now() ? until.toISOString() : null,
    appeal:
      appeal === 'none'
        ? null
        : {
            state: appeal,
            words: row.appealWords ?? '',
            askedAt: isoOf(row.appealAt) ?? '',
            answer: row.appealAnswer,
          },
  }
}
