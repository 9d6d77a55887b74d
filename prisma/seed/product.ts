import { articleCheckDigit } from '@huiyuan/shared/product'
import { businessDaysAfter } from '@huiyuan/shared/time'
import type { Ctx } from '../../bff/src/ctx'

export const DEMO_CATEGORIES = [
  { categoryId: 'tea', title: '原叶茶' },
  { categoryId: 'milk', title: '鲜奶茶' },
  { categoryId: 'fruit', title: '鲜果茶' },
  { categoryId: 'snack', title: '茶点' },
  { categoryId: 'leaf', title: '带走的茶' },
]

export interface ProductWish {
  sku: string
  title: string
  subtitle: string
  category: string
  priceFen: number
  art: string
  star?: boolean
  /** What is printed on the pack, without its check digit. */
  barcode?: string
  /** Days from the day of seeding. */
  publicInDays?: number
  earlyHours?: number
}

/** EAN-13 with a first digit 2 stays within a shop: it can be nobody else's article. */
const pack = (number: number) => `29001122${String(number).padStart(4, '0')}`

/** The menu of 一盏, in its order. Two articles are still to come; members with early access get them before. */
export const DEMO_PRODUCTS: readonly ProductWish[] = [
  {
    sku: 'longjing_hot',
    title: '明前龙井',
    subtitle: '八十五度慢慢泡，豆香',
    category: 'tea',
    priceFen: 1_800,
    art: 'clear',
  },
  {
    sku: 'tieguanyin_hot',
    title: '炭焙铁观音',
    subtitle: '三道炭火，回甘长',
    category: 'tea',
    priceFen: 1_800,
    art: 'clear',
  },
  {
    sku: 'jasmine_cold',
    title: '茉莉冷萃',
    subtitle: '冷水浸八小时，不苦',
    category: 'tea',
    priceFen: 1_600,
    art: 'cold',
  },
  { sku: 'dahongpao_hot', title: '武夷大红袍', subtitle: '岩骨花香', category: 'tea', priceFen: 2_200, art: 'clear' },
  {
    sku: 'aged_white_hot',
    title: '老白茶煮',
    subtitle: '小火慢煮，枣香',
    category: 'tea',
    priceFen: 2_000,
    art: 'clear',
  },
  {
    sku: 'osmanthus_milk',
    title: '桂花乌龙鲜奶',
    subtitle: '当天的鲜奶，现撒桂花',
    category: 'milk',
    priceFen: 2_200,
    art: 'milk',
    star: true,
  },
  {
    sku: 'longjing_milk',
    title: '龙井鲜奶',
    subtitle: '清清淡淡的一杯',
    category: 'milk',
    priceFen: 2_000,
    art: 'milk',
    star: true,
  },
  { sku: 'black_milk', title: '祁红厚乳', subtitle: '祁门红茶配厚乳', category: 'milk', priceFen: 1_900, art: 'milk' },
  {
    sku: 'roast_milk',
    title: '焙茶鲜奶',
    subtitle: '低咖啡因，晚上也能喝',
    category: 'milk',
    priceFen: 1_900,
    art: 'milk',
  },
  {
    sku: 'chestnut_milk',
    title: '栗子暖奶茶',
    subtitle: '冬天新品，现磨栗子泥',
    category: 'milk',
    priceFen: 2_600,
    art: 'milk',
    publicInDays: 1,
    earlyHours: 48,
  },
  {
    sku: 'lemon_black',
    title: '手打柠檬红茶',
    subtitle: '整只香水柠檬',
    category: 'fruit',
    priceFen: 1_800,
    art: 'fruit',
    star: true,
  },
  {
    sku: 'grape_oolong',
    title: '葡萄乌龙',
    subtitle: '手剥葡萄，半糖刚好',
    category: 'fruit',
    priceFen: 2_400,
    art: 'fruit',
  },
  {
    sku: 'orange_jasmine',
    title: '鲜橙茉莉',
    subtitle: '一杯用一个半橙子',
    category: 'fruit',
    priceFen: 2_200,
    art: 'fruit',
  },
  {
    sku: 'bayberry_ice',
    title: '杨梅冰茶',
    subtitle: '仙居的杨梅，冰镇',
    category: 'fruit',
    priceFen: 2_300,
    art: 'cold',
  },
  {
    sku: 'loquat_cold',
    title: '枇杷冷泡',
    subtitle: '塘栖枇杷，润',
    category: 'fruit',
    priceFen: 2_300,
    art: 'cold',
    publicInDays: 6,
    earlyHours: 24,
  },
  {
    sku: 'osmanthus_cake',
    title: '桂花糕',
    subtitle: '两块，软糯不粘牙',
    category: 'snack',
    priceFen: 1_200,
    art: 'cake',
  },
  {
    sku: 'tea_cookie',
    title: '龙井曲奇',
    subtitle: '六片，配热茶',
    category: 'snack',
    priceFen: 1_500,
    art: 'cake',
    barcode: pack(101),
  },
  { sku: 'red_bean_bun', title: '红豆小馒头', subtitle: '现蒸四只', category: 'snack', priceFen: 1_000, art: 'cake' },
  {
    sku: 'walnut_crisp',
    title: '核桃酥',
    subtitle: '一盒八枚',
    category: 'snack',
    priceFen: 2_800,
    art: 'cake',
    barcode: pack(102),
  },
  {
    sku: 'longjing_tin',
    title: '明前龙井 50 克',
    subtitle: '一罐，清明前采',
    category: 'leaf',
    priceFen: 16_800,
    art: 'tin',
    barcode: pack(201),
  },
  {
    sku: 'oolong_tin',
    title: '桂花乌龙 100 克',
    subtitle: '一罐，桂花窨三次',
    category: 'leaf',
    priceFen: 9_800,
    art: 'tin',
    barcode: pack(202),
  },
  {
    sku: 'black_pouch',
    title: '祁门红茶 80 克',
    subtitle: '一袋，工夫红茶',
    category: 'leaf',
    priceFen: 6_800,
    art: 'pouch',
    barcode: pack(203),
  },
  {
    sku: 'cold_bags',
    title: '茉莉冷泡袋 12 包',
    subtitle: '一包泡一壶',
    category: 'leaf',
    priceFen: 4_900,
    art: 'pouch',
    barcode: pack(204),
  },
  {
    sku: 'white_cake',
    title: '老白茶饼 200 克',
    subtitle: '存了五年的寿眉',
    category: 'leaf',
    priceFen: 21_800,
    art: 'tin',
    barcode: pack(205),
  },
]

const HOUR_MS = 3_600_000

/** Puts the menu of the demo brand up; putting it up again changes nothing. */
export async function seedProduct(ctx: Ctx): Promise<void> {
  const now = ctx.now()
  await ctx.db.productCategory.createMany({
    data: DEMO_CATEGORIES.map((category, position) => ({ ...category, position })),
    skipDuplicates: true,
  })
  await ctx.db.product.createMany({
    data: DEMO_PRODUCTS.map(({ publicInDays = -30, barcode, ...product }, position) => ({
      ...product,
      barcode: barcode === undefined ? null : barcode + articleCheckDigit(barcode),
      // when the shops open
      publicAt: new Date(businessDaysAfter(now, publicInDays).getTime() + 10 * HOUR_MS),
      position,
    })),
    skipDuplicates: true,
  })
}
