import { randomUUID } from 'node:crypto'
import { codeOn } from '../story/demo-people.fixture'
import { type Client, type Person, signIn } from '../support/running-house'
import { phoneHouse } from './house.fixture'
import type { Phone } from './runtime/phone'
import { textOf } from './runtime/tree'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()
let mei: Person
let phone: Phone
/** What Mei's phone shows. */
let shown = ''
let former: string | null = null

beforeAll(async () => {
  mei = await signIn(there.house.sandbox, there.url, 'mei')
  phone = there.phoneOf('qing', { holder: { scans: () => shown } })
  await phone.start()
})

/** Mei shows a code that nobody has taken yet, and it is scanned. */
async function scanMei(): Promise<void> {
  if (former) await mei.api.code.revoke.mutate({ requestId: randomUUID(), deviceId: former })
  const enrolled = await mei.api.code.enrol.mutate({
    requestId: randomUUID(),
    deviceLabel: '小梅的手机',
    platform: 'weapp',
  })
  former = enrolled.deviceId
  shown = codeOn(enrolled)
  phone.holder.scans = () => shown
  await phone.tap('#scan-open')
}

/** Types an amount and waits until it has its price. */
async function ring(amount: string): Promise<void> {
  for (const key of amount) await phone.tap(`#key-${key}`)
  await phone.until('the receipt', () => phone.sees('#earn') && phone.sees('#hold') && sumOn('#hold') > 0)
}

/** The yuan on a button. */
const sumOn = (button: string) => Number(/¥([\d.]+)/.exec(textOf(phone.get(button)))?.[1])

/** The button waits a moment, so that a double tap on the one before it takes no money. */
async function settleHeld(): Promise<void> {
  await phone.until('the button waits no more', () => phone.isEnabled('#settle'))
  await phone.tap('#settle')
}

/** At another till some more goes back of the purchase of which so much has come back. */
async function elsewhere(refundedFen: number, refundFen: number): Promise<void> {
  const { api } = await signIn(there.house.sandbox, there.url, 'zhou')
  const place = { deviceLabel: '另一部手机', platform: 'weapp' as const }
  const code = codeOn(await mei.api.code.enrol.mutate({ requestId: randomUUID(), ...place }))
  const visit = await api.visit.scan.mutate({ requestId: randomUUID(), code, tillId: 'hubin-2' })
  // not those of today's shift: midnight may have come meanwhile
  const { orders } = await api.order.recent.query({ visitId: visit.visitId, memberRef: visit.memberRef })
  const orderRef = orders.find((order) => order.refundedFen === refundedFen)?.orderRef ?? ''
  await api.order.return.mutate({ requestId: randomUUID(), orderRef, refundFen })
}

const pointsOf = async (api: Client) => (await api.home.show.query()).card

