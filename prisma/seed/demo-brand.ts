import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memberNoFrom } from '@huiyuan/shared/member'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { DAY_MS, endOfMonthAfter, monthsBefore } from '@huiyuan/shared/time'
import { type Ctx, ctxOf, type House } from '../../bff/src/ctx'
import { openDatabase } from '../../bff/src/db'
import { keysFrom } from '../../bff/src/keys'
import { diskPictures } from '../../bff/src/picture-store'
import { registry } from '../../bff/src/registry'
import { createWechat, memoryTokenStore } from '../../bff/src/wechat'
import { seedAdjustments } from './adjustment'
import { seedArticle, seedReaders } from './article'
import { seedCoupon } from './coupon'
import { seedBirthday, seedGift } from './gift'
import { type PastPurchase, purchasesOf, replayPurchase, settleMember } from './history'
import { seedWearers } from './honour'
import { seedMall } from './mall'
import { seedObligation } from './obligation'
import { memberOfPhone, type SeedPerson, seedPerson, seedStaff } from './people'
import { seedProduct } from './product'
import { type Chance, chanceFrom } from './random'
import { seedFriends, seedReferral, settleFriends } from './referral'
import { seedRight } from './right'
import { DEMO_STORES, seedStores } from './stores'
import { cardEndingIn, seedTwins } from './twin'
import { seedUndertakings } from './undertaking'

export interface DemoBrandWish {
  databaseUrl: string
  /** The server's MASTER_KEY: phones and names are sealed with it. */
  masterKey: string
  weappAppid: string
  oaAppid: string
  /** How WeChat knows the named people (mei, qing, zhou, tang, an). */
  wechatOf: (key: string) => { weapp: { openid: string; unionid?: string }; oa: { openid: string } }
  now?: Date
  /** The servers' UPLOAD_DIR, where pictures are part of the demo. */
  uploadDir?: string
  /** How many unnamed members with two years of history. */
  members?: number
  onProgress?: (done: number, total: number) => void
}

/** Lin's old plastic card: 320 points, nobody has used it for two years. */
export const LIN_CARD = { phone: '+8613800002207', memberNo: cardEndingIn('3421') }

/** Seeding, like everything else, has its one effect. */
const DONE = { kind: 'seed', sourceId: 'demo-brand', part: 'done' }

/**
 * Writes the demo brand 一盏 into a migrated database: six stores, staff, the named people and 300 members with two
 * years of purchases, each rung up through the counter's own verb. Broken off and run again, it goes on where it was.
 */
export async function seedDemoBrand(wish: DemoBrandWish): Promise<void> {
  const database = openDatabase(wish.databaseUrl, 8)
  try {
    const ctx = seedCtx(wish, database)
    await seedObligation(ctx)
    await seedArticle(ctx)
    if (await ctx.db.effect.findUnique({ where: { kind_sourceId_part: DONE }, select: { kind: true } })) return
    const now = wish.now ?? new Date()
    await seedStores(ctx)
    await seedCoupon(ctx)
    await seedProduct(ctx)
    await seedGift(ctx)
    await seedMall(ctx)
    await seedRight(ctx)
    await seedReferral(ctx, now)
    const staff = await seedTeams(ctx, wish, now)
    await seedLinCard(ctx, now)
    const purchases = await seedMembers(ctx, wish, now)
    await replayHistory(ctx, purchases, staff, wish.onProgress ?? (() => {}))
    await settleFriends(ctx, staff.get('hubin') as string, now)
    const members = [...new Set(purchases.map(({ memberId }) => memberId))]
    await inLanes(8, members, (memberId) => settleMember(ctx, memberId, now))
    await seedAdjustments(ctx, now)
    await seedTwins(ctx, now)
    await seedWearers(ctx, now)
    await seedUndertakings(ctx, now)
    await seedReaders(ctx, await memberOfPhone(ctx, '+8613800003318'))
    // what the history would have sent is not sent today
    await ctx.db.outboxMessage.deleteMany({ where: { state: 'waiting', createdAt: { lt: now } } })
    await ctx.db.effect.create({ data: { ...DONE, memberId: staff.get('hubin') as string, at: now } })
  } finally {
    await database.close()
  }
}

