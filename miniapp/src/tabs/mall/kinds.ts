import type { Reward } from '../../lib/reward'

export type Kind = 'affordable' | 'favourite' | 'all' | 'tier' | 'limited' | 'coupon'

interface KindOf {
  kind: Kind
  name: string
  /** What is said when there is none. */
  title: string
  sub: string
  fits: (reward: Reward) => boolean
  /** Nothing a guest has. */
  own?: true
}

/** The ways to look at the shelf, in the order of their chips. */
export const KINDS: readonly KindOf[] = [
  {
    kind: 'affordable',
    name: '换得起',
    title: '再攒一点就有了',
    sub: '到店喝一盏，出示会员码就攒',
    fits: ({ refusal }) => refusal === null,
    own: true,
  },
  {
    kind: 'favourite',
    name: '收藏',
    title: '还没有收藏',
    sub: '看到喜欢的点一下心，在这里等你',
    fits: ({ favourite }) => favourite,
    own: true,
  },
  { kind: 'all', name: '全部', title: '这里还空着', sub: '下次来看看', fits: () => true },
  {
    kind: 'tier',
    name: '会员专享',
    title: '这里还空着',
    sub: '现在没有专享的商品',
    fits: ({ tierGate, early }) => tierGate > 1 || early !== null,
  },
  {
    kind: 'limited',
    name: '限量',
    title: '这里还空着',
    sub: '现在没有限量的商品',
    fits: ({ stockTotal }) => stockTotal !== null,
  },
  {
    kind: 'coupon',
    name: '券',
    title: '这里还空着',
    sub: '现在没有可以换的券',
    fits: ({ kind }) => kind === 'coupon' || kind === 'partner_code',
  },
]

/** A kind that somebody asked for shows also what already stands in front of the shelf. */
export const SHOWS_FRONT: readonly Kind[] = ['favourite', 'limited', 'tier']
