/** What the card beside the till tells it, by hand scanner. */
export const TILL_COMMANDS = {
  pay: { text: 'HY-PAY', title: '收款', words: '先锁价，客人付了再扫一次' },
  next: { text: 'HY-NEXT', title: '下一位', words: '这一位好了，换人' },
  points: { text: 'HY-POINTS', title: '用积分', words: '再扫一次就不用' },
  undo: { text: 'HY-UNDO', title: '退一步', words: '去掉刚点的一件，锁了价就解开' },
  clear: { text: 'HY-CLEAR', title: '清空', words: '金额和商品都重来' },
} as const

export type TillCommand = keyof typeof TILL_COMMANDS

const ALL = Object.keys(TILL_COMMANDS) as TillCommand[]

/** Of letters that a hand scanner read: the command, `unknown` for one that no card has, null for anything else. */
export function commandOf(text: string): TillCommand | 'unknown' | null {
  // with the caps lock on a scanner types small letters; an amount may have been typed right before
  const letters = /^\d*(HY-.*)$/i.exec(text)?.[1]?.toUpperCase()
  if (!letters) return null
  return ALL.find((command) => TILL_COMMANDS[command].text === letters) ?? 'unknown'
}
