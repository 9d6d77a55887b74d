import type { RouterOutputs } from '../../lib/api'

type Blocker = RouterOutputs['privacy']['cancellation']['blockers'][number]

/** What is in the way of leaving, and the way around it. */
export const BLOCKER_WORDS: Record<Blocker, { title: string; way: string }> = {
  job: { title: '你还在这里工作', way: '请店长先结束你的员工身份，再来申请' },
  live_hold: { title: '收银台正锁着一笔价格', way: '付完款，或等十分钟让它自己松开' },
  adjustment: { title: '有一笔积分调整在等复核', way: '通常一两天有结果，之后就可以申请' },
}
