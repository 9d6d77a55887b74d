/** A world of people who bring friends, drawn from a seed: farms, families, and everybody else. Nothing here knows a rule. */

export interface Somebody {
  key: string
  /** The phone, the payer and the network at home. */
  install: string
  payer: string
  home: string
  /** Where else they are seen after joining. */
  goesTo: string[]
  /** Days after the campaign began; inviters are there before. */
  joinsAt: number
  /** Joined through an API: WeChat has not seen anybody. */
  unseen?: boolean
  invitedBy?: Somebody
  /** Days from joining to the first purchase. */
  buysAfter?: number
  group: string
  farm: boolean
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Shop Wi-Fi and a mobile operator's gate to the internet: people are seen there who have nothing to do with each other. */
const SHOP = '198.51.100.1'
const GATE = '198.51.100.2'
const HOUR = 1 / 24

interface Shape {
  group: string
  farm: boolean
  inviters: number
  friends: number
  /** Everything of the nth friend that differs from being somebody of their own. */
  shares(inviter: Somebody, nth: number): Partial<Somebody>
  /** When the nth friend joins, in days. */
  when(nth: number, chance: () => number): number
}

const spread = (nth: number, chance: () => number) => nth * 1.6 + chance() * 1.2
const burst = (nth: number, chance: () => number) => 3 + nth * 0.1 * HOUR + chance() * 0.05 * HOUR
const ofOne = (inviter: Somebody) => `${inviter.key}-farm`

const SHAPES: Shape[] = [
  {
    ...{ group: 'farm: two phones, in a burst', farm: true, inviters: 2, friends: 6, when: burst },
    shares: (own, nth) => ({ install: `${ofOne(own)}-${nth % 2}`, home: GATE }),
  },
  {
    ...{ group: 'farm: one phone, staggered', farm: true, inviters: 2, friends: 5, when: spread },
    shares: (own) => ({ install: ofOne(own) }),
  },
  {
    ...{ group: 'farm: the inviter’s own phone', farm: true, inviters: 2, friends: 3, when: spread },
    shares: (own) => ({ install: own.install, home: GATE }),
  },
  {
    ...{ group: 'farm: one payer, a phone each', farm: true, inviters: 2, friends: 5, when: spread },
    shares: (own) => ({ payer: ofOne(own), home: GATE }),
  },
  {
    ...{
      group: 'farm: one Wi-Fi, as full as a shop',
      farm: true,
      inviters: 1,
      friends: 13,
      when: (n, c) => n * 0.7 + c() * 0.3,
    },
    shares: (own) => ({ home: own.home }),
  },
  {
    ...{ group: 'farm: joined through an API', farm: true, inviters: 1, friends: 4, when: spread },
    shares: () => ({ unseen: true, home: GATE }),
  },
  {
    ...{
      group: 'blind farm: a phone, a payer and a mobile network each',
      farm: true,
      inviters: 2,
      friends: 5,
      when: spread,
    },
    shares: () => ({ home: GATE }),
  },
  {
    ...{ group: 'family on one Wi-Fi', farm: false, inviters: 3, friends: 1, when: spread },
    shares: (own) => ({ home: own.home }),
  },
  {
    ...{ group: 'family with one phone', farm: false, inviters: 3, friends: 1, when: spread },
    shares: (own) => ({ install: own.install, home: own.home }),
  },
  {
    ...{ group: 'family where one pays', farm: false, inviters: 3, friends: 1, when: spread },
    shares: (own) => ({ payer: own.payer }),
  },
  {
    ...{ group: 'a party in one hour', farm: false, inviters: 1, friends: 6, when: burst },
    shares: () => ({ goesTo: [SHOP] }),
  },
  {
    ...{ group: 'loners', farm: false, inviters: 4, friends: 2, when: (n, c) => n * 4 + c() * 2 },
    shares: () => ({}),
  },
  {
    ...{ group: 'guests on the shop’s Wi-Fi', farm: false, inviters: 4, friends: 2, when: (n, c) => n * 4 + c() * 2 },
    shares: () => ({ home: SHOP }),
  },
  {
    ...{
      group: 'phones behind one mobile gate',
      farm: false,
      inviters: 4,
      friends: 2,
      when: (n, c) => n * 4 + c() * 2,
    },
    shares: () => ({ home: GATE }),
  },
]

/** Farms of which nothing that is collected is shared. */
export const BLIND = 'blind farm: a phone, a payer and a mobile network each'
export const GROUPS = SHAPES.map(({ group, farm }) => ({ group, farm }))

/** Everybody, those first who join first. `scale` multiplies how many inviters each group has. */
export function planOf(seed: number, scale: number): Somebody[] {
  const chance = chanceOf(seed)
  let count = 0
  const somebody = (group: string, farm: boolean, joinsAt: number): Somebody => {
    const key = `p${seed}-${count++}`
    const home = `192.0.${2 + Math.floor(count / 250)}.${1 + (count % 250)}`
    return { key, group, farm, joinsAt, install: `${key}-phone-mark`, payer: `${key}-payer`, home, goesTo: [] }
  }
  const people = SHAPES.flatMap((shape) =>
    Array.from({ length: shape.inviters * scale }, () => {
      const { group, farm, friends, shares, when } = shape
      // everybody drinks tea in the shop and is on the road: both networks are full of strangers
      const inviter = { ...somebody(group, farm, -20 + chance()), goesTo: [SHOP, GATE], buysAfter: HOUR }
      const offset = chance()
      return [
        inviter,
        ...Array.from({ length: friends }, (_, nth) => {
          const joinsAt = offset + when(nth, chance)
          const own = { ...somebody(group, farm, joinsAt), goesTo: chance() < 0.5 ? [SHOP] : [GATE] }
          return { ...own, ...shares(inviter, nth), invitedBy: inviter, buysAfter: (0.2 + 20 * chance()) * HOUR }
        }),
      ]
    }).flat(),
  )
  return people.sort((one, other) => one.joinsAt - other.joinsAt)
}