/** A house with the brand's keys and no reach to WeChat: seeding asks nobody. */
function seedCtx(wish: DemoBrandWish, database: ReturnType<typeof openDatabase>): Ctx {
  const silent = { info() {}, warn() {}, error() {}, debug() {} }
  const house: House = {
    prisma: database.prisma,
    sql: database.sql,
    now: () => wish.now ?? new Date(),
    wechat: createWechat({
      apiBase: 'http://127.0.0.1:9',
      oauthBase: 'http://127.0.0.1:9',
      apps: { weapp: { appid: wish.weappAppid, secret: '-' }, oa: { appid: wish.oaAppid, secret: '-' } },
      tokenStore: memoryTokenStore(),
      log: silent,
    }),
    weappId: wish.weappAppid,
    oaAppId: wish.oaAppid,
    templates: {},
    sendText: async () => {},
    outside: { allowLocal: false },
    pictures: diskPictures(wish.uploadDir ?? join(tmpdir(), 'huiyuan-seed')),
    publicUrl: 'http://127.0.0.1:9',
    keys: keysFrom(wish.masterKey),
    // what was bought in the past is thanked for already: no packet comes of it today
    policy: { ...DEMO_POLICY, packet: null },
    registry,
    log: silent,
  }
  return ctxOf(house)
}

const twoYearsBefore = (now: Date) => monthsBefore(now, 24)

/** The named staff, and one unnamed clerk in every other shop. → shop → who rings up its history */
async function seedTeams(ctx: Ctx, { wechatOf }: DemoBrandWish, now: Date): Promise<Map<string, string>> {
  const since = twoYearsBefore(now)
  const arrival = { channel: 'staff' }
  const person = (name: string, phone: string, key: string): SeedPerson => ({
    name,
    phone,
    ...wechatOf(key),
    joinedAt: since,
    arrival,
  })
  const qing = await seedPerson(ctx, person('阿青', '+8613800004429', 'qing'))
  const zhou = await seedPerson(ctx, person('老周', '+8613800005530', 'zhou'))
  const tang = await seedPerson(ctx, person('运营小唐', '+8613800006641', 'tang'))
  const an = await seedPerson(ctx, person('运营安姐', '+8613800007752', 'an'))
  await seedStaff(ctx, { memberId: qing, role: 'clerk', storeId: 'hubin', staffNo: 'HB002', since })
  await seedStaff(ctx, { memberId: zhou, role: 'manager', storeId: 'hubin', staffNo: 'HB001', since })
  await seedStaff(ctx, { memberId: tang, role: 'operator', storeId: 'hubin', staffNo: 'YY001', since })
  await seedStaff(ctx, { memberId: an, role: 'operator', storeId: 'hubin', staffNo: 'YY002', since })
  const ringsUp = new Map([['hubin', qing]])
  for (const [index, { storeId }] of DEMO_STORES.entries()) {
    if (ringsUp.has(storeId)) continue
    const memberId = await seedPerson(ctx, {
      name: `${'ABCDEF'[index]} 店小茶`,
      phone: `+861370000${2000 + index}`,
      joinedAt: since,
      arrival,
    })
    await seedStaff(ctx, {
      memberId,
      role: 'clerk',
      storeId,
      staffNo: `${storeId.slice(0, 2).toUpperCase()}002`,
      since,
    })
    ringsUp.set(storeId, memberId)
  }
  return ringsUp
}

/** The card that waits for Lin: silent for two years, its points moved over from the old system with a long life. */
async function seedLinCard(ctx: Ctx, now: Date): Promise<void> {
  const joinedAt = new Date(now.getTime() - 730 * DAY_MS)
  const memberId = await seedPerson(ctx, {
    name: '小林',
    phone: LIN_CARD.phone,
    card: LIN_CARD.memberNo,
    joinedAt,
    arrival: { channel: 'plastic_card' },
  })
  await ctx.sql('ledger_award', {
    memberId,
    at: joinedAt,
    kind: 'import',
    sourceId: `card:${LIN_CARD.memberNo}`,
    points: 320,
    growth: 0,
    activeAt: joinedAt,
    expiresAt: endOfMonthAfter(now, 6),
    reason: 'opening',
    detail: {},
  })
}

