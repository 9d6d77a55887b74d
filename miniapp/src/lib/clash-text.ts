import { FIRST_TABLET_SEQUENCE, type OfflineClash, TABLET_SEQUENCES } from '@huiyuan/shared/offline'

const CLASH: Record<OfflineClash, string> = {
  amount_invalid: '金额不对，没有这样的单',
  code_wrong: '不是那个时间的会员码，认不出是谁',
  proof_wrong: '码对得上，手机的签名对不上，可能是仿造的',
  code_old: '会员码和扫码的时间对不上，可能是截图，或者平板的钟不准',
  code_used: '这个会员码已经用过一次',
  phone_removed: '会员在这之前已经停用了那部手机',
  member_unknown: '会员已经注销，或者没有这部手机',
  tablet_revoked: '平板停用以后才收的单',
  from_future: '收单时间比现在还晚，平板的钟不准',
  too_late: '同步得太晚，过了补记的期限',
  sequence_reused: '同一个号先报过另一单，先报的那一单作数',
}

/** Why a purchase without a network was not taken as it is; a newer server may know more reasons. */
export const clashText = (clash: string | null): string => CLASH[clash as OfflineClash] ?? '需要核对'

/** `第 12 号`: each tablet counts its own entries from one; a till's own system says its numbers as they are. */
export const entryText = (sequence: number): string =>
  `第 ${sequence < FIRST_TABLET_SEQUENCE ? sequence : (sequence % TABLET_SEQUENCES) + 1} 号`
