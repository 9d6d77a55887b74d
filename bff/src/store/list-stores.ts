import type { Ctx } from '../ctx'
import { remembered } from '../remembered'

/** Shops open and close by the month, and every home screen shows them: one look serves everybody for a while. */
const TRUST_MS = 30_000
const shops = remembered<Awaited<ReturnType<typeof readStores>>>()

/** Every shop of the brand, city by city. Hours are Shanghai clock times, coordinates GCJ-02 as WeChat's maps use. */
export async function listStores(ctx: Ctx) {
  const known = shops.recall(ctx.house, 'all')
  if (known) return { stores: known }
  const stores = await readStores(ctx)
  shops.keep(ctx.house, 'all', stores, ctx.now().getTime() + TRUST_MS)
  return { stores }
}

const readStores = (ctx: Ctx) =>
  ctx.db.store.findMany({
    orderBy: [{ city: 'asc' }, { storeId: 'asc' }],
    take: 1_000,
    select: {
      storeId: true,
      name: true,
      city: true,
      address: true,
      phone: true,
      opensAt: true,
      closesAt: true,
      latitude: true,
      longitude: true,
    },
  })
