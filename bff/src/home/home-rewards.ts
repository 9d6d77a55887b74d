import { leftFor, rewardRefusal, type Shopper } from '@huiyuan/shared/mall'
import type { Ctx } from '../ctx'
import { remembered } from '../remembered'
import type { RightJson } from '../right'

/** A reward that can be exchanged now, or the next that can be saved for: then `shortPoints` says how far it is. */
export interface HomeReward {
  rewardId: string
  title: string
  art: string
  points: number
  left: number | null
  shortPoints: number
}

export interface ShelfReward extends Omit<HomeReward, 'shortPoints'> {
  tierGate: number
  perPersonLimit: number | null
  publicAt: string
  earlyHours: number | null
  endsAt: string | null
  reserve: { rightId: string; pieces: number; until: string } | null
}

/** The rewards, and the rights by which somebody may come early. */
interface HomeShelf {
  rewards: ShelfReward[]
  rights: RightJson[]
}

/** The home screen invites, the mall decides: there what is left may be seconds old, and one look serves everybody. */
const TRUST_MS = 3_000
const shelves = remembered<HomeShelf>()

export async function readShelf(ctx: Ctx): Promise<HomeShelf> {
  const known = shelves.recall(ctx.house, 'all')
  if (known) return known
  const at = ctx.now()
  const [rewards, { rights }] = await Promise.all([
    ctx.sql<ShelfReward[]>('home_shelf', { at }),
    ctx.sql<{ rights: RightJson[] }>('right_show', { at }),
  ])
  const shelf = { rewards, rights }
  shelves.keep(ctx.house, 'all', shelf, ctx.now().getTime() + TRUST_MS)
  return shelf
}

const SHOWN = 4
/** What only more points stand before. */
const WITHIN_REACH: unknown[] = [undefined, 'POINTS_SHORT', 'IN_DEBT']

/**
 * Up to four rewards: the dearest that this member can exchange now, then the nearest that points are short of; in the order of the
 * shelf for who does not want to be picked for.
 */
export function rewardsWithin(
  shelf: ShelfReward[],
  { taken, personal, ...shopper }: Shopper & { taken: Record<string, number>; personal: boolean },
  now: Date,
): HomeReward[] {
  const facts = shelf.map((reward) => ({
    ...reward,
    publicAt: new Date(reward.publicAt),
    endsAt: reward.endsAt === null ? null : new Date(reward.endsAt),
    takenByMe: taken[reward.rewardId] ?? 0,
    reserve: reward.reserve && { ...reward.reserve, until: new Date(reward.reserve.until) },
  }))
  const reachable = facts.filter((reward) => WITHIN_REACH.includes(rewardRefusal(reward, shopper, now)?.code))
  const shown = reachable.map(({ rewardId, title, art, points, ...stock }) => {
    const shortPoints = Math.max(0, points + shopper.debtPoints - shopper.points)
    return { rewardId, title, art, points, left: leftFor(stock, shopper.rights, now), shortPoints }
  })
  if (personal) shown.sort((a, b) => a.shortPoints - b.shortPoints || b.points - a.points)
  return shown.slice(0, SHOWN)
}