describeWithWcc('Qing at the counter of 湖滨店, with her own phone', () => {
  test('finds the way in among her own things', async () => {
    await phone.tap('#tab-me')
    await phone.tap('#staff-open')
    expect(phone.page().page.path).toBe('pages/staff/counter')
    expect(phone.text()).toContain('湖滨店')
  })

  test('scans, locks the price of her tier and settles, in one tap each beside the amount', async () => {
    const before = await pointsOf(mei.api)
    await scanMei()
    expect(phone.text()).toMatch(/小\*|\*梅/)
    await ring('68')
    expect(phone.text()).toMatch(/会员价 \d+ 折/)
    const paid = sumOn('#hold')
    expect(paid).toBeLessThan(68)
    await phone.tap('#hold')
    expect(phone.text()).toContain('请顾客付款')
    expect(sumOn('#settle')).toBe(paid)
    await settleHeld()
    expect(phone.text()).toContain(`已入账 ¥${paid.toFixed(2)}`)
    await phone.tap('#next-member')
    const after = await pointsOf(mei.api)
    expect(after.pendingPoints - before.pendingPoints).toBe(Math.floor(paid))
    expect(phone.complaints()).toEqual([])
  })

  test('takes her best coupon, or none when she wants to keep it', async () => {
    await mei.api.mall.exchange.mutate({ requestId: randomUUID(), rewardId: 'coupon_8', points: 80 })
    await scanMei()
    await ring('100')
    const best = sumOn('#hold')
    expect(phone.text()).toContain('用券省')
    await phone.tap('#hold')
    await phone.tap('#change-coupon')
    await phone.tap('#coupon-none')
    await phone.until('the price without a coupon', () => phone.sees('#hold') && sumOn('#hold') > best)
    await phone.tap('#hold')
    await phone.tap('#change-amount')
    expect(phone.sees('#amount')).toBe(true)
    expect(phone.text()).toContain('¥100')
    await phone.tap('#other-member')
    expect(phone.complaints()).toEqual([])
  })

  test('rings up articles of the menu: what each costs now stands beside its price on the menu', async () => {
    await scanMei()
    await phone.tap('#panel-switch')
    await phone.tap('鲜奶茶')
    for (const sku of ['osmanthus_milk', 'osmanthus_milk', 'longjing_milk']) await phone.tap(`#sku-${sku}-more`)
    await phone.until('the receipt', () => phone.sees('#earn') && phone.sees('#hold') && sumOn('#hold') > 0)
    expect(phone.text()).toContain('商品 3 件 ¥64.00')
    expect(phone.text()).toContain('桂花乌龙鲜奶 × 2')
    expect(phone.text()).toContain('划线价是菜单价')
    const paid = sumOn('#hold')
    await phone.tap('#hold')
    await settleHeld()
    expect(phone.text()).toContain(`已入账 ¥${paid.toFixed(2)}`)
    await phone.tap('#next-member')
    expect(phone.complaints()).toEqual([])
  })

  test('without a network keeps the amount; asked again, the same price is locked and settled once', async () => {
    const before = await pointsOf(mei.api)
    await scanMei()
    await ring('30')
    const paid = sumOn('#hold')
    await phone.setOnline(false)
    await phone.tap('#hold')
    expect(phone.text()).toContain('没有网络')
    await phone.tap('#key-9')
    expect(phone.text()).toContain('¥30')
    await phone.setOnline(true)
    await phone.tap('#hold')
    await phone.until('the lock', () => phone.sees('#held'))
    await phone.setOnline(false)
    await settleHeld()
    expect(phone.text()).toContain('没有网络')
    expect(phone.sees('#change-amount')).toBe(false)
    await phone.setOnline(true)
    await phone.tap('#settle')
    await phone.until('the end', () => phone.sees('#done'))
    await phone.tap('#next-member')
    expect((await pointsOf(mei.api)).pendingPoints - before.pendingPoints).toBe(Math.floor(paid))
  })

  test('hands over what she has exchanged, by its eight digits; wrong ones are refused in words', async () => {
    const { redemption } = await mei.api.mall.exchange.mutate({
      requestId: randomUUID(),
      rewardId: 'autumn_cup',
      points: 180,
    })
    await scanMei()
    await phone.until('what waits for her', () => phone.text().includes('1 件可取'))
    await phone.tap('#pickup-open')
    expect(phone.text()).toContain(redemption.title)
    await phone.type('#pickup-input', redemption.pickupCode === '00000000' ? '11111111' : '00000000')
    await phone.tap('#pickup-submit')
    expect(phone.text()).toContain('取货码不对')
    phone.holder.scans = () => redemption.pickupCode ?? ''
    await phone.tap('#pickup-scan')
    await phone.until('the end', () => phone.sees('#handed'))
    expect(phone.text()).toContain(`请交给顾客：${redemption.title}`)
    await phone.tap('.hy-sheet__close')
    await phone.tap('#other-member')
    expect(phone.complaints()).toEqual([])
  })

  test('takes a part of her last purchase back, never more than is left', async () => {
    const before = await pointsOf(mei.api)
    await scanMei()
    await phone.until('her purchases', () => /近 \d+ 单/.test(phone.text()))
    await phone.tap('#recent-open')
    await phone.tap('.hy-cell--tap')
    const paid = sumOn('#return-submit')
    await phone.tap('退一部分')
    expect(phone.text()).toContain(`最多还能退 ¥${paid.toFixed(2)}`)
    expect(phone.isEnabled('#return-submit')).toBe(false)
    await phone.type('#return-amount', String(paid + 1))
    expect(phone.text()).toContain('超过了')
    expect(phone.isEnabled('#return-submit')).toBe(false)
    await phone.type('#return-amount', '10')
    expect(sumOn('#return-submit')).toBe(10)
    await phone.tap('#return-submit')
    await phone.until('the end', () => phone.sees('#returned'))
    const left = `¥${(paid - 10).toFixed(2)}`
    expect(phone.text()).toContain('请退给顾客 ¥10.00')
    expect(phone.text()).toContain(`这一单已退 ¥10.00，还可退 ${left}`)
    expect(phone.text()).toMatch(/收回待生效 \d+ 积分/)
    await phone.tap('#return-done')
    await phone.until('the list', () => phone.text().includes('已退 ¥10.00'))
    await phone.tap('.hy-cell--tap')
    expect(phone.text()).toContain(`退剩下的 ${left}`)
    await elsewhere(1_000, 300)
    await phone.tap('#return-submit')
    expect(phone.text()).toContain('超过可退的金额')
    expect(sumOn('#return-submit')).toBeCloseTo(paid - 13)
    await phone.tap('.hy-sheet__close')
    await phone.tap('.hy-sheet__close')
    await phone.tap('#other-member')
    const gone = before.pendingPoints - (await pointsOf(mei.api)).pendingPoints
    expect(gone).toBe(Math.floor((Math.floor(paid) * 13) / paid))
    expect(phone.complaints()).toEqual([])
  })

  test('takes her last purchase back and says what went with it', async () => {
    const before = await pointsOf(mei.api)
    await scanMei()
    await phone.until('her purchases', () => /近 \d+ 单/.test(phone.text()))
    await phone.tap('#recent-open')
    await phone.tap('.hy-cell--tap')
    expect(phone.text()).toMatch(/确认退货 ¥/)
    await phone.tap('#return-submit')
    await phone.until('the end', () => phone.sees('#returned'))
    expect(phone.text()).toMatch(/收回待生效 \d+ 积分/)
    await phone.tap('#return-done')
    expect(phone.text()).toContain('已退货')
    await phone.tap('.hy-sheet__close')
    await phone.tap('#other-member')
    expect((await pointsOf(mei.api)).pendingPoints).toBeLessThan(before.pendingPoints)
    expect(phone.complaints()).toEqual([])
  })

  test('hears in words that a code is worth nothing, and leaving the camera is no fault', async () => {
    phone.holder.scans = () => '123456789012345678'
    await phone.tap('#scan-open')
    const refused = phone.text()
    expect(refused).toMatch(/码/)
    phone.holder.scans = () => null
    await phone.tap('#scan-open')
    expect(phone.text()).toBe(refused)
    expect(phone.complaints()).toEqual([])
  })

  test('finds a member by what is said, who then may earn', async () => {
    await phone.tap('#find-open')
    await phone.type('#find-input', '13800003318')
    await phone.tap('#find-submit')
    expect(phone.text()).toMatch(/小\*|\*梅/)
  })

  test('takes the money of such a member at once: nothing is to be locked', async () => {
    expect(phone.sees('#pickup-open')).toBe(false)
    for (const key of '20') await phone.tap(`#key-${key}`)
    await phone.tap('#settle')
    expect(phone.text()).toContain('已入账 ¥20.00')
    expect(phone.complaints()).toEqual([])
  })

  test('was never sent more than 8 KB at once', () => {
    const heavy = phone.journal.setData.filter(
      ({ page, nth, bytes }) => page.includes('staff') && nth > 1 && bytes > 8_192,
    )
    expect(heavy).toEqual([])
  })
})

