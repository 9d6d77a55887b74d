import type { ProofRefusal } from '@huiyuan/shared/certificate'

const seconds = (count: number) => (count >= 90 ? `${Math.round(count / 60)} 分钟` : `${count} 秒`)

/** Why a code cannot be taken without a network, and what helps. */
export function refusalWords(refusal: ProofRefusal): { title: string; detail: string } {
  switch (refusal.refusal) {
    case 'malformed':
      return { title: '这不是会员码', detail: '请顾客打开「会员码」页，扫上面的码' }
    case 'bad_signature':
      return { title: '这个码验不过', detail: '它不是会员手机上现在的码，请顾客打开「会员码」页再扫' }
    case 'expired':
      return { title: '这部手机太久没有联网', detail: '它的离线凭证到期了，请顾客连上网打开一次会员码' }
    case 'used_here':
      return { title: '这个码刚在这里用过', detail: '等会员码换新的再扫，最多 30 秒' }
    case 'clock':
      return refusal.secondsOff > 0
        ? {
            title: `这是 ${seconds(refusal.secondsOff)}前的码`,
            detail: '请顾客出示现在的码；码是新的，就是手机时间慢了，把时间设为自动',
          }
        : {
            title: `手机时间快了 ${seconds(-refusal.secondsOff)}`,
            detail: '请顾客把手机时间设为自动；大家都这样，就是这台设备的时间慢了',
          }
  }
}
