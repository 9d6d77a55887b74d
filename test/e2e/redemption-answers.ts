import type { Change } from './answers'

const DAY_MS = 86_400_000
const UUID = '0198c0de-0000-7000-8000-000000000001'

/** The page of one exchange; which one, the answer says. */
export const REDEMPTION = `pages/mall/redemption?redemptionId=${UUID}`

const CUP = { rewardId: 'autumn_cup', title: '桂花乌龙 一盏', art: 'cup', points: 180 }
const GIFT = { rewardId: 'peach_taster', title: '白桃乌龙体验装', art: 'pouch', origin: 'gift', points: 0 }
const COUPON = { rewardId: 'coupon_8', title: '满 30 减 8 元券', art: 'ticket', kind: 'coupon', points: 80 }
const ENGRAVING = { rewardId: 'engraving', title: '盏底刻字', art: 'engraving', kind: 'service', points: 300 }
const PARTNER = {
  rewardId: 'book_code',
  title: '拾光书店 20 元购书码',
  art: 'book',
  kind: 'partner_code',
  points: 400,
  partnerCode: 'SG20-7K4F-91QD',
}

/** An exchange as it waits at the counter, and the words of its steps. */
function ground(now: Date) {
  const day = (count: number) => new Date(now.getTime() + count * DAY_MS).toISOString()
  const base = {
    redemptionId: UUID,
    rewardId: 'honey_bowl',
    title: '蜜釉手捏盏',
    art: 'bowl_honey',
    kind: 'pickup',
    origin: 'mall',
    points: 1_500,
    state: 'ready',
    cancelReason: null,
    pieceNo: null,
    stockTotal: null,
    placedAt: day(-3),
    readyAt: day(-1),
    pickupBy: day(29),
    pickupCode: null,
    finishedAt: null,
    storeName: null,
    couponId: null,
    rightTitle: null,
    back: null,
    partnerCode: null,
    canCancel: false,
  }
  return {
    day,
    tell: (change: object, steps: object[]) => ({ redemption: { ...base, ...change }, steps }),
    placed: { state: 'placed', at: day(-3), words: '兑换成功' },
    ready: { state: 'ready', at: day(-1), words: '备好了，等你来取' },
    ahead: (state: string, words: string) => ({ state, at: null, words }),
    ended: (words: string) => ({ state: 'cancelled', at: day(-1), words }),
  }
}

function waiting(now: Date) {
  const { day, tell, placed, ready, ahead } = ground(now)
  const fetch = ahead('done', '到店报取货码取走')
  const piece = { pieceNo: 37, stockTotal: 50 }
  return {
    ready: tell({ ...piece, pickupCode: '77693976', canCancel: true, rightTitle: '黄金早享' }, [placed, ready, fetch]),
    preparing: tell({ ...piece, state: 'placed', readyAt: day(1), canCancel: true }, [
      placed,
      ahead('ready', '门店正在备货'),
      fetch,
    ]),
    gift: tell({ ...GIFT, pickupCode: '20417788' }, [placed, ready, fetch]),
    service: tell({ ...ENGRAVING, pickupCode: '55120834', canCancel: true }, [
      placed,
      { ...ready, words: '席位留好了，等你来' },
      ahead('done', '到店报取货码享用'),
    ]),
  }
}

function over(now: Date) {
  const { day, tell, placed, ready, ended } = ground(now)
  const cancelled = { state: 'cancelled', finishedAt: day(-1) }
  const returned = (words: string) => ({ state: 'returned', at: day(-1), words })
  return {
    cancelled: tell(
      {
        ...cancelled,
        cancelReason: 'member',
        rightTitle: '黄金早享',
        back: { returned: 1_200, grace: 240, expired: 60 },
      },
      [
        placed,
        ended('你取消了这次兑换'),
        returned('1,200 积分退回原来的批次；240 积分原批次已到期，宽限一段时间；60 积分宽限过一次，已到期'),
      ],
    ),
    overdue: tell({ ...CUP, ...cancelled, cancelReason: 'overdue', back: { returned: 180, grace: 0, expired: 0 } }, [
      placed,
      ready,
      ended('过了领取期，已自动取消'),
      returned('180 积分退回原来的批次'),
    ]),
    superseded: tell({ ...GIFT, ...cancelled, cancelReason: 'gift_superseded' }, [
      placed,
      ended('礼物每人一份，这一份收回了'),
    ]),
  }
}

function done(now: Date) {
  const { day, tell, placed, ready } = ground(now)
  const at = day(-3)
  return {
    done: tell({ state: 'done', finishedAt: day(-1), storeName: '湖滨店', pieceNo: 37, stockTotal: 50 }, [
      placed,
      ready,
      { state: 'done', at: day(-1), words: '已取走' },
    ]),
    coupon: tell({ ...COUPON, state: 'done', finishedAt: at, couponId: UUID }, [
      placed,
      { state: 'done', at, words: '券已放进卡券' },
    ]),
    partner: tell({ ...PARTNER, state: 'done', finishedAt: at }, [
      placed,
      { state: 'done', at, words: '兑换码已给到你' },
    ]),
  }
}

/** One exchange in each of its states, with its steps, at this moment. */
export const redemptionStates = (now: Date) => ({ ...waiting(now), ...done(now), ...over(now) })

/** What an exchange for a partner's code brings. */
export const givenCode = (now: Date) => ({ redemption: done(now).partner.redemption, pointsAfter: 1_077 })

/** Every kind of exchange in one list. */
export const allRedemptions =
  (now: Date): Change =>
  (answer) => ({
    ...answer,
    nextCursor: null,
    redemptions: Object.values(redemptionStates(now)).map(({ redemption }, n) => ({
      ...redemption,
      redemptionId: `${n}`,
    })),
  })
