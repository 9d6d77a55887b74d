import { as, INSIDE, OTHER, OWNER, time, word } from './export-columns'
import type { Section } from './export-sections'

/** Which news a member read by somebody's link, and what followed; who had sent it stays theirs to tell. */
export const ARTICLE_SECTIONS: Section[] = [
  {
    title: '读过的资讯',
    table: 'article_reading',
    key: [['article_id', 'text']],
    columns: {
      member_id: OWNER,
      article_id: as('资讯'),
      sharer_id: OTHER,
      opened_at: time('打开时间'),
      state: word('状态', { read: '读过', acted: '之后来过', counted: '已计入分享人', void: '不计' }),
      action: word('之后', { order: '消费', activity: '参加活动' }),
      action_id: INSIDE,
      acted_at: time('来的时间'),
      count_at: time('计入时间'),
      reason: word('不计的原因', { self: '自己', double: '同一个人', returned: '退款', doubtful: '没有通过核对' }),
    },
  },
]