describeWithWcc('somebody who does not work here', () => {
  test('is told so at the counter’s address', async () => {
    const other = there.phoneOf('mei')
    await other.start({ path: 'pages/staff/counter' })
    expect(other.text()).toContain('你的账号还不是店员')
    expect(other.sees('#settle')).toBe(false)
    expect(other.complaints()).toEqual([])
  })
})

describeWithWcc('a long statement', () => {
  test('comes in pages, and no page weighs more than 8 KB', async () => {
    const { api } = await signIn(there.house.sandbox, there.url, 'zhou')
    const { visitId, memberRef } = await api.visit.find.mutate({
      requestId: randomUUID(),
      phone: '13800003318',
      tillId: 'hubin-2',
    })
    for (let n = 0; n < 30; n += 1) {
      await api.order.settle.mutate({ requestId: randomUUID(), visitId, memberRef, amountFen: 100 * (n + 20) })
    }
    const reader = there.phoneOf('mei')
    await reader.start({ path: 'pages/ledger/statement' })
    const lines = () => reader.text().split('湖滨店').length
    const first = lines()
    expect(first).toBeGreaterThan(8)
    for (let page = 0; page < 3; page += 1) await reader.reachBottom()
    expect(lines()).toBeGreaterThan(first)
    const heavy = reader.journal.setData.filter(({ bytes, nth }) => nth > 1 && bytes > 8 * 1024)
    expect(heavy).toEqual([])
  })
})