const SURNAMES = [
  ...'李王张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余叶程苏魏吕丁任沈姚卢',
]
const GIVEN = [...'一乙小子雨欣怡佳宁可可思语安然乐天清和晓月星河知夏予初念慈以沫书言诗云林溪南乔木青禾舟']

/** Mei, who is Gold, her friends, and the unnamed members. → everything they bought, in order of time */
async function seedMembers(ctx: Ctx, wish: DemoBrandWish, now: Date): Promise<PastPurchase[]> {
  const chance = chanceFrom(20_261_122)
  const purchases = await seedMei(ctx, wish, now)
  for (let n = 0; n < (wish.members ?? 300); n++) {
    const person = unnamed(chance, n, now)
    const memberId = await seedPerson(ctx, person)
    purchases.push(
      ...purchasesOf(chance, { memberId, storeId: chance.pick(DEMO_STORES).storeId, joinedAt: person.joinedAt }, now),
    )
  }
  return purchases.sort((a, b) => a.at.getTime() - b.at.getTime())
}

function unnamed(chance: Chance, n: number, now: Date): SeedPerson {
  const joinedAt = new Date(now.getTime() - chance.between(20, 730) * DAY_MS + chance.between(0, DAY_MS - 1))
  const name = chance.pick(SURNAMES) + chance.pick(GIVEN) + (chance.next() < 0.6 ? chance.pick(GIVEN) : '')
  const phone = `+86139${String(10_000_000 + n * 7).padStart(8, '0')}`
  const card = chance.next() < 0.25 ? { card: memberNoFrom(`1000${String(n * 7919).padStart(10, '0')}`) } : {}
  const openid = `o_seed_${String(n).padStart(5, '0')}`
  const weapp = chance.next() < 0.8 ? { weapp: { openid, unionid: `u_seed_${String(n).padStart(5, '0')}` } } : {}
  return {
    name,
    phone,
    joinedAt,
    arrival: { channel: chance.pick(['weapp', 'poster', 'store', 'oa']) },
    ...card,
    ...weapp,
  }
}

async function seedMei(ctx: Ctx, { wechatOf }: DemoBrandWish, now: Date): Promise<PastPurchase[]> {
  const joinedAt = monthsBefore(now, 14)
  const memberId = await seedPerson(ctx, {
    name: '小梅',
    phone: '+8613800003318',
    ...wechatOf('mei'),
    joinedAt,
    arrival: { channel: 'store', storeId: 'hubin' },
  })
  await seedBirthday(ctx, memberId, now)
  const first = joinedAt.getTime() + DAY_MS
  // every nine days, two cups and a box: Gold since spring, and not yet Platinum
  const own = Array.from({ length: 44 }, (_, n) => ({
    memberId,
    storeId: 'hubin',
    at: new Date(first + n * 9 * DAY_MS + (10 + (n % 7)) * 3_600_000),
    amountFen: 2_900 + (n % 5) * 600,
  })).filter(({ at }) => at.getTime() < now.getTime() - DAY_MS)
  return [...own, ...(await seedFriends(ctx, memberId, now))]
}

/** Shop by shop in order of time (a shop's audit is a chain), the shops side by side. */
async function replayHistory(
  ctx: Ctx,
  purchases: PastPurchase[],
  staff: Map<string, string>,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  let done = 0
  await inLanes(DEMO_STORES.length, [...staff.keys()], async (storeId) => {
    for (const purchase of purchases.filter((one) => one.storeId === storeId)) {
      await replayPurchase(ctx, purchase, staff.get(storeId) as string)
      done++
      if (done % 100 === 0 || done === purchases.length) onProgress(done, purchases.length)
    }
  })
}

/** Works through `things` with up to `lanes` at once. */
async function inLanes<T>(lanes: number, things: T[], work: (thing: T) => Promise<void>): Promise<void> {
  const queue = things.values()
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const thing of queue) await work(thing)
    }),
  )
}
