import type { Ctx } from '../ctx'

/** Every shop of the brand, city by city. Hours are Shanghai clock times, coordinates GCJ-02 as WeChat's maps use. */
export async function listStores(ctx: Ctx) {
  const stores = await ctx.db.store.findMany({
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
  return { stores }
}
