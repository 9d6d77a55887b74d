import { randomUUID } from 'node:crypto'
import { type Client, signIn } from '../support/running-house'
import { NEARLY_ONE_CODE_MS, phoneHouse } from './house.fixture'
import { tapLightly } from './light.fixture'
import { readQr } from './read-qr.fixture'
import type { Phone } from './runtime/phone'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()
const TILL = 'hubin-1'
let phone: Phone
let qing: Client

beforeAll(async () => {
  qing = (await signIn(there.house.sandbox, there.url, 'qing')).api
  phone = there.phoneOf('lin')
  await phone.start()
})

const tap = (which: string) => tapLightly(phone, which)
const digits = () => phone.get('#member-code').children[0]?.text.replace(/\s/g, '') ?? ''
const scan = (code: string) => qing.visit.scan.mutate({ requestId: randomUUID(), code, tillId: TILL })

describeWithWcc('Lin, who has never been here, on her phone', () => {
  test('is a guest: she sees what the house offers, and the server keeps nothing of her', () => {
    expect(phone.text()).toContain('领取新人礼')
    expect(phone.journal.requests.map(({ url }) => url)).toEqual([
      expect.stringContaining('/trpc/session.open'),
      expect.stringContaining('/trpc/gift.preview,mall.window'),
    ])
  })

  test('must agree before she can enter', async () => {
    await tap('#join-open')
    await tap('#join-submit')
    expect(phone.text()).toContain('请先阅读并勾选同意')
    expect(phone.journal.requests).toHaveLength(2)
  })

  test('agrees, keeps her number to herself at first, then gives it with one tap', async () => {
    await tap('#consent')
    const { phoneCode } = phone.holder
    phone.holder.phoneCode = () => null
    await tap('#join-submit')
    expect(phone.journal.requests).toHaveLength(2)
    phone.holder.phoneCode = phoneCode
    await tap('#join-submit')
    expect(phone.text()).toContain('找到一张老会员卡')
  })

  test('finds her old card again by its last four', async () => {
    await phone.type('#claim-last4', '0000')
    await tap('#claim-submit')
    expect(phone.text()).toContain('还可以试 4 次')
    await phone.type('#claim-last4', '3421')
    await tap('#claim-submit')
    await tap('#claim-done')
    await phone.until('the gift', () => phone.page().page.path === 'pages/gift/gift')
    await phone.back()
    await phone.until(
      '320 points on the card',
      () => phone.get('#card-points').children[0]?.children[0]?.text === '320',
    )
  })

  test('shows eighteen digits, as bars and as QR, on a bright screen', async () => {
    await tap('#tab-code')
    expect(phone.page().page.path).toBe('tabs/code/index')
    expect(digits()).toMatch(/^\d{18}$/)
    expect(phone.device).toMatchObject({ brightness: 1, keepsScreenOn: true })
    expect(readQr(phone).slice(0, 18)).toBe(digits())
  })

  test('is known by that code at the counter, and earns', async () => {
    const visit = await scan(digits())
    expect(visit.member).toMatchObject({ points: 320, phoneMasked: '138****2207' })
    const { visitId, memberRef } = visit
    const order = { requestId: randomUUID(), visitId, memberRef, amountFen: 6_800 }
    expect(await qing.order.settle.mutate(order)).toMatchObject({ pointsAfter: { available: 320, pending: 68 } })
  })

  test('sees the new points when she pulls her home down', async () => {
    await tap('#tab-home')
    expect(phone.device.brightness).toBe(0.5)
    await phone.pullDown()
    expect(phone.text()).toContain('68 积分待生效')
    expect(phone.journal.deeds.at(-1)?.name).toBe('stopPullDownRefresh')
  })

  test('is still herself after closing the mini-program, with one call to the server', async () => {
    await phone.start()
    await phone.pullDown()
    expect(phone.journal.requests.map(({ status }) => status)).toEqual([200])
    expect(phone.complaints()).toEqual([])
  })
})

describeWithWcc('without a network', () => {
  test('her code goes on changing and the counter takes it, even after a cold start', async () => {
    await phone.start()
    await tap('#tab-code')
    await phone.setOnline(false)
    await phone.start()
    await tap('#tab-code')
    const first = digits()
    phone.clock.offsetMs = NEARLY_ONE_CODE_MS
    await phone.until('the next code', () => digits() !== first)
    expect(await scan(digits())).toMatchObject({ member: { points: 320 } })
    phone.clock.offsetMs = 0
  })

  test('home shows what was last known and says so', async () => {
    await tap('#tab-home')
    await phone.pullDown()
    await phone.until('the word about the network', () => phone.text().includes('没有网络'))
    expect(phone.text()).toContain('68 积分待生效')
    await phone.setOnline(true)
    await phone.pullDown()
    expect(phone.text()).not.toContain('没有网络')
  })
})
