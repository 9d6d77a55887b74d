import { dayWords } from '@huiyuan/shared/time'
import type { TrackStep } from '../../ui/track'
import type { Obligation } from './obligations'

export type Submission = NonNullable<Obligation['submission']>

/** In two or three letters how a hand-in stands; null where nothing was handed in. */
export function handInTag({ state, submission }: Pick<Obligation, 'state' | 'submission'>): {
  words: string
  kind: 'accent' | 'bad' | 'brand'
} | null {
  if (!submission || (state !== 'submitted' && state !== 'rejected')) return null
  if (submission.appeal?.state === 'asked') return { words: '申诉中', kind: 'accent' }
  if (submission.state === 'checking') return { words: '检查中', kind: 'brand' }
  if (submission.state === 'waiting') return { words: '审核中', kind: 'accent' }
  return submission.state === 'rejected' ? { words: '没有通过', kind: 'bad' } : null
}

/** What became of the last hand-in, step by step. */
export function handInSteps(submission: Submission, now: Date): TrackStep[] {
  const { state, nth, submittedAt, decidedAt, reasonWords, appeal } = submission
  const day = (at: string | null) => (at ? dayWords(new Date(at), now) : '')
  const sent: TrackStep = {
    key: 'sent',
    title: nth > 1 ? `第 ${nth} 次交上来` : '交上来了',
    sub: day(submittedAt),
    state: 'done',
  }
  const ahead: TrackStep = { key: 'done', title: '通过，谢礼送到', state: 'ahead' }
  switch (state) {
    case 'checking':
      return [
        sent,
        { key: 'check', title: '图片正在过安全检查', sub: '一般几分钟，可以先去忙别的', state: 'now' },
        { key: 'look', title: '同事来看', state: 'ahead' },
        ahead,
      ]
    case 'waiting':
      return [sent, { key: 'look', title: '同事正在看', sub: '看过会写在这里', state: 'now' }, ahead]
    case 'approved':
      return [sent, { key: 'done', title: '通过了', sub: day(decidedAt), state: 'done' }]
    default: {
      const back: TrackStep = { key: 'back', title: reasonWords || '没有通过', sub: day(decidedAt), state: 'bad' }
      if (appeal?.state === 'asked')
        return [sent, back, { key: 'appeal', title: '另一位同事再看一遍', sub: day(appeal.askedAt), state: 'now' }]
      if (appeal?.state === 'declined')
        return [sent, back, { key: 'appeal', title: '再看之后，还是没有通过', state: 'bad' }]
      return [sent, back]
    }
  }
}
