import type { Change } from './answers'
import { pictureTime } from './shifted-clock'

const days = (count: number) => new Date(pictureTime().getTime() + count * 86_400_000).toISOString()

const ANOTHERS = {
  adjustmentId: '019ab000-0000-7000-8000-000000000001',
  memberNo: '**** 1879',
  nameMasked: '林**',
  points: -1_200,
  reason: 'abuse',
  note: '同一张小票在两家店各积了一次，核对了两店的流水，按规则收回多得的一次',
  state: 'waiting',
  proposedBy: 'YY002',
  proposedAt: days(-0.02),
  decidedBy: null,
  decidedAt: null,
  decisionNote: null,
  debtPoints: 0,
  mine: false,
  words: '为 林**（尾号 1879）减 1,200 积分，违规收回：YY002 提出，等另一位运营复核',
}
const MINE = {
  ...ANOTHERS,
  adjustmentId: '019ab000-0000-7000-8000-000000000002',
  memberNo: '**** 3421',
  nameMasked: '小*',
  points: 800,
  reason: 'outage',
  note: '周年活动当晚积分没有到账，收据已核对',
  proposedBy: 'YY001',
  mine: true,
  words: '为 小*（尾号 3421）加 800 积分，系统差错：YY001 提出，等另一位运营复核',
}
const AGREED = {
  ...ANOTHERS,
  state: 'done',
  decidedBy: 'YY001',
  decidedAt: days(0),
  decisionNote: '流水已核对',
  debtPoints: 300,
  words: '为 林**（尾号 1879）减 1,200 积分，违规收回：YY002 提出，YY001 已同意，余额不够，记下 300 欠分',
}
const REFUSED = {
  ...MINE,
  state: 'refused',
  decidedBy: 'YY002',
  decidedAt: days(-1),
  decisionNote: '收据是另一位会员的',
  words: '为 小*（尾号 3421）加 800 积分，系统差错：YY001 提出，YY002 没有同意，积分没动',
}

/** Both lists ask the same procedure; what waits is told by its state. */
const lists =
  (waiting: object[], over: object[]): Change =>
  (answer) => {
    const shown = answer.adjustments as { state: string }[]
    const asksOver = shown.some(({ state }) => state !== 'waiting')
    return { ...answer, adjustments: asksOver ? over : waiting, waiting: waiting.length, nextCursor: null }
  }

export const bothWaiting = lists([ANOTHERS, MINE], [AGREED, REFUSED])
export const noneWaiting = lists([], [AGREED, REFUSED])

export const agreed = AGREED
export const ANOTHERS_ID = ANOTHERS.adjustmentId

/** A programme as long as it can be told: every month, and what lies behind them. */
export const longLiability: Change = (liability) => ({
  ...liability,
  available: 12_408_220,
  pending: 1_204_700,
  debt: 3_180,
  members: 41_806,
  months: (liability.months as object[]).map((month, n) => ({
    ...month,
    available: n === 5 ? 0 : 180_000 + ((n * 77_777) % 640_000),
    pending: n % 4 === 3 ? 90_000 + n * 4_000 : 0,
    lots: 900 + n * 41,
  })),
  later: { available: 88_000, pending: 2_400, lots: 120 },
})

export const noLiability: Change = (liability) => ({
  ...liability,
  available: 0,
  pending: 0,
  debt: 0,
  members: 0,
  months: (liability.months as object[]).map((month) => ({ ...month, available: 0, pending: 0, lots: 0 })),
  later: { available: 0, pending: 0, lots: 0 },
})

/** Points were taken back after they had been spent. */
const owes: Change = (home) => ({
  ...home,
  card: { ...(home.card as object), points: 0, pendingPoints: 68, nextPendingAt: days(9), debtPoints: 120 },
})

const line = (n: number, change: object) => ({
  transferId: `019ab000-0000-7000-8000-00000000010${n}`,
  at: days(-n),
  unit: 'points',
  ...change,
})

export const inDebt: Record<string, Change> = {
  'home.show': owes,
  'ledger.statement': (statement) => ({
    ...statement,
    nextCursor: null,
    lines: [
      line(0, {
        direction: 'out',
        amount: 120,
        reason: 'adjusted',
        words: '2026-11-22 客服为你调整，记下 120 欠分：不合积分规则的部分',
      }),
      line(0, {
        direction: 'out',
        amount: 300,
        reason: 'adjusted',
        words: '2026-11-22 客服为你调整，收回 300 积分：不合积分规则的部分',
      }),
      line(2, {
        direction: 'in',
        amount: 50,
        reason: 'adjusted',
        words: '2026-11-20 客服为你调整，获得 50 积分：一点心意',
      }),
      line(3, { direction: 'move', amount: 40, reason: 'debt_paid', words: '2026-11-19 用 40 积分补上了欠分' }),
    ].map((one, n) => ({ ...one, transferId: `${one.transferId.slice(0, -1)}${n}` })),
  }),
}

/** Everything that will be hers still waits. */
export const onlyPending: Record<string, Change> = {
  'home.show': (home) => ({
    ...home,
    card: { ...(home.card as object), points: 0, pendingPoints: 168, nextPendingAt: days(9), debtPoints: 0 },
  }),
  'ledger.lots': () => ({
    lots: [
      {
        lotId: '1',
        remaining: 168,
        earned: 168,
        activeAt: days(9),
        expiresAt: '2027-11-30T15:59:59.999Z',
        state: 'pending',
        words: '',
      },
    ],
  }),
  'ledger.forecast': () => ({
    points: 0,
    pendingPoints: 168,
    months: [{ month: '2027-11', endsAt: '2027-11-30T15:59:59.999Z', points: 0, pendingPoints: 168 }],
    words: ['2027 年 11 月底有 168 积分到期，其中 168 积分还没生效'],
  }),
}

/** Some end soon, some cannot be used yet, and months without an end lie between. */
export const unevenForecast: Record<string, Change> = {
  'ledger.forecast': () => ({
    points: 1_640,
    pendingPoints: 240,
    months: [
      { month: '2026-11', endsAt: '2026-11-30T15:59:59.999Z', points: 320, pendingPoints: 0 },
      { month: '2027-01', endsAt: '2027-01-31T15:59:59.999Z', points: 1_200, pendingPoints: 0 },
      { month: '2027-03', endsAt: '2027-03-31T15:59:59.999Z', points: 120, pendingPoints: 240 },
    ],
    words: ['11 月底有 320 积分到期', '2027 年 1 月底有 1,200 积分到期', '2027 年 3 月底有 360 积分到期'],
  }),
}
