import { among, type Change } from './answers'
import { pictureTime } from './shifted-clock'

const days = (count: number) => new Date(pictureTime().getTime() + count * 86_400_000).toISOString()

/** Whoever comes by a friend's link, and what the friend gets for it. */
export const byFriend: Record<string, Change> = {
  'gift.preview': (preview) => ({ ...preview, fromName: '小梅' }),
  'gift.list': among('gifts', (gift) => ({ ...gift, fromName: '小梅' })),
  'referral.mine': (mine) => ({
    ...mine,
    invitedBy: { name: '小梅', state: 'held', words: '你已下首单，12 月 7 日过退款期后，对方会收到一份谢礼' },
  }),
}

/** Trial packs that have been given for some weeks, and one that is over. */
export const cameBack: Change = () => {
  const pack = { giftId: 'trial_tea', title: '岩茶体验装', running: true, stock: 300 }
  const past = { giftId: 'trial_fruit', title: '鲜果茶体验装', running: false, stock: null }
  return {
    packs: [
      { ...pack, given: 214, pickedUp: 168, followed: 168, converted: 61, percent: 28.5 },
      { ...past, given: 1_480, pickedUp: 1_102, followed: 1_096, converted: 233, percent: 15.7 },
    ],
  }
}

export const one = (list: string, id: string, key: string, change: object) =>
  among(list, (entry) => (entry[key] === id ? { ...entry, ...change } : entry))

/** Every state in which an exchange may be. */
export const everyRedemption: Change = (answer) => {
  const [first] = answer.redemptions as Record<string, unknown>[]
  const like = (redemptionId: string, change: object) => ({ ...first, redemptionId, ...change })
  const over = { pickupCode: null, canCancel: false }
  const bowl = { title: '梅子青限量茶碗', art: 'bowl_green', points: 1_200, pieceNo: 17, stockTotal: 500 }
  return {
    ...answer,
    nextCursor: null,
    redemptions: [
      like('1', { state: 'ready', cancelReason: null, pickupCode: '77693976', canCancel: true, finishedAt: null }),
      like('2', { ...bowl, state: 'placed', readyAt: days(2), pickupBy: days(32), pickupCode: null, canCancel: true }),
      like('3', {
        title: '白瓷小盏',
        art: 'bowl_white',
        points: 460,
        state: 'done',
        finishedAt: days(-6),
        storeName: '湖滨店',
        ...over,
      }),
      like('4', {
        title: '棉麻茶巾',
        art: 'towel',
        points: 220,
        state: 'cancelled',
        cancelReason: 'member',
        finishedAt: days(-9),
        ...over,
      }),
      like('5', {
        title: '竹制茶则',
        art: 'spoon',
        points: 320,
        state: 'cancelled',
        cancelReason: 'overdue',
        finishedAt: days(-20),
        ...over,
      }),
    ],
  }
}

/** Coupons that were used, ran out, or are about to. */
export const everyCoupon: Change = (answer) => {
  const [first] = [...(answer.usable as object[]), ...(answer.used as object[])]
  const eight = { ...first, title: '满 30 减 8', amountOffFen: 800, payPercent: null, thresholdFen: 3_000 }
  const like = (couponId: string, change: object) => ({ ...eight, couponId, ...change })
  return {
    ...answer,
    usable: [
      like('1', { title: '满 25 减 5', amountOffFen: 500, thresholdFen: 2_500, state: 'usable', expiresAt: days(2) }),
      like('2', { state: 'usable', expiresAt: days(30) }),
      like('3', {
        title: '满 40 减 10',
        amountOffFen: 1_000,
        thresholdFen: 4_000,
        state: 'waiting',
        validFrom: days(3),
      }),
    ],
    used: [
      like('4', { state: 'used', usedAt: days(-3), from: 'gift' }),
      like('5', {
        title: '满 25 减 5',
        amountOffFen: 500,
        thresholdFen: 2_500,
        state: 'used',
        usedAt: days(-18),
        from: 'order',
      }),
    ],
    over: [
      like('6', {
        title: '满 25 减 5',
        amountOffFen: 500,
        thresholdFen: 2_500,
        state: 'expired',
        expiresAt: days(-11),
        from: 'order',
      }),
      like('7', { state: 'voided', from: 'order' }),
    ],
  }
}

/** Nine of ten cups were brought. */
export const cups: Change = (answer) => ({
  ...answer,
  obligation: {
    ...(answer.obligation as object),
    ...{ state: 'in_progress', progress: 9, refusal: null, nextAt: null, acceptedAt: days(-24) },
  },
})

/** A day on which much waits. */
export const fullDay: Change = (home) => ({
  ...home,
  today: [
    { kind: 'pickup_ready', title: '桂花乌龙 一盏', pickupBy: days(6) },
    { kind: 'coupon_expiring', title: '满 25 减 5', count: 1, expiresAt: days(2) },
    {
      kind: 'obligation_near',
      obligationId: 'own_cup',
      title: '带自己的杯子',
      left: 1,
      rewardWords: '200 积分和「惜杯人」',
    },
    { kind: 'reward_released', friend: '许**', points: 100 },
  ],
})

export const cancelled = { returned: 180, grace: 0, expired: 0 }

export const handed = { title: '梅子青限量茶碗', art: 'bowl_green', pieceNo: 17, pickedUpAt: days(0) }

export const checked = {
  title: '秋茶品鉴会',
  progress: 1,
  target: 1,
  rewarded: { points: 50, honourName: '知茶人' },
}

/** What can be confirmed at the counter: the first time all of it, then what is left. */
export const untilDone = (obligationId: string): Change => {
  let asked = 0
  return (answer) => {
    const all = answer.obligations as { obligationId: string }[]
    return asked++ === 0 ? answer : { ...answer, obligations: all.filter((one) => one.obligationId !== obligationId) }
  }
}

export const lifted: Change = (order) => ({ ...order, tierBefore: 2, tierAfter: 3 })

/** Somebody who waits for a colleague's word, and somebody who is leaving with a thing to pick up. */
export const blocked: Change = (answer) => ({ ...answer, blockers: ['live_hold', 'adjustment'] })
export const unblocked: Change = (answer) => ({ ...answer, blockers: [] })
export const leaving: Change = (answer) => ({
  ...answer,
  asked: { askedAt: days(-1), dueAt: '2026-11-29T15:59:59.999Z', because: 'member' },
  losses: {
    ...(answer.losses as object),
    pendingPoints: 128,
    honours: 1,
    redemptions: [
      { title: '桂花乌龙 一盏', ready: true },
      { title: '梅子青限量茶碗', ready: false },
    ],
  },
})

export const remindedOf: Change = (answer) => ({
  ...answer,
  personalOffers: false,
  messages: [
    { key: 'points_arrived', title: '积分到账通知', remaining: 3 },
    { key: 'pickup_ready', title: '取货通知', remaining: 1 },
  ],
})
