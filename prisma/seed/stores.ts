import type { Ctx } from '../../bff/src/ctx'

/** The six shops of 一盏. */
export const DEMO_STORES = [
  {
    storeId: 'hubin',
    name: '湖滨店',
    city: '杭州',
    address: '上城区东坡路 7 号',
    latitude: 30.2553,
    longitude: 120.1641,
  },
  {
    storeId: 'xihu',
    name: '西湖店',
    city: '杭州',
    address: '西湖区北山街 38 号',
    latitude: 30.2614,
    longitude: 120.1447,
  },
  {
    storeId: 'wulin',
    name: '武林店',
    city: '杭州',
    address: '拱墅区延安路 530 号',
    latitude: 30.2741,
    longitude: 120.1632,
  },
  {
    storeId: 'jingan',
    name: '静安店',
    city: '上海',
    address: '静安区愚园路 168 号',
    latitude: 31.2246,
    longitude: 121.4432,
  },
  {
    storeId: 'xuhui',
    name: '徐汇店',
    city: '上海',
    address: '徐汇区武康路 99 号',
    latitude: 31.2085,
    longitude: 121.4378,
  },
  {
    storeId: 'guanqian',
    name: '观前店',
    city: '苏州',
    address: '姑苏区观前街 61 号',
    latitude: 31.3118,
    longitude: 120.6242,
  },
] as const

const LATE = new Set(['hubin', 'jingan'])

/** Writes the shops with two tills each; writing them again changes nothing. */
export async function seedStores(ctx: Ctx): Promise<void> {
  await ctx.db.store.createMany({
    data: DEMO_STORES.map((store, index) => ({
      ...store,
      phone: `0571-8700${String(1000 + index * 11)}`,
      opensAt: '09:00',
      closesAt: LATE.has(store.storeId) ? '22:30' : '22:00',
    })),
    skipDuplicates: true,
  })
  await ctx.db.till.createMany({
    data: DEMO_STORES.flatMap(({ storeId }) => [
      { storeId, tillId: `${storeId}-1`, name: '1 号收银台' },
      { storeId, tillId: `${storeId}-2`, name: '2 号收银台' },
    ]),
    skipDuplicates: true,
  })
}
