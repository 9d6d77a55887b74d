import type { Change } from './answers'
import { type Days, type Facts, obligationAnswers } from './obligation-answers'

const DAY_MS = 86_400_000

/** A bowl of tea, as a member would photograph it. */
export const TEA_PHOTO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><defs><linearGradient id="w" x1="0" y1="0" x2="1" y2="1"><stop stop-color="#e9d9c3"/><stop offset="1" stop-color="#a98258"/></linearGradient><radialGradient id="t" cx=".4" cy=".35"><stop stop-color="#e2a85c"/><stop offset="1" stop-color="#8a4b18"/></radialGradient></defs><path d="M0 0h120v120H0z" fill="url(#w)"/><path d="M0 84q60-14 120 0v36H0z" fill="#6f4e33" opacity=".35"/><ellipse cx="62" cy="74" rx="42" ry="26" fill="#000" opacity=".18"/><ellipse cx="60" cy="64" rx="42" ry="30" fill="#f4f1ea"/><ellipse cx="60" cy="60" rx="36" ry="24" fill="url(#t)"/><ellipse cx="48" cy="52" rx="12" ry="4" fill="#fff" opacity=".4"/><path d="M70 62c3-4 10-5 16-2-5 4-12 5-16 2" fill="#4f7d3c"/></svg>`

/** What members of a small house come to in weeks, by a clock. */
export function shareAnswers(now: Date) {
  const days = (count: number) => new Date(now.getTime() + count * DAY_MS).toISOString()
  return { friends: friends(days), obligations: obligationAnswers(days), reviews: reviews(days), links: linksOf(days) }
}

function friends(days: Days): Change {
  const like = (nameMasked: string, state: string, words: string, more: Facts = {}) => ({
    referralId: `0193-${nameMasked}`,
    nameMasked,
    state,
    words,
    reason: null,
    points: 100,
    joinedAt: days(-20),
    heldAt: state === 'joined' ? null : days(-12),
    releaseAt: days(4),
    settledAt: null,
    byActivity: false,
    doubts: [],
    answer: null,
    mayAppealUntil: null,
    appeal: null,
    ...more,
  })
  const refused = {
    reason: null,
    settledAt: days(-3),
    answer: '两张会员卡看起来是一个人在用，这一份先不算。',
  }
  const said = { words: '我们是室友，那天我手机没电，用她的点的', askedAt: days(-2), decidedAt: null, answer: null }
  return (mine) => ({
    ...mine,
    totals: { joined: 8, releasedPoints: 300, heldPoints: 100, reviewPoints: 100 },
    friends: [
      like('何*', 'joined', '还没有下满 ¥15 的第一单', { joinedAt: days(-1) }),
      like('陈**', 'held', '已下首单，12 月 5 日过退款期后到账', { heldAt: days(-3), releaseAt: days(13) }),
      like('罗*', 'review', '已下首单，正由同事核对，核对好照常到账', {
        doubts: ['同事会确认一下，这是两位不同的朋友', '同事会核对一下朋友的首单'],
      }),
      like('许**', 'released', '首单已过退款期，11 月 1 日到账', {
        ...{ joinedAt: days(-40), heldAt: days(-37), releaseAt: days(-21), settledAt: days(-21) },
      }),
      like('方*', 'refused', '没能确认是两位不同的朋友，这一份没有算', { ...refused, mayAppealUntil: days(27) }),
      like('宋**', 'refused', '没能确认是两位不同的朋友，这一份没有算', {
        ...refused,
        appeal: { ...said, state: 'asked' },
      }),
      like('林*', 'refused', '打开链接太久才入会，这一次不算', {
        reason: 'window_over',
        heldAt: null,
        releaseAt: null,
      }),
      like('周**', 'refused', '首单退了款，奖励一并收回', { reason: 'purchase_returned', settledAt: days(-6) }),
    ],
  })
}

const linksOf = (days: Days): Facts => ({
  path: 'tabs/home/index?l=1',
  h5Url: 'https://tea.example/#/tabs/home/index?l=7Kq2',
  urlLink: 'https://wxaurl.cn/tE4bOwl8x0h',
  urlLinkUntil: days(30),
})

const reviews =
  (days: Days): Change =>
  () => {
    const like = (reviewId: string, nameMasked: string, rating: number, text: string, count: number) => ({
      ...{ reviewId, nameMasked, rating, text },
      label: '有奖评价',
      pictures: Array.from({ length: count }, (_, nth) => ({
        ...{ uploadId: `${reviewId}${nth}`, url: `/upload/${reviewId}${nth}?t=x` },
        ...{ state: 'passed', width: 1, height: 1 },
      })),
      at: days(-rating),
    })
    return {
      reviews: [
        like('1', '许*', 5, '桂花是真的桂花，奶也不抢味。加热一点更香。', 2),
        like('2', '何*', 2, '今天这杯偏淡，冰也化了一半才做好。店员态度倒是很好，重新做了一杯。', 0),
        like('3', '陈*', 4, '喝完回甘挺久，就是甜度选三分刚好，五分对我来说太甜了。', 1),
      ],
      next: null,
    }
  }
